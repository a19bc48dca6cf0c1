"""Recipes of the GAN family: what a phase trains, what a step reports, when the generator's turn is."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from steps import a_step

from ppgen.engine.optimizers import Adam
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError
from ppgen.losses.penalties import gradient_penalty
from ppgen.models.base import Model
from ppgen.models.gan import GAN
from ppgen.registry import MODELS, NETWORKS

DCGAN = {
    "generator": {"name": "DCGANGenerator", "latent_dim": 6, "base_channels": 4, "image_size": 16},
    "discriminator": {"name": "DCGANDiscriminator", "base_channels": 4, "image_size": 16},
}
CRITIC = {**DCGAN, "discriminator": {**DCGAN["discriminator"], "norm": "instance"}}
CONDITIONAL = {name: {**config, "classes": 3} for name, config in DCGAN.items()}
COMPATIBLE = {
    "generator": {
        "name": "UpsamplingGenerator", "latent_dim": 6, "image_size": 16, "base_channels": 4, "classes": 3,
        "out_channels": 3,
    },
    "discriminator": {
        "name": "ConditionalPatchDiscriminator", "in_channels": 3, "base_channels": 4, "layers": 2, "norm": "batch",
        "classes": 3,
    },
}  # fmt: skip
MLP = {
    "generator": {"name": "MLPGenerator", "latent_dim": 6, "image_size": 16, "channels": 3, "width": 16},
    "discriminator": {"name": "MLPDiscriminator", "image_size": 16, "channels": 3, "width": 16},
}


@pytest.fixture
def batch() -> dict:
    rng = np.random.default_rng(0)
    return {
        "image": rng.uniform(-1, 1, (6, 3, 16, 16)).astype(np.float32),
        "label": np.array([0, 1, 2, 0, 1, 2]),
        "id": list("abcdef"),
    }


def weights(model: Model) -> dict[str, list[np.ndarray]]:
    return {name: [p.numpy().copy() for p in trainable([net])] for name, net in model.networks.items()}


def changed(before: list[np.ndarray], after: list[np.ndarray]) -> int:
    return sum(bool(np.any(a != b)) for a, b in zip(before, after))


def optimizers_of(model: Model, rate: float = 1e-3) -> dict:
    return {name: Adam(rate).build(trainable([net])) for name, net in model.networks.items()}


CASES = {
    "vanilla": (DCGAN, {"objective": "vanilla"}, {"d_real", "d_fake"}),
    "lsgan": (DCGAN, {"objective": "lsgan"}, {"d_real", "d_fake"}),
    "hinge": (DCGAN, {"objective": "hinge"}, {"distance"}),
    "wgan": (DCGAN, {"objective": "wgan", "generator_every": 1}, {"distance"}),
    "wgangp": (CRITIC, {"objective": "wgangp", "generator_every": 1}, {"distance"}),
    "one-sided": (CRITIC, {"objective": "wgangp", "generator_every": 1, "one_sided": True}, {"distance"}),
    "conditional": (CONDITIONAL, {}, {"d_real", "d_fake"}),
    "conditional compatible": (COMPATIBLE, {}, {"d_real", "d_fake"}),
    "perceptrons": (MLP, {}, {"d_real", "d_fake"}),
}


@pytest.mark.parametrize("name", CASES)
def test_each_phase_trains_its_network_alone_from_one_drawing(name, batch):
    networks, arguments, reported = CASES[name]
    paddle.seed(1)
    model = GAN(**networks, **arguments)
    calls = []
    model.networks["generator"].register_forward_post_hook(lambda *_: calls.append(1))
    optimizers = optimizers_of(model)
    for index in range(2):
        step = a_step(index)
        for phase, other in zip(model.phases(), ("generator", "discriminator")):
            before = weights(model)
            values = run_phase(model, phase, batch, step, optimizers)
            after = weights(model)
            assert all(np.isfinite(value) for value in values.values())
            assert changed(before[other], after[other]) == 0
            trained = phase.trains[0]
            # a bias before a batch norm has no effect, so its gradient is rounding or zero
            assert changed(before[trained], after[trained]) >= 0.75 * len(after[trained])
        assert reported <= set(step.report)
    assert len(calls) == 2


def test_papers_defaults():
    wgan, wgangp, vanilla = GAN(**DCGAN, objective="wgan"), GAN(**CRITIC, objective="wgangp"), GAN(**DCGAN)
    assert [(m.clip, m.penalty, m.generator_every) for m in (wgan, wgangp, vanilla)] == [
        (0.01, 0.0, 5), (0.0, 10.0, 5), (0.0, 0.0, 1),
    ]  # fmt: skip


def test_wgan_clips_the_critic_only(batch):
    model = GAN(**DCGAN, objective="wgan")
    statistics = [p for p in model.networks["discriminator"].parameters() if not p.trainable]
    run_phase(model, model.phases()[0], batch, a_step(), optimizers_of(model))
    largest = {name: max(np.abs(w).max() for w in found) for name, found in weights(model).items()}
    assert largest["discriminator"] <= np.float32(0.01) < largest["generator"]
    assert any(float(p.abs().max()) > 0.5 for p in statistics)  # running variances are not weights


def test_critic_steps_without_a_generator_step_keep_no_graph(batch):
    model = GAN(**CRITIC, objective="wgangp", generator_every=3)
    assert model.phases()[1].every == 3
    step = a_step(1)
    model.discriminator_loss(batch, step)
    assert "fake" not in step.shared
    model.discriminator_loss(batch, step := a_step(3))
    assert not step.shared["fake"].stop_gradient


def test_penalty_is_the_loss_of_the_paper(batch):
    paddle.seed(2)
    model = GAN(**CRITIC, objective="wgangp", penalty=7.0)
    losses = model.discriminator_loss(batch, step := a_step(0))
    critic, fake, real = model.networks["discriminator"], step.shared["fake"], paddle.to_tensor(batch["image"])
    again = a_step(0)
    again.normal(6, 6)
    wanted = gradient_penalty(critic, real, fake, again.uniform(6, 1, 1, 1))
    assert float(losses["penalty"]) == pytest.approx(7 * float(wanted), rel=1e-5)
    assert float(losses["d"]) == pytest.approx(float(critic(fake).mean() - critic(real).mean()), rel=1e-4, abs=1e-6)


def test_predictions_depend_on_ids_and_labels_alone(batch):
    model = GAN(**CONDITIONAL)
    for network in model.networks.values():
        network.eval()
    whole = model.predict(batch, model.networks)
    assert whole.shape == (6, 3, 16, 16) and np.abs(whole).max() <= 1
    part = {key: value[2:4] for key, value in batch.items()}
    np.testing.assert_allclose(model.predict(part, model.networks), whole[2:4], atol=1e-5)
    other = {**batch, "label": (batch["label"] + 1) % 3}
    assert np.abs(model.predict(other, model.networks) - whole).max() > 1e-3


@pytest.mark.parametrize(("networks", "rows"), [(DCGAN, 8), (CONDITIONAL, 3)])
def test_grid_is_the_same_every_time_and_has_one_row_a_class(networks, rows, batch):
    model = GAN(**networks)
    for network in model.networks.values():
        network.eval()
    (grid,) = model.visuals(batch, model.networks).values()
    assert grid.shape == (1, 3, rows * 16, 8 * 16)
    np.testing.assert_array_equal(model.visuals({}, model.networks)["drawn"], grid)


def test_bad_combinations_are_named():
    with pytest.raises(ConfigError, match="generator.classes: 3 and discriminator.classes: None"):
        GAN(CONDITIONAL["generator"], DCGAN["discriminator"])
    with pytest.raises(ConfigError, match="discriminator.norm.*'instance' or 'none'"):
        GAN(**DCGAN, objective="wgangp")
    with pytest.raises(ConfigError, match="generator_every"):
        GAN(**DCGAN, generator_every=0)
    with pytest.raises(ConfigError, match="model.clip: expected 0 .off. or more, found -1"):
        GAN(**DCGAN, clip=-1)


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        ("DCGANGenerator", ("latent_dim", "base_channels", "out_channels", "classes")),
        ("DCGANDiscriminator", ("base_channels", "in_channels", "classes")),
        ("MLPGenerator", ("latent_dim", "image_size", "channels", "width")),
        ("MLPDiscriminator", ("image_size", "channels", "width")),
        ("ConvVAE", ("latent_dim", "image_size", "channels")),
        ("PGGANGenerator", ("latent_dim", "channels")),
        ("PGGANDiscriminator", ("channels",)),
    ],
)
def test_networks_without_a_size_are_refused_when_they_are_built(network, sizes):
    for name in sizes:
        with pytest.raises(ConfigError, match=f"^{network}: {name} must be 1 or more, got 0"):
            NETWORKS.build({"name": network, name: 0})


@pytest.mark.parametrize(
    ("model", "generator", "discriminator", "words"),
    [
        ("GAN", {"name": "DCGANGenerator", "image_size": 32}, {"name": "DCGANDiscriminator", "image_size": 16},
         "the same size, found generator.image_size: 32 and discriminator.image_size: 16"),
        ("GAN", {"name": "DCGANGenerator", "out_channels": 1, "image_size": 16},
         {"name": "DCGANDiscriminator", "image_size": 16},
         "the same channels, found generator.channels: 1 and discriminator.channels: 3"),
        ("ProgressiveGAN", {"name": "PGGANGenerator", "latent_dim": 4, "widths": [4], "channels": 1},
         {"name": "PGGANDiscriminator", "widths": [4]},
         "the same channels, found generator.channels: 1 and discriminator.channels: 3"),
        ("StyleGAN2", {"name": "StyleGANv2Generator", "size": 16, "style_dim": 8, "n_mlp": 1, "channel_max": 4},
         {"name": "StyleGANv2Discriminator", "size": 8, "channel_max": 4},
         "the same size, found generator.image_size: 16 and discriminator.image_size: 8"),
    ],
)  # fmt: skip
def test_networks_for_other_pictures_are_one_error_that_names_both(model, generator, discriminator, words):
    narrow = {"base_channels": 4} if model == "GAN" else {}
    with pytest.raises(ConfigError, match=words):
        MODELS.build(
            {"name": model, "generator": {**generator, **narrow}, "discriminator": {**discriminator, **narrow}}
        )
