"""The networks of the hub that look at faces, each loaded once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddle import nn


@lru_cache
def shipped(name: str) -> nn.Layer:
    """A shipped network; WeightsError where it is missing."""
    from ppgen import hub

    return hub.load(name)
