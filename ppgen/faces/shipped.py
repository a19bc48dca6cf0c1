"""The networks of the hub that look at faces, each opened once, and run by `ppgen.runtime`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ppgen.hub.compiled import CompiledNetwork


@lru_cache
def shipped(name: str) -> CompiledNetwork:
    """A shipped network, which takes and gives arrays; WeightsError, at its first use, where it is missing."""
    from ppgen.hub.compiled import CompiledNetwork

    return CompiledNetwork(name)


def ask(name: str, network: Callable[..., Any] | None, *arrays: np.ndarray) -> list[np.ndarray]:
    """What a network says of arrays, as arrays in order: `network`, which takes Paddle's tensors, or the shipped one.

    Raises WeightsError where the shipped network is missing.
    """
    if network is None:
        return [array for array in shipped(name)(*arrays) if array is not None]
    from ppgen.runtime.compiled import eager_arrays

    return eager_arrays(network, *arrays)
