"""Convolutions to few channels, such as the last one of a generator, that gather less memory on a CPU."""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.device import on_cpu


def convolve(
    x: paddle.Tensor, weight: paddle.Tensor, bias: paddle.Tensor | None = None, stride: int = 1
) -> paddle.Tensor:
    """`F.conv2d` without padding: (N, in, H, W) with weights (out, in, k, k) -> (N, out, (H - k) // stride + 1, …).

    A CPU's convolution first copies every pixel's neighborhood, in * k * k values. The transposed convolution
    multiplies first and adds up out * k * k values: the same sums in another order, several times as fast where `out`
    is small. It has no second derivative in Paddle, so networks that are penalized for their gradients must not use it.
    Kernels are square.
    """
    out_channels, in_channels, kernel, _ = weight.shape
    gathers = stride == 1 and kernel > 1 and 2 * out_channels <= in_channels
    if not gathers or not paddle.in_dynamic_mode() or not on_cpu():
        return F.conv2d(x, weight, bias, stride)
    return F.conv2d_transpose(x, weight.flip([2, 3]).transpose([1, 0, 2, 3]), bias, padding=kernel - 1)


class NarrowingConv2D(nn.Conv2D):
    """A convolution without padding or stride, by `convolve`; arguments as in `paddle.nn.Conv2D`."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, weight_attr: Any = None, bias_attr: Any = None
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, weight_attr=weight_attr, bias_attr=bias_attr)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return convolve(x, self.weight, self.bias)
