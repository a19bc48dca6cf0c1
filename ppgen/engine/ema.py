"""Exponential moving average of weights, by half-life in images (Karras et al. 2020, StyleGAN2)."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn

from ppgen.engine.state import NetworkState


class Average:
    """A smoothed copy of a network.

    Args:
        network: built through the registry, so that a second one can be built from its recorded arguments.
        half_life: images after which an old weight counts half.
        ramp_up: the half-life is at most this share of the images seen so far.

    Attributes:
        earlier: images that the weights it started from had seen before this training.
    """

    def __init__(self, network: nn.Layer, half_life: float, ramp_up: float) -> None:
        self.source, self.half_life, self.ramp_up = network, half_life, ramp_up
        self.earlier = 0
        self.network = type(network)(**network.constructor_args)
        self.network.set_state_dict(network.state_dict())
        self.network.eval()
        self._state = NetworkState(f"ema of {type(network).__name__}", self.network)
        for parameter in self.network.parameters():
            parameter.stop_gradient = True

    def arrays(self) -> dict[str, np.ndarray]:
        """The copy's parameters and buffers."""
        return self._state.arrays()

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Put them back; WeightsError if they are another network's."""
        self._state.restore(arrays)

    def go_on(self, images: int | None) -> None:
        """Its weights have seen so many images already; None: enough of them for the whole half-life."""
        self.earlier = int(np.ceil(self.half_life / self.ramp_up)) if images is None else images

    @paddle.no_grad()
    def update(self, images_seen: int, batch: int) -> None:
        """Move the copy towards the network after a step of `batch` images, which is among the `images_seen`."""
        half_life = max(min(self.half_life, self.ramp_up * (self.earlier + images_seen)), 1e-8)
        decay = 0.5 ** (batch / half_life)
        for mine, theirs in zip(self.network.parameters(), self.source.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for mine, theirs in zip(self.network.buffers(), self.source.buffers(), strict=True):
            mine.set_value(theirs)
