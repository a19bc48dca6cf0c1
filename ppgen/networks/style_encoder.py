"""A picture's W+ in one pass: pixel2style2pixel (Richardson et al., CVPR 2021) in small.

As in the paper a feature pyramid (Lin et al. 2017) reads the picture at three resolutions, the lowest says the
coarse styles, the highest the fine ones, and what is said is an offset from the mean latent. A head says the styles
of a whole band at once, where the paper has one network for each of them; the picture is folded first, because wide
and low is what a CPU does fast.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.fold import fold
from ppgen.networks.blocks.resample import upsample_nearest
from ppgen.networks.blocks.sizes import check_sides
from ppgen.networks.stylegan2_generator import stage_sizes
from ppgen.registry import NETWORKS

_FOLDED, _READ = 32, 4  # pixels a side after folding, if there were more, and where a head reads its features
_SMALLEST = 16
_BAND = 4  # styles of the coarse band (4 and 8 pixels) and of the middle one (16 and 32), two a resolution


def bands_of(image_size: int) -> list[int]:
    """How many styles are coarse, middle and fine; networks up to 32 pixels have no fine ones."""
    count = 2 * len(stage_sizes(image_size))
    return [size for size in (min(_BAND, count), min(_BAND, count - _BAND), count - 2 * _BAND) if size > 0]


class Stage(nn.Layer):
    """Residual block (He et al. 2016) that may halve the resolution."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2D(in_channels, out_channels, 3, stride=stride, padding=1, bias_attr=False)
        self.norm1 = nn.BatchNorm2D(out_channels)
        self.conv2 = nn.Conv2D(out_channels, out_channels, 3, padding=1, bias_attr=False)
        self.norm2 = nn.BatchNorm2D(out_channels)
        self.shortcut = nn.Conv2D(in_channels, out_channels, 1, stride=stride)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        hidden = self.norm2(self.conv2(F.leaky_relu(self.norm1(self.conv1(x)), 0.2)))
        return F.leaky_relu(hidden + self.shortcut(x), 0.2)


class Head(nn.Layer):
    """Features (N, C, side, side) -> the styles of a band (N, styles, latent_dim)."""

    def __init__(self, channels: int, side: int, styles: int, latent_dim: int) -> None:
        super().__init__()
        self.shape = [0, styles, latent_dim]
        halvings = (side // _READ).bit_length() - 1
        self.narrow = nn.LayerList([nn.Conv2D(channels, channels, 3, stride=2, padding=1) for _ in range(halvings)])
        self.hidden = nn.Linear(channels * _READ**2, latent_dim)
        self.say = nn.Linear(latent_dim, styles * latent_dim)
        self.say.weight.set_value(self.say.weight * 0.1)  # start near the mean latent, whose picture is a face

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        for conv in self.narrow:
            x = F.leaky_relu(conv(x), 0.2)
        return self.say(F.leaky_relu(self.hidden(x.reshape([0, -1])), 0.2)).reshape(self.shape)


@NETWORKS.register()
class StyleEncoder(nn.Layer):
    """Pictures (N, 3, image_size, image_size) in [-1, 1] -> W+ (N, count, latent_dim) of a generator.

    Args:
        image_size: of the pictures and of the generator, a power of two from 16 to 1024.
        latent_dim: the generator's.
        width: channels at 32 pixels; they double twice.

    Attributes:
        count: number of w that a picture is made of.
        mean_latent: buffer (latent_dim,), the generator's mean of w, to which the offsets are added.

    Raises:
        ConfigError: a size that no generator has. DataError: pictures of another size.
    """

    channels = 3

    def __init__(self, image_size: int = 128, latent_dim: int = 256, width: int = 48) -> None:
        super().__init__()
        if image_size < _SMALLEST:
            raise ConfigError(f"StyleEncoder: image_size must be {_SMALLEST} or more, got {image_size}")
        bands = bands_of(image_size)
        self.image_size, self.latent_dim, self.count = image_size, latent_dim, sum(bands)
        side = min(_FOLDED, image_size)
        self.factor = image_size // side
        wide = 2 * width
        self.enter = nn.Conv2D(3 * self.factor**2, width, 3, padding=1)
        self.stages = nn.LayerList([Stage(width, width, 1), Stage(width, wide, 2), Stage(wide, 2 * wide, 2)])
        self.across = nn.LayerList([nn.Conv2D(channels, wide, 1) for channels in (width, wide, 2 * wide)])
        sides = (side // 4, side // 2, side)
        self.heads = nn.LayerList([Head(wide, side, styles, latent_dim) for side, styles in zip(sides, bands)])
        self.register_buffer("mean_latent", paddle.zeros([latent_dim]))

    def invert(self, pictures: paddle.Tensor) -> paddle.Tensor:
        """Pictures (N, 3, image_size, image_size) in [-1, 1] -> W+ (N, count, latent_dim)."""
        check_sides("this encoder", pictures, self.image_size)
        x, read = self.enter(fold(pictures, self.factor)), []
        for stage, across in zip(self.stages, self.across):
            x = stage(x)
            read.append(across(x))
        pyramid = [read.pop()]
        while read:
            pyramid.append(upsample_nearest(pyramid[-1]) + read.pop())
        offsets = [head(features) for head, features in zip(self.heads, pyramid)]
        return self.mean_latent + paddle.concat(offsets, axis=1)

    def forward(self, pictures: paddle.Tensor) -> paddle.Tensor:
        """As `invert`."""
        return self.invert(pictures)
