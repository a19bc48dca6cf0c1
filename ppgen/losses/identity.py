"""Face ID loss: a drawing should be recognized as the person in the photo."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F


def cosine_distance(a: paddle.Tensor, b: paddle.Tensor) -> paddle.Tensor:
    """1 - cos(a, b), mean over the batch; a and b are (N, D)."""
    return (1 - F.cosine_similarity(a, b, axis=1)).mean()
