"""Progressive growing: fading is continuous, equalized layers and pixel norm are what the paper says."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError
from ppgen.models.pggan import at_level
from ppgen.networks.blocks.equalized import EqualizedConv
from ppgen.networks.pggan import PGGANDiscriminator, PGGANGenerator, pixel_norm

WIDTHS = [8, 8, 6, 4]


def pair(level: float) -> tuple[PGGANGenerator, PGGANDiscriminator]:
    paddle.seed(3)
    networks = PGGANGenerator(7, WIDTHS), PGGANDiscriminator(WIDTHS)
    for network in networks:
        network.set_level(level)
    return networks


@pytest.mark.parametrize(("level", "side"), [(0.0, 4), (0.1, 8), (1.0, 8), (1.5, 16), (3.0, 32)])
def test_side_follows_the_level(level, side):
    generator, discriminator = pair(level)
    images = generator(paddle.randn([4, 7]))
    assert images.shape == [4, 3, side, side]
    assert discriminator(images).shape == [4, 1]
    assert float(generator.generate(100 * paddle.randn([4, 7])).abs().max()) <= 1


def upsampled(array: np.ndarray) -> np.ndarray:
    return array.repeat(2, axis=2).repeat(2, axis=3)


def test_a_fade_begins_where_the_stage_before_ended_and_ends_where_the_next_begins():
    z, real = paddle.randn([4, 7]), paddle.uniform([4, 3, 32, 32], min=-1, max=1)
    found = {}
    for level in (1.0, 1.0001, 1.9999, 2.0):
        generator, discriminator = pair(level)
        seen = at_level(real, level)
        found[level] = (generator(z).numpy(), seen.numpy(), discriminator(seen).numpy())
    start, end = found[1.0], found[2.0]
    for i, wanted in enumerate([upsampled(start[0]), upsampled(start[1]), start[2]]):
        np.testing.assert_allclose(found[1.0001][i], wanted, atol=2e-3)
    for i in range(3):
        np.testing.assert_allclose(found[1.9999][i], end[i], atol=2e-3)
    assert np.abs(end[0] - upsampled(start[0])).max() > 0.1


def test_real_pictures_are_averaged():
    images = paddle.arange(64, dtype="float32").reshape([1, 1, 8, 8])
    small = images.numpy().reshape([1, 1, 4, 2, 4, 2]).mean(axis=(3, 5))
    np.testing.assert_allclose(at_level(images, 0.0).numpy(), small)
    np.testing.assert_allclose(at_level(images, 1.0).numpy(), images.numpy())
    faded = 0.75 * upsampled(small) + 0.25 * images.numpy()
    np.testing.assert_allclose(at_level(images, 0.25).numpy(), faded, rtol=1e-6)


def test_equalized_layers_keep_the_scale():
    """N(0, 1) weights, yet an output as strong as the input, whatever the width."""
    paddle.seed(0)
    for channels in (16, 256):
        layer = EqualizedConv(channels, 64, 3, gain=1.0)
        assert layer.weight.numpy().std() == pytest.approx(1, rel=0.05)
        assert float(layer(paddle.randn([4, channels, 8, 8]))[:, :, 1:-1, 1:-1].std()) == pytest.approx(1, rel=0.1)


def test_pixel_norm_makes_unit_vectors():
    x = pixel_norm(paddle.randn([2, 5, 3, 3]) * 7)
    np.testing.assert_allclose((x.numpy() ** 2).mean(axis=1), 1, rtol=1e-5)


def test_level_travels_with_the_weights():
    generator, _ = pair(1.3)
    other = PGGANGenerator(**generator.constructor_args)
    other.set_state_dict(generator.state_dict())
    z = paddle.randn([2, 7])
    np.testing.assert_array_equal(other(z).numpy(), generator(z).numpy())


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="at least one stage"):
        PGGANGenerator(widths=[])
    with pytest.raises(ConfigError, match="between 0 and 3, got 3.5"):
        pair(1.0)[0].set_level(3.5)
