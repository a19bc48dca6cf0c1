"""Layers of StyleGAN2 whose weights are N(0, 1) and scaled when used, and the rectifier between them.

Source: equalized learning rate, Karras et al., "Progressive Growing of GANs" (ICLR 2018), section 4.1; a leaky
rectifier of slope 0.2 and gain sqrt(2), Karras et al., StyleGAN2 (CVPR 2020).
"""

import math

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Constant, Normal

from ppgen.networks.blocks.fir import conv_down

SLOPE = 0.2
GAIN = math.sqrt(2.0)


def add_bias(x: paddle.Tensor, bias: paddle.Tensor) -> paddle.Tensor:
    """(N, C, H, W) + (C,).

    The bias is repeated for each sample first: the gradient is then added up over rows, which Paddle's CPU
    does eight times as fast as over a tensor's first and last axes at once.
    """
    batch, channels = x.shape[:2]
    return x + bias.reshape([1, channels, 1, 1]).expand([batch, channels, 1, 1])


class EqualizedLinear(nn.Layer):
    """(N, in) -> (N, out).

    Args:
        rate: how much faster than the rest the layer learns; the weights start at N(0, std) / rate.
        bias: what the bias starts at.
        activate: with the leaky rectifier and its gain.
        std: standard deviation of the weights at the start.
    """

    def __init__(
        self, inside: int, outside: int, rate: float = 1.0, bias: float = 0.0, activate: bool = False, std: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = self.create_parameter([inside, outside], default_initializer=Normal(0.0, std / rate))
        self.bias = self.create_parameter([outside], is_bias=True, default_initializer=Constant(bias / rate))
        self.scale, self.rate, self.activate = rate / math.sqrt(inside), rate, activate

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        gain = GAIN if self.activate else 1.0
        x = F.linear(x, self.weight * (self.scale * gain), self.bias * (self.rate * gain))
        return F.leaky_relu(x, SLOPE) if self.activate else x


class EqualizedConv(nn.Layer):
    """Convolution whose weights are N(0, 1) and scaled when used, so that Adam moves all layers alike (section 4.1).

    (N, C, H, W) -> (N, out_channels, H', W'); zeros around, as many as keep the side where `padding` is True.

    Args:
        gain: of the scale gain / sqrt(fan-in), He et al. 2015: sqrt(2) before a rectifier, 1 before nothing.
    """

    def __init__(
        self, channels: int, out_channels: int, kernel: int, padding: bool = True, gain: float = math.sqrt(2)
    ) -> None:
        super().__init__()
        self.weight = self.create_parameter(
            [out_channels, channels, kernel, kernel], default_initializer=Normal(0.0, 1.0)
        )
        self.bias = self.create_parameter([out_channels], is_bias=True)
        self.scale = gain / math.sqrt(channels * kernel * kernel)
        self.padding = kernel // 2 if padding else 0

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return add_bias(F.conv2d(x, self.weight * self.scale, padding=self.padding), self.bias)


class RectifiedConv(nn.Layer):
    """Convolution, bias, leaky rectifier: (N, in, H, W) -> (N, out, H, W), or half of H and W.

    Args:
        size: of the kernel, 1 or 3; zeros around keep H and W.
        down: filter and halve H and W (kernel 3 only).
        activate: with bias and the leaky rectifier; otherwise neither.
        gain: of the output; with `activate` on top of the rectifier's.
    """

    def __init__(
        self, inside: int, outside: int, size: int, down: bool = False, activate: bool = True, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = self.create_parameter([outside, inside, size, size], default_initializer=Normal(0.0, 1.0))
        self.bias = self.create_parameter([outside], is_bias=True) if activate else None
        self.gain = gain * (GAIN if activate else 1.0)
        self.scale = self.gain / math.sqrt(inside * size * size)
        self.size, self.down = size, down

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        weight = self.weight * self.scale
        x = conv_down(x, weight) if self.down else F.conv2d(x, weight, padding=self.size // 2)
        # The rectifier commutes with a positive gain, which is cheaper on weights and biases than on pixels.
        return x if self.bias is None else F.leaky_relu(add_bias(x, self.bias * self.gain), SLOPE)
