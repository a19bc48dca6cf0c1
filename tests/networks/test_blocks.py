"""Shared blocks: each against its formula, and the derivatives that training needs."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError, DataError
from ppgen.networks.blocks.attention import CAMAttention
from ppgen.networks.blocks.border import MirrorConv2D
from ppgen.networks.blocks.conv import ResidualBlock
from ppgen.networks.blocks.hourglass import Hourglass, HourglassCore, MultiScaleBlock
from ppgen.networks.blocks.norm import LIN, AdaLIN, BatchStatisticsNorm, SoftAdaLIN, clip_shares
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest

paddle.seed(7)
RNG = np.random.default_rng(7)


def tensor(*shape: int):
    return paddle.to_tensor(RNG.standard_normal(shape).astype(np.float32))


def layer_instance(x: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Eq. 1 of U-GAT-IT in float64, variances divided by n - 1."""

    def normalized(axes):
        deviation = np.sqrt(x.var(axis=axes, ddof=1, keepdims=True) + 1e-5)
        return (x - x.mean(axis=axes, keepdims=True)) / deviation

    return share * normalized((2, 3)) + (1 - share) * normalized((1, 2, 3))


@pytest.fixture
def features():
    """Features whose channels have different means and spreads, and a share between 0 and 1 for each."""
    x = RNG.standard_normal((2, 6, 3, 4)) * np.arange(1, 7)[:, None, None] + np.arange(6)[:, None, None]
    share = np.linspace(0, 1, 6)[None, :, None, None]
    return x, share


@pytest.mark.parametrize("published_sums", [False, True])
def test_lin_equals_formula(features, published_sums):
    x, share = features
    layer = LIN(6, published_sums=published_sums)
    scale, shift = RNG.standard_normal((2, 1, 6, 1, 1))
    for name, value in [("instance_share", share), ("scale", scale), ("shift", shift)]:
        getattr(layer, name).set_value(value.astype(np.float32))
    found = layer(paddle.to_tensor(x.astype(np.float32))).numpy()
    np.testing.assert_allclose(found, layer_instance(x, share) * scale + shift, atol=2e-5)


@pytest.mark.parametrize("published_sums", [False, True])
def test_adalin_equals_formula(features, published_sums):
    x, share = features
    layer = AdaLIN(6, published_sums=published_sums)
    layer.instance_share.set_value(share.astype(np.float32))
    gamma, beta = tensor(2, 6), tensor(2, 6)
    found = layer(paddle.to_tensor(x.astype(np.float32)), gamma, beta).numpy()
    wanted = layer_instance(x, share) * gamma.numpy()[..., None, None] + beta.numpy()[..., None, None]
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def test_lin_statistics_of_large_features_are_exact():
    """A float32 sum over two million values loses 0.1 %; the channels' sums combined do not."""
    x = RNG.standard_normal((1, 32, 256, 256)).astype(np.float32) * 1.5 + 2
    layer = LIN(32)  # starts as pure layer normalization
    wanted = layer_instance(x.astype(np.float64), np.zeros((1, 32, 1, 1)))
    np.testing.assert_allclose(layer(paddle.to_tensor(x)).numpy(), wanted, atol=1e-3)


def test_batch_statistics_norm_equals_paddles_in_training():
    ours, paddles = BatchStatisticsNorm(3), paddle.nn.BatchNorm2D(3)
    for layer in (ours, paddles):
        layer.weight.set_value(np.array([0.5, 1, 2], np.float32))
        layer.bias.set_value(np.array([1, 0, -1], np.float32))
    ours.eval()
    x = tensor(4, 3, 5, 6) * 3 + 1
    np.testing.assert_allclose(ours(x).numpy(), paddles(x).numpy(), atol=2e-5)


def test_soft_adalin_mixes_content_and_style():
    layer = SoftAdaLIN(4, content_channels=3, style_channels=5)
    x, content, style = tensor(2, 4, 3, 3), tensor(2, 3), tensor(2, 5)
    from_style = layer.normalize(x, layer.style_gamma(style), layer.style_beta(style))
    np.testing.assert_allclose(layer(x, content, style).numpy(), from_style.numpy(), atol=1e-6)

    layer.content_share_gamma.set_value(np.full((1, 4), 0.25, np.float32))
    layer.content_share_beta.set_value(np.ones((1, 4), np.float32))
    gamma = 0.75 * layer.style_gamma(style) + 0.25 * layer.content_gamma(content)
    wanted = layer.normalize(x, gamma, layer.content_beta(content))
    np.testing.assert_allclose(layer(x, content, style).numpy(), wanted.numpy(), atol=1e-6)


def test_clip_shares_reaches_every_mixing_weight():
    layer = SoftAdaLIN(4)
    layer.content_share_beta.set_value(np.full((1, 4), -0.5, np.float32))
    layer.normalize.instance_share.set_value(np.full((1, 4, 1, 1), 1.5, np.float32))
    clip_shares(layer)
    assert layer.content_share_beta.numpy().tolist() == [[0.0] * 4]
    assert layer.normalize.instance_share.numpy().max() == 1.0
    assert not layer.normalize.instance_share.stop_gradient


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_upsample_repeats_pixels(factor):
    x = tensor(2, 3, 4, 5)
    wanted = x.numpy().repeat(factor, axis=2).repeat(factor, axis=3)
    np.testing.assert_array_equal(upsample_nearest(x, factor).numpy(), wanted)


def test_downsample_is_mean_of_cells():
    x = tensor(2, 3, 4, 6)
    wanted = x.numpy().reshape(2, 3, 2, 2, 3, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(downsample_mean(x).numpy(), wanted, atol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        lambda x: upsample_nearest(x),
        lambda x: downsample_mean(x),
        LIN(4),
        LIN(4, published_sums=True),
        BatchStatisticsNorm(4),
        MirrorConv2D(4, 4),
        ResidualBlock(4),
    ],
    ids=["upsample", "downsample", "lin", "lin_published", "batch_norm", "mirror_conv", "residual"],
)
def test_second_derivative_equals_finite_difference(layer):
    """Of a gradient penalty along one direction, in float64."""
    x, direction = RNG.standard_normal((2, 1, 4, 4, 4))
    if isinstance(layer, paddle.nn.Layer):
        layer.to(dtype="float64")

    def penalty(at: np.ndarray, differentiate: bool):
        point = paddle.to_tensor(at, stop_gradient=False)
        (gradient,) = paddle.grad((layer(point) ** 3).sum(), point, create_graph=True)
        value = (gradient**2).sum()
        return paddle.grad(value, point)[0].numpy() if differentiate else float(value)

    step = 1e-5
    numeric = (penalty(x + step * direction, False) - penalty(x - step * direction, False)) / (2 * step)
    exact = (penalty(x, True) * direction).sum()
    assert exact == pytest.approx(numeric, rel=1e-4)


def test_multi_scale_block_sees_seven_pixels():
    with pytest.raises(ConfigError, match="multiple of 4"):
        MultiScaleBlock(6)
    block = MultiScaleBlock(8)
    for stage in block.stages:
        stage.norm = paddle.nn.Identity()  # its mean would make every pixel see all others
        stage.conv.weight.set_value(stage.conv.weight.abs())  # so that no ReLU hides a pixel
    x = paddle.ones([1, 8, 15, 15])
    x.stop_gradient = False
    (gradient,) = paddle.grad(block(x)[:, :, 7, 7].sum(), x)
    rows = np.flatnonzero(np.abs(gradient.numpy()).sum(axis=(0, 1, 3)))
    assert (rows.min(), rows.max()) == (4, 10)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_hourglass_keeps_shape_and_trains(depth):
    x = tensor(2, 8, 16, 32)
    layer = Hourglass(8, depth=depth)
    out = layer(x)
    assert out.shape == x.shape
    (out**2).mean().backward()
    silent = [name for name, p in layer.named_parameters() if p.grad is None or not np.any(p.grad.numpy())]
    assert silent == []
    assert Hourglass(8, depth=depth, image_channels=1, feed_back=False)(x).shape == [2, 1, 16, 32]


@pytest.mark.parametrize("side", [36, 8])
def test_hourglass_names_the_sizes_it_needs(side):
    with pytest.raises(DataError, match=f"multiples of 8 and at least 16, got {side}x{side}"):
        HourglassCore(8, depth=3)(tensor(1, 8, side, side))


def test_attention_equals_its_definition():
    layer = CAMAttention(4)
    x = tensor(2, 4, 3, 3)
    found = layer(x)
    mean_weight, max_weight = layer.mean_classifier.weight.numpy(), layer.max_classifier.weight.numpy()
    logits = [x.numpy().mean(axis=(2, 3)) @ mean_weight, x.numpy().max(axis=(2, 3)) @ max_weight]
    np.testing.assert_allclose(found.logit.numpy(), np.concatenate(logits, axis=1), atol=1e-5)
    views = np.concatenate([x.numpy() * w.reshape(1, 4, 1, 1) for w in (mean_weight, max_weight)], axis=1)
    joined = np.einsum("oc,nchw->nohw", layer.join.weight.numpy()[:, :, 0, 0], views)
    wanted = np.maximum(joined + layer.join.bias.numpy()[None, :, None, None], 0)
    np.testing.assert_allclose(found.features.numpy(), wanted, atol=1e-5)
    np.testing.assert_allclose(found.heatmap.numpy(), wanted.sum(axis=1, keepdims=True), atol=1e-5)
