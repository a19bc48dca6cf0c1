"""Recipes that translate: what each phase trains, how many passes a step takes, and that sharing them is exact."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.engine.optimizers import Adam
from ppgen.engine.state import check_declared
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError, DataError
from ppgen.faces.typical import typical_landmarks
from ppgen.models.base import Step
from ppgen.models.cyclegan import CycleGAN
from ppgen.models.pix2pix import Pix2Pix
from ppgen.models.translation import together
from ppgen.models.ugatit import UGATIT, Photo2Cartoon, cam_loss
from ppgen.networks.ugatit_discriminator import AttentionDiscriminator
from ppgen.registry import NETWORKS

SIDE = 32
UNET = {"name": "UNetGenerator", "base_channels": 4, "levels": 5}
RESNET = {"name": "ResNetGenerator", "base_channels": 4, "blocks": 1}
PATCH = {"name": "PatchDiscriminator", "base_channels": 4, "layers": 2}
PAIR_PATCH = {**PATCH, "in_channels": 6, "norm": "batch"}
ATTENTION = {
    "global_discriminator": {"name": "AttentionDiscriminator", "base_channels": 4, "layers": 5},
    "local_discriminator": {"name": "AttentionDiscriminator", "base_channels": 4, "layers": 3},
}
UGATIT_GENERATOR = {"name": "UGATITGenerator", "base_channels": 4, "image_size": SIDE, "blocks": 1}
HOURGLASS = {"name": "Photo2CartoonGenerator", "base_channels": 4, "image_size": SIDE, "blocks": 1}

LEAN = {"name": "LeanPhoto2CartoonGenerator", "ngf": 8, "n_blocks": 1, "hourglass_depth": 1, "detail": 8}
RECIPES = {
    "pix2pix": lambda: Pix2Pix(UNET, PAIR_PATCH),
    "pix2pix resnet pixel": lambda: Pix2Pix(RESNET, {"name": "PixelwiseDiscriminator", "in_channels": 6}, "hinge"),
    "cyclegan": lambda: CycleGAN(RESNET, PATCH),
    "ugatit light": lambda: UGATIT(UGATIT_GENERATOR, **ATTENTION),
    "ugatit full": lambda: UGATIT({**UGATIT_GENERATOR, "light": False}, **ATTENTION),
    "photo2cartoon": lambda: Photo2Cartoon(HOURGLASS, **ATTENTION),
    "photo2cartoon lean": lambda: Photo2Cartoon({**LEAN, "skin": False}, **ATTENTION),
}
# passes of (all generators, all discriminators) in a step, and pictures through them for a batch of 2
PASSES = {
    "pix2pix": (1, 3, 2, 6),  # batch norm: true and made pictures each by themselves, as in the paper
    "pix2pix resnet pixel": (1, 2, 2, 6),
    "cyclegan": (4, 4, 12, 12),  # PaddleGAN: 6 and 6
    "ugatit light": (4, 8, 12, 24),  # PaddleGAN: 8 and 12; 16 pictures through generators
    "photo2cartoon": (4, 8, 12, 24),
    "photo2cartoon lean": (4, 8, 12, 24),
}


def noise_batch(side: int, count: int) -> dict:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(-1, 1, (count, 3, side, side)).astype(np.float32) for _ in range(2))
    return {"a": a, "b": b, "landmarks": np.stack([typical_landmarks(side)] * count), "id": list("xyz"[:count])}


@pytest.fixture(scope="module")
def batch():
    return noise_batch(SIDE, 2)


def l1(x, y) -> float:
    return float((x - y).abs().mean())


def new_step(index: int = 0) -> Step:
    return Step(index, np.random.default_rng([1, index]), np.random.default_rng([2, index]))


def snapshot(model) -> dict[str, dict[str, np.ndarray]]:
    return {n: {k: v.numpy().copy() for k, v in net.named_parameters()} for n, net in model.networks.items()}


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_changes_every_network_each_phase_its_own(name, batch):
    paddle.seed(1)
    model = RECIPES[name]()
    check_declared(model)
    optimizers = {n: Adam(1e-3).build(trainable([net])) for n, net in model.networks.items()}
    for index in range(2):
        step = new_step(index)
        for phase in model.phases():
            before = snapshot(model)
            values = run_phase(model, phase, batch, step, optimizers)
            assert all(np.isfinite(v) for v in values.values())
            after = snapshot(model)
            changed = {n for n in before if any(not np.array_equal(before[n][k], after[n][k]) for k in before[n])}
            assert changed == set(phase.trains)
    assert {n for phase in model.phases() for n in phase.trains} == set(model.networks)


@pytest.mark.parametrize("name", PASSES)
def test_passes_of_a_step(name, batch):
    model = RECIPES[name]()
    calls = {"generator": [], "discriminator": []}
    for key, network in model.networks.items():
        kind = "generator" if key.startswith("generator") else "discriminator"
        network.register_forward_pre_hook(lambda _, inputs, kind=kind: calls[kind].append(inputs[0].shape[0]))
    optimizers = {n: Adam(1e-3).build(trainable([net])) for n, net in model.networks.items()}
    step = new_step()
    for phase in model.phases():
        run_phase(model, phase, batch, step, optimizers)
    counts = [len(calls[kind]) for kind in calls] + [sum(calls[kind]) for kind in calls]
    assert tuple(counts) == PASSES[name]


@pytest.mark.parametrize(("side", "passes"), [(64, 4), (128, 6)])
def test_generators_take_large_pictures_one_by_one_on_a_cpu(side, passes, monkeypatch):
    monkeypatch.setattr("ppgen.models.translation.on_cpu", lambda: True)
    model, calls = CycleGAN({**RESNET, "base_channels": 2}, PATCH), []
    for name in ("generator_ab", "generator_ba"):
        model.networks[name].register_forward_pre_hook(lambda *_: calls.append(1))
    losses = model.generator_loss(noise_batch(side, 1), new_step())
    assert len(calls) == passes and all(np.isfinite(float(value)) for value in losses.values())


def settle(model) -> None:
    """Evaluation mode, with the largest singular values found: a spectral norm moves its vectors at every training
    pass, and those it starts from say nothing of the weights."""
    for network in model.networks.values():
        if isinstance(network, AttentionDiscriminator):
            for _ in range(5):
                network(paddle.zeros([1, 3, SIDE, SIDE]))
        network.eval()


def gradients(model, batch, share: bool) -> dict[str, dict[str, np.ndarray]]:
    """Gradients of a step's phases, by phase and parameter; without `share` every phase starts from nothing."""
    found, step = {}, new_step()
    for phase in model.phases():
        if not share:
            step.shared.clear()
        paddle.add_n(list(phase.loss(batch, step).values())).backward()
        found[phase.name] = {
            f"{n}.{k}": p.grad.numpy().copy()
            for n in phase.trains
            for k, p in model.networks[n].named_parameters()
            if p.grad is not None
        }
        for network in model.networks.values():
            network.clear_gradients()
    return found


def one_by_one(network, *batches, heavy=False):
    """What `together` replaces."""
    return [network(batch) for batch in batches]


@pytest.mark.parametrize("name", PASSES)
def test_gradients_equal_those_of_separate_passes(name, batch, monkeypatch):
    """One graph for both phases and joined batches, against a pass for every phase and every batch.

    In float64: a cycle through fresh hourglasses multiplies float32's rounding errors to percents.
    """
    paddle.seed(2)
    model = RECIPES[name]()
    settle(model)
    for network in model.networks.values():
        network.to(dtype="float64")
    model.face_weight = 0.0  # Face ID is float32; its term is one more summand on the same pictures
    batch = {**batch, "a": batch["a"].astype(np.float64), "b": batch["b"].astype(np.float64)}
    shared = gradients(model, batch, share=True)
    for module in ("translation", "cyclegan", "pix2pix", "ugatit"):
        monkeypatch.setattr(f"ppgen.models.{module}.together", one_by_one)
    model.pools = {key: type(pool)(pool.capacity) for key, pool in getattr(model, "pools", {}).items()}
    separate = gradients(model, batch, share=False)
    for phase in shared:
        assert shared[phase].keys() == separate[phase].keys() and shared[phase]
        largest = max(np.abs(g).max() for g in separate[phase].values())
        for key, value in separate[phase].items():
            np.testing.assert_allclose(shared[phase][key], value, rtol=1e-5, atol=1e-9 * largest, err_msg=key)


def test_joining_is_refused_where_it_would_change_the_result():
    paddle.seed(3)
    batches = [paddle.randn([2, 3, SIDE, SIDE]), 3 * paddle.randn([2, 3, SIDE, SIDE])]
    for config in (UNET, {**UNET, "norm": "instance"}, UGATIT_GENERATOR):
        network = NETWORKS.build(config).eval()
        for found, batch in zip(together(network, *batches), batches):
            wanted = network(batch)
            pairs = zip(found, wanted) if isinstance(wanted, tuple) else [(found, wanted)]
            assert all(np.allclose(x.numpy(), y.numpy(), atol=1e-4) for x, y in pairs)
    small = paddle.randn([1, 3, SIDE, 2 * SIDE])
    shapes = [found.image.shape for found in together(network, batches[0], small)]
    assert shapes == [[2, 3, SIDE, SIDE], [1, 3, SIDE, 2 * SIDE]]


def test_pix2pix_losses_are_those_of_the_paper(batch):
    model = Pix2Pix(UNET, PAIR_PATCH, l1_weight=100.0)
    step = new_step()
    d = float(model.discriminator_loss(batch, step)["d"])
    a, b, fake = model._translate(batch, step)
    losses = model.generator_loss(batch, step)
    judge = model.networks["discriminator"]
    real, made = (judge(paddle.concat([a, x], axis=1)).numpy().astype(np.float64) for x in (b, fake))
    assert d == pytest.approx(np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(made)).mean(), rel=1e-4)
    assert float(losses["adversarial"]) == pytest.approx(np.log1p(np.exp(-made)).mean(), rel=1e-4)
    assert float(losses["l1"]) == pytest.approx(100 * np.abs(fake.numpy() - batch["b"]).mean(), rel=1e-4)


def test_pix2pix_takes_every_objective(batch):
    plain = {**PAIR_PATCH, "norm": "instance"}
    for name in ("vanilla", "logistic", "lsgan", "wgan", "wgangp", "hinge"):
        model = Pix2Pix(RESNET, plain, objective=name)
        losses = model.discriminator_loss(batch, new_step())
        assert ("penalty" in losses) == (name == "wgangp")
    critic = Pix2Pix(RESNET, plain, objective="wgan")
    critic.phases()[0].after([])
    largest = {True: 0.0, False: 0.0}
    for weight in critic.networks["discriminator"].parameters():
        largest[weight.trainable] = max(largest[weight.trainable], float(weight.abs().max()))
    assert largest[True] <= 0.01 + 1e-8 and largest[False] == 1  # scales of instance normalization stay
    with pytest.raises(ConfigError, match="discriminator.norm"):
        Pix2Pix(RESNET, PAIR_PATCH, objective="wgangp")


def test_cyclegan_losses_are_those_of_the_paper(batch):
    paddle.seed(4)
    model = CycleGAN(RESNET, PATCH)
    losses = {k: float(v) for k, v in model.generator_loss(batch, new_step()).items()}
    ab, ba = model.networks["generator_ab"], model.networks["generator_ba"]
    a, b = paddle.to_tensor(batch["a"]), paddle.to_tensor(batch["b"])
    assert losses["cycle"] == pytest.approx(10 * (l1(ba(ab(a)), a) + l1(ab(ba(b)), b)), rel=1e-4)
    assert losses["identity"] == pytest.approx(5 * (l1(ba(a), a) + l1(ab(b), b)), rel=1e-4)
    judged = [model.networks["discriminator_b"](ab(a)), model.networks["discriminator_a"](ba(b))]
    squares = sum(float((x - 1).square().mean()) for x in judged)
    assert losses["adversarial"] == pytest.approx(squares, rel=1e-4)  # the published weight 1 on E[(D - 1)^2]


def test_cyclegan_discriminators_see_old_pictures_too(batch):
    model = CycleGAN(RESNET, PATCH, pool_size=2)
    seen = []
    model.networks["discriminator_b"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numpy()[2:]))
    for index in range(6):
        other = {**batch, "a": np.roll(batch["a"], index, axis=3)}
        with paddle.no_grad():
            model.discriminator_loss(other, new_step(index))
            fakes = model.networks["generator_ab"](paddle.to_tensor(other["a"])).numpy()
            seen[-1] = np.abs(seen[-1] - fakes).max()
    assert max(seen[:1]) < 1e-5 < max(seen[1:])
    assert set(model.stateful()) == {"pool_a", "pool_b"}
    assert model.stateful()["pool_b"].arrays()["images"].shape == (2, 3, SIDE, SIDE)


def test_cyclegan_without_identity_saves_the_pass(batch):
    model = CycleGAN(RESNET, PATCH, identity_weight=0.0)
    sizes = []
    model.networks["generator_ab"].register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape[0]))
    assert set(model.generator_loss(batch, new_step())) == {"adversarial", "cycle"}
    assert sizes == [2, 2]


def test_ugatit_losses_are_those_of_the_paper(batch):
    paddle.seed(5)
    model = RECIPES["ugatit light"]()
    settle(model)
    step = new_step()
    d = {k: float(v) for k, v in model.discriminator_loss(batch, step).items()}
    losses = {k: float(v) for k, v in model.generator_loss(batch, step).items()}
    ab, ba = model.networks["generator_ab"], model.networks["generator_ba"]
    a, b = paddle.to_tensor(batch["a"]), paddle.to_tensor(batch["b"])
    fake_b, fake_a = ab(a), ba(b)
    cam = cam_loss(fake_b.cam_logit, ab(b).cam_logit) + cam_loss(fake_a.cam_logit, ba(a).cam_logit)
    assert losses["cam"] == pytest.approx(1000 * float(cam), rel=1e-4)
    adversarial = 0.0
    for name in ("global_a", "local_a", "global_b", "local_b"):
        real, made = (a, fake_a) if name.endswith("a") else (b, fake_b)
        verdict, truth = model.networks[name](made.image), model.networks[name](real)
        adversarial += sum(float((x - 1).square().mean()) for x in verdict[:2])
        wanted = sum(float((x - 1).square().mean()) for x in truth[:2])
        wanted += sum(float(x.square().mean()) for x in verdict[:2])
        assert d[f"d_{name}"] == pytest.approx(wanted / 2, rel=1e-4)
    assert losses["adversarial"] == pytest.approx(adversarial, rel=1e-4)
    cycle = l1(ba(fake_b.image).image, a) + l1(ab(fake_a.image).image, b)
    assert losses["cycle"] == pytest.approx(10 * cycle, rel=1e-4)
    assert losses["identity"] == pytest.approx(10 * (l1(ba(a).image, a) + l1(ab(b).image, b)), rel=1e-4)


def test_ugatit_discriminators_see_windows_that_move(batch, monkeypatch):
    paddle.seed(0)
    model, seen = UGATIT(UGATIT_GENERATOR, **ATTENTION, shift=4), []
    forward = AttentionDiscriminator.forward
    monkeypatch.setattr(AttentionDiscriminator, "forward", lambda self, x: seen.append(x) or forward(self, x))
    model.discriminator_loss(batch, new_step())
    model.generator_loss(batch, new_step())
    assert {tuple(x.shape[2:]) for x in seen} == {(SIDE - 4, SIDE - 4)}
    whole = batch["a"]
    windows = [whole[:, :, y : y + SIDE - 4, x : x + SIDE - 4] for y in range(5) for x in range(5)]
    seen = [model._window(paddle.to_tensor(whole), new_step(index)).numpy() for index in range(40)]
    places = {next(i for i, window in enumerate(windows) if np.array_equal(window, one)) for one in seen}
    assert len(places) > 10, "windows hardly move"
    with pytest.raises(ConfigError, match=r"model\.shift"):
        UGATIT(UGATIT_GENERATOR, **ATTENTION, shift=-1)
    with pytest.raises(ConfigError, match=rf"model\.shift: {SIDE} pixels leave nothing of pictures of {SIDE} a side"):
        UGATIT(UGATIT_GENERATOR, **ATTENTION, shift=SIDE).check_sample({name: batch[name][0] for name in "ab"})


def test_cam_loss_is_cross_entropy():
    source, target = np.array([[0.3, -2.0]]), np.array([[1.5, 0.2]])
    wanted = np.log1p(np.exp(-source)).mean() + np.log1p(np.exp(target)).mean()
    found = cam_loss(paddle.to_tensor(source), paddle.to_tensor(target))
    assert float(found) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("name", ["ugatit light", "photo2cartoon"])
def test_shares_are_clipped_after_the_generators(name):
    model = RECIPES[name]()
    block = model.networks["generator_ba"].decoder_blocks[0].norm1
    layer = getattr(block, "normalize", block)
    layer.instance_share.set_value(paddle.full_like(layer.instance_share, 1.5))
    discriminator, generator = model.phases()
    assert discriminator.after is None
    generator.after([])
    assert float(layer.instance_share.max()) == 1.0


def test_face_loss_has_gradients_in_the_generator_that_draws_cartoons(batch):
    paddle.seed(6)
    model = RECIPES["photo2cartoon"]()
    model._face(model.face_id, batch, new_step()).backward()
    ab, ba = (model.networks[name] for name in ("generator_ab", "generator_ba"))
    assert float(ab.to_image.weight.grad.abs().sum()) > 0
    assert all(p.grad is None or not p.grad.abs().max() for p in ba.parameters())
    assert all(p.grad is None for p in model.face_id.parameters())


def test_face_loss_finds_typical_faces_or_says_what_is_missing(batch):
    bare = {key: value for key, value in batch.items() if key != "landmarks"}
    model = RECIPES["photo2cartoon"]()
    with pytest.raises(DataError, match="landmarks"):
        model._face(model.face_id, bare, new_step())
    given = float(model._face(model.face_id, batch, new_step()))
    model.landmarks = "typical"
    assert float(model._face(model.face_id, bare, new_step())) == pytest.approx(given, rel=1e-4)
    without = Photo2Cartoon(HOURGLASS, **ATTENTION, face_weight=0.0)
    assert without.face_id is None and "face" not in without.generator_loss(bare, new_step())


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan", "ugatit light", "photo2cartoon"])
def test_predictions_and_pictures(name, batch):
    model = RECIPES[name]()
    networks = {key: network.eval() or network for key, network in model.networks.items()}
    found = model.predict(batch, networks)
    assert found.shape == batch["a"].shape and found.dtype == np.float32 and np.abs(found).max() <= 1
    shown = model.visuals(batch, networks)
    np.testing.assert_allclose(shown["a to b"], found, atol=1e-5)
    assert all(value.shape == found.shape and np.abs(value).max() <= 1 for value in shown.values())
    assert ("attention a" in shown) == name.startswith(("ugatit", "photo"))


def test_what_does_not_fit_is_named(batch):
    with pytest.raises(ConfigError, match="generator_ab is a ResNetGenerator, which has no attention"):
        UGATIT(RESNET, **ATTENTION)
    with pytest.raises(ConfigError, match="global_a is a PatchDiscriminator"):
        UGATIT(UGATIT_GENERATOR, global_discriminator=PATCH, local_discriminator=PATCH)
    with pytest.raises(ConfigError, match="needs a skin colour"):
        UGATIT(LEAN, **ATTENTION)
    with pytest.raises(DataError, match="no domain 'b' .a sample has a, id"):
        CycleGAN(RESNET, PATCH).generator_loss({"a": batch["a"], "id": ["x", "y"]}, new_step())
    with pytest.raises(ConfigError, match="model.clip: expected 0 .off. or more, found -1"):
        Pix2Pix(UNET, PAIR_PATCH, clip=-1)
    with pytest.raises(ConfigError, match="'relativistic' compares two pictures"):
        Pix2Pix(UNET, PAIR_PATCH, objective="relativistic")


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan", "ugatit full", "photo2cartoon lean"])
def test_samples_that_do_not_fit_are_known_before_training(name, batch):
    model = RECIPES[name]()
    sample = {key: value[0] for key, value in batch.items()}
    before = snapshot(model)
    model.check_sample(sample)
    assert all(network.training for network in model.networks.values())
    for network, parameters in snapshot(model).items():  # running statistics among them
        assert all(np.array_equal(value, before[network][key]) for key, value in parameters.items())
    with pytest.raises(DataError, match="no domain 'b'"):
        model.check_sample({"a": sample["a"]})
    if name != "cyclegan":  # which takes any size
        with pytest.raises(DataError, match="got 40x40|40x40 images|multiples of"):
            model.check_sample({"a": sample["a"], "b": sample["b"]} | dict.fromkeys("ab", noise_batch(40, 1)["a"][0]))


@pytest.mark.slow
def test_pix2pix_overfits_two_pictures():
    """Photos are blobs, targets their outlines in another colour: 60 steps bring the L1 distance down."""
    paddle.seed(8)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    blobs = np.stack([np.hypot(x - cx, y - cy) < r for cx, cy, r in ((11, 12, 7), (20, 18, 9))])[:, None]
    a = np.where(blobs, [[[[0.8]], [[0.1]], [[-0.5]]]], [[[[-0.7]], [[-0.2]], [[0.4]]]]).astype(np.float32)
    edges = blobs ^ (np.roll(blobs, 2, axis=2) & np.roll(blobs, 2, axis=3))
    b = np.where(edges, -0.8, 0.9).astype(np.float32) * np.array([1, 0.5, 1], np.float32)[:, None, None]
    model = Pix2Pix({**UNET, "base_channels": 16}, {**PAIR_PATCH, "base_channels": 16})
    optimizers = {n: Adam(2e-3).build(trainable([net])) for n, net in model.networks.items()}
    history = []
    for index in range(60):
        step = new_step(index)
        for phase in model.phases():
            values = run_phase(model, phase, {"a": a, "b": b}, step, optimizers)
        history.append(values["l1"] / 100)
    assert history[0] > 0.5 and np.mean(history[-5:]) < 0.1 * history[0]


def test_phases_are_in_the_published_order():
    names = {name: [phase.name for phase in build().phases()] for name, build in RECIPES.items() if "full" not in name}
    assert names.pop("cyclegan") == ["generator", "discriminator"]
    assert all(order == ["discriminator", "generator"] for order in names.values())
