"""Every shipped config of the GAN family names parts that exist and can be built, with sizes that fit together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from ppgen.config import read_yaml
from ppgen.engine.optimizers import build_optimizer
from ppgen.engine.schema import faults_of
from ppgen.engine.update import run_phase, trainable
from ppgen.models.base import Step
from ppgen.registry import DATASETS, METRICS, MODELS

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NAMES = (
    "vae_mnist vae_faces64 gan_mnist dcgan_mnist dcgan_faces64 cond_dcgan_mnist lsgan_mnist lsgan_faces64 wgan_mnist "
    "wgan_faces64 wgan_gp_faces64 pggan_faces64 pggan_nobody64"
).split()


@pytest.mark.parametrize("name", NAMES)
def test_is_valid_and_takes_a_step(name):
    config = read_yaml(CONFIGS / f"{name}.yaml")
    assert faults_of(config) == []
    dataset = config["dataset"]
    paddle.seed(1)
    model = MODELS.build(config["model"])
    side = dataset["train"]["size"]
    batch = {
        "image": np.random.default_rng(0)
        .uniform(-1, 1, (4, 1 if name.endswith("mnist") else 3, side, side))
        .astype("float32"),
        "label": np.arange(4),
        "id": list("abcd"),
    }
    optimizers = {k: build_optimizer(v, trainable([model.networks[k]])) for k, v in config["optimizer"].items()}
    step = Step(0, np.random.default_rng(1), np.random.default_rng(2))
    for phase in model.phases():
        assert all(np.isfinite(value) for value in run_phase(model, phase, batch, step, optimizers).values())
    if "validate" in config:
        METRICS.build(config["validate"]["metric"])
        assert config["validate"].get("network", "generator") in model.networks
        assert model.predict(batch, model.networks).shape == batch["image"].shape


@pytest.mark.parametrize("name", ["dcgan_faces64", "pggan_faces64", "vae_faces64"])
def test_faces_are_found_and_fit(name, shared, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(shared("faces128").parent))
    config = read_yaml(CONFIGS / f"{name}.yaml")
    train, validation = (DATASETS.build(config["dataset"][part]) for part in ("train", "validation"))
    assert len(train) > 500 and len(validation) > 50 and not set(train.ids) & set(validation.ids)
    assert train.sample(0)["image"].shape == (3, 64, 64)


def test_the_comparison_is_fair():
    """DCGAN, LSGAN, WGAN and WGAN-GP see as many images with networks of one size."""
    found = [read_yaml(CONFIGS / f"{name}_faces64.yaml") for name in ("dcgan", "lsgan", "wgan", "wgan_gp")]
    assert len({(c["total_iters"], c["loader"]["batch_size"]) for c in found}) == 1
    assert all(c["model"]["generator"] == found[0]["model"]["generator"] for c in found)
    assert len({c["model"]["discriminator"]["base_channels"] for c in found}) == 1


@pytest.mark.parametrize("name", ["wgan_mnist", "wgan_faces64"])
def test_wgan_learns_from_the_small_gradients_of_a_clipped_critic(name):
    """Paddle's RMSProp adds its epsilon inside the root; at its default such a weight would hardly move."""
    for network, entry in read_yaml(CONFIGS / f"{name}.yaml")["optimizer"].items():
        weight = paddle.create_parameter([1], "float32", default_initializer=paddle.nn.initializer.Constant(0.0))
        optimizer = build_optimizer(entry, [weight])
        moved = []
        for _ in range(60):
            before = weight.item()
            (weight * 5e-5).sum().backward()
            optimizer.step()
            optimizer.clear_grad()
            moved.append(before - weight.item())
        assert moved[-1] == pytest.approx(entry["learning_rate"], rel=0.1), network


def test_growing_ends_with_the_training():
    config = read_yaml(CONFIGS / "pggan_faces64.yaml")
    images = sum(config["model"]["stable_images"] + config["model"]["fade_images"])
    assert images == config["total_iters"] * config["loader"]["batch_size"]
