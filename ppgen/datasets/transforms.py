"""PaddleGAN's transform vocabulary, by its names, arguments and meaning.

Two kinds. Steps of a `preprocess` list act on a sample, a dict: `LoadImageFromFile`, `SplitPairedImage`,
`Transforms`. Steps of a `pipeline` act on the pictures that `Transforms` hands over in the order of its
`input_keys`; each has `keys`, one word a picture: "image" is changed, any other word leaves that picture alone, and
without `keys` only the first picture is changed. Pictures are uint8 (H, W, C) or (H, W) until `Transpose`.

Randomness comes from the sample's generator; without one (evaluation) crops are taken from the middle and nothing is
mirrored. Resizing is OpenCV's, as in paddle.vision for arrays: no averaging when shrinking, so results equal
PaddleGAN's pixel for pixel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from ppgen.datasets.paired_images import split_halves
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import load_image
from ppgen.registry import TRANSFORMS

Sample = dict[str, Any]
Random = np.random.Generator | None
_INTERPOLATION = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "bicubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}


def _pair(value: int | list, what: str) -> tuple[int, int]:
    """(height, width) from one number or two."""
    numbers = [value, value] if isinstance(value, int) else list(value)
    if len(numbers) != 2 or not all(isinstance(n, int) and n > 0 for n in numbers):
        raise ConfigError(f"{what}: expected a side or [height, width], found {value!r}")
    return numbers[0], numbers[1]


class PictureStep:
    """A step of a pipeline.

    Args:
        keys: see the head of this file.
    """

    shared = False  # whether one random draw serves all pictures

    def __init__(self, keys: list | None = None) -> None:
        self.keys = ["image"] if keys is None else list(keys)

    def draw(self, picture: np.ndarray, rng: Random) -> Any:
        """What is random about this step, for a picture of this shape."""
        return None

    def change(self, picture: np.ndarray, drawn: Any) -> np.ndarray:
        """The picture, changed as drawn."""
        raise NotImplementedError(f"{type(self).__name__} changes nothing")

    def __call__(self, pictures: list[np.ndarray], rng: Random) -> list[np.ndarray]:
        """All pictures, those named "image" changed."""
        wanted = [i for i, key in enumerate(self.keys[: len(pictures)]) if key == "image"]
        changed, drawn = list(pictures), None
        for position, i in enumerate(wanted):
            if position == 0 or not self.shared:
                drawn = self.draw(pictures[i], rng)
            changed[i] = self.change(pictures[i], drawn)
        return changed


@TRANSFORMS.register()
class Resize(PictureStep):
    """Resize to [height, width], or with one number the shorter side to it."""

    def __init__(
        self,
        size: int | list,
        interpolation: Literal["nearest", "bilinear", "area", "bicubic", "lanczos"] = "bilinear",
        keys: list | None = None,
    ) -> None:
        super().__init__(keys)
        if interpolation not in _INTERPOLATION:
            raise ConfigError(f"Resize.interpolation: expected one of {', '.join(_INTERPOLATION)}")
        self._height, self._width = _pair(size, "Resize.size")
        self._shorter = size if isinstance(size, int) else None
        self._flag = _INTERPOLATION[interpolation]

    def change(self, picture: np.ndarray, drawn: Any) -> np.ndarray:
        """See the class."""
        height, width = self._height, self._width
        if self._shorter is not None:
            factor = self._shorter / min(picture.shape[:2])
            height, width = (
                self._shorter if side == min(picture.shape[:2]) else int(side * factor) for side in picture.shape[:2]
            )
        if picture.shape[:2] == (height, width):
            return picture
        resized = cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=self._flag)
        return resized.reshape(height, width, *picture.shape[2:])


@TRANSFORMS.register()
class RandomCrop(PictureStep):
    """Cut [height, width] at a random place, another one in each picture."""

    def __init__(self, size: int | list, keys: list | None = None) -> None:
        super().__init__(keys)
        self._height, self._width = _pair(size, f"{type(self).__name__}.size")

    def draw(self, picture: np.ndarray, rng: Random) -> tuple[int, int]:
        """(top, left)."""
        spare = picture.shape[0] - self._height, picture.shape[1] - self._width
        if min(spare) < 0:
            raise DataError(
                f"{type(self).__name__}: a picture of {picture.shape[1]}x{picture.shape[0]} is smaller than the crop "
                f"of {self._width}x{self._height}; put a Resize before it"
            )
        if rng is None:
            return spare[0] // 2, spare[1] // 2
        return int(rng.integers(spare[0] + 1)), int(rng.integers(spare[1] + 1))

    def change(self, picture: np.ndarray, drawn: tuple[int, int]) -> np.ndarray:
        """See the class."""
        top, left = drawn
        if picture.shape[0] < top + self._height or picture.shape[1] < left + self._width:
            raise DataError(f"{type(self).__name__}: the pictures of a pair have two sizes; put a Resize before it")
        return picture[top : top + self._height, left : left + self._width]


@TRANSFORMS.register()
class PairedRandomCrop(RandomCrop):
    """`RandomCrop` at the same place in all pictures."""

    shared = True

    def __init__(self, size: int | list, keys: list | None = None) -> None:
        super().__init__(size, keys)


@TRANSFORMS.register()
class RandomHorizontalFlip(PictureStep):
    """Mirror left and right with a probability, decided for each picture."""

    def __init__(self, prob: float = 0.5, keys: list | None = None) -> None:
        super().__init__(keys)
        self._probability = prob

    def draw(self, picture: np.ndarray, rng: Random) -> bool:
        """Whether to mirror."""
        return rng is not None and rng.random() < self._probability

    def change(self, picture: np.ndarray, drawn: bool) -> np.ndarray:
        """See the class."""
        return picture[:, ::-1] if drawn else picture


@TRANSFORMS.register()
class PairedRandomHorizontalFlip(RandomHorizontalFlip):
    """`RandomHorizontalFlip` decided once for all pictures."""

    shared = True

    def __init__(self, prob: float = 0.5, keys: list | None = None) -> None:
        super().__init__(prob, keys)


@TRANSFORMS.register()
class Grayscale(PictureStep):
    """Luma of an RGB picture, in one channel or repeated in three."""

    def __init__(self, num_output_channels: Literal[1, 3] = 1, keys: list | None = None) -> None:
        super().__init__(keys)
        self._channels = num_output_channels

    def change(self, picture: np.ndarray, drawn: Any) -> np.ndarray:
        """See the class."""
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)[..., None]
        return np.repeat(grey, self._channels, axis=2)


@TRANSFORMS.register()
class Transpose(PictureStep):
    """(H, W, C) -> (C, H, W), or another order of the axes."""

    def __init__(self, order: list | tuple = (2, 0, 1), keys: list | None = None) -> None:
        super().__init__(keys)
        if sorted(order) != [0, 1, 2]:
            raise ConfigError(f"Transpose.order: expected the numbers 0, 1 and 2 in some order, found {list(order)}")
        self._order = tuple(order)

    def change(self, picture: np.ndarray, drawn: Any) -> np.ndarray:
        """See the class."""
        return (picture[..., None] if picture.ndim == 2 else picture).transpose(self._order)


@TRANSFORMS.register()
class Normalize(PictureStep):
    """(value - mean) / std on the levels 0-255: mean and std of 127.5 give [-1, 1].

    Acts on (C, H, W), after `Transpose`, unless `data_format` is HWC; a grey (H, W) picture becomes (1, H, W).
    """

    def __init__(
        self,
        mean: float | list = 0.0,
        std: float | list = 1.0,
        data_format: Literal["CHW", "HWC"] = "CHW",
        to_rgb: bool = False,
        keys: list | None = None,
    ) -> None:
        super().__init__(keys)
        if to_rgb:
            raise ConfigError("Normalize.to_rgb: pictures are RGB already; leave it out")
        shape = (-1, 1, 1) if data_format == "CHW" else (1, 1, -1)
        self._format = data_format
        self._mean, self._std = (np.asarray(v, np.float32).reshape(shape) for v in (mean, std))
        if not np.all(self._std):
            raise ConfigError(f"Normalize.std: divides by zero in {std}")

    def change(self, picture: np.ndarray, drawn: Any) -> np.ndarray:
        """See the class."""
        channels = 1 if picture.ndim == 2 else picture.shape[0 if self._format == "CHW" else 2]
        given = max(self._mean.size, self._std.size)
        if given not in (1, channels):
            raise ConfigError(
                f"Normalize.mean: {given} values for a picture of {channels} channels"
                f"{'; is Transpose missing before it?' if channels > 4 else ''}"
            )
        return (picture.astype(np.float32) - self._mean) / self._std


@TRANSFORMS.register()
class LoadImageFromFile:
    """Read the file of `<key>_path` as `key`: uint8 (H, W, 3) RGB."""

    def __init__(self, key: str = "image") -> None:
        self.key = key

    def __call__(self, sample: Sample, rng: Random) -> None:
        """Add the picture to the sample; DataError naming the file where it is damaged."""
        sample[self.key] = load_image(entry(sample, f"{self.key}_path", "LoadImageFromFile.key"))


@TRANSFORMS.register()
class SplitPairedImage:
    """Cut the picture `key`, two side by side, into two of `paired_keys`."""

    def __init__(self, key: str, paired_keys: list | tuple = ("A", "B")) -> None:
        if len(paired_keys) != 2:
            raise ConfigError(f"SplitPairedImage.paired_keys: expected two names, found {list(paired_keys)}")
        self.key, self.paired_keys = key, tuple(paired_keys)

    def __call__(self, sample: Sample, rng: Random) -> None:
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
        for config, step in zip(pipeline, self.steps):
            if not isinstance(step, PictureStep):
                raise ConfigError(
                    f"Transforms.pipeline: {config['name']} belongs into `preprocess`, not into a pipeline"
                )
        self.input_keys, self.output_keys = list(input_keys), list(output_keys or input_keys)

    def __call__(self, sample: Sample, rng: Random) -> None:
        """Replace the pictures of the sample by the results."""
        pictures = [entry(sample, key, "Transforms.input_keys") for key in self.input_keys]
        for step in self.steps:
            pictures = step(pictures, rng)
        sample.update(zip(self.output_keys, pictures))


def entry(sample: Sample, key: str, where: str) -> Any:
    """`sample[key]`; ConfigError naming the argument `where` if an earlier step should have made it."""
    if key not in sample:
        raise ConfigError(f"{where}: there is no '{key}' at this step (there are: {', '.join(sorted(sample))})")
    return sample[key]
