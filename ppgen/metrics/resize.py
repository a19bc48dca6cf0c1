"""Scaling pictures to the side a feature network takes: exact, in float, the same on every machine.

The filter is part of a metric's protocol: the same pictures scaled in two ways score as two sets (Parmar et al., "On
Aliased Resizing and Surprising Subtleties in GAN Evaluation", 2022).
"""

from functools import lru_cache

import numpy as np

from ppgen.errors import ConfigError, DataError
from ppgen.io.image import to_tensor_array


def area_matrix(source: int, target: int) -> np.ndarray:
    """(target, source): shrinking takes the mean over each target pixel's footprint; enlarging is linear."""
    if target >= source:
        return linear_matrix(source, target)
    edges = np.arange(target + 1) * source / target
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(source)
    covered = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    return covered.clip(0) * target / source


def linear_matrix(source: int, target: int) -> np.ndarray:
    """(target, source): between the two nearest pixel centres, without smoothing first, as pytorch-fid does."""
    places = ((np.arange(target) + 0.5) * source / target - 0.5).clip(0, source - 1)
    return (1 - np.abs(places[:, None] - np.arange(source))).clip(0)


FILTERS = {"area": area_matrix, "linear": linear_matrix}


@lru_cache(maxsize=32)
def _matrix(name: str, source: int, target: int) -> np.ndarray:
    return FILTERS[name](source, target).astype(np.float32)


def scaled(pictures: np.ndarray, side: int, name: str = "area") -> np.ndarray:
    """float32 (N, C, H, W) -> (N, C, side, side) by the filter `name`; an oblong picture is squeezed."""
    if name not in FILTERS:
        raise ConfigError(f"no resize filter is called '{name}' (there are: {', '.join(FILTERS)})")
    if pictures.shape[2:] == (side, side):
        return pictures
    rows, columns = (_matrix(name, length, side) for length in pictures.shape[2:])
    return rows @ pictures @ columns.T


def as_float(pictures: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, 3), or float (N, 3, H, W) in [-1, 1], -> float32 (N, 3, H, W); DataError for anything else."""
    pictures = np.asarray(pictures)
    if pictures.ndim == 4 and pictures.dtype == np.uint8 and pictures.shape[3] == 3:
        return to_tensor_array(pictures)
    if pictures.ndim == 4 and np.issubdtype(pictures.dtype, np.floating) and pictures.shape[1] == 3:
        if not np.isfinite(pictures).all():
            raise DataError("the pictures hold NaN or infinite values; the network that made them is broken")
        return np.asarray(pictures, np.float32)
    given = f"{pictures.dtype} {pictures.shape}"
    raise DataError(f"features are taken from uint8 (N, H, W, 3) or float (N, 3, H, W) pictures, not {given}")
