"""A small U-Net (Ronneberger et al. 2015) that finds the person in an aligned portrait."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.networks.blocks.fold import fold, unfold
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.registry import NETWORKS


class ConvPair(nn.Layer):
    """Twice convolution, batch normalization, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2D(in_channels, out_channels, 3, padding=1, bias_attr=False)
        self.norm1 = nn.BatchNorm2D(out_channels)
        self.conv2 = nn.Conv2D(out_channels, out_channels, 3, padding=1, bias_attr=False)
        self.norm2 = nn.BatchNorm2D(out_channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


@NETWORKS.register()
class SegmentationUNet(nn.Layer):
    """(N, 3, H, W) in [-1, 1] -> logits (N, 1, H, W); H and W multiples of 4 * 2**(levels - 1).

    Args:
        width: channels at a quarter of the resolution; they double level by level up to 4 * width.
        levels: resolutions used: a quarter, an eighth, …

    The picture is folded 4x4 first, because wide and low is what a CPU does fast; the logits unfold back.
    """

    def __init__(self, width: int = 48, levels: int = 4) -> None:
        super().__init__()
        widths = [width * 2 ** min(i, 2) for i in range(levels)]
        self.down = nn.LayerList([ConvPair(48 if i == 0 else widths[i - 1], w) for i, w in enumerate(widths)])
        self.up = nn.LayerList([ConvPair(widths[i] + widths[i - 1], widths[i - 1]) for i in range(levels - 1, 0, -1)])
        self.logit = nn.Conv2D(width, 16, 3, padding=1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = fold(x, 4)
        kept = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else downsample_mean(x))
            kept.append(x)
        kept.pop()
        for block in self.up:
            x = block(paddle.concat([upsample_nearest(x), kept.pop()], axis=1))
        return unfold(self.logit(x), 4)
