"""PaddleGAN's steps of a `preprocess` list, and the building of such lists. They act on a sample in the making."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ppgen.config.validate import check_named
from ppgen.datasets.base import Random
from ppgen.datasets.paired_images import split_halves
from ppgen.datasets.picture_steps import PictureStep
from ppgen.errors import ConfigError, PPGenError
from ppgen.io.image import load_image
from ppgen.registry import TRANSFORMS

Making = dict[str, Any]  #: a sample in the making: pictures by key, and their files as `<key>_path`
SampleStep = Callable[[Making, Random], None]  #: changes a sample in place


@TRANSFORMS.register()
class LoadImageFromFile:
    """Read the file of `<key>_path` as `key`: uint8 (H, W, 3) RGB."""

    def __init__(self, key: str = "image") -> None:
        self.key = key

    def __call__(self, sample: Making, rng: Random) -> None:
        """Add the picture to the sample; DataError naming the file where it is damaged."""
        sample[self.key] = load_image(entry(sample, f"{self.key}_path", "LoadImageFromFile.key"))


@TRANSFORMS.register()
class SplitPairedImage:
    """Cut the picture `key`, two side by side, into two of `paired_keys`."""

    def __init__(self, key: str, paired_keys: list | tuple = ("A", "B")) -> None:
        if len(paired_keys) != 2:
            raise ConfigError(f"SplitPairedImage.paired_keys: expected two names, found {list(paired_keys)}")
        self.key, self.paired_keys = key, tuple(paired_keys)

    def __call__(self, sample: Making, rng: Random) -> None:
        """Add both halves to the sample; DataError naming the file where its width is odd."""
        path = sample.get(f"{self.key}_path", Path(self.key))
        halves = split_halves(entry(sample, self.key, "SplitPairedImage.key"), str(path))
        for name, half in zip(self.paired_keys, halves):
            sample[name], sample[f"{name}_path"] = half, path


@TRANSFORMS.register()
class Transforms:
    """Send the pictures `input_keys` through a pipeline of picture steps.

    Args:
        pipeline: list of `{name: step, arguments}`.
        output_keys: names of the results, if not `input_keys`.
    """

    def __init__(self, pipeline: list, input_keys: list | tuple, output_keys: list | None = None) -> None:
        self.steps = [TRANSFORMS.build(config) for config in pipeline]
        self.input_keys, self.output_keys = list(input_keys), list(output_keys or input_keys)

    def __call__(self, sample: Making, rng: Random) -> None:
        """Replace the pictures of the sample by the results."""
        pictures = [entry(sample, key, "Transforms.input_keys") for key in self.input_keys]
        for step in self.steps:
            pictures = step(pictures, rng)
        sample.update(zip(self.output_keys, pictures))


def entry(sample: Making, key: str, where: str) -> Any:
    """`sample[key]`; ConfigError naming the argument `where` if an earlier step should have made it."""
    if key not in sample:
        raise ConfigError(f"{where}: there is no '{key}' at this step (there are: {', '.join(sorted(sample))})")
    return sample[key]


def check_steps(steps: object, where: str = "preprocess", pictures: bool = False) -> list[str]:
    """All faults of a `preprocess` list (or, with `pictures`, of a pipeline), each with its YAML path."""
    if not isinstance(steps, list):
        return [f"{where}: expected a list of transforms, found {steps!r}"]
    return [fault for i, config in enumerate(steps) for fault in _check_step(config, f"{where}[{i}]", pictures)]


def _check_step(config: dict, place: str, pictures: bool) -> list[str]:
    faults = check_named(TRANSFORMS, config, place)
    if faults:
        return faults
    is_picture_step = issubclass(TRANSFORMS.get(config["name"]), PictureStep)
    if is_picture_step != pictures:
        right = "the `pipeline` of a Transforms step" if is_picture_step else "`preprocess`"
        return [f"{place}.name: {config['name']} belongs into {right}"]
    if config["name"] == Transforms.__name__:
        faults = check_steps(config["pipeline"], f"{place}.pipeline", pictures=True)
    try:
        if not faults:
            TRANSFORMS.build(config)
    except PPGenError as error:
        faults = [f"{place}: {error}"]
    return faults


def build_steps(steps: list, where: str = "preprocess", pictures: bool = False) -> list:
    """The transforms of a list; one ConfigError holds every fault of it, a line each."""
    if faults := check_steps(steps, where, pictures):
        raise ConfigError(*faults)
    return [TRANSFORMS.build(config) for config in steps]


def finished(picture: object, name: str) -> np.ndarray:
    """The picture as the networks take it: float32 (C, H, W); ConfigError where the list ends too early."""
    if isinstance(picture, np.ndarray):
        if picture.ndim == 3 and picture.shape[0] in (1, 3) and picture.dtype != np.uint8:
            return np.ascontiguousarray(picture, np.float32)
        end = f"{picture.dtype} {picture.shape}"
    else:
        end = type(picture).__name__
    advice = "end the pipeline with Transpose and Normalize, with all `keys`"
    raise ConfigError(f"preprocess: '{name}' comes out as {end}, not as float32 (channels, height, width); {advice}")
