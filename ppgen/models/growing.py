"""Progressive growing (Karras et al., ICLR 2018): the resolution doubles while training goes on.

Every resolution is faded in over some images and trained on over some more. How far growing has come is a pure
function of the images seen (`level_at`), so that a run resumes inside a fade without any state.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.models.base import Step
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.networks.pggan import SMALLEST, Growing


def level_at(images: int, stable: list[int], fade: list[int]) -> float:
    """How far a network has grown: k, fully at stage k; k + a, stage k + 1 faded in to a.

    Args:
        images: seen so far.
        stable: images of every stage at full strength, from 4 x 4 up.
        fade: images of every fade; one fewer.
    """
    for stage, lasts in enumerate(fade):
        images -= stable[stage]
        if images < 0:
            return float(stage)
        if images < lasts:
            return stage + images / lasts
        images -= lasts
    return float(len(fade))


def at_level(images: paddle.Tensor, level: float) -> paddle.Tensor:
    """Real pictures as a critic at `level` sees them: averaged down, and inside a fade partly once more.

    Args:
        images: (N, C, S, S) of the full side, S = 4 * 2 ** n.
    """
    stage = int(np.ceil(level))
    small = downsample_mean(images, images.shape[2] // (SMALLEST * 2**stage))
    share = 1.0 - (stage - level)
    if share == 1.0:
        return small
    coarse = upsample_nearest(downsample_mean(small))
    return coarse + share * (small - coarse)


def per_stage(value: int | list[int], count: int, name: str) -> list[int]:
    """One number a stage, or the same for all; ConfigError naming `name` for anything else."""
    numbers = [value] * count if isinstance(value, int) else list(value)
    if len(numbers) != count or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ConfigError(f"model.{name}: expected a whole number or {count} of them, found {value}")
    return numbers


class Growth:
    """A recipe's networks, grown to the level of each step.

    Args:
        networks: of one side; they stay the recipe's.
        stable_images: images a stage is trained on at full strength, from 4 x 4 up; one number, or one a stage.
        fade_images: images a new stage is faded in over; one number, or one a fade.

    Raises:
        ConfigError: a network that cannot grow, or lists of another length than the stages ask for.
    """

    def __init__(
        self, networks: Mapping[str, nn.Layer], stable_images: int | list[int], fade_images: int | list[int]
    ) -> None:
        self._networks: list[Growing] = []
        for name, network in networks.items():
            if not isinstance(network, Growing):
                raise ConfigError(
                    f"model.{name}: a {type(network).__name__} does not grow; both networks of this recipe are to: "
                    "PGGANGenerator or StyleGANGenerator, and PGGANDiscriminator or StyleGANDiscriminator"
                )
            self._networks.append(network)
        stages = self._networks[0].stages
        if any(network.stages != stages for network in self._networks):
            raise ConfigError(f"model: both networks need as many widths, found {[n.stages for n in self._networks]}")
        self.stable = per_stage(stable_images, stages, "stable_images")
        self.fade = per_stage(fade_images, stages - 1, "fade_images")

    def level(self, step: Step) -> float:
        """The level of this step; all networks are grown to it."""
        return step.once("level", lambda: self._grow(step))

    def _grow(self, step: Step) -> float:
        level = level_at(step.images, self.stable, self.fade)
        for network in self._networks:
            network.set_level(level)
        step.state["level"] = level
        return level
