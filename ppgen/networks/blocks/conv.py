"""Convolutions with mirrored borders, and the residual blocks made of them."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.networks.blocks.norm import SoftAdaLIN, instance_norm


def reflect_conv(
    in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, bias: bool = False
) -> nn.Conv2D:
    """A convolution whose border mirrors the image (no dark frame from zeros): H -> ceil(H / stride).

    Args:
        kernel_size: odd; the border is `kernel_size // 2` and must be smaller than H and W.
        bias: False where a normalization follows, which would remove it.
    """
    return nn.Conv2D(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        padding_mode="reflect",
        bias_attr=None if bias else False,
    )


class ResidualBlock(nn.Layer):
    """x + IN(conv(relu(IN(conv(x))))): (N, C, H, W) -> the same (He et al., 2016, with instance norm)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = reflect_conv(channels, channels)
        self.norm1 = instance_norm(channels)
        self.conv2 = reflect_conv(channels, channels)
        self.norm2 = instance_norm(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        hidden = F.relu(self.norm1(self.conv1(x)))
        return x + self.norm2(self.conv2(hidden))


class SoftAdaLINBlock(nn.Layer):
    """Residual block of the decoder: x + norm(conv(relu(norm(conv(x))))) with Soft-AdaLIN for both norms.

    Args:
        published_sums: see `SoftAdaLIN`.
    """

    def __init__(self, channels: int, published_sums: bool = False) -> None:
        super().__init__()
        self.conv1 = reflect_conv(channels, channels)
        self.norm1 = SoftAdaLIN(channels, published_sums=published_sums)
        self.conv2 = reflect_conv(channels, channels)
        self.norm2 = SoftAdaLIN(channels, published_sums=published_sums)

    def forward(self, x: paddle.Tensor, content: paddle.Tensor, style: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), content and style (N, C) -> (N, C, H, W)."""
        hidden = F.relu(self.norm1(self.conv1(x), content, style))
        return x + self.norm2(self.conv2(hidden), content, style)
