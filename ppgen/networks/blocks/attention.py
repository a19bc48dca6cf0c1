"""Attention from class activation maps.

Source: Kim et al., "U-GAT-IT" (ICLR 2020), section 2.1.1, after Zhou et al., "Learning Deep Features for
Discriminative Localization" (CVPR 2016).
"""

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn


class Attended(NamedTuple):
    """What `CAMAttention` returns."""

    features: paddle.Tensor  # (N, C, H, W)
    logit: paddle.Tensor  # (N, 2): "is it the source domain?", asked of the mean and of the maximum
    heatmap: paddle.Tensor  # (N, 1, H, W): sum over the channels of `features`


def channel_maxima(x: paddle.Tensor) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C)."""
    # by a pooling: on a CPU the gradient of Tensor.max over two axes takes thousands of times as long
    return F.adaptive_max_pool2d(x, 1).flatten(1)


class CAMAttention(nn.Layer):
    """Weighs channels by how much they speak for the source domain: (N, C, H, W) -> `Attended`.

    Two auxiliary classifiers look at each channel's mean and maximum; their weights then scale the channels,
    and a 1x1 convolution joins the two views.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean_classifier = nn.Linear(channels, 1, bias_attr=False)
        self.max_classifier = nn.Linear(channels, 1, bias_attr=False)
        self.join = nn.Conv2D(2 * channels, channels, 1)

    def forward(self, x: paddle.Tensor) -> Attended:
        mean_logit = self.mean_classifier(x.mean(axis=[2, 3]))
        max_logit = self.max_classifier(channel_maxima(x))
        views = [
            x * classifier.weight.reshape([1, -1, 1, 1]) for classifier in (self.mean_classifier, self.max_classifier)
        ]
        features = F.relu(self.join(paddle.concat(views, axis=1)))
        return Attended(
            features=features,
            logit=paddle.concat([mean_logit, max_logit], axis=1),
            heatmap=features.sum(axis=1, keepdim=True),
        )
