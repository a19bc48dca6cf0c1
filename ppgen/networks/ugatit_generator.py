"""The U-GAT-IT generator: an attentive bottleneck and a decoder steered by AdaLIN.

Source: Kim et al., "U-GAT-IT: Unsupervised Generative Attentional Networks with Adaptive Layer-Instance
Normalization for Image-to-Image Translation" (ICLR 2020), section 2.1.1 and appendix D. The published weights
of PaddleGAN load through `ppgen.io.weights.load_into`.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError, DataError
from ppgen.networks.blocks.attention import CAMAttention
from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.norm import LIN, AdaLIN
from ppgen.networks.blocks.norm_choice import frozen_instance_norm
from ppgen.networks.blocks.resample import upsample_nearest
from ppgen.networks.photo2cartoon import HALVINGS, CartoonOutput, StyleHead
from ppgen.networks.protocols import Translation
from ppgen.registry import NETWORKS

CELL = 2**HALVINGS


class EncoderBlock(nn.Layer):
    """x + IN(conv(relu(IN(conv(x))))): (N, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = MirrorConv2D(channels, channels)
        self.norm1 = frozen_instance_norm(channels)
        self.conv2 = MirrorConv2D(channels, channels)
        self.norm2 = frozen_instance_norm(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))


class AdaLINBlock(nn.Layer):
    """x + AdaLIN(conv(relu(AdaLIN(conv(x))))), both norms with the same scale and shift: the paper's decoder block."""

    def __init__(self, channels: int, published_sums: bool) -> None:
        super().__init__()
        self.conv1 = MirrorConv2D(channels, channels)
        self.norm1 = AdaLIN(channels, published_sums=published_sums)
        self.conv2 = MirrorConv2D(channels, channels)
        self.norm2 = AdaLIN(channels, published_sums=published_sums)

    def forward(self, x: paddle.Tensor, gamma: paddle.Tensor, beta: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), gamma and beta (N, C) -> (N, C, H, W)."""
        hidden = F.relu(self.norm1(self.conv1(x), gamma, beta))
        return x + self.norm2(self.conv2(hidden), gamma, beta)


class EncoderStage(nn.Layer):
    """Convolution, instance norm, ReLU: (N, in, H, W) -> (N, out, H / stride, W / stride)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.conv = MirrorConv2D(in_channels, out_channels, kernel_size, stride)
        self.norm = frozen_instance_norm(out_channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.relu(self.norm(self.conv(x)))


class DecoderStage(nn.Layer):
    """Nearest upsampling, convolution, LIN, ReLU: (N, C, H, W) -> (N, C/2, 2H, 2W)."""

    def __init__(self, channels: int, published_sums: bool) -> None:
        super().__init__()
        self.conv = MirrorConv2D(channels, channels // 2)
        self.norm = LIN(channels // 2, published_sums=published_sums)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.relu(self.norm(self.conv(upsample_nearest(x))))


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

        self.enter = EncoderStage(in_channels, base_channels, 7, 1)
        self.down = nn.LayerList(
            [EncoderStage(base_channels * 2**i, base_channels * 2 ** (i + 1), 3, 2) for i in range(HALVINGS)]
        )
        self.encoder_blocks = nn.LayerList([EncoderBlock(wide) for _ in range(blocks)])
        self.attention = CAMAttention(wide)
        self.style = StyleHead(wide, None if light else image_size // CELL)
        self.gamma = nn.Linear(wide, wide, bias_attr=False)
        self.beta = nn.Linear(wide, wide, bias_attr=False)
        self.decoder_blocks = nn.LayerList([AdaLINBlock(wide, published_sums) for _ in range(blocks)])
        self.up = nn.LayerList([DecoderStage(wide // 2**i, published_sums) for i in range(HALVINGS)])
        self.to_image = MirrorConv2D(base_channels, out_channels, kernel_size=7)

    def forward(self, image: paddle.Tensor) -> CartoonOutput:
        self._check_size(image)
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

    def _check_size(self, image: paddle.Tensor) -> None:
        height, width = image.shape[2:]
        if not self.light and [height, width] != [self.image_size] * 2:
            raise DataError(
                f"this full U-GAT-IT network reads {self.image_size}x{self.image_size} images only, got "
                f"{height}x{width}; resize the image or build the network with image_size={height}"
            )
        if height % CELL or width % CELL or min(height, width) < 4 * CELL:
            raise DataError(
                f"U-GAT-IT needs height and width that are multiples of {CELL} and at least {4 * CELL}, "
                f"got {height}x{width}"
            )
