"""Progressive growing: a generator and a critic that start at 4 x 4 pixels and gain a resolution at a time.

Source: Karras et al., "Progressive Growing of GANs for Improved Quality, Stability, and Variation" (ICLR 2018):
figure 2 (fading in), section 3 (minibatch standard deviation), 4.1 (equalized learning rate), 4.2 (pixel norm),
appendix A (layers).

Both networks hold a buffer `level`, so that weights know how far they have grown: 2.0 is the third resolution
(16 x 16), fully in; 2.3 is the fourth (32 x 32), faded in to 0.3.
"""

import math

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.equalized import SLOPE, EqualizedConv
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.networks.blocks.sizes import check_sizes
from ppgen.networks.stylegan2_discriminator import group_deviation
from ppgen.registry import NETWORKS

SMALLEST = 4
GROUP = 4  # samples whose deviation from each other the critic is shown
WIDTHS = (256, 256, 128, 64, 32)  # 4, 8, 16, 32, 64 pixels


def pixel_norm(x: paddle.Tensor) -> paddle.Tensor:
    """Every pixel's feature vector divided by its root mean square (section 4.2); channels are axis 1."""
    return x * paddle.rsqrt(x.square().mean(axis=1, keepdim=True) + 1e-8)


class Growing(nn.Layer):
    """What both networks share: stages, and the buffer that says how far they have grown."""

    def __init__(self, widths: list[int] | tuple[int, ...], owner: str) -> None:
        super().__init__()
        if not widths or any(width < 1 for width in widths):
            raise ConfigError(f"{owner}: widths must name at least one stage, each 1 or more, got {list(widths)}")
        self.stages = len(widths)
        self.image_size = SMALLEST * 2 ** (self.stages - 1)
        self.register_buffer("level", paddle.full([1], self.stages - 1.0))
        self._grown_to = self.stages - 1.0  # as a number, when last looked at

    def set_level(self, level: float) -> None:
        """Grow to `level`, from 0 (4 x 4) to stages - 1 (`image_size`); what lies between is a fade."""
        if not 0 <= level <= self.stages - 1:
            raise ConfigError(f"level must lie between 0 and {self.stages - 1}, got {level}")
        self.level.set_value(paddle.full([1], level, self.level.dtype))

    def grown(self) -> tuple[int, float]:
        """The highest stage that takes part, and its share: 1.0 once it is fully in."""
        if paddle.in_dynamic_mode():
            self._grown_to = self.level.item()
        level = self._grown_to  # in a program that is being exported a buffer has no value
        stage = math.ceil(level)
        return stage, 1.0 - (stage - level)


@NETWORKS.register()
class PGGANGenerator(Growing):
    """Noise in, picture out: (N, latent_dim) -> (N, channels, S, S), S = 4 * 2 ** ceil(level); about [-1, 1].

    Args:
        latent_dim: length of the noise vector, which is normalized to the sphere first.
        widths: channels of every stage from 4 x 4 up; their number sets the largest side, 9 make 1024.
        channels: of the pictures.

    Raises:
        ConfigError: for widths that make no network, or sizes below 1.
    """

    classes: int | None = None

    def __init__(self, latent_dim: int = 256, widths: list[int] | tuple[int, ...] = WIDTHS, channels: int = 3) -> None:
        super().__init__(widths, "PGGANGenerator")
        check_sizes("PGGANGenerator", latent_dim=latent_dim, channels=channels)
        self.latent_dim, self.channels = latent_dim, channels
        # Appendix A.1: the first linear layer takes a smaller gain, because its input is normalized already.
        self.start = EqualizedConv(latent_dim, widths[0] * SMALLEST**2, 1, gain=math.sqrt(2) / 4)
        self.start_shape = [widths[0], SMALLEST, SMALLEST]
        self.start_conv = EqualizedConv(widths[0], widths[0], 3)
        self.blocks = nn.LayerList(
            [
                nn.LayerList([EqualizedConv(narrow, wide, 3), EqualizedConv(wide, wide, 3)])
                for narrow, wide in zip(widths, widths[1:])
            ]
        )
        self.to_image = nn.LayerList([EqualizedConv(width, channels, 1, gain=1.0) for width in widths])

    def forward(self, z: paddle.Tensor) -> paddle.Tensor:
        stage, share = self.grown()
        z = pixel_norm(z).reshape([-1, self.latent_dim, 1, 1])
        x = pixel_norm(F.leaky_relu(self.start(z).reshape([-1, *self.start_shape]), SLOPE))
        x = pixel_norm(F.leaky_relu(self.start_conv(x), SLOPE))
        before = x
        for block in list(self.blocks)[:stage]:
            before, x = x, upsample_nearest(x)
            for conv in block.children():
                x = pixel_norm(F.leaky_relu(conv(x), SLOPE))
        image = self.to_image[stage](x)
        if share == 1.0:
            return image
        coarse = upsample_nearest(self.to_image[stage - 1](before))
        return coarse + share * (image - coarse)

    def generate(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """Pictures of latents (N, latent_dim), cut to [-1, 1]; there are no classes."""
        return self(z).clip(-1.0, 1.0)


@NETWORKS.register()
class PGGANDiscriminator(Growing):
    """Picture in, the critic's score out: (N, channels, S, S) -> (N, 1), S as the generator's at the same level.

    Every operation has a second derivative, for the gradient penalty.

    Args:
        widths: channels of every stage from 4 x 4 up, as the generator's.
        channels: of the pictures.

    Raises:
        ConfigError: for widths that make no network, or sizes below 1.
    """

    classes: int | None = None

    group = GROUP

    def __init__(self, widths: list[int] | tuple[int, ...] = WIDTHS, channels: int = 3) -> None:
        super().__init__(widths, type(self).__name__)
        check_sizes(type(self).__name__, channels=channels)
        self.channels = channels
        self.from_image = nn.LayerList([EqualizedConv(channels, width, 1) for width in widths])
        self.blocks = nn.LayerList([self._block(wide, narrow) for narrow, wide in zip(widths, widths[1:])])
        self.end_conv = EqualizedConv(widths[0] + 1, widths[0], 3)
        self.end_linear = EqualizedConv(widths[0], widths[0], SMALLEST, padding=False)
        self.verdict = EqualizedConv(widths[0], 1, 1, gain=1.0)

    @staticmethod
    def _block(wide: int, narrow: int) -> nn.LayerList:
        """The layers of one stage."""
        return nn.LayerList([EqualizedConv(wide, wide, 3), EqualizedConv(wide, narrow, 3)])

    @staticmethod
    def _halved(x: paddle.Tensor, block: nn.Layer) -> paddle.Tensor:
        """(N, wide, S, S) through one stage -> (N, narrow, S / 2, S / 2)."""
        for conv in block.children():
            x = F.leaky_relu(conv(x), SLOPE)
        return downsample_mean(x)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        stage, share = self.grown()
        x = F.leaky_relu(self.from_image[stage](images), SLOPE)
        for index in range(stage, 0, -1):
            x = self._halved(x, self.blocks[index - 1])
            if index == stage and share < 1.0:
                coarse = F.leaky_relu(self.from_image[stage - 1](downsample_mean(images)), SLOPE)
                x = coarse + share * (x - coarse)
        x = F.leaky_relu(self.end_conv(group_deviation(x, self.group)), SLOPE)
        x = F.leaky_relu(self.end_linear(x), SLOPE)
        return self.verdict(x).reshape([-1, 1])
