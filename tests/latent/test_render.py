"""Latents to pictures and pictures to codes, batch by batch."""

import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.image import to_uint8
from ppgen.latent.render import (
    batch_of,
    check_labels,
    check_latents,
    draw,
    encode,
    encode_all,
    generator_of,
)
from ppgen.networks.dcgan import DCGANGenerator
from ppgen.networks.pggan import PGGANGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from ppgen.networks.vae import ConvVAE


@pytest.fixture(scope="module")
def vae() -> ConvVAE:
    paddle.seed(3)
    network = ConvVAE(3, 16, 1, [4, 8])
    network.eval()
    return network


@pytest.fixture
def z() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((5, 3), dtype=np.float32)


def test_draw_does_not_depend_on_batches(vae, z):
    whole = draw(vae.generate, z)
    assert whole.shape == (5, 16, 16, 3) and whole.dtype == np.uint8
    assert (whole[..., 0] == whole[..., 2]).all()
    direct = to_uint8(vae.generate(paddle.to_tensor(z)).numpy())
    assert np.abs(whole[..., :1].astype(int) - direct).max() <= 1
    assert np.abs(draw(vae.generate, z, batch=2).astype(int) - whole).max() <= 1
    with pytest.raises(DataError, match="nothing to draw"):
        draw(vae.generate, z[:0])


def test_labels_go_along():
    network = DCGANGenerator(3, 3, 4, 8, classes=4)
    network.eval()
    z = np.zeros((4, 3), np.float32)
    pictures = draw(network.generate, z, check_labels([0, 1, 2, 2], 4, 4), batch=2)
    assert (pictures[2] == pictures[3]).all() and (pictures[0] != pictures[1]).any()


def test_labels_that_do_not_fit():
    assert check_labels(None, 3, None) is None
    assert check_labels(2, 3, 4).tolist() == [2, 2, 2]
    for labels, classes, words in (
        (1, None, "without classes"), (None, 4, "give a label, 0 to 3"), ([1, 2], 4, "one or 3"), (4, 4, "0 to 3"),
        (-1, 4, "0 to 3"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            check_labels(labels, 3, classes)


def test_latents_that_do_not_fit():
    assert check_latents(np.zeros(3), 3).shape == (1, 3)
    for bad in (np.zeros((2, 4)), np.full((1, 3), np.nan), np.zeros((1, 1, 3))):
        with pytest.raises(DataError, match=r"\(n, 3\)"):
            check_latents(bad, 3)


def test_truncation_only_where_there_is_a_mean(vae, z):
    with pytest.raises(ConfigError, match="no mean latent"):
        generator_of(vae, "x", 0.5)
    with pytest.raises(WeightsError, match="holds a Linear"):
        generator_of(paddle.nn.Linear(1, 1), "x")
    network = StyleGAN2Generator(8, 3, 2, 0.01, 8)
    network.eval()
    mean = draw(generator_of(network, "x", 0.0), z)
    assert np.abs(mean[1:].astype(int) - mean[0]).max() <= 1
    assert np.abs(draw(generator_of(network, "x"), z)[1:].astype(int) - mean[0]).max() > 1


def test_encode_equals_the_network(vae):
    images = np.random.default_rng(1).uniform(-1, 1, (40, 1, 16, 16)).astype(np.float32)
    codes = encode(vae, images)
    with paddle.no_grad():
        direct = vae.encode(paddle.to_tensor(images))
    np.testing.assert_allclose(codes.mu, direct.mu.numpy(), atol=1e-5)
    np.testing.assert_allclose(codes.log_variance, direct.log_variance.numpy(), atol=1e-5)

    class Dataset:
        def __len__(self):
            return len(images)

        def sample(self, index, rng=None):
            assert rng is None  # evaluation: nothing is flipped
            return {"image": images[index]}

    np.testing.assert_allclose(encode_all(vae, Dataset()).mu, codes.mu, atol=1e-5)
    with pytest.raises(WeightsError, match="cannot find the latent"):
        encode(DCGANGenerator(3, 3, 4, 8), images)


def test_large_pictures_come_in_smaller_batches(vae):
    assert batch_of(PGGANGenerator(3, [2] * 9)) < batch_of(vae)
