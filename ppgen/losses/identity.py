"""Face ID loss: a drawing should be recognized as the person in the photo."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F

from ppgen.networks.face_crop import crop_chips
from ppgen.networks.face_geometry import chip_matrix


def jittered_chips(landmarks: np.ndarray, rng: np.random.Generator, pixels: float) -> np.ndarray:
    """Chip matrices (N, 2, 3) of landmarks (N, 68, 2), each moved by up to `pixels` along both axes."""
    matrices = np.stack([chip_matrix(points) for points in landmarks])
    matrices[:, :, 2] += rng.uniform(-pixels, pixels, (len(matrices), 2))
    return matrices


def coarse_chips(images: paddle.Tensor, matrices: np.ndarray, side: int = 128) -> paddle.Tensor:
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


def cosine_distance(a: paddle.Tensor, b: paddle.Tensor) -> paddle.Tensor:
    """1 - cos(a, b), mean over the batch; a and b are (N, D)."""
    return (1 - F.cosine_similarity(a, b, axis=1)).mean()
