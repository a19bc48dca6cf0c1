"""Recipes: how networks learn, one file a method."""

from ppgen.device import prepare

prepare()

from ppgen.models import photo2cartoon, segmentation  # noqa: E402,F401  (registers them)
from ppgen.models.base import Model, Phase, Step  # noqa: E402

__all__ = ["Model", "Phase", "Step"]
