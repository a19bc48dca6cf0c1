"""Mirrored borders: an image continues beyond its edge as in a mirror, without repeating the edge itself."""

from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.autograd import PyLayer

from ppgen.device import on_cpu
from ppgen.networks.blocks.narrowing import convolve
from ppgen.runtime.convolutions import active
from ppgen.runtime.onednn import array_of

# Smaller features than these (values of all samples and channels) gain nothing from more but cheaper operations.
_LARGE = 2**15


def _rows_mirrored(x: paddle.Tensor, width: int) -> paddle.Tensor:
    """(N, H, W) -> (N, H + 2 * width, W)."""
    edge = [1] * (width + 1)
    rows = paddle.split(x, [*edge, x.shape[1] - 2 * len(edge), *edge], axis=1)
    return paddle.concat([*rows[width:0:-1], *rows, *rows[-2 : -2 - width : -1]], axis=1)


def _with_mirrored_edges(x: paddle.Tensor, width: int) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C, H + 2 * width, W + 2 * width), without derivatives."""
    batch, channels, height, columns = x.shape
    result = paddle.empty([batch, channels, height + 2 * width, columns + 2 * width])
    source, out = array_of(x if x.is_contiguous() else x.contiguous()), array_of(result)
    out[..., width:-width, width:-width] = source
    out[..., width:-width, :width] = source[..., width:0:-1]
    out[..., width:-width, -width:] = source[..., -2 : -2 - width : -1]
    out[..., :width, :] = out[..., 2 * width : width : -1, :]
    out[..., -width:, :] = out[..., -2 - width : -2 - 2 * width : -1, :]
    return result


def _edges_folded_back(slope: paddle.Tensor, width: int) -> paddle.Tensor:
    """The gradient of `_with_mirrored_edges`, which is also its transpose."""
    source = array_of(slope if slope.is_contiguous() else slope.contiguous())
    rows = source[..., width:-width, :].copy()
    rows[..., 1 : width + 1, :] += source[..., :width, :][..., ::-1, :]
    rows[..., -1 - width : -1, :] += source[..., -width:, :][..., ::-1, :]
    result = paddle.empty([*slope.shape[:2], rows.shape[2], rows.shape[3] - 2 * width])
    out = array_of(result)
    out[...] = rows[..., width:-width]
    out[..., 1 : width + 1] += rows[..., :width][..., ::-1]
    out[..., -1 - width : -1] += rows[..., -width:][..., ::-1]
    return result


class _Mirrored(PyLayer):
    @staticmethod
    def forward(ctx: Any, x: paddle.Tensor, width: int) -> paddle.Tensor:
        ctx.width = width
        return _with_mirrored_edges(x, width)

    @staticmethod
    def backward(ctx: Any, slope: paddle.Tensor) -> paddle.Tensor:
        return _FoldedBack.apply(slope, ctx.width)


class _FoldedBack(PyLayer):
    @staticmethod
    def forward(ctx: Any, slope: paddle.Tensor, width: int) -> paddle.Tensor:
        ctx.width = width
        return _edges_folded_back(slope, width)

    @staticmethod
    def backward(ctx: Any, twice: paddle.Tensor) -> paddle.Tensor:
        return _Mirrored.apply(twice, ctx.width)


def mirror_border(x: paddle.Tensor, width: int) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C, H + 2 * width, W + 2 * width); `width` is smaller than H and W.

    The same values as Paddle's own reflect padding, which on a CPU takes longer than many a convolution: here whole
    rows are copied, and columns as the rows of the transposed image.
    """
    batch, channels, height, columns = x.shape
    known = paddle.in_dynamic_mode() and min(x.shape) > 0
    if not known or min(height, columns) <= 2 * (width + 1) or x.size < _LARGE or not on_cpu():
        return F.pad(x, [width] * 4, mode="reflect")
    if active() and x.dtype == paddle.float32:
        return _Mirrored.apply(x, width)
    flipped = _rows_mirrored(x.reshape([-1, height, columns]), width).transpose([0, 2, 1])
    whole = _rows_mirrored(flipped, width).transpose([0, 2, 1])
    return whole.reshape([batch, channels, height + 2 * width, columns + 2 * width])


class MirrorBorder(nn.Layer):
    """`mirror_border` as a layer.

    Args:
        width: of the border, in pixels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return mirror_border(x, self.width)


class MirrorConv2D(nn.Conv2D):
    """A convolution whose border mirrors the image: (N, in, H, W) -> (N, out, ceil(H / stride), ceil(W / stride)).

    Where it narrows it has no second derivative on a CPU, see `convolve`: for generators, not for penalized critics.

    Args:
        in_channels, out_channels: as in `paddle.nn.Conv2D`.
        kernel_size: odd; the border is `kernel_size // 2` and must be smaller than H and W.
        stride: 1 or more.
        bias: False where a normalization follows, which would remove it.

    With `mirrored` False the image is zero beyond its edge, which ONNX Runtime does without a pass of its own.
    """

    mirrored = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, bias: bool = False
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, bias_attr=None if bias else False)
        self.border, self.steps = kernel_size // 2, stride

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        if not self.mirrored:
            return F.conv2d(x, self.weight, self.bias, self.steps, self.border)
        return convolve(mirror_border(x, self.border), self.weight, self.bias, self.steps)


def mirror_borders(network: nn.Layer, mirrored: bool) -> None:
    """Set `MirrorConv2D.mirrored` in the whole network."""
    for layer in network.sublayers():
        if isinstance(layer, MirrorConv2D):
            layer.mirrored = mirrored
