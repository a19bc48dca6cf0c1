"""The paired recipe: its losses, its one graph for two phases, what each phase trains."""

import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.engine.optimizers import Adam
from ppgen.engine.update import run_phase, trainable
from ppgen.io.weights import save_network
from ppgen.losses.perceptual import cosine_distance
from ppgen.losses.pictures import edge_l1, line_energy_l1, weighted_l1
from ppgen.models.base import Step
from ppgen.models.photo2cartoon import PairedPhoto2Cartoon, draw_cartoons
from ppgen.networks.face_crop import coarse_chips, jittered_chips

GENERATOR = {"name": "LeanPhoto2CartoonGenerator", "ngf": 8, "n_blocks": 1, "hourglass_depth": 1, "detail": 8}
DISCRIMINATOR = {"name": "FoldedPatchDiscriminator", "ndf": 8}


def mean_face(size: int) -> np.ndarray:
    """Landmarks of some face, upright, in the middle of the picture."""
    from ppgen.networks.face_geometry import CHIP_POINTS, chip_points

    points = np.full((68, 2), size / 2)
    points[list(CHIP_POINTS)] = chip_points(size, 0.5)
    return points.astype(np.float32)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    return {
        "photo": rng.uniform(-1, 1, (2, 3, 64, 64)).astype(np.float32),
        "cartoon": rng.uniform(-1, 1, (2, 3, 64, 64)).astype(np.float32),
        "mask": np.ones((2, 1, 64, 64), np.float32),
        "landmarks": np.stack([mean_face(64)] * 2),
        "skin": np.zeros((2, 3), np.float32),
        "id": ["a", "b"],
    }


def snapshot(network):
    return {k: v.numpy().copy() for k, v in network.named_parameters()}


def test_each_phase_trains_its_network_alone_from_one_generator_pass(batch):
    paddle.seed(1)
    model = PairedPhoto2Cartoon(GENERATOR, DISCRIMINATOR)
    calls = []
    model.networks["generator"].register_forward_post_hook(lambda *_: calls.append(1))
    optimizers = {name: Adam(1e-3).build(trainable([net])) for name, net in model.networks.items()}
    step = Step(0, np.random.default_rng(1))
    for phase, other in zip(model.phases(), ("generator", "discriminator")):
        trained = phase.trains[0]
        before = {name: snapshot(net) for name, net in model.networks.items()}
        values = run_phase(model, phase, batch, step, optimizers)
        assert all(np.isfinite(v) for v in values.values())
        after = {name: snapshot(net) for name, net in model.networks.items()}
        assert all(np.array_equal(before[other][k], after[other][k]) for k in before[other])
        assert any(not np.array_equal(before[trained][k], after[trained][k]) for k in before[trained])
    assert len(calls) == 1
    assert {"pixel", "edge", "adversarial", "identity", "features"} == set(values)


def test_gradients_of_the_shared_graph_equal_those_of_two_passes(batch):
    paddle.seed(2)
    model = PairedPhoto2Cartoon(GENERATOR, DISCRIMINATOR, skin_noise=0.0)
    generator = model.networks["generator"]

    def gradients(fresh: bool):
        step = Step(0, np.random.default_rng(3))
        model.discriminator_loss(batch, step)
        if fresh:
            drawn = step.shared["drawn"]
            again = generator(drawn.photo, paddle.to_tensor(batch["skin"])).image
            step.shared["drawn"] = drawn._replace(fake=again)
        paddle.add_n(list(model.generator_loss(batch, step).values())).backward()
        found = [p.grad.numpy().copy() for p in generator.parameters() if p.grad is not None]
        for network in model.networks.values():
            network.clear_gradients()
        return found

    # spectral normalization moves its vectors at every call: two in a row settle it enough to compare
    model.networks["discriminator"].eval()
    for one, two in zip(gradients(False), gradients(True)):
        assert np.allclose(one, two, atol=1e-5)


def test_skin_colour_decides_what_is_drawn(batch):
    paddle.seed(3)
    generator = PairedPhoto2Cartoon(GENERATOR, DISCRIMINATOR).networks["generator"]
    photo = paddle.to_tensor(batch["photo"])
    dark, light = (generator(photo, paddle.full([2, 3], v)).image.numpy() for v in (-0.6, 0.6))
    assert dark.shape == (2, 3, 64, 64) and np.abs(dark).max() <= 1
    assert np.abs(dark - light).max() > 1e-4


def test_validation_tells_the_estimated_skin_colour_or_the_drawings_own(batch):
    paddle.seed(1)
    model = PairedPhoto2Cartoon(GENERATOR, DISCRIMINATOR, told_skin="drawn")
    model.networks["generator"].eval()
    networks = {"generator": model.networks["generator"]}
    pale = {**batch, "skin": np.full((2, 3), 0.9, np.float32)}
    assert not np.array_equal(model.predict(pale, networks), model.predict(batch, networks))
    model.told_skin = "estimated"  # from the photo: the drawing's own makes no difference
    assert np.array_equal(model.predict(pale, networks), model.predict(batch, networks))


def test_identity_loss_has_a_gradient_and_is_zero_for_the_photo_itself(batch):
    face_id = hub.load("face_id")
    matrices = jittered_chips(batch["landmarks"], np.random.default_rng(0), pixels=1.0)
    photo = paddle.to_tensor(batch["photo"])
    other = paddle.to_tensor(batch["cartoon"])
    other.stop_gradient = False
    person = face_id(coarse_chips(photo, matrices))
    assert float(cosine_distance(person, person)) == pytest.approx(0, abs=1e-6)
    distance = cosine_distance(face_id(coarse_chips(other, matrices)), person)
    distance.backward()
    assert float(distance) > 1e-4 and float(other.grad.abs().sum()) > 0


def test_coarse_chips_see_nothing_finer_than_128_pixels():
    """A one-pixel checkerboard on a 256 picture vanishes, so it cannot please Face ID."""
    y, x = np.mgrid[0:256, 0:256]
    board = np.broadcast_to(((x + y) % 2 * 2 - 1), (1, 3, 256, 256)).astype(np.float32)
    matrices = jittered_chips(mean_face(256)[None], np.random.default_rng(0), pixels=0.0)
    assert np.abs(coarse_chips(paddle.to_tensor(board), matrices).numpy()).max() < 1e-6
    ramp = np.broadcast_to(x / 255.0, (1, 3, 256, 256)).astype(np.float32)
    points = matrices[0] @ np.array([75.0, 75.0, 1.0])
    found = coarse_chips(paddle.to_tensor(ramp), matrices).numpy()[0, 0, 75, 75]
    assert found == pytest.approx(points[0] / 255, abs=2e-3)


def test_losses_against_numpy():
    rng = np.random.default_rng(1)
    a, b = (rng.normal(size=(2, 3, 8, 8)).astype(np.float32) for _ in range(2))
    weight = rng.uniform(size=(2, 1, 8, 8)).astype(np.float32)
    tensors = [paddle.to_tensor(x) for x in (a, b, weight)]
    assert float(weighted_l1(*tensors)) == pytest.approx(np.mean(weight * np.abs(a - b)), rel=1e-5)
    error = a - b
    edges = np.abs(np.diff(error, axis=2)).mean() + np.abs(np.diff(error, axis=3)).mean()
    assert float(edge_l1(*tensors[:2])) == pytest.approx(edges, rel=1e-5)


def test_line_energy_asks_for_lines_but_not_where_in_a_cell():
    line, moved, none = (np.full((1, 1, 32, 32), 1.0, np.float32) for _ in range(3))
    line[..., 5], moved[..., 9] = -1, -1
    tensors = [paddle.to_tensor(x) for x in (line, moved, none)]
    assert float(line_energy_l1(tensors[0], tensors[1])) == pytest.approx(0, abs=1e-6)
    # of means over 4 pixels, two of sixteen columns of the left cells have a step of 2 / 4, in 28 of 32 rows
    found = float(line_energy_l1(tensors[0], tensors[2]))
    assert found == pytest.approx(0.5 * (2 * 0.5 / 16) * 28 / 32, rel=0.1)


@pytest.mark.parametrize("period", [2, 4])
def test_a_comb_of_rows_is_no_line(period):
    line, comb, none = (np.full((1, 1, 32, 32), 1.0, np.float32) for _ in range(3))
    line[..., 12:14], comb[:, :, ::period] = -1, -1
    line, comb, none = map(paddle.to_tensor, (line, comb, none))
    assert float(line_energy_l1(comb, none)) < 0.1 * float(line_energy_l1(line, none))


def test_of_a_teacher_its_drawings_are_learnt(batch, tmp_path):
    paddle.seed(3)
    taught = PairedPhoto2Cartoon(GENERATOR, DISCRIMINATOR)
    file = tmp_path / "teacher.safetensors"
    save_network(taught.networks["generator"], file)
    pupil = PairedPhoto2Cartoon(GENERATOR, DISCRIMINATOR, skin_noise=0.0, teacher=str(file))
    learnt = pupil.drawn(batch, Step(0, np.random.default_rng(0))).cartoon
    drawn = draw_cartoons(hub.load(file), batch["photo"], batch["skin"])
    assert np.allclose(learnt.numpy(), drawn, atol=1e-4) and not np.allclose(drawn, batch["cartoon"], atol=0.1)
