"""Optimizers, schedules and their state under names that survive a change of construction order."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError, WeightsError


def adam(
    parameters: list[paddle.Tensor],
    learning_rate: float = 2e-4,
    beta1: float = 0.5,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
    clip_norm: float | None = None,
) -> paddle.optimizer.Optimizer:
    """Adam (Kingma and Ba 2015); with `weight_decay`, AdamW (Loshchilov and Hutter 2019).

    Args:
        clip_norm: scale gradients down to this global norm; None leaves them alone.
    """
    clip = nn.ClipGradByGlobalNorm(clip_norm) if clip_norm else None
    kind = paddle.optimizer.AdamW if weight_decay else paddle.optimizer.Adam
    extra = {"weight_decay": weight_decay} if weight_decay else {}
    return kind(
        learning_rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        parameters=parameters,
        grad_clip=clip,
        **extra,
    )


OPTIMIZERS = {"Adam": adam}


def build_optimizer(config: dict, parameters: list[paddle.Tensor]) -> paddle.optimizer.Optimizer:
    """`{'name': 'Adam', **arguments}` over these parameters."""
    arguments = {k: v for k, v in config.items() if k != "name"}
    name = config.get("name", "Adam")
    if name not in OPTIMIZERS:
        raise ConfigError(f"optimizer: no optimizer is called '{name}' (there are: {', '.join(OPTIMIZERS)})")
    return OPTIMIZERS[name](parameters, **arguments)


def rate_factor(
    step: int,
    total: int,
    shape: Literal["constant", "linear", "cosine"] = "constant",
    warmup: int = 0,
    start: float = 0.5,
    floor: float = 0.0,
) -> float:
    """What the learning rate is multiplied with at a step: a pure function, so a resume needs no state.

    Args:
        warmup: steps of linear rise from 0.
        start: share of the training after which `linear` begins to fall.
        floor: the factor at the end of `linear` and `cosine`.
    """
    if step < warmup:
        return (step + 1) / warmup
    progress = min(step / max(total, 1), 1.0)
    if shape == "linear":
        return max(floor, 1 - max(0.0, progress - start) / (1 - start) * (1 - floor))
    if shape == "cosine":
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))
    return 1.0


def _names(networks: dict[str, nn.Layer]) -> dict[str, str]:
    """Paddle's generated parameter name -> `network.structured.name`."""
    return {p.name: f"{net}.{key}" for net, layer in networks.items() for key, p in layer.named_parameters()}


def optimizer_state(optimizer: paddle.optimizer.Optimizer, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
    """Moments keyed `network.parameter|moment`.

    Paddle keys them by generated names such as `linear_1.w_0_moment1_0`, which change as soon as one more
    layer is built before.
    """
    names = sorted(_names(networks).items(), key=lambda item: -len(item[0]))
    result = {}
    for key, value in optimizer.state_dict().items():
        for generated, structured in names:
            if key.startswith(generated + "_"):
                result[f"{structured}|{key[len(generated) + 1 :]}"] = np.asarray(value)
                break
    return result


def restore_optimizer(
    optimizer: paddle.optimizer.Optimizer, state: dict[str, np.ndarray], networks: dict[str, nn.Layer]
) -> None:
    """Put back what `optimizer_state` returned; WeightsError if it belongs to other networks."""
    generated = {structured: name for name, structured in _names(networks).items()}
    restored = {}
    for key, value in state.items():
        structured, _, moment = key.rpartition("|")
        if structured not in generated:
            raise WeightsError(f"the checkpoint holds optimizer state for '{structured}', which this model has not")
        restored[f"{generated[structured]}_{moment}"] = paddle.to_tensor(value)
    optimizer.set_state_dict(restored)
