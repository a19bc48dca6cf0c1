"""The U-GAT-IT generator: an attentive bottleneck and a decoder steered by AdaLIN.

Source: Kim et al., "U-GAT-IT: Unsupervised Generative Attentional Networks with Adaptive Layer-Instance
Normalization for Image-to-Image Translation" (ICLR 2020), section 2.1.1 and appendix D. The published weights
of PaddleGAN load through `ppgen.io.weights.load_into`.
"""

from functools import partial

import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.attention import CAMAttention
from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.conv import ConvStage, ResidualBlock, UpStage
from ppgen.networks.blocks.norm import AdaLIN
from ppgen.networks.blocks.norm_choice import frozen_instance_norm
from ppgen.networks.blocks.sizes import check_full, check_sides
from ppgen.networks.photo2cartoon import HALVINGS, CartoonOutput, StyleHead
from ppgen.networks.protocols import Translation
from ppgen.registry import NETWORKS

CELL = 2**HALVINGS


@NETWORKS.register()
class UGATITGenerator(nn.Layer):
    """Picture in, picture out: (N, in_channels, H, W) in [-1, 1] -> `CartoonOutput`.

    Args:
        in_channels: of the picture given.
        out_channels: of the picture made.
        base_channels: width at full resolution; the bottleneck is four times as wide.
        image_size: side of the square images; only the full (not light) network is bound to it.
        blocks: residual blocks in the encoder and in the decoder each; the paper takes 4.
        light: read the style from each channel's mean, not from all pixels (the paper's full network has 268
            million weights in that one layer at 256 pixels).
        published_sums: see `ppgen.networks.blocks.norm.layer_instance_normalize`.

    Raises:
        ConfigError: at construction, for sizes that cannot work.
        DataError: at `forward`, for an image whose sides do not suit (multiples of 4, at least 16; the full
            network: `image_size`).
    """

    takes_skin = False

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        image_size: int = 256,
        blocks: int = 4,
        light: bool = True,
        published_sums: bool = False,
    ) -> None:
        super().__init__()
        if blocks < 1:
            raise ConfigError(f"UGATITGenerator needs at least one block, got blocks={blocks}")
        if image_size % CELL or image_size < 4 * CELL:
            raise ConfigError(f"image_size must be a multiple of {CELL} of at least {4 * CELL}, got {image_size}")
        self.image_size, self.light = image_size, light
        wide = base_channels * CELL

        self.enter = ConvStage(in_channels, base_channels, 7, 1, frozen_instance_norm)
        widths = [base_channels * 2**i for i in range(HALVINGS + 1)]
        self.down = nn.LayerList([ConvStage(a, b, 3, 2, frozen_instance_norm) for a, b in zip(widths, widths[1:])])
        self.encoder_blocks = nn.LayerList([ResidualBlock(wide, frozen_instance_norm) for _ in range(blocks)])
        self.attention = CAMAttention(wide)
        self.style = StyleHead(wide, None if light else image_size // CELL)
        self.gamma = nn.Linear(wide, wide, bias_attr=False)
        self.beta = nn.Linear(wide, wide, bias_attr=False)
        adalin = partial(AdaLIN, published_sums=published_sums)  # both of a block with the same scale and shift
        self.decoder_blocks = nn.LayerList([ResidualBlock(wide, adalin) for _ in range(blocks)])
        self.up = nn.LayerList([UpStage(wide // 2**i, published_sums) for i in range(HALVINGS)])
        self.to_image = MirrorConv2D(base_channels, out_channels, kernel_size=7)

    def forward(self, image: paddle.Tensor) -> CartoonOutput:
        if not self.light:
            check_full("U-GAT-IT", image, self.image_size)
        check_sides("U-GAT-IT", image, CELL, 4 * CELL)
        x = self.enter(image)
        for layer in (*self.down, *self.encoder_blocks):
            x = layer(x)
        attended = self.attention(x)
        x = attended.features
        style = self.style(x)
        gamma, beta = self.gamma(style), self.beta(style)
        for block in self.decoder_blocks:
            x = block(x, gamma, beta)
        for stage in self.up:
            x = stage(x)
        return CartoonOutput(paddle.tanh(self.to_image(x)), attended.logit, attended.heatmap)

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """The picture, and where the attention looked; `skin` is not read."""
        return self(photo).translation()
