"""A differentiable crop of aligned faces, for losses that look at a face inside a larger picture.

The chip is dlib's: a least-squares similarity maps 36 of the 68 landmarks onto a mean face, the frame is
grown by `padding`, and the result is `size` pixels a side. Where the face has to shrink, the picture is
first box-filtered and decimated, so that every pixel takes part and gets a gradient.
"""

from functools import lru_cache

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor

from ppgen.errors import DataError
from ppgen.networks.face_geometry import chip_matrix

__all__ = ["chip_matrix", "coarse_chips", "crop_chips", "jittered_chips"]


@lru_cache(maxsize=4)
def _chip_points(size: int) -> np.ndarray:
    """Homogeneous pixel positions of a chip, (3, size * size), row by row."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float64)
    return np.stack([x.ravel(), y.ravel(), np.ones(size * size)])


def _decimation(matrices: np.ndarray) -> int:
    """By how much the picture may be averaged before it is sampled: the whole part of the mean shrinkage."""
    scale = np.sqrt(np.abs(np.linalg.det(matrices[:, :, :2])))
    return max(1, int(np.floor(float(scale.mean()) + 1e-6)))


def crop_chips(images: Tensor, matrices: np.ndarray, size: int = 150) -> Tensor:
    """Cut one face chip out of every picture.

    Args:
        images: (N, C, H, W), any value range; gradients flow to it.
        matrices: (N, 2, 3), chip pixel (x, y, 1) -> image pixel (x, y), as `chip_matrix` returns them.
        size: side of the chips in pixels.
    Returns:
        (N, C, size, size); outside the picture its nearest edge pixel is repeated.
    Raises:
        DataError: the shapes do not belong together.
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    if images.ndim != 4 or matrices.shape != (images.shape[0], 2, 3):
        given = f"{tuple(images.shape)} and {matrices.shape}"
        raise DataError(f"crop_chips needs images (N, C, H, W) and matrices (N, 2, 3), not {given}")
    factor = _decimation(matrices)
    if factor > 1:
        images = F.avg_pool2d(images, factor, factor)
    height, width = images.shape[2:]
    points = matrices @ _chip_points(size)  # (N, 2, size * size), pixels of the full picture
    points = (points + 0.5) / factor - 0.5  # pixel centres of the averaged one
    grid = (points * 2 + 1) / np.array([[width], [height]]) - 1  # grid_sample's [-1, 1], align_corners=False
    grid = grid.transpose(0, 2, 1).reshape(-1, size, size, 2).astype(np.float32)
    grid = paddle.to_tensor(grid)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def jittered_chips(landmarks: np.ndarray, rng: np.random.Generator, pixels: float) -> np.ndarray:
    """Chip matrices (N, 2, 3) of landmarks (N, 68, 2), each moved by up to `pixels` along both axes."""
    matrices = np.stack([chip_matrix(points) for points in landmarks])
    matrices[:, :, 2] += rng.uniform(-pixels, pixels, (len(matrices), 2))
    return matrices


def coarse_chips(images: Tensor, matrices: np.ndarray, side: int = 128) -> Tensor:
    """Chips (N, 3, 150, 150) of images reduced to `side` pixels first.

    What is left at that size has to be drawn; texture too fine to see cannot please the network.
    """
    factor = max(1, images.shape[2] // side)
    if factor == 1:
        return crop_chips(images, matrices)
    pooled = F.avg_pool2d(images, factor, factor)
    scaled = matrices / factor
    scaled[:, :, 2] += (1 / factor - 1) / 2  # pixel centres of the smaller picture
    return crop_chips(pooled, scaled)
