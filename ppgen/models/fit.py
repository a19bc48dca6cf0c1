"""Whether networks fit one another and their data: known at building, not at the first wrong step."""

import numpy as np

from ppgen.errors import ConfigError
from ppgen.models.base import Batch
from ppgen.networks.protocols import OfPictures


def check_fit(generator: object, discriminator: object) -> None:
    """ConfigError where the two were built for pictures of another size, of other channels or for other classes."""
    if not isinstance(generator, OfPictures) or not isinstance(discriminator, OfPictures):
        return
    sides = (generator.image_size, discriminator.image_size)
    for what, name, (made, read) in (
        ("size", "image_size", sides if None not in sides else (None, None)),
        ("channels", "channels", (generator.channels, discriminator.channels)),
        ("classes", "classes", (generator.classes, discriminator.classes)),
    ):
        if made != read:
            both = f"generator.{name}: {made} and discriminator.{name}: {read}"
            raise ConfigError(f"model: both networks need the same {what}, found {both}")


def check_keys(sample: Batch, *wanted: str, advice: str = "") -> None:
    """ConfigError where a dataset's samples lack what a recipe reads; `advice`: which dataset has it."""
    if missing := ", ".join(repr(key) for key in wanted if key not in sample):
        held = ", ".join(map(repr, sample))
        raise ConfigError(f"dataset: the recipe needs {missing}, these samples have {held}{advice and f'; {advice}'}")


def check_sample(network: object, sample: Batch) -> None:
    """ConfigError where a dataset's pictures or labels are not what a network reads.

    Args:
        network: a discriminator or an encoder; one that does not say what it reads is not compared.
        sample: of the dataset, unbatched: `image` (C, H, W), `label` ().
    """
    check_keys(sample, "image")
    if not isinstance(network, OfPictures):
        return
    channels, height, width = np.shape(sample["image"])
    if network.image_size is not None and {height, width} != {network.image_size}:
        both = f"its pictures are {width}x{height}, the networks' image_size is {network.image_size}"
        raise ConfigError(f"dataset: {both}; make dataset.size and it equal")
    if channels != network.channels:
        both = f"its pictures have {channels} channel(s), the networks' channels are {network.channels}"
        raise ConfigError(f"dataset: {both}; change dataset.grayscale or the networks")
    if network.classes is not None and not 0 <= int(sample.get("label", -1)) < network.classes:
        given = f"label {int(sample['label'])}" if "label" in sample else "no label"
        raise ConfigError(f"dataset: a sample has {given}, the networks' classes are 0 to {network.classes - 1}")
