"""Recipes: how networks learn, one file a method.

PaddleGAN's class names are attributes too (`ppgen.models.UGATITModel(generator={...}, ...)`): they take PaddleGAN's
arguments and build our recipe.
"""

from collections.abc import Callable

from ppgen.compat.names import MODEL_NAMES
from ppgen.compat.paddlegan_models import model_config
from ppgen.models.base import Model, Phase, Step  # noqa: F401
from ppgen.registry import MODELS


def _paddlegan_name(old_name: str) -> Callable[..., Model]:
    def build(*args: object, **kwargs: object) -> Model:
        return MODELS.build(model_config(old_name, *args, **kwargs))

    build.__name__ = build.__qualname__ = old_name
    build.__doc__ = f"PaddleGAN's name and arguments of the recipe `{MODEL_NAMES[old_name].name}`."
    return build


globals().update({name: _paddlegan_name(name) for name in MODEL_NAMES})
globals().update({name: MODELS.get(name) for name in MODELS.names()})

__all__ = sorted(["Model", "Phase", "Step", *MODELS.names(), *MODEL_NAMES])
