"""StyleGAN's recipe: growing, mixing within the layers that take part, and its config."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from steps import a_step

from ppgen.config import read_yaml
from ppgen.engine.optimizers import Adam, build_optimizer
from ppgen.engine.schema import faults_of
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError
from ppgen.models.stylegan import StyleGAN
from ppgen.registry import METRICS, MODELS

WIDTHS = {"image_size": 16, "channel_multiplier": 0.01, "channel_max": 12}
GENERATOR = {"name": "StyleGANGenerator", "latent_dim": 8, "mapping_layers": 2, **WIDTHS}
DISCRIMINATOR = {"name": "StyleGANDiscriminator", **WIDTHS}
CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def model(**settings) -> StyleGAN:
    paddle.seed(3)
    return StyleGAN(GENERATOR, DISCRIMINATOR, **{"stable_images": 10, "fade_images": 10, "r1_every": 1, **settings})


def batch(side: int = 16) -> dict:
    rng = np.random.default_rng(8)
    return {"image": rng.uniform(-1, 1, (4, 3, side, side)).astype(np.float32), "id": list("abcd")}


def test_the_phases_and_their_intervals():
    found = {phase.name: (phase.trains, phase.every, phase.lazy) for phase in model(r1_every=16).phases()}
    assert found == {
        "discriminator": (("discriminator",), 1, False),
        "r1": (("discriminator",), 16, True),
        "generator": (("generator",), 1, False),
    }
    assert model().stateful() == {} and list(model(augment="ada").stateful()) == ["augment"]


@pytest.mark.parametrize("augment", ["none", "ada"])
def test_each_stage_and_fade_trains_both_networks(augment):
    recipe = model(augment=augment, **({"ada_start": 0.5} if augment == "ada" else {}))
    optimizers = {name: Adam(1e-3, beta1=0.0).build(trainable([net])) for name, net in recipe.networks.items()}
    for images, level, side, used in [(0, 0, 4, 2), (15, 0.5, 8, 4), (20, 1, 8, 4), (35, 1.5, 16, 6), (99, 2, 16, 6)]:
        step = a_step(images=images)
        for phase in recipe.phases():
            before = [p.numpy().copy() for p in trainable([recipe.networks[phase.trains[0]]])]
            values = run_phase(recipe, phase, batch(), step, optimizers)
            after = [p.numpy() for p in trainable([recipe.networks[phase.trains[0]]])]
            assert all(np.isfinite(value) for value in values.values())
            assert sum(bool(np.any(a != b)) for a, b in zip(before, after)) >= 4
        assert step.state["level"] == level and step.shared["fake"].shape[2] == side
        assert [net.level.item() for net in recipe.networks.values()] == [level, level]
        assert recipe.networks["generator"].used_layers() == used
        assert recipe.predict(batch(), recipe.networks).shape == (4, 3, 16, 16)
        assert recipe.visuals(batch(), recipe.networks)["all"].shape == (1, 3, 8 * side, 8 * side)


def test_what_is_trained_is_the_style_and_the_noise_too():
    recipe = model()
    recipe.generator_loss(batch(), a_step(images=99))["g"].backward()
    named = dict(recipe.networks["generator"].named_parameters())
    silent = [name for name, p in named.items() if p.grad is None or not np.any(p.grad.numpy())]
    assert all(name.startswith(("to_image.0", "to_image.1")) for name in silent), silent  # not in use at the last level


def test_latents_change_within_the_layers_that_take_part(monkeypatch):
    for images, used in ((0, 2), (20, 4), (99, 6)):
        recipe, step = model(mixing=1.0), a_step(images=images)
        recipe.level(step)
        w_plus = recipe.draw_w_plus(64, step).numpy()
        changes = np.abs(np.diff(w_plus, axis=1)).max(axis=2) > 1e-6
        assert changes.sum(axis=1).tolist() == [1] * 64
        assert set(np.flatnonzero(changes.any(axis=0))) == set(range(used - 1))
        monkeypatch.setattr(recipe.networks["generator"], "synthesize", lambda _, noise: noise)
        given = recipe.synthesize(paddle.to_tensor(w_plus), step)
        assert [part is None for part in given] == [False] * used + [True] * (6 - used)
    recipe = model(mixing=0.0)
    assert np.abs(np.diff(recipe.draw_w_plus(8, a_step(images=0)).numpy(), axis=1)).max() == 0


def test_the_discriminator_sees_real_pictures_of_the_level_and_r1_is_half_gamma_times_the_slope():
    recipe, step = model(r1_weight=6.0), a_step(images=0)
    small = batch()["image"].reshape(4, 3, 4, 4, 4, 4).mean(axis=(3, 5))
    np.testing.assert_allclose(recipe.real(batch(), step).numpy(), small, atol=1e-6)
    found = float(recipe.r1(batch(), a_step(images=0))["r1"])
    real = paddle.to_tensor(small)
    real.stop_gradient = False
    (slope,) = paddle.grad(recipe.networks["discriminator"](real).sum(), real)
    assert found == pytest.approx(3.0 * float(slope.square().sum()) / 4, rel=1e-4)


def test_the_mean_latent_is_tracked():
    recipe = model()
    drawn = a_step(images=0)
    recipe.generator_loss(batch(), drawn)
    recipe.follow_latents([(batch(), drawn)])
    mean = recipe.networks["generator"].mean_latent.numpy()
    step = a_step(images=0)
    z = paddle.concat([step.normal(4, 8), step.normal(4, 8)])
    np.testing.assert_allclose(mean, recipe.networks["generator"].map(z).mean(axis=0).numpy(), atol=1e-6)


def test_inside_a_fade_a_fresh_model_takes_the_same_step():
    first, second = model(), model()
    first.discriminator_loss(batch(), a_step(images=0))  # the first has been elsewhere before
    losses = [float(m.discriminator_loss(batch(), a_step(images=17))["d"]) for m in (first, second)]
    assert losses[0] == losses[1]


class Squares:
    """Pictures of one bright square."""

    groups = ["all"] * 12

    def __len__(self):
        return 12

    def sample(self, index, rng=None):
        image = np.full((3, 8, 8), -0.5, np.float32)
        image[:, index % 4 : index % 4 + 4, 2:6] = 0.8
        return {"image": image, "id": str(index)}


@pytest.mark.slow
def test_it_learns_where_the_light_is_while_it_grows(tmp_path):
    """The mean of the made pictures comes near the mean of the real ones."""
    paddle.seed(3)
    schedule = {"stable_images": 200, "fade_images": 200, "r1_weight": 1.0, "r1_every": 4}
    recipe = StyleGAN({**GENERATOR, "image_size": 8}, {**DISCRIMINATOR, "image_size": 8}, **schedule)
    adam_config = {"name": "Adam", "learning_rate": 0.003, "beta1": 0.0, "beta2": 0.99}
    config = {
        "seed": 5, "total_iters": 250, "optimizer": {name: adam_config for name in recipe.networks},
        "ema": {"networks": ["generator"], "half_life": 8}, "loader": {"batch_size": 4},
        "log": {"interval": 50, "visual_interval": 1000}, "checkpoint": {"interval": 1000},
    }  # fmt: skip
    real = np.stack([Squares().sample(i)["image"] for i in range(12)]).mean(axis=0)
    ids = {"id": [str(i) for i in range(64)]}

    def distance() -> float:
        return float(np.abs(recipe.predict(ids, recipe.networks).mean(axis=0) - real).mean())

    before = distance()
    Trainer(recipe, TrainingConfig.of(config), tmp_path, Squares()).run()
    after = distance()
    assert recipe.networks["generator"].level.item() == 1 and after < 0.6 * before, (before, after)


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="stable_images: expected a whole number or 3 of them"):
        model(stable_images=[1, 2])
    with pytest.raises(ConfigError, match="the same size, found"):
        StyleGAN(GENERATOR, {**DISCRIMINATOR, "image_size": 32})
    with pytest.raises(ConfigError, match="model.generator: a StyleGAN2Generator does not grow"):
        StyleGAN({**GENERATOR, "name": "StyleGAN2Generator"}, DISCRIMINATOR)
    with pytest.raises(ConfigError, match="model.discriminator: a StyleGAN2Discriminator does not grow"):
        StyleGAN(GENERATOR, {**DISCRIMINATOR, "name": "StyleGAN2Discriminator"})
    with pytest.raises(ConfigError, match="model.augment"):
        model(augment="much")


@pytest.mark.parametrize("name", ["stylegan_faces64", "stylegan_portraits_64"])
def test_the_config_is_valid_grows_within_its_training_and_takes_a_step(name):
    config = read_yaml(CONFIGS / f"{name}.yaml")
    assert faults_of(config) == []
    side = config["dataset"]["train"]["size"]
    METRICS.build(config["validate"]["metric"])
    images = sum(config["model"]["stable_images"] + config["model"]["fade_images"])
    assert images == config["total_iters"] * config["loader"]["batch_size"]
    recipe = MODELS.build(config["model"])
    optimizers = {k: build_optimizer(v, trainable([recipe.networks[k]])) for k, v in config["optimizer"].items()}
    step = a_step(images=0)
    for phase in recipe.phases():
        assert all(np.isfinite(value) for value in run_phase(recipe, phase, batch(side), step, optimizers).values())
    assert step.shared["fake"].shape == [4, 3, 8, 8]
