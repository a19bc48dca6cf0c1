"""Space folded into channels and back (Shi et al. 2016, sub-pixel convolution).

Convolutions on a CPU are far faster over many channels at low resolution than over few at high
resolution, and folding loses nothing.
"""

from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle.autograd import PyLayer

from ppgen.errors import DataError


def fold(x: paddle.Tensor, factor: int) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C * factor^2, H / factor, W / factor), with derivatives of any order.

    Raises DataError where H or W is no multiple of `factor`.
    """
    _, channels, height, width = x.shape
    if height % factor or width % factor:
        raise DataError(f"height and width must be multiples of {factor}, got {height}x{width}")
    if paddle.in_dynamic_mode():
        return _Rearranged.apply(x, factor, True)
    # For export, which does not know Paddle's operation; ONNX Runtime convolves faster than it transposes.
    return F.conv2d(x, paddle.to_tensor(_pickers(channels, factor)), stride=factor)


def unfold(x: paddle.Tensor, factor: int) -> paddle.Tensor:
    """(N, C * factor^2, H, W) -> (N, C, H * factor, W * factor), with derivatives of any order."""
    return _Rearranged.apply(x, factor, False) if paddle.in_dynamic_mode() else F.pixel_shuffle(x, factor)


def _pickers(channels: int, factor: int) -> np.ndarray:
    """Filters (channels * factor^2, channels, factor, factor): each picks one pixel of one channel of a window."""
    folded = channels * factor * factor
    return np.eye(folded, dtype=np.float32).reshape([folded, channels, factor, factor])


class _Rearranged(PyLayer):
    """Folding's gradient is unfolding and the other way round; Paddle's own operations have a first derivative only."""

    @staticmethod
    def forward(ctx: Any, x: paddle.Tensor, factor: int, folding: bool) -> paddle.Tensor:
        ctx.factor, ctx.folding = factor, folding
        return F.pixel_unshuffle(x, factor) if folding else F.pixel_shuffle(x, factor)

    @staticmethod
    def backward(ctx: Any, slope: paddle.Tensor) -> paddle.Tensor:
        return _Rearranged.apply(slope, ctx.factor, not ctx.folding)
