"""The one function that runs a phase: loss, backward, all-reduce, check, clip, step."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn

from ppgen.engine import distributed
from ppgen.errors import TrainingDiverged
from ppgen.models.base import Batch, Model, Phase, Step


def trainable(layers: list[nn.Layer]) -> list[paddle.Tensor]:
    """The parameters of these networks that are meant to be trained, in a fixed order."""
    return [p for layer in layers for p in layer.parameters() if p.trainable]


class _Frozen:
    """Within, the parameters of these networks take no part in backward (their inputs still do)."""

    def __init__(self, layers: list[nn.Layer]) -> None:
        self._parameters = trainable(layers)

    def __enter__(self) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = True

    def __exit__(self, *_: object) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = False


def _check_gradients(parameters: list[paddle.Tensor], step: Step, phase: Phase) -> None:
    squares = [p.grad.square().sum() for p in parameters if p.grad is not None]
    if squares and not np.isfinite(paddle.add_n(squares).item()):
        raise TrainingDiverged(
            f"step {step.index}, phase {phase.name}: a gradient is not finite; lower the learning rate and --resume"
        )


def run_phase(
    model: Model, phase: Phase, batch: Batch, step: Step, optimizers: dict[str, paddle.optimizer.Optimizer]
) -> dict[str, float]:
    """One update of the networks a phase trains; returns its losses as numbers.

    Raises:
        TrainingDiverged: a loss or a gradient is not finite; that network has not been changed then.
    """
    untouched = [net for name, net in model.networks.items() if name not in phase.trains + phase.keeps]
    with _Frozen(untouched):
        losses = phase.loss(batch, step)
        paddle.add_n(list(losses.values())).backward()
    values = {name: float(value) for name, value in losses.items()}
    bad = [name for name, value in values.items() if not np.isfinite(value)]
    if distributed.any_rank(bool(bad)):
        raise TrainingDiverged(
            f"step {step.index}, phase {phase.name}: {', '.join(bad) or 'a loss of another process'} is not finite "
            f"({', '.join(f'{k}={v:.4g}' for k, v in values.items())}); lower the learning rate and --resume"
        )
    for name in phase.trains:
        parameters = trainable([model.networks[name]])
        distributed.average_gradients(parameters)
        _check_gradients(parameters, step, phase)  # averaged: the same on every process
        optimizers[name].step()
    for net in model.networks.values():
        net.clear_gradients()
    model.after(phase)
    return values
