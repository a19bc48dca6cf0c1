"""Convolutions to few channels, such as the last one of a generator, that gather less memory on a CPU."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.device import on_cpu
from ppgen.runtime.convolutions import active


def convolve(
    x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor | None = None, stride: int = 1
) -> paddle.Tensor:
    """`F.conv2d` without padding: (N, in, H, W) with weights (out, in, k, k) -> (N, out, (H - k) // stride + 1, …).

    A CPU's convolution first copies every pixel's neighborhood, in * k * k values. The transposed convolution
    multiplies first and adds up out * k * k values: the same sums in another order, several times as fast where `out`
    is small. It has no second derivative in Paddle, so networks that are penalized for their gradients must not use it.
    oneDNN's convolutions, where they are in use, copy nothing.
    Kernels are square.
    """
    out_channels, in_channels, kernel, _ = weight.shape
    gathers = stride == 1 and kernel > 1 and 2 * out_channels <= in_channels and not active()
    if not gathers or not paddle.in_dynamic_mode() or not on_cpu():
        return F.conv2d(x, weight, bias, stride)
    return F.conv2d_transpose(x, weight.flip([2, 3]).transpose([1, 0, 2, 3]), bias, padding=kernel - 1)


class NarrowingConv2D(nn.Conv2D):
    """`paddle.nn.Conv2D` by `convolve`: square kernels, neither padding nor stride."""

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return convolve(x, self.weight, self.bias)
