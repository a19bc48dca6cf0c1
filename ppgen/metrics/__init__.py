"""Scores, one file each."""

from ppgen.metrics import cartoon, masks  # noqa: F401  (registers them)
