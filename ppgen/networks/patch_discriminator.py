"""The PatchGAN discriminator: one verdict for every overlapping patch of the image.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks" (CVPR 2017), section
2.2.2 and appendix 6.1.2; with three layers a verdict sees 70 x 70 pixels.
"""

import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.norm_choice import convolution, norm_layers
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
        self.channels = in_channels
        # A batch norm removes the bias before it; published weights have none in the first layer either.
        bias = norm != "batch"
        widths = [base_channels * 2 ** min(i, 3) for i in range(layers + 1)]

        parts: list[nn.Layer] = [convolution(in_channels, widths[0], KERNEL, 2, 1, bias), nn.LeakyReLU(SLOPE)]
        for i in range(1, layers + 1):
            parts.append(convolution(widths[i - 1], widths[i], KERNEL, 2 if i < layers else 1, 1, bias))
            parts += [*norm_layers(norm, widths[i], "PatchDiscriminator"), nn.LeakyReLU(SLOPE)]
        self.model = nn.Sequential(*parts, convolution(widths[-1], 1, KERNEL, 1, 1))

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.model(images)
