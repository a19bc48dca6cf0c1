"""The block of MediaPipe's face networks: a depthwise and a pointwise convolution beside a shortcut.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019, section 3.1.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn


def same_conv(in_channels: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2D:
    """A convolution padded as TensorFlow's "SAME" for sides that are multiples of the stride.

    What has to be padded in all, `kernel - stride`, is halved, and the odd pixel comes below and to the right; a
    symmetric padding would look at other pixels wherever the stride is 2.
    """
    before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
    return nn.Conv2D(in_channels, channels, kernel, stride, [before, after, before, after], groups=groups)


class BlazeBlock(nn.Layer):
    """(N, in_channels, H, W) -> (N, channels, H / stride, W / stride).

    Args:
        activation: applied to the sum.
        stride: 1 or 2; the shortcut is pooled where the stride is 2, and gets channels of zeros where it has fewer.
        shortcut: False leaves it out.
    """

    def __init__(
        self, in_channels: int, channels: int, activation: nn.Layer, stride: int = 1, shortcut: bool = True
    ) -> None:
        super().__init__()
        self.depthwise = same_conv(in_channels, in_channels, 3, stride, groups=in_channels)
        self.pointwise = nn.Conv2D(in_channels, channels, 1)
        self.activation = activation
        self.stride, self.shortcut, self.new_channels = stride, shortcut, channels - in_channels

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.pointwise(self.depthwise(x))
        if not self.shortcut:
            return self.activation(y)
        if self.stride == 2:
            x = F.max_pool2d(x, 2, 2)
        if self.new_channels:
            x = F.pad(x, [0, 0, 0, self.new_channels, 0, 0, 0, 0])
        return self.activation(x + y)
