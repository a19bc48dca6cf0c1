"""Datasets, transforms, and samplers whose order is a function of (seed, epoch)."""

from ppgen.datasets import portraits  # noqa: F401  (registers it)
