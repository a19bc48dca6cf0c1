"""Whether networks fit one another and their data: known at building, not at the first wrong step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ppgen.errors import ConfigError

# What the networks' constructors call the side and the channels of a picture.
_SIDE, _MADE, _READ = ("image_size", "size"), ("out_channels", "channels"), ("in_channels", "channels")


def check_fit(generator: Any, discriminator: Any) -> None:
    """ConfigError where the two were built for pictures of another size or of other channels.

    Only arguments that both constructors have are compared.
    """
    for what, words in (("size", (_SIDE, _SIDE)), ("channels", (_MADE, _READ))):
        found = [_argument(network, names) for network, names in zip((generator, discriminator), words)]
        if None not in found and found[0][1] != found[1][1]:
            (made, value), (read, other) = found
            raise ConfigError(
                f"model: both networks need the same {what}, found generator.{made}: {value} and "
                f"discriminator.{read}: {other}"
            )


    classes = {"generator": _classes(generator), "discriminator": _classes(discriminator)}
    if len(set(classes.values())) > 1:
        told = ", ".join(f"{name}.classes is {count}" for name, count in classes.items())
        raise ConfigError(f"model: both networks need the same classes, found {told}")


@runtime_checkable
class _Labelled(Protocol):
    classes: int | None


def _classes(network: object) -> int | None:
    return network.classes if isinstance(network, _Labelled) else None


def check_keys(sample: Mapping[str, Any], *wanted: str) -> None:
    """ConfigError where a dataset's samples lack what a recipe reads of aligned portraits."""
    if missing := [key for key in wanted if key not in sample]:
        raise ConfigError(
            f"dataset: the recipe needs {', '.join(map(repr, missing))}, these samples have "
            f"{', '.join(map(repr, sample))}; take Portraits"
        )


def check_sample(network: Any, sample: Mapping[str, Any]) -> None:
    """ConfigError where a dataset's pictures or labels are not what a network reads.

    Args:
        network: a discriminator or an encoder; what its constructor's arguments do not say is not compared.
        sample: of the dataset, unbatched: `image` (C, H, W), `label` ().
    """
    if "image" not in sample:
        raise ConfigError(f"dataset: the recipe needs 'image', these samples have {', '.join(map(repr, sample))}")
    channels, height, width = np.shape(sample["image"])
    side = _argument(network, _SIDE) or ("image_size", getattr(network, "image_size", width))
    read = _argument(network, _READ) or ("channels", channels)
    if {height, width} != {side[1]}:
        found = f"dataset: its pictures are {width}x{height}, the networks' {side[0]} is {side[1]}"
        raise ConfigError(f"{found}; make dataset.size and it equal")
    if channels != read[1]:
        raise ConfigError(
            f"dataset: its pictures have {channels} channel(s), the networks' {read[0]} is {read[1]}; change "
            "dataset.grayscale or the networks"
        )
    classes = _classes(network)
    if classes is not None and not 0 <= int(sample.get("label", -1)) < classes:
        found = f"label {int(sample['label'])}" if "label" in sample else "no label"
        raise ConfigError(f"dataset: a sample has {found}, the networks' classes are 0 to {classes - 1}")


def _argument(network: Any, names: tuple[str, ...]) -> tuple[str, Any] | None:
    given = getattr(network, "constructor_args", {})
    return next(((name, given[name]) for name in names if name in given), None)
