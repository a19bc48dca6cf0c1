"""Optimizers, schedules and their state under names that survive a change of construction order."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import paddle
from paddle import nn
from paddle.optimizer import Optimizer

from ppgen.config import Settings
from ppgen.errors import ConfigError, WeightsError
from ppgen.models.base import Model, Phase
from ppgen.registry import NamedParts, nearest

Parameters = list[paddle.Tensor]


def trainable(layers: list[nn.Layer]) -> Parameters:
    """The parameters of these networks that are meant to be trained, in a fixed order."""
    return [p for layer in layers for p in layer.parameters() if p.trainable]


@dataclass
class Rule:
    """What all optimizers take; their own arguments come after these, under Paddle's names.

    Attributes:
        weight_decay: added to the gradient, times the weight (L2 penalty).
        clip_norm: scale gradients down to this global norm; None leaves them alone.
    """

    kind: ClassVar[type[Optimizer]]
    undecayed: ClassVar[float | None] = None  # what Paddle is given for no weight decay

    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    clip_norm: float | None = None

    def build(self, parameters: Parameters) -> Optimizer:
        """The optimizer of these parameters."""
        arguments = {**asdict(self), "weight_decay": self.weight_decay or self.undecayed}
        norm = arguments.pop("clip_norm")
        return self.kind(**arguments, parameters=parameters, grad_clip=nn.ClipGradByGlobalNorm(norm) if norm else None)


@dataclass
class Adam(Rule):
    """Adam (Kingma and Ba 2015)."""

    kind: ClassVar[type[Optimizer]] = paddle.optimizer.Adam
    learning_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    epsilon: float = 1e-8


@dataclass
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    kind = paddle.optimizer.AdamW
    undecayed = 0.0
    beta1: float = 0.9
    weight_decay: float = 0.01


@dataclass
class RMSProp(Rule):
    """RMSProp (Tieleman and Hinton 2012), the optimizer of WGAN.

    epsilon: added to the mean square, inside the root; Paddle's own 1e-6 would stop gradients below 0.001.
    """

    kind = paddle.optimizer.RMSProp
    learning_rate: float = 5e-5
    rho: float = 0.95
    epsilon: float = 1e-12
    momentum: float = 0.0


@dataclass
class Momentum(Rule):
    """Gradient descent with momentum (Polyak 1964)."""

    kind = paddle.optimizer.Momentum
    momentum: float = 0.9


@dataclass
class SGD(Rule):
    """Plain gradient descent."""

    kind = paddle.optimizer.SGD


DEFAULT_OPTIMIZER = "Adam"
OPTIMIZERS: NamedParts[type[Rule]] = NamedParts("optimizer")
for _rule in (Adam, AdamW, RMSProp, Momentum, SGD):
    OPTIMIZERS.add(_rule.__name__, _rule)


# argument -> (whether a value is good, what is expected)
_VALUES: dict[str, tuple[Callable[[float], bool], str]] = {
    "learning_rate": (lambda v: v >= 0, "a number from 0 up"),
    "beta1": (lambda v: 0 <= v < 1, "0 <= beta1 < 1"),
    "beta2": (lambda v: 0 <= v < 1, "0 <= beta2 < 1"),
    "rho": (lambda v: 0 <= v < 1, "0 <= rho < 1"),
    "momentum": (lambda v: 0 <= v < 1, "0 <= momentum < 1"),
    "epsilon": (lambda v: v > 0, "a number above 0"),
    "weight_decay": (lambda v: v >= 0, "a number from 0 up"),
    "clip_norm": (lambda v: v > 0, "a number above 0, or null"),
}


def value_faults(arguments: Settings, where: str) -> list[str]:
    """A sentence for each number that no optimizer can take."""
    return [
        f"{where}.{key}: expected {_VALUES[key][1]}, found {value}"
        for key, value in arguments.items()
        if key in _VALUES and value is not None and not (math.isfinite(value) and _VALUES[key][0](value))
    ]


def lazy_correction(phases: list[Phase], network: str) -> float:
    """c = k / (k + 1) for each lazy phase every k steps that trains this network, multiplied; 1 without one.

    A regularizer that adds an update every k steps would otherwise make Adam take k + 1 steps in k (Karras et
    al. 2020, StyleGAN2, appendix B).
    """
    return math.prod(p.every / (p.every + 1) for p in phases if p.lazy and network in p.trains)


def build_optimizer(
    config: Settings, parameters: Parameters, correction: float = 1.0, where: str = "optimizer"
) -> Optimizer:
    """`{'name': 'Adam', **arguments}` over these parameters.

    Args:
        correction: c of `lazy_correction`: rate * c, beta1 ** c, beta2 ** c.
        where: its place in the YAML, for messages.
    """
    arguments = {k: v for k, v in config.items() if k != "name"}
    rule = OPTIMIZERS.get(config.get("name", DEFAULT_OPTIMIZER))
    if faults := value_faults(arguments, where):
        raise ConfigError(*faults)
    corrected = asdict(rule(**arguments))
    corrected["learning_rate"] *= float(correction)  # Paddle refuses 1
    for beta in corrected.keys() & {"beta1", "beta2"}:
        corrected[beta] **= correction
    return rule(**corrected).build(parameters)


def build_optimizers(config: dict[str, Settings], model: Model) -> dict[str, Optimizer]:
    """One for each network, by the section `optimizer` of a config.

    Raises:
        ConfigError: an entry names a network that the model does not have, or a trained network has no entry.
    """
    result, phases, known = {}, model.phases(), list(model.networks)
    for name, arguments in config.items():
        if name not in known:
            hint = f"{nearest(name, known)} (it has {', '.join(known)})"
            raise ConfigError(f"optimizer.{name}: the model has no such network{hint}")
        parameters, correction = trainable([model.networks[name]]), lazy_correction(phases, name)
        result[name] = build_optimizer(arguments, parameters, correction, f"optimizer.{name}")
    if untrained := {n for phase in phases for n in phase.trains} - set(result):
        raise ConfigError(f"optimizer: no entry for {', '.join(sorted(untrained))}")
    return result


class OptimizerState:
    """An optimizer's moments as `Stateful`, keyed `network.parameter|moment`.

    Paddle keys them by generated names such as `linear_1.w_0_moment1_0`, which change as soon as one more
    layer is built before.
    """

    def __init__(self, optimizer: Optimizer, name: str, network: nn.Layer) -> None:
        self.optimizer = optimizer
        self.parameters = {f"{name}.{key}": parameter for key, parameter in network.named_parameters()}

    def arrays(self) -> dict[str, np.ndarray]:
        """All moments that there are."""
        longest_first = sorted(self.parameters.items(), key=lambda item: -len(item[1].name))
        result = {}
        for key, value in self.optimizer.state_dict().items():
            for name, parameter in longest_first:
                if key.startswith(f"{parameter.name}_"):
                    result[f"{name}|{key.removeprefix(parameter.name)[1:]}"] = np.asarray(value)
                    break
        return result

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Put back what `arrays` returned; WeightsError if it is of other networks or another optimizer."""
        restored, begun = {}, {}
        for key, value in arrays.items():
            name, _, moment = key.rpartition("|")
            if name not in self.parameters:
                raise WeightsError(f"the checkpoint holds optimizer state for '{name}', which this model has not")
            begun[name] = self.parameters[name]
            restored[f"{begun[name].name}_{moment}"] = paddle.to_tensor(value)
        try:
            self.optimizer.set_state_dict({**_as_they_begin(self.optimizer, restored), **restored})
            _take_moments(self.optimizer, [p for name, p in self.parameters.items() if name in begun])
        except AssertionError as error:
            advice = "set optimizer.NETWORK.name back, or start a new run with --load"
            raise WeightsError(f"the checkpoint's moments are those of another optimizer; {advice}") from error


def _as_they_begin(optimizer: Optimizer, restored: dict[str, paddle.Tensor]) -> dict[str, paddle.Tensor]:
    """First values of moments that there are by now and that are not to be restored: of layers which a growing network
    took in after the checkpoint that it goes back to. By name, as `set_state_dict` wants all of them."""
    first = {"beta1_pow_acc": "_beta1", "beta2_pow_acc": "_beta2"}
    return {
        own.name: paddle.full_like(own, vars(optimizer)[first[kind]] if kind in first else 0.0)
        for kind, moments in optimizer._accumulators.items()
        for own in moments.values()
        if own.name not in restored
    }


def _take_moments(optimizer: Optimizer, begun: Parameters) -> None:
    """Make the moments of parameters that have moved now, out of what `set_state_dict` was given, and let go of that.

    Paddle hands it out at a parameter's first step, and as long as any of it is left it asserts that there is some for
    every parameter: a growing network (PGGAN, StyleGAN), whose next layers have none yet, would die at its next stage.
    Layers that it has grown out of go on as in a run that was not stopped, with gradients of zero.
    """
    optimizer._create_accumulators(paddle.static.default_main_program().global_block(), begun)
    optimizer._accumulators_holder = {}
    for parameter in begun:
        parameter.grad = paddle.zeros_like(parameter)
