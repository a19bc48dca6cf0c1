"""StyleGAN2's recipe: its phases against their formulas, resuming, and that it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
import yaml
from steps import a_step

from ppgen.engine import starts
from ppgen.engine.optimizers import build_optimizer
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.state import NetworkState, grown
from ppgen.engine.trainer import Trainer
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.weights import save_network
from ppgen.models.stylegan2 import StyleGAN2
from tests.conftest import ROOT

NETWORK = {"size": 8, "channel_multiplier": 0.005, "channel_max": 12}
CONFIG = {
    "seed": 5,
    "total_iters": 4,
    "model": {"r1_every": 2, "path_every": 3, "ada_start": 0.5},
    "optimizer": {
        name: {"learning_rate": 0.002, "beta1": 0.0, "beta2": 0.99} for name in ("generator", "discriminator")
    },
    "ema": {"networks": ["generator"], "half_life": 8},
    "loader": {"batch_size": 4},
    "log": {"interval": 4, "visual_interval": 4},
    "checkpoint": {"interval": 2},
}


GENERATOR = {"name": "StyleGANv2Generator", "style_dim": 8, "n_mlp": 2, **NETWORK}
DISCRIMINATOR = {"name": "StyleGANv2Discriminator", **NETWORK}


def model(**settings) -> StyleGAN2:
    paddle.seed(3)
    return StyleGAN2(GENERATOR, DISCRIMINATOR, **settings)


def batch(count: int = 4) -> dict:
    rng = np.random.default_rng(8)
    return {"image": rng.uniform(-1, 1, (count, 3, 8, 8)).astype(np.float32), "id": [str(i) for i in range(count)]}


class Squares:
    """Pictures of one bright square."""

    groups = ["all"] * 12

    def __len__(self):
        return 12

    def sample(self, index, rng=None):
        image = np.full((3, 8, 8), -0.5, np.float32)
        image[:, index % 4 : index % 4 + 4, 2:6] = 0.8
        return {"image": image, "id": str(index)}


def trainer(folder: Path) -> Trainer:
    return Trainer(model(**CONFIG["model"]), TrainingConfig.of(CONFIG), folder, Squares())


def test_the_phases_and_their_intervals():
    found = {phase.name: (phase.trains, phase.every, phase.lazy) for phase in model().phases()}
    assert found == {
        "discriminator": (("discriminator",), 1, False),
        "r1": (("discriminator",), 16, True),
        "generator": (("generator",), 1, False),
        "path": (("generator",), 4, True),
    }
    assert [phase.name for phase in model(path_weight=0, r1_weight=0).phases()] == ["discriminator", "generator"]


def test_one_drawing_serves_both_networks():
    recipe, step = model(augment="none"), a_step()
    drawn = []
    paint = recipe.networks["generator"].synthesize
    recipe.networks["generator"].synthesize = lambda *args: drawn.append(1) or paint(*args)
    d = recipe.discriminator_loss(batch(), step)["d"]
    g = recipe.generator_loss(batch(), step)["g"]
    assert len(drawn) == 1
    fake = recipe.networks["discriminator"](step.shared["fake"])
    real = recipe.networks["discriminator"](paddle.to_tensor(batch()["image"]))
    softplus = paddle.nn.functional.softplus
    assert float(d) == pytest.approx(float(softplus(fake).mean() + softplus(-real).mean()), rel=1e-5)
    assert float(g) == pytest.approx(float(softplus(-fake).mean()), rel=1e-5)
    d.backward()
    assert all(p.grad is None for p in recipe.networks["generator"].parameters())


def test_every_weight_of_a_network_is_reached_by_its_phases():
    recipe = model(augment="ada", ada_start=0.5)
    for names, losses in (("generator", ("generator_loss", "path")), ("discriminator", ("discriminator_loss", "r1"))):
        network = recipe.networks[names]
        for loss in losses:
            recipe.networks[names].clear_gradients()
            sum(getattr(recipe, loss)(batch(), a_step()).values()).backward()
            silent = [n for n, p in network.named_parameters() if p.grad is None or not np.any(p.grad.numpy())]
            allowed = {"r1": ("bias",), "path": ("bias", "mapping")}.get(loss, ())
            assert [n for n in silent if not n.endswith(allowed) and n.split(".")[0] not in allowed] == [], loss


def test_mixed_pictures_change_their_latent_at_some_layer():
    recipe = model(mixing=1.0)
    w_plus = recipe.draw_w_plus(32, a_step()).numpy()
    changes = (np.abs(np.diff(w_plus, axis=1)).max(axis=2) > 1e-6).sum(axis=1)
    assert changes.tolist() == [1] * 32
    same = model(mixing=0.0).draw_w_plus(8, a_step()).numpy()
    assert np.abs(np.diff(same, axis=1)).max() == 0


def test_the_mean_latent_is_tracked_and_saved():
    recipe = model()
    generator = recipe.networks["generator"]
    phase = next(phase for phase in recipe.phases() if phase.name == "generator")
    for index in range(3):
        before = generator.mean_latent.numpy().copy()
        phase.loss(batch(), step := a_step(index))
        assert (generator.mean_latent.numpy() == before).all()  # a loss changes no state
        phase.after([(batch(), step)])
    wanted = None
    for index in range(3):
        w = generator.map(a_step(index).normal(8, 8)).mean(axis=0)
        wanted = w if wanted is None else wanted * 0.995 + w * 0.005
    np.testing.assert_allclose(generator.mean_latent.numpy(), wanted.numpy(), atol=1e-6)
    assert "mean_latent" in generator.state_dict()


def test_a_loss_changes_no_state_and_what_follows_a_phase_does():
    recipe = model(ada_start=0.5)

    def state() -> dict[str, list]:
        parts = {name: part.arrays() for name, part in recipe.stateful().items()}
        arrays = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.items()}
        return {k: v.tolist() for k, v in (arrays | {"mean": recipe.networks["generator"].mean_latent.numpy()}).items()}

    changed, step = {}, a_step()
    for phase in recipe.phases():
        before = state()
        phase.loss(batch(), step)
        assert state() == before, phase.name
        if phase.after is not None:
            phase.after([(batch(), step)])
        changed[phase.name] = {key for key, value in state().items() if value != before[key]}
    assert changed == {
        "discriminator": {"augment.state", "mean"}, "r1": set(), "generator": set(),
        "path": {"path_length.mean", "mean"},
    }  # fmt: skip
    assert step.state["augment_p"] == recipe.augment.p and not step.observed


def test_a_resumed_run_equals_an_undisturbed_one(tmp_path, monkeypatch):
    monkeypatch.setattr("ppgen.engine.observe.draw_curves", lambda *_: None)  # slow, and tested elsewhere
    whole = trainer(tmp_path / "whole")
    whole.run()
    first = trainer(tmp_path / "parts")
    first.run(until=2)
    second = trainer(tmp_path / "parts")
    second.snapshot.resume_newest()
    assert second.step == 2
    second.run()
    for name, network in whole.model.networks.items():
        other = second.model.networks[name].state_dict()
        assert [k for k, v in network.state_dict().items() if not np.array_equal(v.numpy(), other[k].numpy())] == []
    assert whole.model.path_length.mean == second.model.path_length.mean != 0
    assert whole.model.augment.arrays()["state"].tolist() == second.model.augment.arrays()["state"].tolist()


@pytest.mark.slow
def test_it_learns_where_the_light_is():
    """The mean of the made pictures comes near the mean of the real ones."""
    recipe = model(augment="none")
    optimizers = {
        name: build_optimizer({"learning_rate": 0.01, "beta1": 0.0, "beta2": 0.99}, trainable([network]))
        for name, network in recipe.networks.items()
    }
    real = np.stack([Squares().sample(i)["image"] for i in range(12)])
    ids = {"id": [str(i) for i in range(64)]}

    def distance() -> float:
        return float(np.abs(recipe.predict(ids, recipe.networks).mean(axis=0) - real.mean(axis=0)).mean())

    before = distance()
    for index in range(120):
        step = a_step(index)
        images = real[step.rng.integers(0, 12, 8)]
        for phase in recipe.phases():
            if index % phase.every == 0:
                run_phase(recipe, phase, {"image": images, "id": ["0"] * 8}, step, optimizers)
    assert distance() < 0.5 * before


def test_pictures_for_scores_depend_on_the_id_alone():
    recipe = model()
    whole = recipe.predict(batch(4), recipe.networks)
    part = recipe.predict({"id": ["2"]}, recipe.networks)
    np.testing.assert_allclose(part[0], whole[2], atol=1e-5)
    assert np.abs(whole[0] - whole[1]).max() > 1e-3


def test_visuals_show_truncated_pictures_beside_all():
    recipe = model(truncation=0.0)
    shown = recipe.visuals(batch(), recipe.networks)
    truncated = shown["truncated"]
    assert truncated.shape == shown["all"].shape
    # Truncated to nothing, all latents give the one mean picture.
    np.testing.assert_allclose(truncated[0, :, :8, :8], truncated[0, :, 8:16, 8:16], atol=1e-5)


def test_the_weights_change_in_their_own_phase_only():
    recipe = model()
    optimizers = {
        name: paddle.optimizer.SGD(0.1, parameters=network.parameters()) for name, network in recipe.networks.items()
    }
    step = a_step()
    for phase in recipe.phases():
        before = {n: [p.numpy().copy() for p in net.parameters()] for n, net in recipe.networks.items()}
        run_phase(recipe, phase, batch(), step, optimizers)
        for name, network in recipe.networks.items():
            same = all(np.array_equal(a, b.numpy()) for a, b in zip(before[name], network.parameters()))
            assert same == (name not in phase.trains), (phase.name, name)


@pytest.mark.parametrize(
    ("settings", "message"), [({"augment": "adda"}, "ada, diffaugment"), ({"path_every": 0}, "1 or more")]
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        model(**settings)


@pytest.mark.parametrize(
    "name", ["styleganv2_portraits_64", "styleganv2_portraits_32", "styleganv2_faces64", "stylegan_v2_256_ffhq"]
)
def test_configs_are_valid_and_their_networks_fit_each_other(name):
    from ppgen.engine.schema import load_config

    config = load_config(str(ROOT / "configs" / f"{name}.yaml"), [], need_data=False)
    sizes = {config.model[part]["image_size"] for part in ("generator", "discriminator")}
    assert sizes == {config.dataset["train"]["size"]} == {config.dataset["validation"]["size"]}


def sized(size: int, folder: Path) -> Trainer:
    paddle.seed(size)
    nets = {"size": size, "channel_multiplier": 0.005, "channel_max": 12}
    generator = {"name": "StyleGANv2Generator", "style_dim": 8, "n_mlp": 2, **nets}
    recipe = StyleGAN2(generator, {"name": "StyleGANv2Discriminator", **nets}, **CONFIG["model"])
    return Trainer(recipe, TrainingConfig.of(CONFIG), folder, Squares())


def test_a_larger_network_goes_on_from_a_smaller_ones_run(tmp_path):
    """It begins with the smaller one's pictures, enlarged; its discriminator keeps the blocks of equal resolution."""
    from ppgen.latent.seeds import latents
    from ppgen.networks.blocks.fir import upsample_filtered

    small = trainer(tmp_path / "small")
    small.run()
    large = sized(16, tmp_path / "large")
    large.snapshot.load_weights(tmp_path / "small")
    z = paddle.to_tensor(latents(0, 3, 8))
    for part in (lambda t: t.model.networks["generator"], lambda t: t.snapshot.averages["generator"].network):
        with paddle.no_grad():
            wanted, found = upsample_filtered(part(small).generate(z)).numpy(), part(large).generate(z).numpy()
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    theirs, mine = (t.model.networks["discriminator"].state_dict() for t in (small, large))
    for key in ("blocks.0.conv1.weight", "blocks.0.skip.weight"):
        kept = mine[key.replace("blocks.0", "blocks.1")].numpy()
        assert (kept == theirs[key].numpy()).all() and (kept != 0).any()
    assert (mine["logit.weight"].numpy() == theirs["logit.weight"].numpy()).all()
    for name, network in small.model.networks.items():  # not the other way round
        with pytest.raises(WeightsError, match="another network"):
            state = NetworkState(name, large.model.networks[name]).arrays()
            NetworkState(name, network).restore(grown(network, state))


def test_networks_that_do_not_fit_are_no_start(tmp_path):
    """What is not a smaller one of the same kind would leave layers as they are drawn at random, without a word."""
    first = trainer(tmp_path / "first")
    first.run()
    deeper = StyleGAN2({**GENERATOR, "n_mlp": 3}, DISCRIMINATOR, **CONFIG["model"])
    deeper = Trainer(deeper, TrainingConfig.of(CONFIG), tmp_path / "deeper", Squares())
    with pytest.raises(WeightsError, match="'generator' is another network"):
        deeper.snapshot.load_weights(tmp_path / "first")
    networks = sized(16, tmp_path / "large").model.networks
    for name, network in networks.items():
        for arrays in ({}, {"encoder.weight": np.zeros(3, np.float32)}):
            with pytest.raises(WeightsError, match="another network"):
                NetworkState(name, network).restore(grown(network, arrays))
    save_network(first.snapshot.averages["generator"].network, tmp_path / "mean.safetensors")
    larger = StyleGAN2({**GENERATOR, "n_mlp": 3, "size": 16}, {**DISCRIMINATOR, "size": 16}, **CONFIG["model"])
    with pytest.raises(WeightsError, match="missing"):
        larger = Trainer(larger, TrainingConfig.of(CONFIG), tmp_path / "x", Squares())
        starts.load(larger, str(tmp_path / "mean.safetensors"))


def test_an_average_that_the_other_training_had_not_begins_at_its_network(tmp_path):
    paddle.seed(3)
    plain = {key: value for key, value in CONFIG.items() if key != "ema"}
    Trainer(StyleGAN2(GENERATOR, DISCRIMINATOR), TrainingConfig.of(plain), tmp_path / "first", Squares()).run()
    again = trainer(tmp_path / "again")
    again.snapshot.load_weights(tmp_path / "first")
    wanted, found = again.model.networks["generator"].state_dict(), again.snapshot.averages["generator"].arrays()
    assert all((wanted[key].numpy() == value).all() for key, value in found.items())


def test_networks_of_another_kind_are_named():
    with pytest.raises(ConfigError, match="model.generator: a DCGANGenerator has no styles"):
        StyleGAN2({"name": "DCGANGenerator", "image_size": 16}, {**DISCRIMINATOR, "size": 16})


def test_a_larger_network_goes_on_from_shipped_weights_of_smaller_ones(tmp_path):
    """As from the run: `publish` writes the averaged generator and, beside it, the discriminator."""
    from ppgen.engine.publish import of_best_checkpoint

    small = trainer(tmp_path / "small")
    small.run()
    nets = {"generator": GENERATOR, "discriminator": DISCRIMINATOR}
    (tmp_path / "small/config.yaml").write_text(yaml.safe_dump({"model": {"name": "StyleGAN2", **nets}}))
    files = [str(tmp_path / f"{name}.safetensors") for name in ("mean", "judge")]
    save_network(small.snapshot.averages["generator"].network, files[0])
    save_network(of_best_checkpoint(tmp_path / "small", "discriminator")[0], files[1])
    large, other = sized(16, tmp_path / "large"), sized(16, tmp_path / "other")
    starts.load(large, files)
    other.snapshot.load_weights(tmp_path / "small")
    for name, network in other.model.networks.items():
        wanted = (other.snapshot.averages[name].network if name in other.snapshot.averages else network).state_dict()
        found = large.model.networks[name].state_dict()
        kept = [key for key, value in wanted.items() if (found[key].numpy() == value.numpy()).all()]
        assert len(kept) > 0.7 * len(wanted), name
    with pytest.raises(ConfigError, match="both for the network 'generator'"):
        starts.load(large, [files[0], files[0]])
    with pytest.raises(ConfigError, match="give it alone"):
        starts.load(large, [files[0], str(tmp_path / "small")])
    with pytest.raises(ConfigError, match="no such network .it has discriminator, generator"):
        of_best_checkpoint(tmp_path / "small", "critic")
    with pytest.raises(WeightsError, match="is for 16 pixels a side, the config's network for 8"):  # not the other way
        save_network(large.model.networks["generator"], files[0])
        starts.load(small, files[0])


def test_the_average_and_the_strength_of_ada_go_on_with_the_networks(tmp_path):
    """Without this, the ramp of a training's first images makes the average the network itself within one step."""
    first = trainer(tmp_path / "first")
    first.run()
    kept = first.snapshot.averages["generator"].arrays()["layers.0.conv.weight"]
    save_network(first.snapshot.averages["generator"].network, tmp_path / "mean.safetensors")
    for source, seen in ((tmp_path / "first", 16), (tmp_path / "mean.safetensors", 20_000_000)):
        again = trainer(tmp_path / f"again_{seen}")
        average = again.snapshot.averages["generator"]
        average.half_life = 1e6
        starts.load(again, str(source))
        assert average.earlier == seen
        average.go_on(20_000_000)
        again.run(until=1)
        found = average.arrays()["layers.0.conv.weight"]
        raw = again.model.networks["generator"].state_dict()["layers.0.conv.weight"].numpy()
        assert 0 < np.abs(found - kept).max() < 0.01 * np.abs(raw - found).max(), source
        resumed = trainer(tmp_path / f"again_{seen}")
        resumed.snapshot.resume_newest()
        assert resumed.snapshot.averages["generator"].earlier == 20_000_000
    assert trainer(tmp_path / "new").snapshot.averages["generator"].earlier == 0
    large = sized(16, tmp_path / "large")
    assert large.model.augment.p == 0.5
    first.model.augment.p, first.model.path_length.mean = 0.625, 3.5
    first.snapshot.save()
    large.snapshot.load_weights(tmp_path / "first")
    assert (large.model.augment.p, large.model.path_length.mean) == (0.625, 3.5)
    assert large.snapshot.averages["generator"].earlier == 16


def test_a_file_of_paddlegans_training_starts_networks_and_the_average(tmp_path):
    """PaddleGAN writes all networks of a training into one file, by its own names."""
    first = trainer(tmp_path / "first")
    first.run()
    networks, average = first.model.networks, first.snapshot.averages["generator"].network
    parts = {"gen": networks["generator"], "disc": networks["discriminator"], "gen_ema": average}
    file = str(tmp_path / "iter_4_weight.pdparams")
    paddle.save({key: network.state_dict() for key, network in parts.items()}, file)
    again = trainer(tmp_path / "again")
    starts.load(again, file)
    both = {**again.model.networks, "average": again.snapshot.averages["generator"].network}
    for name, wanted in {**networks, "average": average}.items():
        for key, value in wanted.state_dict().items():
            assert (both[name].state_dict()[key].numpy() == value.numpy()).all(), (name, key)
    save_network(average, tmp_path / "mean.safetensors")
    with pytest.raises(ConfigError, match="both for the network 'generator'"):
        starts.load(again, [file, str(tmp_path / "mean.safetensors")])
    paddle.save({"netG": average.state_dict()}, file)
    with pytest.raises(WeightsError, match="holds netG; the networks of StyleGAN2 are gen, disc, gen_ema"):
        starts.load(again, file)


def test_a_relativistic_game_has_both_penalties_and_moves_both_networks():
    trained = model(objective="relativistic", r2_weight=0.5, path_weight=0, augment="none", r1_every=1)
    step, seen = a_step(), batch()
    fake = trained.verdict(trained.fake(seen, step), seen, step)
    real = trained.verdict(trained.real(seen, step), seen, step)
    apart = (real - fake).numpy()
    losses = {**trained.discriminator_loss(seen, step), **trained.generator_loss(seen, step)}
    assert float(losses["d"]) == pytest.approx(np.log1p(np.exp(-apart)).mean(), rel=1e-4)
    assert float(losses["g"]) == pytest.approx(np.log1p(np.exp(apart)).mean(), rel=1e-4)
    assert step.report["d_sign"] == pytest.approx(np.sign(apart).mean())  # ADA follows pairs too
    penalties = trained.r1(seen, step)
    assert set(penalties) == {"r1", "r2"} and all(float(value) > 0 for value in penalties.values())
    assert float(penalties["r1"]) != pytest.approx(float(penalties["r2"]))  # of other pictures
    trained.generator_loss(seen, step)["g"].backward()
    assert any(float(p.grad.abs().sum()) > 0 for p in trained.networks["generator"].parameters() if p.grad is not None)
