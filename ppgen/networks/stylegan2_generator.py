"""The StyleGAN2 generator: latent -> mapping network -> w -> skip generator -> picture.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020). PaddleGAN's published
weights load through `ppgen.io.weights.load_into`, stored noise included.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import paddle
from paddle import nn
from paddle.nn.initializer import Normal

from ppgen.errors import ConfigError, DataError
from ppgen.networks.blocks.equalized import EqualizedLinear
from ppgen.networks.blocks.modulated import StyledConv, ToRGB
from ppgen.registry import NETWORKS

SMALLEST = 4  # pixels a side of the learnt constant
SIZES = tuple(2**k for k in range(3, 11))
_MEAN_SEED, _MEAN_COUNT = 0, 4096  # for the spread of w, and weights that come without their mean latent


def stage_sizes(image_size: int) -> list[int]:
    """[4, 8, …, image_size]; ConfigError where that is not one of `SIZES`."""
    if image_size not in SIZES:
        raise ConfigError(f"image_size: expected one of {', '.join(map(str, SIZES))}, found {image_size}")
    return [2**k for k in range(2, image_size.bit_length())]


def widths_of(image_size: int, channel_multiplier: float, channel_max: int, channel_min: int = 1) -> list[int]:
    """Channels at each resolution from 4 x 4 up: 16384 * multiplier / side, from `channel_min` to `channel_max`.

    With multiplier 2 and maximum 512 these are configuration F of the paper and PaddleGAN's widths.
    Raises ConfigError where that is no size, leaves no channel, or the least is above the most.
    """
    if channel_min > channel_max:
        raise ConfigError(f"channel_min: expected at most channel_max, {channel_max}, found {channel_min}")
    widths = [min(channel_max, int(16384 * channel_multiplier / side)) for side in stage_sizes(image_size)]
    if min(widths) < 1:
        what = f"channel_multiplier {channel_multiplier} leaves no channel"
        raise ConfigError(f"{what} at {image_size} pixels; raise it")
    return [max(channel_min, width) for width in widths]


class MappingNetwork(nn.Layer):
    """Latents (N, dim) from N(0, I) -> w (N, dim): normalized, then linear layers that learn slowly."""

    def __init__(self, dim: int, layers: int, rate: float) -> None:
        super().__init__()
        self.layers = nn.LayerList([EqualizedLinear(dim, dim, rate, activate=True) for _ in range(layers)])

    def forward(self, z: paddle.Tensor) -> paddle.Tensor:
        x = z * paddle.rsqrt(z.square().mean(axis=1, keepdim=True) + 1e-8)
        for layer in self.layers:
            x = layer(x)
        return x


class StyleBasedGenerator(nn.Layer):
    """What the generators of StyleGAN and StyleGAN2 share: z, w, W+, truncation, stored noise.

    A subclass has what is named below, and the methods `styles` (W+ -> S) and `paint` (S -> pictures).
    """

    latent_dim: int
    image_size: int
    count: int
    widths: list[int]  # channels at each resolution, from 4 x 4 up
    mapping: MappingNetwork
    layers: nn.LayerList
    constant: paddle.Tensor
    mean_latent: paddle.Tensor
    channels = 3
    classes: int | None = None
    optional_keys = ("mean_latent",)  # PaddleGAN's files have none; it is found when first needed

    # ---- latents -----------------------------------------------------------------------------------------

    def map(self, z: paddle.Tensor) -> paddle.Tensor:
        """z (N, latent_dim) -> w (N, latent_dim)."""
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise DataError(f"latents: expected shape (N, {self.latent_dim}), found {tuple(z.shape)}")
        return self.mapping(z)

    def spread(self, w: paddle.Tensor, truncation: float = 1.0) -> paddle.Tensor:
        """w (N, latent_dim) -> W+ (N, count, latent_dim), truncated: mean + truncation * (w - mean)."""
        if truncation != 1.0:
            mean = self.mean_of_latents()
            w = mean + truncation * (w - mean)
        return w.unsqueeze(1).expand([w.shape[0], self.count, self.latent_dim])

    @paddle.no_grad()
    def mean_of_latents(self) -> paddle.Tensor:
        """The mean of w, (latent_dim,): as stored, or found from 4096 fixed latents where it is still all zeros."""
        if not bool(self.mean_latent.any()):
            self.mean_latent.set_value(self._some_latents(_MEAN_SEED).mean(axis=0))
        return self.mean_latent

    @paddle.no_grad()
    def spread_of_latents(self) -> float:
        """The root mean squared distance of w from its mean: sigma_w of the paper's appendix D, of 4096 latents."""
        apart = self._some_latents([_MEAN_SEED]) - self.mean_of_latents()
        return float(apart.square().sum(axis=1).mean().sqrt())

    def _some_latents(self, seed: int | list[int]) -> paddle.Tensor:
        z = np.random.default_rng(seed).standard_normal((_MEAN_COUNT, self.latent_dim), dtype="float32")
        return self.mapping(paddle.to_tensor(z).astype(self.constant.dtype))

    @paddle.no_grad()
    def track_mean(self, new: paddle.Tensor, keep: float = 0.995) -> None:
        """Move the stored mean towards `new`, a batch's mean of w (latent_dim,); `keep` is the old one's share."""
        self.mean_latent.set_value(new + (self.mean_latent - new) * keep if bool(self.mean_latent.any()) else new)

    def check_w_plus(self, w_plus: paddle.Tensor) -> None:
        """DataError unless the shape is (N, count, latent_dim)."""
        if w_plus.ndim != 3 or list(w_plus.shape[1:]) != [self.count, self.latent_dim]:
            wanted = f"(N, {self.count}, {self.latent_dim})"
            raise DataError(f"latents: expected shape {wanted}, found {tuple(w_plus.shape)}")

    # ---- pictures ----------------------------------------------------------------------------------------

    def used_layers(self) -> int:
        """How many of W+ the picture is made of at present: all, unless the network is still growing."""
        return self.count

    def noise_shapes(self) -> list[tuple[int, int, int]]:
        """(1, H, W) of each layer's noise."""
        return [tuple(layer.noise.shape[1:]) for layer in self.layers]

    def noise_or_stored(self, noise: Sequence[paddle.Tensor | None] | None) -> Sequence[paddle.Tensor | None]:
        """`noise` if it has one entry a layer, None or of its size (DataError if not); the stored for None."""
        if noise is None:
            return [layer.noise for layer in self.layers]
        if len(noise) != len(self.layers):
            raise DataError(f"noise: expected one for each of {len(self.layers)} layers, found {len(noise)}")
        for index, (given, shape) in enumerate(zip(noise, self.noise_shapes())):
            if given is not None and tuple(given.shape[1:]) != shape:
                wanted = f"(N, {', '.join(map(str, shape))})"
                raise DataError(f"noise of layer {index}: expected shape {wanted}, found {tuple(given.shape)}")
        return noise

    def synthesize(self, w_plus: paddle.Tensor, noise: Sequence[paddle.Tensor | None] | None = None) -> paddle.Tensor:
        """W+ (N, count, latent_dim) -> pictures; `noise` as in `paint`."""
        return self.paint(self.styles(w_plus), noise)

    def generate(
        self,
        z: paddle.Tensor,
        labels: paddle.Tensor | None = None,
        truncation: float = 1.0,
        noise: Sequence[paddle.Tensor | None] | None = None,
    ) -> paddle.Tensor:
        """Latents -> pictures.

        Args:
            z: (N, latent_dim) from N(0, I).
            labels: None; this network has no classes.
            truncation: 1 for all of the model's variety, smaller for pictures nearer the mean one.
            noise: as in `paint`.
        """
        if labels is not None:
            raise DataError(f"labels: this {type(self).__name__} was trained without classes; leave them out")
        return self.synthesize(self.spread(self.map(z), truncation), noise)

    def forward(self, z: paddle.Tensor) -> paddle.Tensor:
        """Pictures of latents, with the stored noise."""
        return self.generate(z)


@NETWORKS.register()
class StyleGAN2Generator(StyleBasedGenerator):
    """Latents (N, latent_dim) -> pictures (N, 3, image_size, image_size), around [-1, 1].

    Args:
        image_size: of the pictures, a power of two from 8 to 1024.
        latent_dim: length of z and of w.
        mapping_layers: layers of the mapping network.
        channel_multiplier: of the widths, see `widths_of`; 0.25 gives 64 channels at 64 pixels.
        channel_max: no layer is wider.
        mapping_rate: how fast the mapping network learns, in terms of the rest.
        channel_min: no layer is narrower.

    Attributes:
        classes: None, as there are no labels.
        count: number of w a picture is made of; one for each convolution, the last for the last `ToRGB`.
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
        channel_multiplier: float = 2,
        channel_max: int = 512,
        mapping_rate: float = 0.01,
        channel_min: int = 1,
    ) -> None:
        super().__init__()
        sides = stage_sizes(image_size)
        self.widths = widths = widths_of(image_size, channel_multiplier, channel_max, channel_min)
        self.image_size, self.latent_dim = image_size, latent_dim
        self.mapping = MappingNetwork(latent_dim, mapping_layers, mapping_rate)
        shape = [1, widths[0], SMALLEST, SMALLEST]
        self.constant = self.create_parameter(shape, default_initializer=Normal(0.0, 1.0))
        layers = [StyledConv(widths[0], widths[0], latent_dim, SMALLEST, up=False)]
        for before, width, side in zip(widths, widths[1:], sides[1:]):
            layers.append(StyledConv(before, width, latent_dim, side, up=True))
            layers.append(StyledConv(width, width, latent_dim, side, up=False))
        self.layers = nn.LayerList(layers)
        self.to_rgb = nn.LayerList([ToRGB(width, latent_dim) for width in widths])
        self.count = len(layers) + 1
        self.register_buffer("mean_latent", paddle.zeros([latent_dim]))

    def of_smaller(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All of this network's arrays, out of those of the same network for fewer pixels a side.

        The further resolutions' layers stay as they are, but for their `ToRGB`: these start at zero, so that what
        is drawn at first is the smaller network's picture, enlarged. Arrays of another network come back as they are.
        """
        result = {key: value.numpy() for key, value in self.state_dict().items()}
        count = sum(f"to_rgb.{stage}.conv.weight" in arrays for stage in range(len(self.to_rgb)))
        further = [f"layers.{k}." for k in range(2 * count - 1, len(self.layers))]
        further += [f"to_rgb.{k}." for k in range(count, len(self.to_rgb))]
        if not count or not all(key.startswith(tuple(further)) for key in result.keys() - arrays.keys()):
            return dict(arrays)
        for stage in range(count, len(self.to_rgb)):
            key = f"to_rgb.{stage}.conv.weight"
            result[key] = np.zeros_like(result[key])
        return result | dict(arrays)

    # ---- pictures ----------------------------------------------------------------------------------------

    def styles(self, w_plus: paddle.Tensor) -> list[paddle.Tensor]:
        """W+ (N, count, latent_dim) -> S: what scales each convolution's input channels, in order of use.

        Entry 0 is of layers[0], 1 of to_rgb[0], then for each stage layers[2k-1], layers[2k], to_rgb[k].
        """
        self.check_w_plus(w_plus)
        styles = []
        for index, layer in enumerate(self.layers):
            styles.append(layer.conv(w_plus[:, index]))
            if index % 2 == 0:  # a stage's last; its ToRGB reads the same w as the next stage's first
                styles.append(self.to_rgb[index // 2].conv(w_plus[:, index + 1]))
        return styles

    def paint(
        self, styles: Sequence[paddle.Tensor], noise: Sequence[paddle.Tensor | None] | None = None
    ) -> paddle.Tensor:
        """S -> pictures (N, 3, image_size, image_size).

        Args:
            styles: as `styles` returns them.
            noise: one tensor (N or 1, 1, H, W) or None a layer, None for no noise there; None takes the stored.
        """
        noise = self.noise_or_stored(noise)
        style = iter(styles)
        x = self.constant.expand([styles[0].shape[0], *self.constant.shape[1:]])
        x = self.layers[0](x, next(style), noise[0])
        picture = self.to_rgb[0](x, next(style), None)
        for index, layer in enumerate(list(self.layers)[1:], start=1):
            x = layer(x, next(style), noise[index])
            if index % 2 == 0:
                picture = self.to_rgb[index // 2](x, next(style), picture)
        return picture
