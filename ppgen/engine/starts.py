"""What a training starts from: `--load`, and `load` in a config."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from paddle import nn

from ppgen import hub
from ppgen.compat.names import parts_of_model
from ppgen.engine.trainer import Trainer
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.arrays import TAKE_OUT, parts_of, read_arrays, read_content
from ppgen.io.weights import description, load_into
from ppgen.networks.protocols import Enlargeable, Extendable


class _Part(NamedTuple):
    """The weights of one network: a file's, or those it holds as `key`; `average`: for the smoothed copy alone."""

    source: str
    network: str
    key: str | None = None
    average: bool = False


def load(trainer: Trainer, sources: str | Sequence[str]) -> None:
    """Start from given weights.

    Args:
        sources: a checkpoint or run folder (all networks); or weights files or the names of shipped weights: the
            network that each describes, of fewer pixels a side where the network can go on from such, or all those
            that a training of PaddleGAN's wrote into one file.
    Raises:
        ConfigError: nothing there, or two weights for one network. WeightsError: weights of other networks.
    """
    starts = check_starts(sources)
    if starts[0].is_dir():
        trainer.snapshot.load_weights(starts[0])
    else:
        _load_files(trainer, [str(start) for start in starts])
    trainer.model.after_load(trainer.model.networks)
    trainer.model.after_load({name: average.network for name, average in trainer.snapshot.averages.items()})


def _load_files(trainer: Trainer, sources: Sequence[str]) -> None:
    """Each part of each file into its network; ConfigError: two for one network."""
    parts: dict[tuple[str, bool], _Part] = {}
    for part in (part for source in sources for part in _parts(trainer, source)):
        other = parts.setdefault((part.network, part.average), part)
        if other is not part:
            both = f"{other.source} and {part.source} are both"
            raise ConfigError(f"load: {both} for the network '{part.network}'; give one of them")
    for part in sorted(parts.values(), key=lambda part: part.average):  # an average's own weights come last
        _put(trainer, part)


def check_starts(sources: str | Sequence[str]) -> list[Path]:
    """The one folder or the weights files that a training is to start from; ConfigError where one is not there."""
    starts = [_check_start(source) for source in ([sources] if isinstance(sources, str) else sources)]
    folder = next((start for start in starts if start.is_dir()), None)
    if folder is not None and len(starts) > 1:
        raise ConfigError(f"load: {folder} is a folder and holds all networks; give it alone, or weights files alone")
    return starts


def _check_start(source: str) -> Path:
    folder = Path(source).expanduser()
    if source not in hub.names() and folder.is_dir():
        return folder
    try:
        return hub.path_of(source)
    except WeightsError as error:
        raise ConfigError(f"load: {error}") from error


def _parts(trainer: Trainer, source: str) -> list[_Part]:
    """The networks a weights file holds."""
    keys = [] if description(source) else parts_of(read_content(source))
    if not keys:
        return [_Part(source, _network_of(trainer, source))]
    networks, averages = parts_of_model(type(trainer.model).__name__)
    parts = [_Part(source, networks[key], key) for key in keys if key in networks]
    parts += [_Part(source, averages[key], key, average=True) for key in keys if key in averages]
    if not parts:
        known = ", ".join([*networks, *averages]) or "unknown to PaddleGAN"
        ours = f"the networks of {type(trainer.model).__name__} are {known}"
        raise WeightsError(f"{source}: holds {', '.join(keys)}; {ours}; {TAKE_OUT}")
    return parts


def _put(trainer: Trainer, part: _Part) -> None:
    average = trainer.snapshot.averages.get(part.network)
    networks = [] if part.average else [trainer.model.networks[part.network]]
    for network in [*networks, *([average.network] if average else [])]:
        load_into(network, _fitting(network, part.source), key=part.key)
    if average:
        average.go_on(None)


def _fitting(network: nn.Layer, source: str) -> str | dict[str, np.ndarray]:
    """What to load from a file: itself, or arrays grown out of those of the same network, smaller or plainer."""
    described = description(source)
    if described is None or described.network != type(network).__name__:
        return source
    if isinstance(network, Extendable):
        return network.of_plainer(read_arrays(source))
    if not isinstance(network, Enlargeable):
        return source
    size = described.arguments.get("image_size", network.image_size)
    if size > network.image_size:
        raise WeightsError(f"{source}: is for {size} pixels a side, the config's network for {network.image_size}")
    return network.of_smaller(read_arrays(source)) if size < network.image_size else source


def _network_of(trainer: Trainer, source: str) -> str:
    """Which of the model's networks a weights file is for: by its own word, its class, or what is validated."""
    networks = trainer.model.networks
    described = description(source)
    told = None if described is None else described.card.get("network")
    if isinstance(told, str) and told in networks:
        return told
    kind = None if described is None else described.network
    same_class = [name for name, network in networks.items() if type(network).__name__ == kind]
    wanted = trainer.config.validate.network
    candidates = [wanted] if wanted in (same_class or networks) else same_class or list(networks)
    if len(candidates) != 1:
        what = f"does not say which network it is for (the model has {', '.join(networks)})"
        raise WeightsError(f"{source}: {what}; load a run or checkpoint folder, or set validate.network")
    return candidates[0]
