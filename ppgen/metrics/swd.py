"""Sliced Wasserstein distance over patches of a Laplacian pyramid: does the texture agree, scale by scale.

Karras et al., "Progressive Growing of GANs", 2018, section 5: patches of 7x7 pixels from every level down to 16
pixels a side; every level's patches are normalized channel by channel; the distance is the mean over random
directions of the 1-D Wasserstein distance. Figures are given times 1000, as there.
"""

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import PictureMetric, Score, Side, counts
from ppgen.registry import METRICS

PATCH, LEAST_SIDE = 7, 16
DIRECTIONS = 512
PATCHES = 32  # a picture and level; the paper takes 128, of more pictures than a CPU gets through
_KERNEL_GAIN = 1e3


def laplacian_pyramid(picture: np.ndarray) -> list[np.ndarray]:
    """Levels of a picture (H, W, C), finest first: float32, what each halving loses, and the rest at the end.

    Halving filters with 1 4 6 4 1 both ways, as Burt and Adelson 1983; it stops before a side falls below 16.
    """
    level, levels = np.asarray(picture, np.float32), []
    if level.ndim != 3 or min(level.shape[:2]) < LEAST_SIDE:
        raise DataError(f"SWD needs pictures (H, W, C) of at least 16 pixels a side, not {level.shape}")
    while min(level.shape[:2]) // 2 >= LEAST_SIDE:
        smaller = np.asarray(cv2.pyrDown(level), np.float32)
        levels.append(level - cv2.pyrUp(smaller, dstsize=level.shape[1::-1]))
        level = smaller
    return [*levels, level]


def patches(picture: np.ndarray, rng: np.random.Generator, count: int = PATCHES) -> list[np.ndarray]:
    """`count` random patches of each pyramid level of a uint8 picture (H, W, C): [(count, 7, 7, C) float32]."""
    levels = []
    for level in laplacian_pyramid(picture):
        rows, columns = (rng.integers(0, side - PATCH + 1, count) for side in level.shape[:2])
        levels.append(np.stack([level[r : r + PATCH, c : c + PATCH] for r, c in zip(rows, columns)]))
    return levels


def sliced_wasserstein(a: np.ndarray, b: np.ndarray, seed: int = 0, directions: int = DIRECTIONS) -> float:
    """Mean 1-D Wasserstein distance of two clouds (n, d) over random unit directions; n must be equal."""
    if a.ndim != 2 or a.shape != b.shape or not a.size:
        raise DataError(f"SWD compares as many real as fake patches, not {a.shape} with {b.shape}")
    rng, total = np.random.default_rng(seed), 0.0
    for start in range(0, directions, 64):  # projections of all directions at once would not fit into memory
        axes = rng.normal(size=(a.shape[1], min(64, directions - start)))
        axes /= np.linalg.norm(axes, axis=0)
        left, right = (np.sort(x @ axes.astype(np.float32), axis=0) for x in (a, b))
        total += np.abs(left - right).mean(axis=0, dtype=np.float64).sum()
    return float(total / directions)


def swd(real: list[np.ndarray], fake: list[np.ndarray], seed: int = 0) -> list[float]:
    """Distance times 1000 for each pyramid level, finest first.

    Args:
        real, fake: for each level (n, 7, 7, C) patches; a surplus on one side is left out at random.
    Raises:
        DataError: the pyramids differ, or a side is empty.
    """
    if len(real) != len(fake) or not real or real[0].shape[1:] != fake[0].shape[1:]:
        raise DataError("SWD compares pictures of one size: scale the fakes or the reals first")
    return [_level(a, b, seed) for a, b in zip(real, fake)]


def _level(a: np.ndarray, b: np.ndarray, seed: int) -> float:
    rng, count = np.random.default_rng([seed, 1]), min(len(a), len(b))
    a, b = (x if len(x) == count else x[rng.choice(len(x), count, replace=False)] for x in (a, b))
    return sliced_wasserstein(_normalized(a), _normalized(b), seed) * _KERNEL_GAIN


def _normalized(x: np.ndarray) -> np.ndarray:
    """Zero mean and unit deviation of every channel over all patches; (n, 7, 7, C) -> (n, 49 C)."""
    mean = x.mean(axis=(0, 1, 2), keepdims=True, dtype=np.float64)
    deviation = x.std(axis=(0, 1, 2), keepdims=True, dtype=np.float64)
    return ((x - mean) / np.maximum(deviation, 1e-8)).astype(np.float32).reshape(len(x), -1)


@METRICS.register()
class SWD(PictureMetric):
    """`swd`, the mean over the pyramid, and `swd_128`, `swd_64` … of its levels, times 1000: lower is better.

    Args:
        key: where a batch holds the real pictures.
    """

    short, least_side = "swd", LEAST_SIDE

    def __init__(self, key: str = "image") -> None:
        self.key = key
        self._levels: dict[Side, list[list[np.ndarray]]] = {"real": [], "fake": []}
        self._size = 0  # of the pictures, known from the first

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """See the base; random patches of every pyramid level are kept."""
        kept = self._levels[side]
        for picture in pictures:
            # the same places on both sides: how the picture is sampled must not make a difference
            kept.append(patches(picture, np.random.default_rng([7, len(kept)])))
            self._size = self._size or min(picture.shape[:2])

    def scores(self) -> list[Score]:
        """The distances of all pictures seen; DataError where a side has none, or for sizes that differ."""
        sides = list(self._levels.values())
        if not all(sides):
            raise DataError("SWD compares real with fake pictures, and one side has none")
        if len({len(levels) for side in sides for levels in side}) > 1:
            raise DataError("SWD compares pictures of one size: scale them first")
        real, fake = ([np.concatenate(level) for level in zip(*side)] for side in sides)
        distances = swd(real, fake)
        values = {f"swd_{self._size >> level}": value for level, value in enumerate(distances)}
        values["swd"] = float(np.mean(distances))
        suffix = f"{counts(*map(len, sides))}/patches={PATCHES}/directions={DIRECTIONS}"
        return [Score(name, f"{name}/{suffix}", value) for name, value in values.items()]
