"""Residual blocks of convolutions with mirrored borders."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.norm import SoftAdaLIN, instance_norm


class ResidualBlock(nn.Layer):
    """x + IN(conv(relu(IN(conv(x))))): (N, C, H, W) -> the same (He et al., 2016, with instance norm)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = MirrorConv2D(channels, channels)
        self.norm1 = instance_norm(channels)
        self.conv2 = MirrorConv2D(channels, channels)
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
        self.conv1 = MirrorConv2D(channels, channels)
        self.norm1 = SoftAdaLIN(channels, published_sums=published_sums)
        self.conv2 = MirrorConv2D(channels, channels)
        self.norm2 = SoftAdaLIN(channels, published_sums=published_sums)

    def forward(self, x: paddle.Tensor, content: paddle.Tensor, style: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), content and style (N, C) -> (N, C, H, W)."""
        hidden = F.relu(self.norm1(self.conv1(x), content, style))
        return x + self.norm2(self.conv2(hidden), content, style)
