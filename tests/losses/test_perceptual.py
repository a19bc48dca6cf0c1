"""Distances of features, of pixels at several scales, and of noise from itself."""

import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError
from ppgen.losses.perceptual import (
    FacePerception,
    feature_distance,
    noise_correlation,
    pyramid_mse,
    scaled_to,
)
from ppgen.networks.face_id import FaceID


def pictures(count: int = 2, side: int = 16, seed: int = 0):
    return paddle.to_tensor(np.random.default_rng(seed).uniform(-1, 1, (count, 3, side, side)).astype(np.float32))


def test_scaling_uses_every_pixel_and_keeps_constants():
    x = pictures(side=320)
    x.stop_gradient = False
    small = scaled_to(x, 150)
    assert small.shape == [2, 3, 150, 150]
    small.sum().backward()
    assert float((x.grad != 0).astype("float32").mean()) > 0.99
    np.testing.assert_allclose(scaled_to(paddle.full([1, 3, 64, 64], 0.3), 150).numpy(), 0.3, atol=1e-6)
    assert scaled_to(x, 320) is x


def test_pyramid_of_a_constant_difference_and_of_fine_noise():
    a = pictures()
    np.testing.assert_allclose(pyramid_mse(a, a + 0.5).numpy(), 0.25, rtol=1e-5)
    chequers = paddle.to_tensor(np.indices((16, 16)).sum(axis=0) % 2 * 2.0 - 1).astype("float32").expand([2, 3, 16, 16])
    np.testing.assert_allclose(pyramid_mse(a, a + chequers).numpy(), 1 / 3, rtol=1e-4)  # seen at the finest of 3 scales


def test_noise_that_repeats_is_found_at_every_scale():
    rng = np.random.default_rng(0)
    free = rng.standard_normal((1, 1, 32, 32)).astype(np.float32)
    coarse = np.repeat(np.repeat(rng.standard_normal((1, 1, 8, 8)), 4, 2), 4, 3).astype(np.float32)
    both = noise_correlation([paddle.to_tensor(np.concatenate([free, coarse]))]).numpy()
    assert both.shape == (2,) and both[1] > 20 * both[0]
    flat = noise_correlation([paddle.ones([1, 1, 8, 8])])
    np.testing.assert_allclose(flat.numpy(), 2.0, rtol=1e-6)  # fully like itself, both ways


def test_features_of_a_face_have_unit_length_and_gradients():
    paddle.seed(0)
    network = FaceID()
    network.eval()
    perception = FacePerception(network, (0.25, 0.25, 0.75, 0.75), ["side17", "side8"], identity=4.0)
    x = pictures(side=32)
    x.stop_gradient = False
    found = perception.features(x)
    assert [list(f.shape) for f in found] == [[2, 64, 17, 17], [2, 128, 8, 8], [2, 128, 1, 1]]
    np.testing.assert_allclose(found[0].square().sum(axis=1).numpy(), 1.0, atol=1e-3)
    np.testing.assert_allclose(found[2].square().sum(axis=1).numpy(), 4.0, atol=1e-2)
    wanted = perception.features(pictures(side=32, seed=1))
    distance = feature_distance(found, [w.detach() for w in wanted])
    assert distance.shape == [2] and float(distance.min()) > 0
    np.testing.assert_allclose(feature_distance(found, found).numpy(), 0.0, atol=1e-7)
    distance.sum().backward()
    gradient = np.abs(x.grad.numpy()).sum(axis=1)
    assert (gradient[:, 8:24, 8:24] > 0).all() and not gradient[:, :8].any()  # inside the box only
    small = FacePerception(network, depths=["side17"], identity=0.0, side=64).features(x)
    assert [list(f.shape) for f in small] == [[2, 64, 7, 7]]
    with pytest.raises(ConfigError, match="left < right"):
        FacePerception(network, (0.5, 0, 0.5, 1))
