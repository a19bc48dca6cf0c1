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


class _Row:
    """Collects layers of one network, all with the same norm."""

    def __init__(self, norm: str) -> None:
        self.norm = norm
        self.layers: list[nn.Layer] = []

    def conv(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        bias = self.norm != "batch"  # a batch norm removes the bias before it
        self.layers.append(convolution(in_channels, out_channels, kernel, stride, padding, bias))
        self.layers += norm_layers(self.norm, out_channels, "ResNetGenerator")

    def up(self, in_channels: int, out_channels: int) -> None:
        self.layers.append(transposed_convolution(in_channels, out_channels, 3, bias=self.norm != "batch", extra=1))
        self.layers += norm_layers(self.norm, out_channels, "ResNetGenerator")

    def mirror(self, width: int) -> None:
        self.layers.append(MirrorBorder(width))


class ResidualRow(nn.Layer):
    """x + norm(conv(dropout(relu(norm(conv(x)))))): (N, C, H, W) -> the same."""

    def __init__(self, channels: int, norm: str, dropout: bool) -> None:
        super().__init__()
        row = _Row(norm)
        row.mirror(1)
        row.conv(channels, channels, 3)
        row.layers.append(nn.ReLU())
        if dropout:
            row.layers.append(nn.Dropout(0.5))
        row.mirror(1)
        row.conv(channels, channels, 3)
        self.conv_block = nn.Sequential(*row.layers)

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
        row = _Row(norm)
        row.mirror(3)
        row.conv(in_channels, base_channels, 7)
        row.layers.append(nn.ReLU())
        for i in range(HALVINGS):
            row.conv(base_channels * 2**i, base_channels * 2 ** (i + 1), 3, stride=2, padding=1)
            row.layers.append(nn.ReLU())
        wide = base_channels * 2**HALVINGS
        row.layers += [ResidualRow(wide, norm, dropout) for _ in range(blocks)]
        for i in range(HALVINGS):
            row.up(wide // 2**i, wide // 2 ** (i + 1))
            row.layers.append(nn.ReLU())
        row.mirror(3)
        row.layers += [NarrowingConv2D(base_channels, out_channels, 7, weight_attr=small_weights()), nn.Tanh()]
        self.model = nn.Sequential(*row.layers)

    def forward(self, image: paddle.Tensor) -> paddle.Tensor:
        check_sides("a ResNet generator", image, 2**HALVINGS, 2 * 2**HALVINGS)
        return self.model(image)

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """The picture; `skin` is not read."""
        return Translation(self(photo))
