"""Projection finds a latent again; what may move moves, and nothing else."""

import numpy as np
import paddle
import pytest
import style_networks

from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.latent.project import Settings, project
from ppgen.latent.seeds import latents
from ppgen.networks.stylegan_generator import StyleGANGenerator

FAST = {"perceptual_weight": 0.0, "rate": 0.1, "noise_weight": None}


@pytest.fixture(scope="module")
def network():
    return style_networks.tiny()


@pytest.fixture(scope="module")
def targets(network) -> np.ndarray:
    with paddle.no_grad():
        return network.generate(paddle.to_tensor(latents(3, 2, 8)), truncation=0.7).numpy()


def error(network, w_plus: np.ndarray, targets: np.ndarray) -> float:
    with paddle.no_grad():
        return float(np.square(network.synthesize(paddle.to_tensor(w_plus)).numpy() - targets).mean())


def test_w_comes_closer_than_the_mean_and_w_plus_closer_still(network, targets):
    mean = np.tile(network.mean_of_latents().numpy(), (2, network.count, 1))
    outside = np.random.default_rng(2).standard_normal(mean.shape).astype(np.float32)  # no w draws these
    with paddle.no_grad():
        outside = network.synthesize(paddle.to_tensor(outside)).numpy()
    w = project(network, targets, Settings(space="w", steps=60, **FAST))
    assert error(network, w.w_plus, targets) < 0.2 * error(network, mean, targets)
    w, plus = (project(network, outside, Settings(space=space, steps=60, **FAST)) for space in ("w", "w+"))
    assert w.w_plus.shape == (2, network.count, 8) and (w.w_plus == w.w_plus[:, :1]).all()
    assert (plus.w_plus != plus.w_plus[:, :1]).any()
    one = project(network, outside, Settings(space="w", steps=1, **FAST), start=plus.w_plus)
    assert (one.w_plus == one.w_plus[:, :1]).all()  # as an encoder's answer is
    errors = [error(network, x, outside) for x in (mean, w.w_plus, plus.w_plus)]
    assert errors[2] < 0.6 * errors[1] < 0.6 * errors[0], errors
    assert w.pictures.shape == (2, 16, 16, 3) and w.pictures.dtype == np.uint8 and w.noise is None
    assert w.history[0]["step"] == 0 and w.history[-1]["step"] == 59
    assert w.history[-1]["loss"] < w.history[0]["loss"]


def test_the_same_seed_finds_the_same_and_pictures_do_not_meddle(network, targets):
    settings = Settings(steps=5, perceptual_weight=0, jitter=0.0, noise_weight=None)
    both = project(network, targets, settings)
    np.testing.assert_array_equal(both.w_plus, project(network, targets, settings).w_plus)
    alone = project(network, targets[1:], settings)
    np.testing.assert_allclose(both.part(1).w_plus, alone.w_plus, atol=1e-4)
    assert both.part(1).pictures.shape == (1, 16, 16, 3)


def test_only_the_levels_asked_for_move(network, targets):
    start = np.random.default_rng(0).standard_normal((1, network.count, 8)).astype(np.float32)
    settings = Settings(steps=3, levels=(1, 4), **FAST)
    found = project(network, targets, settings, start=start).w_plus
    moved = (found != start).any(axis=(0, 2))
    assert moved.tolist() == [False, True, False, False, True, False]
    with pytest.raises(ConfigError, match="0 to 5"):
        project(network, targets, Settings(levels=(0, 9), **FAST))


def test_a_start_begins_with_the_stored_noise(network, targets):
    start = np.random.default_rng(0).standard_normal((2, network.count, 8)).astype(np.float32)
    with paddle.no_grad():
        drawn = network.synthesize(paddle.to_tensor(start)).numpy()
    settings = Settings(steps=1, perceptual_weight=0)  # jitter and noise as they are unless said otherwise
    begun = project(network, drawn, settings, start=start).history[0]["loss"]
    assert begun < 1e-10 < project(network, drawn, settings).history[0]["loss"]
    noise = [np.random.default_rng(1).standard_normal((1, *shape), "f4") for shape in network.noise_shapes()]
    with paddle.no_grad():
        drawn = network.synthesize(paddle.to_tensor(start), [paddle.to_tensor(maps) for maps in noise]).numpy()
    assert project(network, drawn, settings, start=start).history[0]["loss"] > 1e-6
    assert project(network, drawn, settings, start=start, noise=noise).history[0]["loss"] < 1e-10


def test_fitted_noise_stays_normal(network, targets):
    found = project(network, targets, Settings(steps=4, perceptual_weight=0))
    assert [n.shape for n in found.noise] == [(2, *shape) for shape in network.noise_shapes()]
    for maps in found.noise:
        np.testing.assert_allclose(maps.mean(axis=(1, 2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(maps.std(axis=(1, 2, 3)), 1, atol=1e-3)
    assert [n.shape[0] for n in found.part(0).noise] == [1] * 5


def test_features_take_part(network, targets):
    calls = []

    def features(pictures):
        calls.append(pictures.shape[0])
        return [pictures.mean(axis=[2, 3], keepdim=True)]

    found = project(network, targets, Settings(steps=2, pixel_weight=0, noise_weight=None), features)
    assert calls == [2, 2, 2] and found.history[-1]["features"] > 0  # once for the targets, once a step


def test_rates():
    ramped, falling = Settings(steps=100, rate=0.1), Settings(steps=100, rate=0.1, final_rate=0.025)
    assert ramped.rate_at(0) == pytest.approx(0.02) and ramped.rate_at(50) == pytest.approx(0.1)
    assert ramped.rate_at(99) < 0.001
    assert falling.rate_at(0) == pytest.approx(0.1) and falling.rate_at(100) == pytest.approx(0.025)


def test_what_cannot_be_projected(network, targets):
    with pytest.raises(DataError, match=r"\(N, 3, 16, 16\)"):
        project(network, targets[:, :, :8])
    with pytest.raises(DataError, match="finite"):
        project(network, targets * np.nan)
    for wrong in ({"space": "z"}, {"steps": 0}, {"pixel_weight": 0, "perceptual_weight": 0}):
        with pytest.raises(ConfigError):
            Settings(**wrong)
    with pytest.raises(ConfigError, match="rate: expected a finite number, found nan"):
        Settings(rate=float("nan"))


def test_a_generator_that_still_grows_is_refused():
    growing = StyleGANGenerator(16, 8, 2, 0.01, 12)
    growing.eval()
    pictures = np.zeros((1, 3, 16, 16), np.float32)
    growing.set_level(0.5)
    with pytest.raises(WeightsError, match="still grows: it draws 8 pixels of 16; project into a finished one"):
        project(growing, pictures, Settings(steps=1, **FAST))
    growing.set_level(1.5)  # fading in, at its last size
    assert project(growing, pictures, Settings(steps=1, **FAST)).pictures.shape == (1, 16, 16, 3)
