"""Everything a resumed run must find as it was, under one name each; and a search for what was forgotten."""

from collections.abc import Iterator

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError, TrainingDiverged, WeightsError
from ppgen.models.base import Model, Stateful
from ppgen.networks.protocols import Enlargeable, Extendable


class NetworkState:
    """A network's parameters and buffers as `Stateful`."""

    def __init__(self, name: str, network: nn.Layer) -> None:
        self.name, self.network = name, network

    def arrays(self) -> dict[str, np.ndarray]:
        """Copies of all arrays, by structured name."""
        return {key: value.numpy() for key, value in self.network.state_dict().items()}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Put arrays back; WeightsError if they are another network's."""
        wanted = {key: tuple(value.shape) for key, value in self.network.state_dict().items()}
        given = {key: value.shape for key, value in arrays.items()}
        if wanted != given:
            odd = sorted(set(wanted.items()) ^ set(given.items()))[:3]
            network = self.network
            ours = f", which is for {network.image_size} pixels a side" if isinstance(network, Enlargeable) else ""
            what = f"the checkpoint's '{self.name}' is another network than the config's{ours} (such as {odd})"
            raise WeightsError(f"{what}; give its run's config.yaml, or the same model settings")
        self.network.set_state_dict({key: paddle.to_tensor(value) for key, value in arrays.items()})


def grown(network: nn.Layer, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays to start from; grown out of those of a smaller or plainer one (`Enlargeable`, `Extendable`).

    Arrays of another network come back as they are; `NetworkState.restore` refuses them.
    """
    if set(arrays) == set(network.state_dict()):
        return arrays
    if isinstance(network, Extendable):
        return network.of_plainer(arrays)
    return network.of_smaller(arrays) if isinstance(network, Enlargeable) else arrays


def gather(parts: dict[str, Stateful]) -> dict[str, np.ndarray]:
    """The arrays of all parts, keys prefixed by the part's name."""
    return {f"{name}.{key}": value for name, part in parts.items() for key, value in part.arrays().items()}


def split_prefix(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The entries whose key starts with `prefix.`, without it."""
    return {k[len(prefix) + 1 :]: v for k, v in arrays.items() if k.startswith(prefix + ".")}


def spread(parts: dict[str, Stateful], arrays: dict[str, np.ndarray]) -> None:
    """Give every part its arrays back."""
    for name, part in parts.items():
        part.restore(split_prefix(arrays, name))


def check_finite(weights: dict[str, np.ndarray], step: int) -> None:
    """TrainingDiverged where weights are lost: they must not take the place of good ones in a checkpoint."""
    bad = [key for key, value in weights.items() if value.dtype.kind == "f" and not np.isfinite(value).all()]
    if bad:
        what = f"{len(bad)} arrays hold values that are not finite ({', '.join(bad[:3])})"
        raise TrainingDiverged(f"step {step}: {what}; no checkpoint was written, --resume goes on from the last one")


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def check_declared(model: Model) -> None:
    """ConfigError if a recipe keeps state, or trains a network, that no checkpoint would hold.

    That is: an attribute with `arrays` and `restore` that `stateful()` does not return, or a layer with
    trainable parameters that is not among `networks`.
    """
    declared = {id(part) for part in model.stateful().values()} | {id(net) for net in model.networks.values()}
    for name, attribute in vars(model).items():
        for path, value in _leaves(attribute, name):
            forgotten = isinstance(value, Stateful) or (
                isinstance(value, nn.Layer) and any(not p.stop_gradient for p in value.parameters())
            )
            if forgotten and id(value) not in declared:
                what = f"{type(model).__name__}.{path} has state that no checkpoint holds"
                raise ConfigError(f"{what}: return it from stateful(), or put the network into `networks`")
