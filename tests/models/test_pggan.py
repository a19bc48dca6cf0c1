"""Progressive growing: the schedule, and a run that is resumed inside a fade."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from steps import a_step

from ppgen.engine.optimizers import Adam
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError
from ppgen.models.pggan import ProgressiveGAN, level_at

WIDTHS = [6, 5, 4]
NETWORKS = {
    "generator": {"name": "PGGANGenerator", "latent_dim": 5, "widths": WIDTHS},
    "discriminator": {"name": "PGGANDiscriminator", "widths": WIDTHS},
}


@pytest.fixture
def batch() -> dict:
    rng = np.random.default_rng(0)
    return {"image": rng.uniform(-1, 1, (4, 3, 16, 16)).astype(np.float32), "id": list("abcd")}


def test_schedule():
    levels = [level_at(images, [100, 50, 10], [40, 20]) for images in (0, 99, 100, 120, 140, 189, 190, 195, 210, 10**6)]
    assert levels == [0, 0, 0, 0.5, 1, 1, 1, 1.25, 2, 2]
    assert level_at(7, [0, 0], [0]) == 1 and level_at(5, [9], []) == 0


def test_each_stage_and_fade_trains_both_networks(batch):
    paddle.seed(1)
    model = ProgressiveGAN(**NETWORKS, stable_images=10, fade_images=10)
    optimizers = {name: Adam(1e-3, beta1=0.0).build(trainable([net])) for name, net in model.networks.items()}
    for index, (images, level, side) in enumerate([(0, 0, 4), (15, 0.5, 8), (20, 1, 8), (35, 1.5, 16), (99, 2, 16)]):
        step = a_step(index, images)
        for phase in model.phases():
            before = [p.numpy().copy() for p in trainable([model.networks[phase.trains[0]]])]
            values = run_phase(model, phase, batch, step, optimizers)
            after = [p.numpy() for p in trainable([model.networks[phase.trains[0]]])]
            assert all(np.isfinite(value) for value in values.values())
            assert sum(bool(np.any(a != b)) for a, b in zip(before, after)) >= 6
        assert step.state["level"] == level and step.shared["fake"].shape[2] == side
        assert [net.level.item() for net in model.networks.values()] == [level, level]
        assert model.predict(batch, model.networks).shape == (4, 3, 16, 16)
        assert model.visuals(batch, model.networks)["drawn"].shape == (1, 3, 128, 128)


def test_inside_a_fade_a_fresh_model_takes_the_same_step(batch):
    """Nothing but weights is needed: the level comes from the number of images."""
    paddle.seed(1)
    first = ProgressiveGAN(**NETWORKS, stable_images=10, fade_images=10)
    second = ProgressiveGAN(**NETWORKS, stable_images=10, fade_images=10)
    for name, network in first.networks.items():
        second.networks[name].set_state_dict(network.state_dict())
    first.discriminator_loss(batch, a_step(0, 0))  # the first has been elsewhere before
    losses = [{k: float(v) for k, v in m.discriminator_loss(batch, a_step(3, 17)).items()} for m in (first, second)]
    assert losses[0] == losses[1] and set(losses[0]) == {"d", "penalty", "drift"}


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="stable_images: expected a whole number or 3 of them"):
        ProgressiveGAN(**NETWORKS, stable_images=[1, 2])
    with pytest.raises(ConfigError, match="generator.image_size: 16 and discriminator.image_size: 8"):
        ProgressiveGAN(NETWORKS["generator"], {"name": "PGGANDiscriminator", "widths": [4, 4]})
