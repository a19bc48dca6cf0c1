"""Predictors: a person uses what a network learned. One file each, with PaddleGAN's names and signatures.

A predictor's module is imported when its name is first asked for, so that one door does not wait for the others.
"""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = {
    "Photo2CartoonPredictor": "photo2cartoon",
    "TranslationPredictor": "translate",
    "VAEPredictor": "vae",
    "GANPredictor": "gan",
    "StyleGANv2Predictor": "styleganv2",
    "StyleGANv2FittingPredictor": "styleganv2_fitting",
    "StyleGANv2MixingPredictor": "styleganv2_mixing",
    "StyleGANv2EditingPredictor": "styleganv2_editing",
}

__all__ = [
    "GANPredictor",
    "Photo2CartoonPredictor",
    "StyleGANv2EditingPredictor",
    "StyleGANv2FittingPredictor",
    "StyleGANv2MixingPredictor",
    "StyleGANv2Predictor",
    "TranslationPredictor",
    "VAEPredictor",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'ppgen.apps' has no attribute '{name}' (there are: {', '.join(__all__)})")
    return getattr(importlib.import_module(f"ppgen.apps.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
