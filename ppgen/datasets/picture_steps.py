"""PaddleGAN's transforms of pictures, by its names, arguments and meaning: the steps of a `pipeline`.

They act on the pictures that `Transforms` hands over in the order of its `input_keys`; each has `keys`, one word a
picture: "image" is changed, any other word leaves that picture alone, and without `keys` only the first picture is
changed. Pictures are uint8 (H, W, C) or (H, W) until `Transpose`.

Randomness comes from the sample's generator; without one (evaluation) crops are taken from the middle and nothing is
mirrored. Resizing is OpenCV's, as in paddle.vision for arrays: no averaging when shrinking, so results equal
PaddleGAN's pixel for pixel.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from ppgen.datasets.base import Random
from ppgen.errors import ConfigError, DataError
from ppgen.registry import TRANSFORMS

_INTERPOLATION = ("nearest", "bilinear", "bicubic", "area", "lanczos")  # OpenCV's numbers 0 to 4 for them
Change = Callable[[np.ndarray], np.ndarray]


def _pair(value: int | list, what: str) -> tuple[int, int]:
    """(height, width) from one number or two."""
    numbers = [value, value] if isinstance(value, int) else list(value)
    if len(numbers) != 2 or not all(isinstance(n, int) and n > 0 for n in numbers):
        raise ConfigError(f"{what}: expected a side or [height, width], found {value!r}")
    return numbers[0], numbers[1]


@dataclass
class PictureStep(ABC):
    """A step of a pipeline.

    Args:
        keys: see the head of this file.
    """

    shared: ClassVar[bool] = False  #: whether what is random about it is drawn once for all pictures

    _: KW_ONLY
    keys: list | None = None

    @abstractmethod
    def plan(self, picture: np.ndarray, rng: Random) -> Change:
        """What is done to pictures of this shape, with all that is random about it drawn."""

    def __call__(self, pictures: list[np.ndarray], rng: Random) -> list[np.ndarray]:
        """All pictures, those named "image" changed."""
        keys = ["image"] if self.keys is None else self.keys
        changed, change = list(pictures), None
        for i in (i for i, key in enumerate(keys[: len(pictures)]) if key == "image"):
            if change is None or not self.shared:
                change = self.plan(pictures[i], rng)
            changed[i] = change(pictures[i])
        return changed


class FixedStep(PictureStep):
    """A step with nothing random about it."""

    def plan(self, picture: np.ndarray, rng: Random) -> Change:
        """See the base."""
        return self.change

    @abstractmethod
    def change(self, picture: np.ndarray) -> np.ndarray:
        """The picture, changed."""


@TRANSFORMS.register()
@dataclass
class Resize(FixedStep):
    """Resize to [height, width], or with one number the shorter side to it."""

    size: int | list
    interpolation: Literal["nearest", "bilinear", "area", "bicubic", "lanczos"] = "bilinear"

    def __post_init__(self) -> None:
        _pair(self.size, "Resize.size")
        if self.interpolation not in _INTERPOLATION:
            raise ConfigError(f"Resize.interpolation: expected one of {', '.join(_INTERPOLATION)}")

    def change(self, picture: np.ndarray) -> np.ndarray:
        """See the class."""
        height, width = _pair(self.size, "Resize.size")
        if isinstance(self.size, int):
            size, least = self.size, min(picture.shape[:2])
            height, width = (size if side == least else int(side * (size / least)) for side in picture.shape[:2])
        if picture.shape[:2] == (height, width):
            return picture
        flag = _INTERPOLATION.index(self.interpolation)
        resized = cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=flag)
        return resized.reshape(height, width, *picture.shape[2:])


@TRANSFORMS.register()
@dataclass
class RandomCrop(PictureStep):
    """Cut [height, width] at a random place, another one in each picture."""

    size: int | list

    def __post_init__(self) -> None:
        self._height, self._width = _pair(self.size, f"{type(self).__name__}.size")

    def plan(self, picture: np.ndarray, rng: Random) -> Change:
        """See the base."""
        spare = picture.shape[0] - self._height, picture.shape[1] - self._width
        if min(spare) < 0:
            crop = f"the crop of {self._width}x{self._height}; put a Resize before it"
            size = f"{picture.shape[1]}x{picture.shape[0]}"
            raise DataError(f"{type(self).__name__}: a picture of {size} is smaller than {crop}")
        top, left = (n // 2 if rng is None else int(rng.integers(n + 1)) for n in spare)
        return lambda each: self._cut(each, top, left)

    def _cut(self, picture: np.ndarray, top: int, left: int) -> np.ndarray:
        if picture.shape[0] < top + self._height or picture.shape[1] < left + self._width:
            raise DataError(f"{type(self).__name__}: the pictures of a pair have two sizes; put a Resize before it")
        return picture[top : top + self._height, left : left + self._width]


@TRANSFORMS.register()
class PairedRandomCrop(RandomCrop):
    """`RandomCrop` at the same place in all pictures."""

    shared = True


@TRANSFORMS.register()
@dataclass
class RandomHorizontalFlip(PictureStep):
    """Mirror left and right with a probability, decided for each picture."""

    prob: float = 0.5

    def plan(self, picture: np.ndarray, rng: Random) -> Change:
        """See the base."""
        mirror = rng is not None and rng.random() < self.prob
        return lambda each: each[:, ::-1] if mirror else each


@TRANSFORMS.register()
class PairedRandomHorizontalFlip(RandomHorizontalFlip):
    """`RandomHorizontalFlip` decided once for all pictures."""

    shared = True


@TRANSFORMS.register()
@dataclass
class Grayscale(FixedStep):
    """Luma of an RGB picture, in one channel or repeated in three."""

    num_output_channels: Literal[1, 3] = 1

    def change(self, picture: np.ndarray) -> np.ndarray:
        """See the class."""
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)[..., None]
        return np.repeat(grey, self.num_output_channels, axis=2)


@TRANSFORMS.register()
@dataclass
class Transpose(FixedStep):
    """(H, W, C) -> (C, H, W), or another order of the axes."""

    order: list | tuple = (2, 0, 1)

    def __post_init__(self) -> None:
        if sorted(self.order) != [0, 1, 2]:
            given = list(self.order)
            raise ConfigError(f"Transpose.order: expected the numbers 0, 1 and 2 in some order, found {given}")

    def change(self, picture: np.ndarray) -> np.ndarray:
        """See the class."""
        return (picture[..., None] if picture.ndim == 2 else picture).transpose(self.order)


@TRANSFORMS.register()
@dataclass
class Normalize(FixedStep):
    """(value - mean) / std on the levels 0-255: mean and std of 127.5 give [-1, 1].

    Acts on (C, H, W), after `Transpose`, unless `data_format` is HWC; a grey (H, W) picture becomes (1, H, W).
    """

    mean: float | list = 0.0
    std: float | list = 1.0
    data_format: Literal["CHW", "HWC"] = "CHW"
    to_rgb: bool = False

    def __post_init__(self) -> None:
        if self.to_rgb:
            raise ConfigError("Normalize.to_rgb: pictures are RGB already; leave it out")
        shape = (-1, 1, 1) if self.data_format == "CHW" else (1, 1, -1)
        self._mean, self._std = (np.asarray(v, np.float32).reshape(shape) for v in (self.mean, self.std))
        if not np.all(self._std):
            raise ConfigError(f"Normalize.std: divides by zero in {self.std}")

    def change(self, picture: np.ndarray) -> np.ndarray:
        """See the class."""
        channels = 1 if picture.ndim == 2 else picture.shape[0 if self.data_format == "CHW" else 2]
        given = max(self._mean.size, self._std.size)
        if given not in (1, channels):
            hint = "; is Transpose missing before it?" if channels > 4 else ""
            raise ConfigError(f"Normalize.mean: {given} values for a picture of {channels} channels{hint}")
        return (picture.astype(np.float32) - self._mean) / self._std
