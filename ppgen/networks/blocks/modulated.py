"""Convolutions steered by a style: modulation, demodulation, noise.

Source: Karras et al., StyleGAN2 (CVPR 2020), section 2.2. Scaling the inputs, convolving all samples with one
shared kernel and scaling the outputs equals scaling each sample's own kernel (eqs. 1 and 3), and spares a grouped
convolution.
"""

import math
from collections.abc import Sequence

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Constant, Normal

from ppgen.networks.blocks.equalized import GAIN, SLOPE, EqualizedLinear
from ppgen.networks.blocks.fir import conv_up, upsample_filtered

EPSILON = 1e-8


class Modulated(nn.Layer):
    """A kernel and how a latent becomes its style.

    The kernel has the shape (1, out, in, size, size) that published weights have.
    """

    def __init__(self, inside: int, outside: int, size: int, style_dim: int) -> None:
        super().__init__()
        self.weight = self.create_parameter([1, outside, inside, size, size], default_initializer=Normal(0.0, 1.0))
        self.modulation = EqualizedLinear(style_dim, inside, bias=1.0)
        self.scale = 1.0 / math.sqrt(inside * size * size)

    def forward(self, w: paddle.Tensor) -> paddle.Tensor:
        """Latents (N, style_dim) -> styles (N, in): what each input channel is multiplied by."""
        return self.modulation(w)


def noise_and_bias(
    strength: paddle.Tensor, bias: paddle.Tensor, noise: paddle.Tensor | None, shape: Sequence[int]
) -> paddle.Tensor:
    """strength * noise + bias, of `shape` (N, C, H, W) or, without noise, (N, C, 1, 1).

    As one product (C, 2) x (N, 2, pixels): five times as fast as two broadcast sums, for the gradients' sake.

    Args:
        strength, bias: (C,).
        noise: (N or 1, 1, H, W) or None for none.
    """
    batch, channels, height, width = shape
    if noise is None:
        return bias.reshape([1, channels, 1, 1]).expand([batch, channels, 1, 1])
    noise = noise.reshape([-1, 1, height * width])
    if noise.shape[0] != batch:
        noise = noise.expand([batch, 1, height * width])
    maps = paddle.concat([noise, paddle.ones_like(noise)], axis=1)
    return paddle.matmul(paddle.stack([strength, bias], axis=1), maps).reshape(shape)


class StyledConv(nn.Layer):
    """Modulated 3x3 convolution, demodulation, noise, bias, leaky rectifier: (N, in, H, W) -> (N, out, H', W').

    Args:
        side: H' and W', of the stored noise.
        up: H' = 2 H, filtered; otherwise H' = H.
    """

    def __init__(self, inside: int, outside: int, style_dim: int, side: int, up: bool) -> None:
        super().__init__()
        self.conv = Modulated(inside, outside, 3, style_dim)
        self.bias = self.create_parameter([outside], is_bias=True)
        self.noise_strength = self.create_parameter([1], default_initializer=Constant(0.0))
        self.register_buffer("noise", paddle.randn([1, 1, side, side]))
        self.up = up

    def forward(self, x: paddle.Tensor, style: paddle.Tensor, noise: paddle.Tensor | None) -> paddle.Tensor:
        """x (N, in, H, W), style (N, in), noise (N or 1, 1, H', W') or None for none."""
        weight = self.conv.weight.squeeze(0)
        out, inside = weight.shape[:2]
        scaled = style * self.conv.scale
        squares = (weight * weight).reshape([out * inside, 9]).sum(axis=1).reshape([out, inside])
        length = paddle.matmul(scaled * scaled, squares, transpose_y=True)
        x = x * scaled.reshape([-1, inside, 1, 1])
        x = conv_up(x, weight) if self.up else F.conv2d(x, weight, padding=1)
        # The rectifier's gain goes into what is added and multiplied before it.
        x = x * (GAIN * paddle.rsqrt(length + EPSILON)).reshape([-1, out, 1, 1])
        strength = GAIN * self.noise_strength.expand([out])
        return F.leaky_relu(x + noise_and_bias(strength, GAIN * self.bias, noise, x.shape), SLOPE)


class ToRGB(nn.Layer):
    """Modulated 1x1 convolution to colours, without demodulation, added to the picture so far, enlarged."""

    def __init__(self, inside: int, style_dim: int, channels: int = 3) -> None:
        super().__init__()
        self.conv = Modulated(inside, channels, 1, style_dim)
        self.bias = self.create_parameter([1, channels, 1, 1], is_bias=True)

    def forward(self, x: paddle.Tensor, style: paddle.Tensor, picture: paddle.Tensor | None) -> paddle.Tensor:
        """x (N, in, H, W), style (N, in), picture (N, 3, H / 2, W / 2) or None -> (N, 3, H, W)."""
        batch, inside, height, width = x.shape
        channels = self.bias.shape[1]
        weight = self.conv.weight.reshape([1, channels, inside]) * (style * self.conv.scale).unsqueeze(1)
        rgb = paddle.matmul(weight, x.reshape([batch, inside, height * width]))
        rgb = rgb.reshape([batch, channels, height, width]) + self.bias.expand([batch, channels, 1, 1])
        return rgb if picture is None else rgb + upsample_filtered(picture)
