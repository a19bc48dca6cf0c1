"""What a recipe is: networks, phases, and what its pictures and scores are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import paddle
from paddle import nn

Losses = dict[str, paddle.Tensor]
Batch = dict[str, Any]


@dataclass
class Step:
    """One training step as a recipe sees it.

    Attributes:
        index: 0 for the first step of a run; a resume goes on counting.
        rng: NumPy generator that depends on (seed, step, rank) only.
        shared: what earlier phases of this step computed and later ones may use.
        report: numbers to log that are not losses.
    """

    index: int
    rng: np.random.Generator
    shared: dict[str, Any] = field(default_factory=dict)
    report: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """One loss and the networks it trains.

    Attributes:
        trains: names of the networks whose weights this phase changes.
        loss: (batch, step) -> named scalars, already weighted; their sum is minimized.
        every: run at steps that are multiples of this.
        keeps: networks that stay differentiable because a later phase uses the graph built here.
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Batch, Step], Losses]
    every: int = 1
    keeps: tuple[str, ...] = ()


class Model:
    """Base of recipes. Subclasses fill `networks` and return their phases; they never call an optimizer."""

    networks: dict[str, nn.Layer]

    def phases(self) -> list[Phase]:
        """The phases of one step, in order."""
        raise NotImplementedError

    def after(self, phase: Phase) -> None:
        """Called after the weights changed in `phase`: clipping and the like."""

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Named float NCHW images in [-1, 1] for the sample grid."""
        return {}

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """What a metric judges, with these networks (the averaged ones where there are)."""
        raise NotImplementedError(f"{type(self).__name__} has nothing to validate")
