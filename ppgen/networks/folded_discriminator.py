"""A PatchGAN (Isola et al. 2017) that folds 2x2 pixels into channels first: cheap on a CPU."""

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.utils import spectral_norm

from ppgen.networks.blocks.fold import fold
from ppgen.registry import NETWORKS


@NETWORKS.register()
class FoldedPatchDiscriminator(nn.Layer):
    """(N, C, H, W) -> one logit a patch, (N, 1, H / 8, W / 8); a patch sees 40 pixels a side.

    Args:
        in_channels: channels of the image, or of a pair joined along channels.
        base_channels: channels of the first convolution.
        spectral: normalize the weights (Miyato et al. 2018). Without, it learns far faster: with it and LSGAN it
            stayed at chance for hundreds of steps on portrait pairs.

    No batch statistics, so that a batch of two works.
    """

    def __init__(self, in_channels: int = 6, base_channels: int = 48, spectral: bool = False) -> None:
        super().__init__()
        wrap = spectral_norm if spectral else lambda conv: conv
        self.convs = nn.LayerList(
            [
                wrap(nn.Conv2D(4 * in_channels, base_channels, 3, stride=1, padding=1)),
                wrap(nn.Conv2D(base_channels, 2 * base_channels, 4, stride=2, padding=1)),
                wrap(nn.Conv2D(2 * base_channels, 4 * base_channels, 4, stride=2, padding=1)),
            ]
        )
        self.logit = nn.Conv2D(4 * base_channels, 1, 3, padding=1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = fold(x, 2)
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        return self.logit(x)
