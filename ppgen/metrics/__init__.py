"""Scores, one file each."""

from ppgen.metrics import masks  # noqa: F401  (registers it)
