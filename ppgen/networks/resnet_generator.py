"""The residual generator of CycleGAN: two halvings, residual blocks, two doublings.

Sources: Johnson et al., "Perceptual Losses for Real-Time Style Transfer" (ECCV 2016), as used by Zhu et al.,
"Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (ICCV 2017), appendix 7.2.
The layers stand in one row at the places that published weights name, so PaddleGAN's keys are ours.
"""

import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.border import MirrorBorder
from ppgen.networks.blocks.narrowing import NarrowingConv2D
from ppgen.networks.blocks.norm_choice import convolution, norm_layers, small_weights, transposed_convolution
from ppgen.networks.blocks.sizes import check_sides
from ppgen.networks.protocols import Translation
from ppgen.registry import NETWORKS

HALVINGS = 2


def _normed(norm: str, *sizes: int, up: bool = False) -> list[nn.Layer]:
    """A convolution of these sizes, transposed where `up`, and its norm."""
    bias = norm != "batch"  # a batch norm removes the bias before it
    conv = transposed_convolution(*sizes, bias=bias) if up else convolution(*sizes, bias=bias)
    return [conv, *norm_layers(norm, sizes[1], "ResNetGenerator")]


class ResidualRow(nn.Layer):
    """x + norm(conv(dropout(relu(norm(conv(x)))))): (N, C, H, W) -> the same."""

    def __init__(self, channels: int, norm: str, dropout: bool) -> None:
        super().__init__()
        first, second = ([MirrorBorder(1), *_normed(norm, channels, channels, 3)] for _ in range(2))
        between = [nn.ReLU(), nn.Dropout(0.5)] if dropout else [nn.ReLU()]
        self.conv_block = nn.Sequential(*first, *between, *second)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x + self.conv_block(x)


@NETWORKS.register()
class ResNetGenerator(nn.Layer):
    """Picture in, picture out: (N, in_channels, H, W) in [-1, 1] -> (N, out_channels, H, W) in [-1, 1].

    Args:
        in_channels: of the picture given.
        out_channels: of the picture made.
        base_channels: width at full resolution; four times that in the residual blocks.
        blocks: residual blocks; the paper takes 9 for 256 pixels and 6 for 128.
        norm: "instance", "batch" (by the batch at hand, in evaluation too) or "none".
        dropout: drop half of the features within the blocks in training.

    Raises:
        ConfigError: at construction, for another `norm` or a negative number of blocks.
        DataError: at `forward`, for sides that are no multiples of 4 or below 8.
    """

    image_size = 256
    takes_skin = False

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        blocks: int = 9,
        norm: str = "instance",
        dropout: bool = False,
    ) -> None:
        super().__init__()
        if blocks < 0:
            raise ConfigError(f"ResNetGenerator needs blocks >= 0, got blocks={blocks}")
        widths = [base_channels * 2**i for i in range(HALVINGS + 1)]
        row = [MirrorBorder(3), *_normed(norm, in_channels, base_channels, 7), nn.ReLU()]
        for narrow, wide in zip(widths, widths[1:]):
            row += [*_normed(norm, narrow, wide, 3, 2, 1), nn.ReLU()]
        row += [ResidualRow(widths[-1], norm, dropout) for _ in range(blocks)]
        for narrow, wide in reversed([*zip(widths, widths[1:])]):
            row += [*_normed(norm, wide, narrow, 3, 2, 1, 1, up=True), nn.ReLU()]
        last = NarrowingConv2D(base_channels, out_channels, 7, weight_attr=small_weights())
        self.model = nn.Sequential(*row, MirrorBorder(3), last, nn.Tanh())

    def forward(self, image: paddle.Tensor) -> paddle.Tensor:
        check_sides("a ResNet generator", image, 2**HALVINGS, 2 * 2**HALVINGS)
        return self.model(image)

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """The picture; `skin` is not read."""
        return Translation(self(photo))
