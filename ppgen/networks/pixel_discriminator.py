"""The pixel discriminator: one verdict for every pixel, from its colour alone.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks" (CVPR 2017), section
2.2.2 and appendix 6.1.2 (the 1 x 1 "PixelGAN").
"""

import paddle
from paddle import nn

from ppgen.networks.blocks.norm_choice import convolution, norm_layers
from ppgen.registry import NETWORKS

SLOPE = 0.2


@NETWORKS.register()
class PixelwiseDiscriminator(nn.Layer):
    """(N, in_channels, H, W) -> one logit a pixel, (N, 1, H, W); every operation has a second derivative.

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
