"""Exponential moving average of weights, by half-life in images (Karras et al. 2020, StyleGAN2)."""

import numpy as np
import paddle
from paddle import nn

from ppgen.engine.state import NetworkState


class Average(NetworkState):
    """A smoothed copy of a network.

    Args:
        network: built through the registry, so that a second one can be built from its recorded arguments.
        half_life: images after which an old weight counts half.
        ramp_up: the half-life is at most this share of the images seen so far.

    Attributes:
        earlier: images that the weights it started from had seen before this training.
    """

    def __init__(self, network: nn.Layer, half_life: float, ramp_up: float) -> None:
        self.half_life, self.ramp_up = half_life, ramp_up
        self.earlier = 0
        copy = type(network)(**network.constructor_args)
        copy.set_state_dict(network.state_dict())
        copy.eval()
        super().__init__(f"ema of {type(network).__name__}", copy)
        for parameter in self.network.parameters():
            parameter.stop_gradient = True
        # once, as Paddle walks through all layers to find them
        self._parameters = list(zip(self.network.parameters(), network.parameters(), strict=True))
        self._buffers = list(zip(self.network.buffers(), network.buffers(), strict=True))

    def go_on(self, images: int | None) -> None:
        """Its weights have seen so many images already; None: enough of them for the whole half-life."""
        self.earlier = int(np.ceil(self.half_life / self.ramp_up)) if images is None else images

    @paddle.no_grad()
    def update(self, images_seen: int, batch: int) -> None:
        """Move the copy towards the network after a step of `batch` images, which is among the `images_seen`."""
        half_life = max(min(self.half_life, self.ramp_up * (self.earlier + images_seen)), 1e-8)
        decay = 0.5 ** (batch / half_life)
        for mine, theirs in self._parameters:
            mine.add_((theirs - mine).scale_(1 - decay))  # Paddle's lerp_ is slow on kernels
        for mine, theirs in self._buffers:
            mine.set_value(theirs)
