"""The PatchGAN discriminator, one verdict for every overlapping patch of the image; told the label; of single pixels.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks" (CVPR 2017), section
2.2.2 and appendix 6.1.2; with three layers a verdict sees 70 x 70 pixels, and without halvings one (the 1 x 1
"PixelGAN"). Labels: Mirza and Osindero, "Conditional Generative Adversarial Nets" (2014), section 3.2.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError, DataError
from ppgen.networks.blocks.norm_choice import convolution, norm_layers
from ppgen.networks.blocks.sizes import checked_labels
from ppgen.registry import NETWORKS

KERNEL = 4
SLOPE = 0.2


@NETWORKS.register()
class PatchDiscriminator(nn.Layer):
    """Images in, one logit a patch out: (N, in_channels, H, W) -> (N, 1, H', W').

    With `layers` halvings and two more convolutions H' = H / 2**layers - 2 for H a multiple of 2**layers;
    256 -> 30 with three layers. For a conditional discriminator concatenate both images along the channels.
    Every operation has a second derivative, so gradient penalties work. (One on single samples, as in
    WGAN-GP, means little with norm="batch", where samples depend on one another.)

    Args:
        in_channels: channels of the input; 6 for a pair of RGB images.
        base_channels: width of the first layer; it doubles layer by layer, up to eight times.
        layers: halvings; more see larger patches.
        norm: "batch", "instance" or "none".

    Raises:
        ConfigError: for another `norm`, or `layers` below 1.
    """

    image_size: int | None = None
    classes: int | None = None

    def __init__(self, in_channels: int = 3, base_channels: int = 64, layers: int = 3, norm: str = "instance") -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"PatchDiscriminator needs at least one layer, got layers={layers}")
        self.channels, self._layers = in_channels, layers
        self._least = 3 * 2**layers  # two convolutions take a pixel each of what was halved so often
        # A batch norm removes the bias before it; published weights have none in the first layer either.
        bias = norm != "batch"
        widths = [base_channels * 2 ** min(i, 3) for i in range(layers + 1)]

        parts: list[nn.Layer] = [convolution(in_channels, widths[0], KERNEL, 2, 1, bias=bias), nn.LeakyReLU(SLOPE)]
        for i in range(1, layers + 1):
            parts.append(convolution(widths[i - 1], widths[i], KERNEL, 2 if i < layers else 1, 1, bias=bias))
            parts += [*norm_layers(norm, widths[i], "PatchDiscriminator"), nn.LeakyReLU(SLOPE)]
        self.model = nn.Sequential(*parts, convolution(widths[-1], 1, KERNEL, 1, 1))

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        if min(images.shape[2:]) < self._least:  # logits of no patch have no mean
            side = "x".join(map(str, images.shape[:1:-1]))
            what = f"pictures of {side} pixels are too small for a discriminator of {self._layers} layers"
            raise DataError(f"{what}, which needs {self._least} a side; make layers fewer or the pictures larger")
        return self.model(images)


@NETWORKS.register()
class ConditionalPatchDiscriminator(PatchDiscriminator):
    """Pictures and labels in, logits out: (N, in_channels, H, W), (N,) -> (N, 1, H', W').

    PaddleGAN's NLayerDiscriminatorWithClassification is this network, and its weights load.
    Every class is a channel of ones or zeros beside the picture's; the first convolution holds the embedding.

    Args:
        classes: how many labels there are.
        in_channels, base_channels, layers, norm: see `PatchDiscriminator`.
        sigmoid: return probabilities instead of logits. PaddleGAN's configs ask for them and then take them
            for logits; leave it off with every objective of ours.
    """

    classes: int

    def __init__(
        self,
        classes: int = 10,
        in_channels: int = 1,
        base_channels: int = 64,
        layers: int = 3,
        norm: str = "instance",
        sigmoid: bool = False,
    ) -> None:
        super().__init__(in_channels + classes, base_channels, layers, norm)
        self.channels, self.classes, self.sigmoid = in_channels, classes, sigmoid

    def forward(self, images: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        one_hot = F.one_hot(checked_labels(labels, self.classes), self.classes)
        planes = one_hot.astype(images.dtype).unsqueeze([2, 3]).expand([-1, -1, images.shape[2], images.shape[3]])
        logits = self.model(paddle.concat([images, planes], axis=1))
        return F.sigmoid(logits) if self.sigmoid else logits


@NETWORKS.register()
class PixelwiseDiscriminator(nn.Layer):
    """Pixels judged by their colour alone: (N, in_channels, H, W) -> one logit each, (N, 1, H, W).

    Every operation has a second derivative.

    Args:
        in_channels: channels of the input; 6 for a pair of RGB images.
        base_channels: width of the first layer.
        norm: "instance", "batch" (by the batch at hand) or "none".

    Raises:
        ConfigError: for another `norm`.
    """

    image_size: int | None = None
    classes: int | None = None

    def __init__(self, in_channels: int = 3, base_channels: int = 64, norm: str = "instance") -> None:
        super().__init__()
        bias = norm != "batch"  # a batch norm removes the bias before it
        self.channels = in_channels
        self.net = nn.Sequential(
            convolution(in_channels, base_channels, 1),
            nn.LeakyReLU(SLOPE),
            convolution(base_channels, 2 * base_channels, 1, bias=bias),
            *norm_layers(norm, 2 * base_channels, "PixelwiseDiscriminator"),
            nn.LeakyReLU(SLOPE),
            convolution(2 * base_channels, 1, 1, bias=bias),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.net(images)
