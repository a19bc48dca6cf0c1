"""The first StyleGAN's discriminator: the progressive one, with filtered downsampling.

Source: Karras, Laine, Aila, StyleGAN (CVPR 2019), section 2 (configuration B: low-pass filtering) and appendix C.
"""

import paddle
from paddle import nn

from ppgen.networks.blocks.equalized import RectifiedConv
from ppgen.networks.pggan import PGGANDiscriminator
from ppgen.networks.stylegan2_generator import widths_of
from ppgen.registry import NETWORKS


@NETWORKS.register()
class StyleGANDiscriminator(PGGANDiscriminator):
    """Pictures (N, 3, S, S) in [-1, 1] -> logits (N, 1), large for real ones; S as the generator's at its level.

    Every operation has a second derivative, for R1.

    Args:
        image_size: of the pictures when grown up, a power of two from 8 to 1024.
        channel_multiplier, channel_max: widths, see `widths_of`.
        stddev_group: samples that minibatch standard deviation compares.

    Raises:
        ConfigError: for sizes and widths that cannot be.
    """

    def __init__(
        self, image_size: int = 1024, channel_multiplier: float = 1, channel_max: int = 512, stddev_group: int = 4
    ) -> None:
        super().__init__(widths_of(image_size, channel_multiplier, channel_max))
        self.group = stddev_group

    @staticmethod
    def _block(wide: int, narrow: int) -> nn.LayerList:
        # Blur with [1, 2, 1], convolve and average is one filter [1, 3, 3, 1] and a convolution of stride 2, but for
        # the border, at a quarter of the products.
        down = RectifiedConv(wide, narrow, 3, down=True)
        return nn.LayerList([RectifiedConv(wide, wide, 3), down])

    @staticmethod
    def _halved(x: paddle.Tensor, block: nn.Layer) -> paddle.Tensor:
        for conv in block.children():
            x = conv(x)
        return x
