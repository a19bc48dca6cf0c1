"""Space folded into channels and back (Shi et al. 2016, sub-pixel convolution).

Convolutions on a CPU are far faster over many channels at low resolution than over few at high
resolution, and folding loses nothing. Written with reshape and transpose, so that they export to ONNX.
"""

import paddle

from ppgen.errors import DataError


def fold(x: paddle.Tensor, factor: int) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C * factor^2, H / factor, W / factor)."""
    _, channels, height, width = x.shape
    if height % factor or width % factor:
        raise DataError(f"height and width must be multiples of {factor}, got {height}x{width}")
    x = x.reshape([0, channels, height // factor, factor, width // factor, factor])
    x = x.transpose([0, 1, 3, 5, 2, 4])
    return x.reshape([0, channels * factor * factor, height // factor, width // factor])


def unfold(x: paddle.Tensor, factor: int) -> paddle.Tensor:
    """(N, C * factor^2, H, W) -> (N, C, H * factor, W * factor)."""
    _, channels, height, width = x.shape
    channels //= factor * factor
    x = x.reshape([0, channels, factor, factor, height, width])
    return x.transpose([0, 1, 4, 2, 5, 3]).reshape([0, channels, height * factor, width * factor])
