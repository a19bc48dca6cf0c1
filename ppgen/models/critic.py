"""What bounds a Wasserstein critic's slope: clipped weights (wgan) or a gradient penalty (wgangp)."""

from __future__ import annotations

from collections.abc import Callable

import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.models.base import Parts
from ppgen.networks.blocks.norm_choice import mixes_samples

CLIP, PENALTY = 0.01, 10.0  # the papers', for arguments that are not given


def bounds(
    critic: nn.Layer, objective: str, penalty: float | None = None, clip: float | None = None
) -> tuple[float, float]:
    """Weight of the gradient penalty and limit of the weights, by the objective's paper unless they are given.

    Raises:
        ConfigError: a penalty with a critic that normalizes over the batch, or a negative `clip`.
    """
    penalty = (PENALTY if objective == "wgangp" else 0.0) if penalty is None else penalty
    clip = (CLIP if objective == "wgan" else 0.0) if clip is None else clip
    if clip < 0:
        raise ConfigError(f"model.clip: expected 0 (off) or more, found {clip}")
    if penalty and mixes_samples(critic):
        raise ConfigError(
            "model.discriminator.norm: a gradient penalty is on single pictures, which batch normalization mixes; "
            "use 'instance' or 'none'"
        )
    return penalty, clip


def clipping(critic: nn.Layer, limit: float) -> Callable[[Parts], None] | None:
    """For the `after` of the critic's phase: weights into [-limit, limit] (Arjovsky et al. 2017, algorithm 1)."""

    @paddle.no_grad()
    def clip(_: Parts) -> None:
        for weight in critic.parameters():
            if weight.trainable:  # not running statistics, which Paddle counts among the parameters, nor fixed scales
                weight.set_value(weight.clip(-limit, limit))

    return clip if limit else None
