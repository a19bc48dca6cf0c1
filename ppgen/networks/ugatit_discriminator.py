"""The U-GAT-IT discriminator: patches, judged with attention; every weight matrix spectrally normalized.

Sources: Kim et al., "U-GAT-IT" (ICLR 2020), section 2.1.2 and appendix D; Miyato et al., "Spectral
Normalization for Generative Adversarial Networks" (ICLR 2018). PaddleGAN's weights load through
`ppgen.io.weights.load_into`.
"""

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.utils import spectral_norm

from ppgen.errors import ConfigError, DataError
from ppgen.networks.blocks.attention import channel_maxima
from ppgen.networks.blocks.border import mirror_border
from ppgen.registry import NETWORKS

KERNEL = 4
SLOPE = 0.2
MOST_LAYERS = 12  # for pictures of 3072 pixels and more


class Verdict(NamedTuple):
    """What a U-GAT-IT discriminator returns."""

    logit: paddle.Tensor  # (N, 1, H', W'), one a patch
    cam_logit: paddle.Tensor  # (N, 2): "is it real?", asked of the channels' means and maxima
    heatmap: paddle.Tensor  # (N, 1, H' + 1, W' + 1), where the attention looked


@NETWORKS.register()
class AttentionDiscriminator(nn.Layer):
    """Images in, verdicts on overlapping patches out: (N, in_channels, H, W) -> `Verdict`.

    The side is halved `layers` - 2 times; two more convolutions take one pixel each: H' = H / 2**(layers - 2) - 2.

    Args:
        in_channels: channels of the images.
        base_channels: width of the first convolution; it doubles with every further one.
        layers: 7 for the paper's global and 5 for its local discriminator.

    Raises:
        ConfigError: at construction, for fewer than 3 layers or more than 12.
        DataError: at `forward`, for an image too small for so many layers.
    """

    def __init__(self, in_channels: int = 3, base_channels: int = 64, layers: int = 5) -> None:
        super().__init__()
        if not 3 <= layers <= MOST_LAYERS:
            raise ConfigError(f"AttentionDiscriminator needs 3 to {MOST_LAYERS} layers, got layers={layers}")
        self.layers = layers
        widths = [in_channels, *(base_channels * 2**i for i in range(layers - 1))]
        self.convs = nn.LayerList(
            [
                spectral_norm(nn.Conv2D(before, width, KERNEL, stride=2 if i < layers - 2 else 1))
                for i, (before, width) in enumerate(zip(widths, widths[1:]))
            ]
        )
        wide = widths[-1]
        self.mean_classifier = spectral_norm(nn.Linear(wide, 1, bias_attr=False))
        self.max_classifier = spectral_norm(nn.Linear(wide, 1, bias_attr=False))
        self.join = nn.Conv2D(2 * wide, wide, 1)
        self.judge = spectral_norm(nn.Conv2D(wide, 1, KERNEL, bias_attr=False))

    def forward(self, images: paddle.Tensor) -> Verdict:
        self._check_size(images)
        x = images
        for conv in self.convs:
            x = F.leaky_relu(conv(mirror_border(x, 1)), SLOPE)
        classifiers = (self.mean_classifier, self.max_classifier)
        pooled = (x.mean(axis=[2, 3]), channel_maxima(x))
        cam_logit = paddle.concat([classifier(view) for classifier, view in zip(classifiers, pooled)], axis=1)
        # The channels are weighed with the classifiers' weights as stored, before spectral normalization:
        # published weights were trained that way.
        views = [x * classifier.weight_orig.reshape([1, -1, 1, 1]) for classifier in classifiers]
        x = F.leaky_relu(self.join(paddle.concat(views, axis=1)), SLOPE)
        heatmap = x.sum(axis=1, keepdim=True)
        return Verdict(self.judge(mirror_border(x, 1)), cam_logit, heatmap)

    def _check_size(self, images: paddle.Tensor) -> None:
        least = 3 * 2 ** (self.layers - 2)  # a mirrored border of one needs two pixels after the last halving
        if min(images.shape[2:]) < least:
            needs = f"a U-GAT-IT discriminator of {self.layers} layers needs images of at least {least} pixels a side"
            raise DataError(f"{needs}, got {images.shape[2]}x{images.shape[3]}; take fewer layers")
