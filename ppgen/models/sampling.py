"""What recipes that start from a latent share: noise for pictures and scores, and grids of pictures."""

from collections.abc import Iterable

import numpy as np
import paddle
from paddle import nn

from ppgen.io.names import number_of

BATCH = 64


def fixed_noise(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """The same N(0, 1) latents (count, dim) at every step and on every machine."""
    return np.random.default_rng(seed).standard_normal((count, dim), dtype=np.float32)


def noise_of_ids(ids: Iterable[object], dim: int) -> np.ndarray:
    """A latent (len(ids), dim) for every sample's id, whatever batch it comes in: scores do not depend on batches."""
    seeds = [number_of(str(identifier)) for identifier in ids]
    return np.concatenate([fixed_noise(1, dim, seed) for seed in seeds])


@paddle.no_grad()
def generate(generator: nn.Layer, latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Pictures (N, C, H, W) of latents (N, dim) and, where there are classes, labels (N,); batch by batch."""
    pictures = []
    for first in range(0, len(latents), BATCH):
        places = slice(first, first + BATCH)
        given = () if labels is None else (paddle.to_tensor(labels[places]),)
        pictures.append(generator.generate(paddle.to_tensor(latents[places]), *given).numpy())
    return np.concatenate(pictures)


def in_colour(images: np.ndarray) -> np.ndarray:
    """(N, 1 or 3, H, W) -> (N, 3, H, W)."""
    return np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images


def at_least(images: np.ndarray, side: int) -> np.ndarray:
    """(N, C, H, W), every pixel repeated until the width is `side` or more: room for a title above a column."""
    factor = max(1, -(-side // images.shape[3]))
    return images.repeat(factor, axis=2).repeat(factor, axis=3)


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """One picture (1, 3, rows * H, columns * W) of images (rows * columns, C, H, W), row by row."""
    rows = len(images) // columns
    images = in_colour(images[: rows * columns])
    _, channels, height, width = images.shape
    grid = images.reshape([rows, columns, channels, height, width]).transpose([2, 0, 3, 1, 4])
    return grid.reshape([1, channels, rows * height, columns * width])
