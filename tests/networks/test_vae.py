"""The convolutional VAE and the MLPs: shapes, ranges, and every weight learns."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError
from ppgen.networks.mlp_gan import MLPDiscriminator, MLPGenerator
from ppgen.networks.vae import ConvVAE, Posterior


@pytest.mark.parametrize(
    "arguments",
    [
        {"latent_dim": 2, "image_size": 28, "channels": 1, "widths": [4, 8], "batch_norm": False},
        {"latent_dim": 9, "image_size": 32, "widths": [4, 4, 8]},
    ],
)
def test_encode_decode_generate(arguments):
    paddle.seed(1)
    network = ConvVAE(**arguments)
    channels, size = network.constructor_args["channels"], network.constructor_args["image_size"]
    images = paddle.uniform([3, channels, size, size], min=-1, max=1)
    mu, log_variance = network.encode(images)
    assert mu.shape == log_variance.shape == [3, network.latent_dim]
    found = network(images, paddle.randn([3, network.latent_dim]))
    assert found.logits.shape == images.shape
    (found.logits.square().mean() + found.posterior.mu.sum() + found.posterior.log_variance.sum()).backward()
    trained = {name: p.grad for name, p in network.named_parameters() if p.trainable}
    assert [name for name, gradient in trained.items() if gradient is None or not np.any(gradient.numpy())] == []
    network.eval()
    pictures = network.generate(50 * paddle.randn([2, network.latent_dim]))
    assert pictures.shape == [2, channels, size, size] and float(pictures.abs().max()) <= 1
    z = paddle.randn([2, network.latent_dim])
    np.testing.assert_allclose(network.decode(z).numpy(), np.tanh(network.decode_logits(z).numpy() / 2), atol=1e-5)


def test_posterior_draws_with_its_own_width():
    posterior = Posterior(paddle.full([50_000, 1], 0.5), paddle.full([50_000, 1], np.log(0.04)))
    z = posterior.draw(paddle.to_tensor(np.random.default_rng(0).standard_normal((50_000, 1), dtype=np.float32)))
    assert float(z.mean()) == pytest.approx(0.5, abs=0.005) and float(z.std()) == pytest.approx(0.2, rel=0.02)
    np.testing.assert_array_equal(posterior.draw(paddle.zeros([50_000, 1])).numpy(), posterior.mu.numpy())


def test_size_that_cannot_be_halved():
    with pytest.raises(ConfigError, match="multiple of 8 with 3 widths"):
        ConvVAE(image_size=28, widths=[4, 4, 4])


def test_perceptrons():
    generator, discriminator = MLPGenerator(5, 8, 1, 16), MLPDiscriminator(8, 1, 16)
    images = generator.generate(paddle.randn([3, 5]))
    assert images.shape == [3, 1, 8, 8] and float(images.abs().max()) <= 1
    assert discriminator(images).shape == [3, 1]
    verdicts = [discriminator(images).numpy() for _ in range(2)]
    assert np.abs(verdicts[0] - verdicts[1]).max() > 0  # dropout while training
    discriminator.eval()
    np.testing.assert_array_equal(discriminator(images).numpy(), discriminator(images).numpy())
