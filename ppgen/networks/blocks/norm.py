"""Normalizations: Layer-Instance and its adaptive forms, AdaIN, and a batch norm with second derivatives.

Instance normalization forgets how channels compare with each other, layer normalization keeps it; LIN and
AdaLIN learn, channel by channel, how much of each to use.

Sources: AdaLIN and LIN, Kim et al., "U-GAT-IT" (ICLR 2020), eq. 1; Soft-AdaLIN, the Photo2Cartoon project of
Minivision (2020). As in the published weights' code the variance is the unbiased one (divided by n - 1).
"""

import paddle
from paddle import nn
from paddle.nn.initializer import Constant

EPSILON = 1e-5  # added to variances


def instance_norm(channels: int) -> nn.InstanceNorm2D:
    """Instance normalization without parameters, (N, C, H, W) -> the same shape."""
    return nn.InstanceNorm2D(channels, epsilon=EPSILON, weight_attr=False, bias_attr=False)


def layer_instance_normalize(
    x: paddle.Tensor,
    instance_share: paddle.Tensor,
    gamma: paddle.Tensor,
    beta: paddle.Tensor,
    published_sums: bool = False,
) -> paddle.Tensor:
    """Eq. 1: (share * instance-normalized + (1 - share) * layer-normalized) * gamma + beta.

    Args:
        x: features (N, C, H, W); H and W known, H*W > 1.
        instance_share: (1, C, 1, 1) in [0, 1]; 1 is pure instance normalization, 0 pure layer normalization.
        gamma, beta: (N, C) or (1, C).
        published_sums: how the layer's variance is added up. False: from the channels' sums, right to 1e-5 in
            float32 and, measured on a CPU, 3-6 times as fast. True: in one sum over all pixels, as the
            published code does; Paddle's CPU loses up to 0.15 % in a float32 sum of two million numbers, and
            outputs recorded from that code (tests/goldens.py) can be met within 0.1 % only by losing it too. The
            layers below do so in evaluation only: training is fast and right.
    """
    _, channels, height, width = x.shape
    pixels = height * width
    # One row a channel of a sample: Paddle's CPU reduces and broadcasts matrices faster than 4-D tensors.
    rows = x.reshape([-1, pixels])
    row_mean = rows.mean(axis=1, keepdim=True)
    centered = rows - row_mean
    squares = (centered * centered).sum(axis=1).reshape([-1, channels])
    instance_deviation = paddle.sqrt(squares / max(pixels - 1, 1) + EPSILON)

    instance_mean = row_mean.reshape([-1, channels])
    between = instance_mean - instance_mean.mean(axis=1, keepdim=True)
    if published_sums:
        layer_variance = paddle.var(x, axis=[1, 2, 3]).unsqueeze(1)
    else:
        # The layer's sum of squares is the sum within channels plus the sum between them: no second pass.
        layer_squares = (squares + between * between * pixels).sum(axis=1, keepdim=True)
        layer_variance = layer_squares / max(channels * pixels - 1, 1)

    # All the rest is one scale and one shift a channel, so that only one more pass over the pixels is needed.
    share = instance_share.reshape([1, channels])
    layer_weight = (1.0 - share) / paddle.sqrt(layer_variance + EPSILON)
    scale = (share / instance_deviation + layer_weight) * gamma
    shift = between * layer_weight * gamma + beta
    out = centered * scale.reshape([-1, 1]) + shift.reshape([-1, 1])
    return out.reshape([-1, channels, height, width])


class AdaIN(nn.Layer):
    """Adaptive instance normalization, y_s (x - mean) / deviation + y_b: (N, C, H, W) -> the same shape.

    Source: Huang and Belongie 2017, eq. 8; in StyleGAN (Karras et al. 2019) eq. 1.
    The variance is divided by n here.
    """

    def forward(self, x: paddle.Tensor, stretch: paddle.Tensor, shift: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), stretch y_s and shift y_b (N, C)."""
        _, channels, height, width = x.shape
        rows = x.reshape([-1, height * width])  # reduced and broadcast faster than 4-D tensors on a CPU
        centered = rows - rows.mean(axis=1, keepdim=True)
        deviation = paddle.rsqrt((centered * centered).mean(axis=1, keepdim=True) + 1e-8)
        out = centered * (deviation * stretch.reshape([-1, 1])) + shift.reshape([-1, 1])
        return out.reshape([-1, channels, height, width])


class _LayerInstance(nn.Layer):
    """What LIN and AdaLIN share: the learned share of instance normalization.

    Args:
        channels: C.
        published_sums: see `layer_instance_normalize`.
    """

    share_at_start: float

    def __init__(self, channels: int, published_sums: bool = False) -> None:
        super().__init__()
        self.published_sums = published_sums
        start = Constant(self.share_at_start)
        self.instance_share = self.create_parameter([1, channels, 1, 1], default_initializer=start)

    def _normalized(self, x: paddle.Tensor, gamma: paddle.Tensor, beta: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), gamma and beta (N, C) or (1, C) -> (N, C, H, W)."""
        as_published = self.published_sums and not self.training
        return layer_instance_normalize(x, self.instance_share, gamma, beta, as_published)


class LIN(_LayerInstance):
    """Layer-Instance normalization with a learned scale and shift: (N, C, H, W) -> the same shape."""

    share_at_start = 0.0

    def __init__(self, channels: int, published_sums: bool = False) -> None:
        super().__init__(channels, published_sums)
        self.scale = self.create_parameter([1, channels, 1, 1], default_initializer=Constant(1.0))
        self.shift = self.create_parameter([1, channels, 1, 1], default_initializer=Constant(0.0))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self._normalized(x, self.scale.reshape([1, -1]), self.shift.reshape([1, -1]))


class AdaLIN(_LayerInstance):
    """Layer-Instance normalization whose scale and shift come from outside."""

    share_at_start = 0.9

    def forward(self, x: paddle.Tensor, gamma: paddle.Tensor, beta: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), gamma and beta (N, C) -> (N, C, H, W)."""
        return self._normalized(x, gamma, beta)


def _two_linear(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inside, outside, bias_attr=False), nn.ReLU(), nn.Linear(outside, outside, bias_attr=False)
    )


class SoftAdaLIN(nn.Layer):
    """AdaLIN whose gamma and beta mix the photo's content features with the style of the whole.

    Args:
        channels: C of the features to normalize.
        content_channels: length of the content vector; None means `channels`.
        style_channels: length of the style vector; None means `channels`.
        published_sums: see `layer_instance_normalize`.
    """

    def __init__(
        self,
        channels: int,
        content_channels: int | None = None,
        style_channels: int | None = None,
        published_sums: bool = False,
    ) -> None:
        super().__init__()
        content_channels = content_channels or channels
        style_channels = style_channels or channels
        self.normalize = AdaLIN(channels, published_sums)
        self.content_gamma = _two_linear(content_channels, channels)
        self.content_beta = _two_linear(content_channels, channels)
        self.style_gamma = nn.Linear(style_channels, channels, bias_attr=False)
        self.style_beta = nn.Linear(style_channels, channels, bias_attr=False)
        # How much of the content enters; training starts from the style alone.
        self.content_share_gamma = self.create_parameter([1, channels], default_initializer=Constant(0.0))
        self.content_share_beta = self.create_parameter([1, channels], default_initializer=Constant(0.0))

    def forward(self, x: paddle.Tensor, content: paddle.Tensor, style: paddle.Tensor) -> paddle.Tensor:
        """x (N, C, H, W), content (N, content_channels), style (N, style_channels) -> (N, C, H, W)."""
        style_gamma, style_beta = self.style_gamma(style), self.style_beta(style)
        gamma = style_gamma + self.content_share_gamma * (self.content_gamma(content) - style_gamma)
        beta = style_beta + self.content_share_beta * (self.content_beta(content) - style_beta)
        return self.normalize(x, gamma, beta)


class BatchStatisticsNorm(nn.Layer):
    """Batch normalization by the batch at hand, in evaluation too: (N, C, H, W) -> the same shape.

    Ioffe and Szegedy, "Batch Normalization" (2015), without running statistics. Written out because
    the second derivative of Paddle's own batch norm (3.3, CPU) fails where two of them stand in a row or the
    scale's is asked for, and a gradient penalty needs both.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = self.create_parameter([channels], default_initializer=Constant(1.0))
        self.bias = self.create_parameter([channels], is_bias=True)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        batch, channels, height, width = x.shape
        rows = x.reshape([batch * channels, height * width])  # for speed, see above

        def batch_mean(values: paddle.Tensor) -> paddle.Tensor:
            return values.mean(axis=1).reshape([batch, channels]).mean(axis=0)

        def to_rows(values: paddle.Tensor) -> paddle.Tensor:
            return values.reshape([1, channels]).expand([batch, channels]).reshape([-1, 1])

        centered = rows - to_rows(batch_mean(rows))
        scale = self.weight / paddle.sqrt(batch_mean(centered * centered) + EPSILON)
        return (centered * to_rows(scale) + to_rows(self.bias)).reshape(x.shape)


def clip_shares(network: nn.Layer) -> None:
    """Bring every mixing weight of the layers above back to [0, 1], in place: for a recipe's `after` step."""
    with paddle.no_grad():
        for name, parameter in network.named_parameters():
            if name.rsplit(".")[-1] in ("instance_share", "content_share_gamma", "content_share_beta"):
                parameter.set_value(parameter.clip(0.0, 1.0))
