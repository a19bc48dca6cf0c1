"""The first StyleGAN's generator: latent -> mapping network -> w -> styles of instance-normalized features -> picture.

Source: Karras, Laine, Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks" (CVPR 2019):
figure 1b, section 2 (AdaIN, eq. 1; noise; the learnt constant), appendix C (how weights start). It grows from
4 x 4 pixels as `PGGANGenerator` does.
"""

import math
from collections.abc import Sequence

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Constant, Normal

from ppgen.networks.blocks.equalized import SLOPE, EqualizedConv, EqualizedLinear
from ppgen.networks.blocks.fir import conv_up
from ppgen.networks.blocks.modulated import noise_and_bias
from ppgen.networks.blocks.norm import AdaIN
from ppgen.networks.blocks.resample import upsample_nearest
from ppgen.networks.pggan import SMALLEST, Growing
from ppgen.networks.stylegan2_generator import MappingNetwork, StyleBasedGenerator, stage_sizes, widths_of
from ppgen.registry import NETWORKS

COARSE = 8  # the paper's section 3.1: styles of 4 x 4 and 8 x 8 pixels are coarse, pose and shape of the face


class StyledLayer(nn.Layer):
    """Convolution, noise, bias, leaky rectifier, instance norm, style: (N, in, H, W) -> (N, out, H', W').

    Upsampling is `conv_up`: but for the two pixels at the border it is the paper's "repeat every pixel, convolve,
    blur with [1, 2, 1]", in fewer products.

    Args:
        inside: channels of the input; 0 for the first layer, which has no convolution (in = out).
        side: H' and W', of the stored noise.
        up: H' = 2 H.
        style_std: how strong the styles are at the start.
    """

    def __init__(
        self, inside: int, outside: int, style_dim: int, side: int, up: bool = False, style_std: float = 1.0
    ) -> None:
        super().__init__()
        kernel = [outside, inside, 3, 3]
        self.weight = self.create_parameter(kernel, default_initializer=Normal(0.0, 1.0)) if inside else None
        self.scale = math.sqrt(2.0 / (9 * inside)) if inside else 1.0
        self.bias = self.create_parameter([outside], is_bias=True)
        self.noise_strength = self.create_parameter([outside], default_initializer=Constant(0.0))
        self.register_buffer("noise", paddle.randn([1, 1, side, side]))
        self.style = EqualizedLinear(style_dim, 2 * outside, std=style_std)
        self.norm = AdaIN()
        self.up = up

    def forward(self, x: paddle.Tensor, style: paddle.Tensor, noise: paddle.Tensor | None) -> paddle.Tensor:
        """x (N, in, H, W), style (N, 2 * out) of `self.style`, noise (N or 1, 1, H', W') or None for none."""
        if self.weight is not None:
            weight = self.weight * self.scale
            x = conv_up(x, weight) if self.up else F.conv2d(x, weight, padding=1)
        x = F.leaky_relu(x + noise_and_bias(self.noise_strength, self.bias, noise, x.shape), SLOPE)
        stretch, shift = style.split(2, axis=1)
        return self.norm(x, 1.0 + stretch, shift)


@NETWORKS.register()
class StyleGANGenerator(StyleBasedGenerator, Growing):
    """Latents (N, latent_dim) -> pictures (N, 3, S, S), around [-1, 1]; S = 4 * 2 ** ceil(level), at last `image_size`.

    Args:
        image_size: of the pictures when grown up, a power of two from 8 to 1024. A new network is grown up.
        latent_dim: length of z and of w.
        mapping_layers: layers of the mapping network.
        channel_multiplier, channel_max: widths, see `widths_of`; the published ones are 1 and 512.
        mapping_rate: how fast the mapping network learns, in terms of the rest.
        style_std: standard deviation of the styles' weights at the start, from 16 x 16 pixels up. The published 1 gives
            every picture colours of its own when a resolution fades in, which took 1000 steps of 16 to unlearn
            (docs/log/stylegan-portraits.md); short trainings start lower. The coarse styles (4 x 4, 8 x 8) always
            start at 1, so that shapes differ at once.

    Attributes:
        classes: None, as there are no labels.
        count: number of w a picture is made of, one a layer, two layers a resolution; the same at every level.
        mean_latent: buffer (latent_dim,), the mean of w over all z; truncation pulls towards it.

    Raises:
        ConfigError: at construction, for sizes and widths that cannot be.
        DataError: for latents or noise of another shape.
    """

    def __init__(
        self,
        image_size: int = 1024,
        latent_dim: int = 512,
        mapping_layers: int = 8,
        channel_multiplier: float = 1,
        channel_max: int = 512,
        mapping_rate: float = 0.01,
        style_std: float = 1.0,
    ) -> None:
        sides = stage_sizes(image_size)
        widths = widths_of(image_size, channel_multiplier, channel_max)
        super().__init__(widths, "StyleGANGenerator")
        self.latent_dim, self.widths = latent_dim, widths
        self.mapping = MappingNetwork(latent_dim, mapping_layers, mapping_rate)
        shape = [1, widths[0], SMALLEST, SMALLEST]
        # The paper starts at ones. They do not vary over pixels, so that instance norm enlarges their first gradients
        # 10,000 times, which Adam's mean square then remembers for a thousand steps.
        self.constant = self.create_parameter(shape, default_initializer=Normal(0.0, 1.0))
        layers = [
            StyledLayer(0, widths[0], latent_dim, SMALLEST),
            StyledLayer(widths[0], widths[0], latent_dim, SMALLEST),
        ]
        for before, width, side in zip(widths, widths[1:], sides[1:]):
            std = 1.0 if side <= COARSE else style_std
            layers.append(StyledLayer(before, width, latent_dim, side, up=True, style_std=std))
            layers.append(StyledLayer(width, width, latent_dim, side, style_std=std))
        self.layers = nn.LayerList(layers)
        self.to_image = nn.LayerList([EqualizedConv(width, 3, 1, gain=1.0) for width in widths])
        self.count = len(layers)
        self.register_buffer("mean_latent", paddle.zeros([latent_dim]))

    def used_layers(self) -> int:
        """How many layers, and of W+, make the picture at the present level: two a resolution."""
        return 2 * self.grown()[0] + 2

    def styles(self, w_plus: paddle.Tensor) -> list[paddle.Tensor]:
        """W+ (N, count, latent_dim) -> S: for each layer (N, 2 * channels), stretch - 1 and shift of eq. 1."""
        self.check_w_plus(w_plus)
        return [layer.style(w_plus[:, index]) for index, layer in enumerate(self.layers)]

    def paint(
        self, styles: Sequence[paddle.Tensor], noise: Sequence[paddle.Tensor | None] | None = None
    ) -> paddle.Tensor:
        """S -> pictures (N, 3, S, S).

        Args:
            styles: as `styles` returns them; those of layers that do not take part yet are left alone.
            noise: one tensor (N or 1, 1, H, W) or None a layer, None for no noise there; None takes the stored.
        """
        noise = self.noise_or_stored(noise)
        stage, share = self.grown()
        x = before = self.constant.expand([styles[0].shape[0], *self.constant.shape[1:]])
        for index, layer in enumerate(list(self.layers)[: 2 * stage + 2]):
            if index == 2 * stage:
                before = x
            x = layer(x, styles[index], noise[index])
        picture = self.to_image[stage](x)
        if share == 1.0:
            return picture
        coarse = upsample_nearest(self.to_image[stage - 1](before))
        return coarse + share * (picture - coarse)
