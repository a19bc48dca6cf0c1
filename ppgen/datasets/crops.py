"""Random squares of pictures, as pix2pix and CycleGAN are trained on."""

from typing import NamedTuple

import numpy as np

from ppgen.datasets.base import Random, mirrors
from ppgen.errors import ConfigError
from ppgen.io.image import to_tensor_array


class Crop(NamedTuple):
    """Where a square lies, and whether it is mirrored."""

    top: int
    left: int
    mirror: bool


class Crops:
    """Squares of `size` pixels in pictures of `load_size` (None: `size`), mirrored every second time where `flip`.

    Raises:
        ConfigError: a square that does not fit.
    """

    def __init__(self, size: int, load_size: int | None, flip: bool) -> None:
        self.size, self.load_size, self._flip = size, load_size or size, flip
        if not 1 <= size <= self.load_size:
            raise ConfigError(f"load_size: expected at least size ({size}), found {self.load_size}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the pictures that squares are cut from."""
        return self.load_size, self.load_size, 3

    def draw(self, rng: Random) -> Crop:
        """A random place and mirroring; without `rng` the middle, as it is."""
        spare = self.load_size - self.size
        if rng is None or spare == 0:
            return Crop(spare // 2, spare // 2, mirrors(self._flip, rng))
        return Crop(int(rng.integers(spare + 1)), int(rng.integers(spare + 1)), mirrors(self._flip, rng))

    def cut(self, picture: np.ndarray, crop: Crop) -> np.ndarray:
        """That square of uint8 (load_size, load_size, C): float32 (C, size, size) in [-1, 1]."""
        square = picture[crop.top : crop.top + self.size, crop.left : crop.left + self.size]
        return to_tensor_array(square[:, ::-1] if crop.mirror else square)
