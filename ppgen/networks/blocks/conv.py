"""Blocks of convolutions with mirrored borders, as networks that translate pictures are built of."""

from collections.abc import Callable

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.norm import LIN, instance_norm
from ppgen.networks.blocks.resample import upsample_nearest

Norm = Callable[[int], nn.Layer]  # channels -> a layer that normalizes so many


class ConvStage(nn.Layer):
    """Convolution, norm, ReLU: (N, in, H, W) -> (N, out, H / stride, W / stride)."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, norm: Norm = instance_norm
    ) -> None:
        super().__init__()
        self.conv = MirrorConv2D(in_channels, out_channels, kernel_size, stride)
        self.norm = norm(out_channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.relu(self.norm(self.conv(x)))


class UpStage(ConvStage):
    """Nearest upsampling, convolution, LIN, ReLU: (N, C, H, W) -> (N, C/2, 2H, 2W).

    Args:
        published_sums: see `ppgen.networks.blocks.norm.layer_instance_normalize`.
    """

    def __init__(self, channels: int, published_sums: bool) -> None:
        super().__init__(channels, channels // 2, norm=lambda wide: LIN(wide, published_sums=published_sums))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return super().forward(upsample_nearest(x))


class ResidualBlock(nn.Layer):
    """x + norm(conv(relu(norm(conv(x))))): (N, C, H, W) -> the same (He et al., 2016, here with instance norm).

    Args:
        norm: one that is steered, such as AdaLIN or Soft-AdaLIN, is given what `forward` is given besides x.
    """

    def __init__(self, channels: int, norm: Norm = instance_norm) -> None:
        super().__init__()
        self.conv1 = MirrorConv2D(channels, channels)
        self.norm1 = norm(channels)
        self.conv2 = MirrorConv2D(channels, channels)
        self.norm2 = norm(channels)

    def forward(self, x: paddle.Tensor, *steering: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), steering (N, C) each: what both norms take besides."""
        hidden = F.relu(self.norm1(self.conv1(x), *steering))
        return x + self.norm2(self.conv2(hidden), *steering)
