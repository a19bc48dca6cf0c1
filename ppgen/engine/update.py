"""How one phase is run (`Updater.run`): loss, backward, all-reduce, check, clip, step."""

from itertools import chain

import numpy as np
import paddle

from ppgen.engine import distributed
from ppgen.engine.amp import Precision
from ppgen.engine.optimizers import Parameters, trainable
from ppgen.errors import TrainingDiverged
from ppgen.models.base import Batch, Model, Phase, Pieces, Step

Optimizers = dict[str, paddle.optimizer.Optimizer]


class _Frozen:
    """Within, these parameters take no part in backward (the inputs of their networks still do)."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def __enter__(self) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = True

    def __exit__(self, *_: object) -> None:
        for parameter in self._parameters:
            parameter.stop_gradient = False


def gradient_norm(parameters: list[paddle.Tensor]) -> float:
    """Euclidean norm over all gradients; NaN or infinite if one of them is."""
    gradients = [p.grad.astype("float32").reshape([-1]) for p in parameters if p.grad is not None]
    squares = [paddle.matmul(g, g) for g in gradients]  # a tenth of the time of square and sum
    return float(np.sqrt(paddle.add_n(squares).item())) if squares else 0.0


class Updater:
    """Runs phases of one model.

    Args:
        optimizers: by network name.
        precision: half precision or not; the default is float32.
        gradient_interval: gradient norms are checked, and reported as `norm_<network>`, every so many steps; those
            of lazy phases always, as `norm_<network>_<phase>`.
    """

    def __init__(
        self, model: Model, optimizers: Optimizers, precision: Precision | None = None, gradient_interval: int = 1
    ) -> None:
        self.model, self.optimizers = model, optimizers
        self.precision = precision or Precision()
        self.gradient_interval = gradient_interval
        self.norms: dict[str, float] = {}
        # once, as Paddle walks through all layers to find them
        self._parameters = {name: trainable([network]) for name, network in model.networks.items()}

    def run(self, phase: Phase, pieces: Pieces, check: bool = False) -> dict[str, float]:
        """One update of the networks a phase trains; returns its losses, averaged over the pieces.

        Args:
            check: check the gradients whatever `gradient_interval` says.
        Raises:
            TrainingDiverged: a loss or a gradient is not finite; that network has not been changed then.
        """
        values = self._backward(phase, pieces)
        self._check_losses(phase, pieces, values)
        for name in phase.trains:
            self._apply(name, phase, pieces, values, check)
        self.precision.scaler.update()
        for parameter in chain(*self._parameters.values()):
            parameter.clear_gradient()
        if phase.after is not None:
            phase.after(pieces)
        return values

    def _backward(self, phase: Phase, pieces: Pieces) -> dict[str, float]:
        learning = phase.trains + phase.keeps
        untouched = [p for name, own in self._parameters.items() if name not in learning for p in own]
        gain = (phase.every if phase.lazy else 1) / len(pieces)
        sums: dict[str, float] = {}
        for batch, step in pieces:
            with _Frozen(untouched):
                with self.precision.cast(phase):
                    losses = phase.loss(batch, step)
                    total = paddle.add_n([loss.astype("float32") for loss in losses.values()])
                self.precision.scaler.scale(total if gain == 1 else total * gain).backward()
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value) / len(pieces)
            if len(pieces) > 1:
                step.shared.clear()  # a graph kept for a later phase would keep every piece in memory
        return sums

    def _check_losses(self, phase: Phase, pieces: Pieces, values: dict[str, float]) -> None:
        bad = [name for name, value in values.items() if not np.isfinite(value)]
        if distributed.any_rank(bool(bad)):
            raise self._diverged(phase, pieces, values, f"{', '.join(bad)} is not finite" if bad else "")

    def _apply(self, name: str, phase: Phase, pieces: Pieces, values: dict[str, float], check: bool) -> None:
        parameters, step = self._parameters[name], pieces[0][1]
        optimizer = self.optimizers[name]
        distributed.average_gradients(parameters)
        # after averaging: an infinite gradient of one process must make the scaler of every process skip the step
        self.precision.scaler.unscale_(optimizer)
        # lazy phases are rare, and second derivatives go wrong first
        clipped = phase.clip_norm is not None or optimizer._grad_clip is not None
        if phase.lazy or clipped or check or step.index % self.gradient_interval == 0:
            norm = gradient_norm(parameters)  # of averaged gradients: the same on every process
            if not np.isfinite(norm) and not self.precision.scales:  # a scaler skips such a step itself
                raise self._diverged(phase, pieces, values, f"a gradient of '{name}' is not finite")
            self.norms[name] = norm
            step.report[f"norm_{name}_{phase.name}" if phase.lazy else f"norm_{name}"] = norm
            _shrink(parameters, norm, phase.clip_norm)
        self.precision.scaler.step(optimizer)

    def _diverged(self, phase: Phase, pieces: Pieces, values: dict[str, float], what: str) -> TrainingDiverged:
        """The report; all processes must come here, and those that found something (`what`) say it."""
        step = pieces[0][1]
        losses = ", ".join(f"{k}={v:.4g}" for k, v in values.items())
        norms = ", ".join(f"{k} {v:.3g}" for k, v in self.norms.items()) or "none measured"
        samples = [str(i) for batch, _ in pieces for i in batch.get("id", [])]
        names = f"; samples: {', '.join(samples[:16])}" if samples else ""
        texts = distributed.gather(f"{what} ({losses}); last gradient norms: {norms}{names}" if what else "")
        if len(texts) > 1:
            texts = [f"process {rank}: {text}" for rank, text in enumerate(texts) if text]
        return TrainingDiverged(f"step {step.index}, phase {phase.name}: " + " | ".join(texts))


def _shrink(parameters: list[paddle.Tensor], norm: float, limit: float | None) -> None:
    if limit is None or not norm > limit:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.set_value(parameter.grad * (limit / norm))


def run_phase(model: Model, phase: Phase, batch: Batch, step: Step, optimizers: Optimizers) -> dict[str, float]:
    """One update in float32 on one batch: what a bare loop around a recipe needs."""
    return Updater(model, optimizers).run(phase, [(batch, step)])
