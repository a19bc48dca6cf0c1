"""Architectures: layers that map tensors to tensors, one a file. A network is registered by being here.

PaddleGAN's class names are attributes too (`ppgen.networks.ResnetUGATITP2CGenerator(ngf=32)`): they take
PaddleGAN's arguments and build our class.
"""

from collections.abc import Callable
from typing import Any

from ppgen.compat import names as _names
from ppgen.registry import NETWORKS


def _paddlegan_name(old_name: str) -> Callable[..., Any]:
    ours = NETWORKS.get(_names.our_network_name(old_name))

    def build(*args: Any, **kwargs: Any) -> Any:
        return ours(**_names.network_arguments(old_name, *args, **kwargs))

    build.__name__ = build.__qualname__ = old_name
    build.__doc__ = f"PaddleGAN's name and arguments of `{ours.__module__}.{ours.__name__}`."
    return build


def __getattr__(name: str) -> Any:
    """A network's class or PaddleGAN's name, when it is first asked for; a module here costs no other's import."""
    if name in _names.NETWORK_NAMES:
        return _paddlegan_name(name)
    if name.startswith("_") or name not in NETWORKS.names():
        raise AttributeError(f"module 'ppgen.networks' has no attribute '{name}'")
    return NETWORKS.get(name)


def __dir__() -> list[str]:
    return [*globals(), *NETWORKS.names(), *_names.NETWORK_NAMES]
