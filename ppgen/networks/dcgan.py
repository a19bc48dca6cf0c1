"""DCGAN: a generator of transposed convolutions, a discriminator of strided ones; with or without classes.

Sources: Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks" (ICLR 2016), section 3; for classes Mirza and Osindero, "Conditional Generative Adversarial Nets" (2014),
section 3.2. Without classes PaddleGAN's DCGenerator and DCDiscriminator are these networks, and their weights load.

The generator keeps `conv2d_transpose`, which has no second derivative: no penalty on a critic needs the
generator's, and on a CPU every way to write it as a convolution was measured 1.5 to 6 times as slow.
"""

import math
from functools import partial

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppgen.errors import ConfigError
from ppgen.networks.blocks.norm_choice import Norms, convolution, norm_layers, transposed_convolution
from ppgen.networks.blocks.sizes import check_sizes, checked_labels
from ppgen.registry import NETWORKS

SLOPE = 0.2
SMALLEST = 4  # side that the generator starts from and the discriminator ends at
LABEL_WIDTH = 32  # length of the vector a label is embedded into


def _halvings(image_size: int, owner: str) -> int:
    halvings = round(math.log2(max(image_size, 1) / SMALLEST))
    if halvings < 1 or SMALLEST * 2**halvings != image_size:
        raise ConfigError(f"{owner}: image_size must be {SMALLEST} times a power of two, got {image_size}")
    return halvings


_SCALE = ParamAttr(initializer=Normal(1.0, 0.02))
_NORMS: Norms = {
    "batch": partial(nn.BatchNorm2D, weight_attr=_SCALE),
    "instance": partial(nn.InstanceNorm2D, weight_attr=_SCALE),
    "none": None,
}


class LabelEmbedding(nn.Layer):
    """Labels (N,) -> one learned row each, (N, width); as a product, since Paddle's lookup has no second derivative."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        self.weight = self.create_parameter([classes, width], default_initializer=Normal(0.0, 1.0))

    def forward(self, labels: paddle.Tensor) -> paddle.Tensor:
        return F.one_hot(labels, self.classes).astype(self.weight.dtype) @ self.weight


@NETWORKS.register()
class DCGANGenerator(nn.Layer):
    """Noise in, picture out: (N, latent_dim) -> (N, out_channels, image_size, image_size) in [-1, 1].

    Args:
        latent_dim: length of the noise vector.
        out_channels: of the pictures.
        base_channels: width before the last layer; it doubles with every halving of the side, up to eight times.
        image_size: side of the pictures, 4 times a power of two.
        norm: "batch", "instance" or "none", in all layers but the last.
        classes: how many labels there are; None: none. A label is embedded and joined to the noise.

    Raises:
        ConfigError: for another image size or `norm`, or sizes below 1.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        out_channels: int = 3,
        base_channels: int = 64,
        image_size: int = 64,
        norm: str = "batch",
        classes: int | None = None,
    ) -> None:
        super().__init__()
        sizes = {"latent_dim": latent_dim, "out_channels": out_channels, "base_channels": base_channels}
        check_sizes("DCGANGenerator", **sizes, classes=classes)
        self.latent_dim, self.image_size = latent_dim, image_size
        self.channels, self.classes = out_channels, classes
        halvings = _halvings(image_size, "DCGANGenerator")
        widths = [base_channels * min(2**i, 8) for i in range(halvings)][::-1]
        if classes is not None:
            self.embed = LabelEmbedding(classes, LABEL_WIDTH)
        joined = latent_dim + (LABEL_WIDTH if classes is not None else 0)
        parts: list[nn.Layer] = []
        for i, (narrow, wide) in enumerate(zip([joined, *widths], widths)):
            stride, padding = (1, 0) if i == 0 else (2, 1)
            conv = transposed_convolution(narrow, wide, 4, stride, padding, bias=False)
            parts += [conv, *norm_layers(norm, wide, "DCGANGenerator", _NORMS), nn.ReLU()]
        last = transposed_convolution(widths[-1], out_channels, 4, 2, 1, bias=False)
        self.model = nn.Sequential(*parts, last, nn.Tanh())

    def forward(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """z (N, latent_dim), or (N, latent_dim, 1, 1) as PaddleGAN has it; labels (N,) where there are classes."""
        joined = z.reshape([z.shape[0], self.latent_dim])
        if self.classes is not None:
            joined = paddle.concat([joined, self.embed(checked_labels(labels, self.classes))], axis=1)
        return self.model(joined.unsqueeze([2, 3]))

    def generate(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """Pictures of latents (N, latent_dim) and, where there are classes, labels (N,)."""
        return self(z, labels)


@NETWORKS.register()
class DCGANDiscriminator(nn.Layer):
    """Picture in, logit of "real" out: (N, in_channels, image_size, image_size) -> (N, 1, 1, 1).

    With norm "instance" or "none" every operation has a second derivative and no sample depends on another:
    what a gradient penalty needs (Gulrajani et al. 2017, section 4, "No critic batch normalization").

    Args:
        in_channels: of the pictures.
        base_channels: width of the first layer; it doubles with every halving of the side, up to eight times.
        image_size: side of the pictures, 4 times a power of two.
        norm: "batch", "instance" or "none", in all layers but the first and the last.
        classes: how many labels there are; None: none. A label is embedded into one more channel of the picture.

    Raises:
        ConfigError: for another image size or `norm`, or sizes below 1.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        image_size: int = 64,
        norm: str = "batch",
        classes: int | None = None,
    ) -> None:
        super().__init__()
        check_sizes("DCGANDiscriminator", in_channels=in_channels, base_channels=base_channels, classes=classes)
        self.image_size, self.channels, self.classes = image_size, in_channels, classes
        if classes is not None:
            self.embed = LabelEmbedding(classes, image_size**2)
            in_channels += 1
        widths = [base_channels * min(2**i, 8) for i in range(_halvings(image_size, "DCGANDiscriminator"))]
        first = convolution(in_channels, widths[0], 4, 2, 1, bias=False)
        parts: list[nn.Layer] = [first, nn.LeakyReLU(SLOPE)]
        for narrow, wide in zip(widths, widths[1:]):
            parts.append(convolution(narrow, wide, 4, 2, 1))
            parts += [*norm_layers(norm, wide, "DCGANDiscriminator", _NORMS), nn.LeakyReLU(SLOPE)]
        self.model = nn.Sequential(*parts, convolution(widths[-1], 1, SMALLEST))

    def forward(self, images: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        if self.classes is not None:
            embedded = self.embed(checked_labels(labels, self.classes))
            image_of_label = embedded.reshape([-1, 1, self.image_size, self.image_size])
            images = paddle.concat([images, image_of_label], axis=1)
        return self.model(images)
