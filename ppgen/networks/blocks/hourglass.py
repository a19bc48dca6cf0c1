"""Hourglass blocks: look at the image at several scales, come back to full size, draft a picture on the way.

Sources: Newell et al., "Stacked Hourglass Networks" (ECCV 2016); the three-stage residual block is that of
Bulat and Tzimiropoulos (ICCV 2017); the picture drafted inside is of Minivision's Photo2Cartoon (2020).
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.norm import instance_norm
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.networks.blocks.sizes import check_sides

DEEPEST = 10  # halvings; the side is a multiple of 1024 then


class PreActivationConv(nn.Layer):
    """Instance norm, ReLU, 3x3 convolution with mirrored border: (N, in, H, W) -> (N, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = instance_norm(in_channels)
        self.conv = MirrorConv2D(in_channels, out_channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.conv(F.relu(self.norm(x)))


class MultiScaleBlock(nn.Layer):
    """Three convolutions in a row, of C/2, C/4 and C/4 channels, whose outputs side by side are added to x.

    Their receptive fields are 3, 5 and 7 pixels wide. Shape: (N, C, H, W) -> the same; C a multiple of 4.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels < 4 or channels % 4:
            raise ConfigError(f"hourglass channels must be a multiple of 4, got {channels}")
        half, quarter = channels // 2, channels // 4
        self.stages = nn.LayerList(
            [PreActivationConv(channels, half), PreActivationConv(half, quarter), PreActivationConv(quarter, quarter)]
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        outputs = []
        features = x
        for stage in self.stages:
            features = stage(features)
            outputs.append(features)
        return x + paddle.concat(outputs, axis=1)


class HourglassCore(nn.Layer):
    """Down `depth` times by two, one block at the bottom, up again, each level added to its twin.

    Shape: (N, C, H, W) -> the same. H and W must be multiples of 2**depth and at least twice that: the
    mirrored border needs two pixels at the bottom. DataError otherwise.
    """

    def __init__(self, channels: int, depth: int = 4) -> None:
        super().__init__()
        if not 0 <= depth <= DEEPEST:
            raise ConfigError(f"hourglass depth must be 0 to {DEEPEST}, got {depth}")
        self.depth = depth
        self.skips = nn.LayerList([MultiScaleBlock(channels) for _ in range(depth)])
        self.down = nn.LayerList([MultiScaleBlock(channels) for _ in range(depth)])
        self.bottom = MultiScaleBlock(channels)
        self.up = nn.LayerList([MultiScaleBlock(channels) for _ in range(depth)])

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        check_sides(f"an hourglass of depth {self.depth}", x, 2**self.depth, 2 * 2**self.depth)
        twins = []
        for skip, down in zip(self.skips, self.down):
            twins.append(skip(x))
            x = down(downsample_mean(x))
        x = self.bottom(x)
        for up in self.up:
            x = twins.pop() + upsample_nearest(up(x))
        return x


class Hourglass(nn.Layer):
    """An hourglass that drafts a picture from its features and, unless it is the last, feeds both back.

    Args:
        channels: C, a multiple of 4.
        depth: how often it halves the image; 4 in the published network.
        image_channels: channels of the drafted picture.
        feed_back: True: (N, C, H, W) -> x + features + draft, (N, C, H, W).
            False: -> the draft alone, (N, image_channels, H, W).
    """

    def __init__(self, channels: int, depth: int = 4, image_channels: int = 3, feed_back: bool = True) -> None:
        super().__init__()
        self.core = HourglassCore(channels, depth)
        self.refine = MultiScaleBlock(channels)
        self.project = nn.Conv2D(channels, channels, 1, bias_attr=False)
        self.norm = instance_norm(channels)
        self.draft = nn.Conv2D(channels, image_channels, 1)
        self.feed_back = feed_back
        if feed_back:
            self.features_back = nn.Conv2D(channels, channels, 1)
            self.draft_back = nn.Conv2D(image_channels, channels, 1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        features = F.relu(self.norm(self.project(self.refine(self.core(x)))))
        draft = self.draft(features)
        if not self.feed_back:
            return draft
        return x + self.features_back(features) + self.draft_back(draft)
