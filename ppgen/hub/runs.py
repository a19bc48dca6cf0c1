"""The weights of a run folder: the best, else the final ones, else those of its newest checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ppgen.compat.names import network_config
from ppgen.config import Settings, read_yaml
from ppgen.errors import WeightsError, short
from ppgen.hub.construct import construct
from ppgen.io.arrays import read_arrays
from ppgen.io.names import read_pointer
from ppgen.io.weights import Description, load_into, save_network

if TYPE_CHECKING:
    from paddle import nn

_USUAL = ("generator", "network", "generator_ab")  # names of the networks that people use


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, or one of a run's checkpoints."""
    run = _run_of(folder)
    return (run / "config.yaml").is_file() and ((run / "checkpoints").is_dir() or (run / "best.safetensors").is_file())


def weights_of(folder: Path) -> Path:
    """The file of a run's network that people use: the one that is validated, where that is said.

    Of a checkpoint, or where there is nothing else, RUN/newest.safetensors, written from the checkpoint.
    Raises:
        WeightsError: the run has no weights yet, or they cannot be read. OutputError: that file cannot be written.
    """
    run = _run_of(folder)
    if run == folder and (run / "best.safetensors").is_file():
        return run / "best.safetensors"
    config = read_yaml(run / "config.yaml")
    names = [str(_section(config, "validate").get("network")), *_USUAL]
    finals = (run / "final" / f"{name}.safetensors" for name in names)
    final = next((path for path in finals if path.is_file()), None) if run == folder else None
    return final or _of_checkpoint(run, folder if run != folder else _newest(run), _section(config, "model"), names)


def _section(config: Settings, key: str) -> Settings:
    """A section of a config; empty where something else stands there."""
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _run_of(folder: Path) -> Path:
    return folder.parent.parent if folder.parent.name == "checkpoints" else folder


def _newest(run: Path) -> Path:
    """The checkpoint that `latest` names, or else the last."""
    root = run / "checkpoints"
    word = read_pointer(root / "latest")
    if word and (root / word).is_dir():
        return root / word
    steps = sorted(root.glob("step_*"))
    if not steps:
        raise WeightsError(f"{run}: this run has no weights yet; it writes the first with its first checkpoint")
    return steps[-1]


def _of_checkpoint(run: Path, place: Path, model: Settings, names: list[str]) -> Path:
    held = read_arrays(place / "weights.safetensors")
    for name in names:
        settings = model.get(name, model.get(name.split("_")[0]))
        arrays = _below(held, f"{name}.")
        if arrays and isinstance(settings, dict) and "name" in settings:
            averaged = _below(read_arrays(place / "state.safetensors"), f"ema.{name}.")
            network = _built(settings, averaged or arrays, place)
            load_into(network, averaged or arrays, name=str(place))
            return save_network(network, run / "newest.safetensors", {"network": name, "checkpoint": place.name})
    named = short(", ".join(map(str, model)))
    raise WeightsError(f"{place}: holds no network that draws (the run's config.yaml names {named})")


def _built(settings: Settings, arrays: Mapping[str, np.ndarray], place: Path) -> nn.Layer:
    """A network of a run's config, no larger than its arrays."""
    config = network_config({**settings, "name": str(settings["name"])})
    shapes = {key: array.shape for key, array in arrays.items()}
    return construct(Description(str(config.pop("name")), config, (-1, 1), {}, {}, shapes), place)


def _below(arrays: dict, prefix: str) -> dict:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
