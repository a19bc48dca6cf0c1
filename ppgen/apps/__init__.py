"""Predictors: a person uses what a network learned. With PaddleGAN's names and signatures.

A predictor's module is imported when its name is first asked for, so that none waits for the others.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ppgen.apps.gan import GANPredictor as GANPredictor
    from ppgen.apps.photo2cartoon import Photo2CartoonPredictor as Photo2CartoonPredictor
    from ppgen.apps.stylegan2 import Pixel2Style2PixelPredictor as Pixel2Style2PixelPredictor
    from ppgen.apps.stylegan2 import StyleGANv2EditingPredictor as StyleGANv2EditingPredictor
    from ppgen.apps.stylegan2 import StyleGANv2FittingPredictor as StyleGANv2FittingPredictor
    from ppgen.apps.stylegan2 import StyleGANv2MixingPredictor as StyleGANv2MixingPredictor
    from ppgen.apps.stylegan2 import StyleGANv2Predictor as StyleGANv2Predictor
    from ppgen.apps.translate import TranslationPredictor as TranslationPredictor
    from ppgen.apps.vae import VAEPredictor as VAEPredictor

_MODULES = {
    "Photo2CartoonPredictor": "photo2cartoon",
    "TranslationPredictor": "translate",
    "VAEPredictor": "vae",
    "GANPredictor": "gan",
    "StyleGANv2Predictor": "stylegan2",
    "StyleGANv2FittingPredictor": "stylegan2",
    "StyleGANv2MixingPredictor": "stylegan2",
    "StyleGANv2EditingPredictor": "stylegan2",
    "Pixel2Style2PixelPredictor": "stylegan2",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'ppgen.apps' has no attribute '{name}' (there are: {', '.join(__all__)})")
    return getattr(importlib.import_module(f"ppgen.apps.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
