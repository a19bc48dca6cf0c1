"""The Photo2Cartoon generator: hourglasses, an attentive bottleneck, a decoder steered by Soft-AdaLIN.

Sources: the Photo2Cartoon project of Minivision (2020), which builds on Kim et al., "U-GAT-IT: Unsupervised
Generative Attentional Networks with Adaptive Layer-Instance Normalization" (ICLR 2020). The published weights
of PaddleGAN load through `ppgen.io.weights.load_into`.
"""

from functools import partial
from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.attention import CAMAttention
from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.conv import ConvStage, ResidualBlock, UpStage
from ppgen.networks.blocks.hourglass import Hourglass
from ppgen.networks.blocks.norm import SoftAdaLIN, instance_norm
from ppgen.networks.blocks.sizes import check_full
from ppgen.networks.protocols import Translation
from ppgen.registry import NETWORKS

DRAFT_CHANNELS = 3  # what the hourglasses draft is a picture, whatever the output is
HOURGLASS_DEPTH = 4
HALVINGS = 2  # between the image and the bottleneck


class CartoonOutput(NamedTuple):
    """What a Photo2Cartoon generator returns."""

    image: paddle.Tensor  # (N, out_channels, H, W) in [-1, 1]
    cam_logit: paddle.Tensor  # (N, 2), for the attention's auxiliary loss
    heatmap: paddle.Tensor  # (N, 1, H/4, W/4), where the attention looked; >= 0, not normalized

    def translation(self) -> Translation:
        """Without what only training needs."""
        return Translation(self.image, self.heatmap)


class StyleHead(nn.Layer):
    """Two linear layers from the attended features to the style vector: (N, C, H, W) -> (N, C).

    Args:
        channels: C.
        side: H and W that every pixel is read at; None: only the mean over all pixels is read ("light").
    """

    def __init__(self, channels: int, side: int | None) -> None:
        super().__init__()
        self.side = side
        self.hidden = nn.Linear(channels * (side * side if side else 1), channels, bias_attr=False)
        self.out = nn.Linear(channels, channels, bias_attr=False)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        flat = x.reshape([0, -1]) if self.side else x.mean(axis=[2, 3])
        return F.relu(self.out(F.relu(self.hidden(flat))))


@NETWORKS.register()
class Photo2CartoonGenerator(nn.Layer):
    """Portrait in, cartoon out: (N, in_channels, H, W) in [-1, 1] -> `CartoonOutput`.

    Args:
        in_channels: channels of the photo.
        out_channels: channels of the cartoon.
        base_channels: width at full resolution, a multiple of 4; the bottleneck is four times as wide.
        image_size: side of the square images; only the full (not light) network is bound to it.
        blocks: residual blocks in the encoder and in the decoder each.
        light: read the style from each channel's mean, not from all pixels.

    Raises:
        ConfigError: at construction, for sizes that cannot work.
        DataError: at `forward`, for an image whose sides do not suit (multiples of 16, at least 32; the full
            network: `image_size`).
    """

    takes_skin = False

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 32,
        image_size: int = 256,
        blocks: int = 4,
        light: bool = True,
    ) -> None:
        super().__init__()
        if blocks < 1:
            raise ConfigError(f"Photo2CartoonGenerator needs at least one block, got blocks={blocks}")
        cell = 2**HOURGLASS_DEPTH
        if image_size % cell or image_size < 2 * cell:
            raise ConfigError(f"image_size must be a multiple of {cell} of at least {2 * cell}, got {image_size}")
        self.image_size, self.light = image_size, light
        width = base_channels
        wide = width * 2**HALVINGS

        self.stem = MirrorConv2D(in_channels, width, kernel_size=7)
        self.stem_norm = instance_norm(width)
        self.encoder_hourglasses = nn.Sequential(*[Hourglass(width, HOURGLASS_DEPTH, DRAFT_CHANNELS) for _ in range(2)])
        self.down = nn.Sequential(*[ConvStage(width * 2**i, width * 2 ** (i + 1), stride=2) for i in range(HALVINGS)])
        self.encoder_blocks = nn.LayerList([ResidualBlock(wide) for _ in range(blocks)])

        self.attention = CAMAttention(wide)
        self.style = StyleHead(wide, None if light else image_size // 2**HALVINGS)

        soft_adalin = partial(SoftAdaLIN, published_sums=True)
        self.decoder_blocks = nn.LayerList([ResidualBlock(wide, soft_adalin) for _ in range(blocks)])
        self.up = nn.Sequential(*[UpStage(wide // 2**i, published_sums=True) for i in range(HALVINGS)])
        self.decoder_hourglasses = nn.Sequential(
            Hourglass(width, HOURGLASS_DEPTH, DRAFT_CHANNELS),
            Hourglass(width, HOURGLASS_DEPTH, DRAFT_CHANNELS, feed_back=False),
        )
        self.to_image = MirrorConv2D(DRAFT_CHANNELS, out_channels, kernel_size=7)

    def forward(self, photo: paddle.Tensor) -> CartoonOutput:
        if not self.light:
            check_full("Photo2Cartoon", photo, self.image_size)
        x = F.relu(self.stem_norm(self.stem(photo)))
        x = self.down(self.encoder_hourglasses(x))

        contents = []
        for block in self.encoder_blocks:
            x = block(x)
            contents.append(x.mean(axis=[2, 3]))

        attended = self.attention(x)
        x = attended.features
        style = self.style(x)
        # The decoder undoes the encoder, so its first block is given the encoder's last features.
        for block, content in zip(self.decoder_blocks, reversed(contents)):
            x = block(x, content, style)

        x = self.decoder_hourglasses(self.up(x))
        return CartoonOutput(paddle.tanh(self.to_image(x)), attended.logit, attended.heatmap)

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """The cartoon, and where the attention looked; `skin` is not read."""
        return self(photo).translation()
