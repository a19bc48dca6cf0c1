"""The U-Net generator of pix2pix: down to one pixel and up again, each level joined with its twin.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks" (CVPR 2017), section
2.2.1 and appendix 6.1.1. The published weights of PaddleGAN load through `ppgen.io.weights.load_into`.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.norm_choice import convolution, norm_layers, transposed_convolution
from ppgen.networks.blocks.sizes import check_sides
from ppgen.networks.protocols import Translation
from ppgen.registry import NETWORKS

KERNEL = 4
WIDEST = 8  # the width doubles level by level up to this multiple of base_channels
SLOPE = 0.2
MOST_LEVELS = 12  # for pictures of 4096 pixels
FIRST_DROPOUT = 4  # the levels from here to the one above the innermost drop features


class DownLevel(nn.Layer):
    """Leaky ReLU (but at the image), convolution of stride 2, norm: (N, in, H, W) -> (N, out, H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int, activate: bool, norm: str, bias: bool) -> None:
        super().__init__()
        self.activate = activate
        self.conv = convolution(in_channels, out_channels, KERNEL, 2, 1, bias=bias)
        (self.norm,) = norm_layers(norm, out_channels, "UNetGenerator") or [nn.Identity()]

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.norm(self.conv(F.leaky_relu(x, SLOPE) if self.activate else x))


class UpLevel(nn.Layer):
    """ReLU, transposed convolution of stride 2, norm, dropout: (N, in, H, W) -> (N, out, 2H, 2W)."""

    def __init__(self, in_channels: int, out_channels: int, norm: str, bias: bool, dropout: float) -> None:
        super().__init__()
        self.conv = transposed_convolution(in_channels, out_channels, KERNEL, 2, 1, bias=bias)
        (self.norm,) = norm_layers(norm, out_channels, "UNetGenerator") or [nn.Identity()]
        self.dropout = nn.Dropout(dropout) if dropout else None

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = self.norm(self.conv(F.relu(x)))
        return x if self.dropout is None else self.dropout(x)


@NETWORKS.register()
class UNetGenerator(nn.Layer):
    """Picture in, picture out: (N, in_channels, H, W) in [-1, 1] -> (N, out_channels, H, W) in [-1, 1].

    H and W must be multiples of 2**levels: 8 levels for 256 pixels and 7 for 128 end at one pixel. With
    norm="batch" the statistics are those of the batch at hand, in evaluation too; a single picture's innermost
    pixel then normalizes to zero, as in the paper's batch of one.

    Args:
        in_channels: of the picture given.
        out_channels: of the picture made.
        base_channels: width of the first level.
        levels: how often the picture is halved, at least 2.
        norm: "batch", "instance" or "none".
        dropout: drop half of the features of the inner levels in training (the paper's source of noise).

    Raises:
        ConfigError: at construction, for another `norm`, fewer than two levels or more than 12.
        DataError: at `forward`, for sides that cannot be halved so often.
    """

    takes_skin = False

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        levels: int = 8,
        norm: str = "batch",
        dropout: bool = False,
    ) -> None:
        super().__init__()
        if not 2 <= levels <= MOST_LEVELS:
            raise ConfigError(f"UNetGenerator needs 2 to {MOST_LEVELS} levels, got levels={levels}")
        bias = norm != "batch"  # a batch norm removes the bias before it
        widths = [base_channels * min(2**i, WIDEST) for i in range(levels)]
        self.levels, self.image_size = levels, 2**levels  # which ends at one pixel
        self.down = nn.LayerList(
            [
                DownLevel(
                    widths[i - 1] if i else in_channels,
                    widths[i],
                    activate=i > 0,
                    norm=norm if 0 < i < levels - 1 else "none",
                    bias=bias,
                )
                for i in range(levels)
            ]
        )
        ups = [UpLevel(2 * widths[0], out_channels, "none", True, 0.0)]
        for i in range(1, levels):
            inputs = widths[i] if i == levels - 1 else 2 * widths[i]
            drop = 0.5 if dropout and FIRST_DROPOUT <= i < levels - 1 else 0.0
            ups.append(UpLevel(inputs, widths[i - 1], norm, bias, drop))
        self.up = nn.LayerList(ups)

    def forward(self, image: paddle.Tensor) -> paddle.Tensor:
        check_sides(f"a U-Net of {self.levels} levels", image, 2**self.levels)
        features = [self.down[0](image)]
        for level in list(self.down)[1:]:
            features.append(level(features[-1]))
        x = features.pop()
        for i in range(self.levels - 1, 0, -1):
            x = paddle.concat([features.pop(), self.up[i](x)], axis=1)
        return paddle.tanh(self.up[0](x))

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """The picture; `skin` is not read."""
        return Translation(self(photo))
