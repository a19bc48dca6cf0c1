"""Penalties: values and gradients against finite differences, on toys and on StyleGAN2's own networks."""

from __future__ import annotations

import json

import numpy as np
import paddle
import pytest

from ppgen.io.weights import load_into
from ppgen.losses.penalties import (
    MeanPathLength,
    gradient_penalty,
    path_length_penalty,
    path_lengths,
    r1_penalty,
)
from ppgen.networks.stylegan2_discriminator import StyleGAN2Discriminator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from tests import goldens

RNG = np.random.default_rng(2)
LOSSES = json.loads((goldens.DATA / "losses.json").read_text())
WIDTHS = {"image_size": 8, "channel_multiplier": 0.005, "channel_max": 10}


def tensor(*shape: int):
    return paddle.to_tensor(RNG.standard_normal(shape))


@pytest.fixture
def critic():
    """A small smooth critic, and its parameters, in float64."""
    paddle.seed(5)
    net = paddle.nn.Sequential(
        paddle.nn.Conv2D(3, 6, 3, padding=1), paddle.nn.Tanh(), paddle.nn.Flatten(), paddle.nn.Linear(96, 1)
    )
    net = paddle.nn.Sequential(net[0], net[1])
    head = paddle.nn.Linear(96, 1)
    layer = paddle.nn.LayerList([net, head])
    layer.to(dtype="float64")
    return lambda x: head(net(x).reshape([x.shape[0], -1])), layer


def numeric_gradient(score, x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """d sum(score(x)) / dx by central differences."""
    found = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            found[place] += sign * float(score(paddle.to_tensor(moved)).sum()) / (2 * step)
    return found


def assert_gradient_fits(value, parameters, step: float = 1e-6, tolerance: float = 1e-3):
    """The derivative of value() along a random direction in the parameters' space, against its difference."""
    exact = paddle.grad(value(), parameters, allow_unused=True)
    directions = [RNG.standard_normal(p.shape) for p in parameters]
    slope = sum(float((g.numpy() * d).sum()) for g, d in zip(exact, directions) if g is not None)
    ends = []
    for sign in (1, -1):
        for p, d in zip(parameters, directions):
            p.set_value(p.numpy() + sign * step * d)
        ends.append(float(value()))
        for p, d in zip(parameters, directions):
            p.set_value(p.numpy() - sign * step * d)
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=tolerance)
    assert slope != 0


@pytest.mark.parametrize("one_sided", [False, True])
def test_gradient_penalty_measures_each_sample_over_all_its_pixels_and_channels(critic, one_sided):
    score, layer = critic
    real, fake, mix = tensor(2, 3, 4, 4), tensor(2, 3, 4, 4), paddle.to_tensor(np.array([0.2, 0.7]))
    share = mix.numpy().reshape(2, 1, 1, 1)
    slope = numeric_gradient(score, share * real.numpy() + (1 - share) * fake.numpy())
    norms = np.sqrt((slope**2).sum(axis=(1, 2, 3)))
    center = float(norms.mean())  # one sample above, one below
    excess = np.maximum(norms - center, 0) if one_sided else norms - center
    value = lambda: gradient_penalty(score, real, fake, mix.reshape([2, 1, 1, 1]), center, one_sided)  # noqa: E731
    assert float(value()) == pytest.approx((excess**2).mean(), rel=1e-3)
    assert_gradient_fits(value, layer.parameters())


def test_gradient_penalty_survives_a_critic_that_ignores_its_input():
    images = tensor(2, 3, 4, 4)
    weight = paddle.zeros([1], "float64")
    weight.stop_gradient = False
    value = gradient_penalty(
        lambda x: (x * weight).sum(axis=[1, 2, 3]), images, images, paddle.zeros([2, 1, 1, 1], "float64")
    )
    (gradient,) = paddle.grad(value, weight)
    assert float(value) == pytest.approx(1, abs=1e-5) and np.isfinite(gradient.numpy()).all()


def test_r1_of_the_discriminator():
    """Value and gradient of R1 through residual blocks and minibatch deviation."""
    paddle.seed(6)
    network = StyleGAN2Discriminator(**WIDTHS, stddev_group=2)
    network.to(dtype="float64")
    real = tensor(2, 3, 8, 8)
    real.stop_gradient = False
    slope = numeric_gradient(network, real.numpy())
    value = lambda: r1_penalty(network(real), real)  # noqa: E731
    assert float(value()) == pytest.approx((slope**2).sum() / 2, rel=1e-3)
    assert_gradient_fits(value, network.parameters())


def test_path_lengths_of_the_generator():
    """|J^T y| and its gradient, through modulation, demodulation and upsampling."""
    paddle.seed(7)
    network = StyleGAN2Generator(latent_dim=6, mapping_layers=2, **WIDTHS)
    network.to(dtype="float64")
    noise, w = tensor(2, 3, 8, 8), RNG.standard_normal((2, network.count, 6))
    w_plus = paddle.to_tensor(w, stop_gradient=False)
    slope = numeric_gradient(lambda at: network.synthesize(at) * noise / 8, w)
    wanted = np.sqrt((slope**2).sum(axis=2).mean(axis=1))
    found = path_lengths(network.synthesize(w_plus), w_plus, noise)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-3)

    def value():
        return (path_lengths(network.synthesize(w_plus), w_plus, noise) - 0.3).square().mean()

    assert_gradient_fits(value, network.parameters())


def test_path_length_penalty_pulls_towards_a_running_mean_that_a_checkpoint_keeps():
    running, lengths = MeanPathLength(decay=0.1), paddle.to_tensor([1.0, 3.0])
    moved = running.moved_by(2.0)
    assert running.mean == 0 and moved == pytest.approx(0.2)  # a question changes nothing
    assert float(path_length_penalty(lengths, moved)) == pytest.approx(((1 - 0.2) ** 2 + (3 - 0.2) ** 2) / 2)
    running.mean = moved
    other = MeanPathLength(decay=0.1)
    other.restore(running.arrays())
    assert other.moved_by(4.0) == running.moved_by(4.0) == pytest.approx(0.58)


@pytest.mark.slow
def test_r1_and_path_length_equal_the_published_ones():
    discriminator = StyleGAN2Discriminator(64)
    load_into(discriminator, goldens.filled(goldens.manifest("stylegan2_disc_64"), "equalized"))
    real = paddle.to_tensor(goldens.image("r1", (4, 3, 64, 64)), stop_gradient=False)
    assert float(r1_penalty(discriminator(real), real)) == pytest.approx(LOSSES["r1"]["value"], rel=1e-3)

    generator = StyleGAN2Generator(64)
    load_into(generator, goldens.filled(goldens.manifest("stylegan2_gen_64"), "equalized"))
    vector = goldens.fill_rule.vector_input
    w_plus = generator.spread(generator.map(paddle.to_tensor(vector("ppl:z", (2, 512))))).detach()
    w_plus.stop_gradient = False
    noise = paddle.to_tensor(vector("ppl:noise", (2, 3, 64, 64)))
    lengths = path_lengths(generator.synthesize(w_plus), w_plus, noise)
    wanted = LOSSES["ppl_unpatched"]
    assert float(lengths.mean()) == pytest.approx(wanted["path_length_mean"], rel=1e-3)
    mean = MeanPathLength().moved_by(float(lengths.mean()))
    assert float(path_length_penalty(lengths, mean)) == pytest.approx(wanted["penalty"], rel=1e-3)
    assert mean == pytest.approx(wanted["path_mean_new"], rel=1e-3)
