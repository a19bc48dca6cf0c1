"""Phases: lazy regularizers, clipping, accumulation, what is shared, and randomness that processes agree on."""

import numpy as np
import paddle
import pytest
from engine.toys import run, trainer

from ppgen.datasets.stream import split
from ppgen.engine import checkpoint
from ppgen.engine.optimizers import build_optimizer, lazy_correction
from ppgen.engine.update import Updater, trainable
from ppgen.models.base import Model, Phase, Step


class Line(Model):
    """One weight, whose losses are chosen by the test."""

    def __init__(self, phases):
        self.networks = {"net": paddle.nn.Linear(1, 1, bias_attr=False)}
        self.networks["net"].weight.set_value(np.array([[2.0]], np.float32))
        self._phases = phases

    @property
    def weight(self):
        return self.networks["net"].weight

    def phases(self):
        return self._phases(self)


def one_update(make_phase, parts=None, rate=1.0):
    model = Line(lambda self: [make_phase(self)])
    optimizers = {"net": build_optimizer({"name": "SGD", "learning_rate": rate}, trainable([model.networks["net"]]))}
    parts = parts or [({}, Step(0, np.random.default_rng(0)))]
    values = Updater(model, optimizers).run(model.phases()[0], parts)
    return float(model.weight.item()), values, parts


def test_a_lazy_phase_counts_for_the_steps_it_stands_for_and_its_loss_is_reported_plain():
    def loss(model):
        return lambda batch, step: {"reg": model.weight.sum() * 0.1}

    weight, values, _ = one_update(lambda m: Phase("r", ("net",), loss(m), every=4, lazy=True))
    assert weight == pytest.approx(2 - 0.4) and values["reg"] == pytest.approx(0.2)
    weight, _, _ = one_update(lambda m: Phase("r", ("net",), loss(m), every=4))
    assert weight == pytest.approx(2 - 0.1)


def test_lazy_correction_of_rate_and_betas():
    phases = [
        Phase("d", ("d",), None),
        Phase("r1", ("d",), None, every=16, lazy=True),
        Phase("g", ("g",), None, every=5),
    ]
    assert lazy_correction(phases, "d") == pytest.approx(16 / 17) and lazy_correction(phases, "g") == 1
    weight = paddle.create_parameter([1], "float32")
    adam = build_optimizer({"learning_rate": 0.002, "beta1": 0.5, "beta2": 0.99}, [weight], 16 / 17)
    assert adam.get_lr() == pytest.approx(0.002 * 16 / 17)
    assert adam._beta1 == pytest.approx(0.5 ** (16 / 17)) and adam._beta2 == pytest.approx(0.99 ** (16 / 17))


def test_a_phase_clips_its_own_gradient_and_reports_the_norm_before():
    def phase(model):
        return Phase("p", ("net",), lambda b, s: {"x": model.weight.sum() * 10}, clip_norm=1.0)

    weight, _, parts = one_update(phase)
    assert weight == pytest.approx(1.0) and parts[0][1].report["norm_net"] == pytest.approx(10)


def test_what_one_phase_computed_is_served_to_the_next_once():
    step, calls = Step(0, np.random.default_rng(0)), []
    assert [step.once("fake", lambda: calls.append(1) or len(calls)) for _ in range(3)] == [1, 1, 1]


def test_the_mean_of_a_step_is_detached_and_over_the_first_axis():
    values = paddle.to_tensor(np.array([[1, 3], [3, 6]], np.float16), stop_gradient=False)
    mean = Step(0, np.random.default_rng(0)).mean(values)
    assert mean.numpy().tolist() == [2, 4.5] and mean.dtype == paddle.float32 and mean.stop_gradient


def test_noise_of_two_processes_is_that_of_one():
    def step(rank, world):
        return Step(3, np.random.default_rng([0, rank]), np.random.default_rng(7), rank=rank, world=world)

    whole = step(0, 1).normal(4, 5).numpy()
    parts = np.concatenate([step(rank, 2).normal(2, 5).numpy() for rank in (0, 1)])
    assert np.array_equal(whole, parts)
    assert np.array_equal(
        step(0, 1).uniform(4).numpy(), np.concatenate([step(r, 2).uniform(2).numpy() for r in (0, 1)])
    )


def test_accumulated_gradients_are_those_of_the_whole_batch():
    batch = {"x": np.linspace(-1, 2, 8, dtype=np.float32)[:, None], "id": list("abcdefgh")}

    def phase(model):
        return Phase(
            "p", ("net",), lambda b, s: {"x": (model.networks["net"](paddle.to_tensor(b["x"])) - 1).square().mean()}
        )

    results = []
    for pieces in (1, 2, 4):
        parts = [(part, Step(0, np.random.default_rng(i))) for i, part in enumerate(split(batch, pieces))]
        weight, values, _ = one_update(phase, parts, rate=0.1)
        results.append((weight, values["x"]))
    assert np.allclose(results, results[0], rtol=1e-6) and results[0][0] != 2.0
    assert [part["id"] for part in split(batch, 4)][1] == ["c", "d"]


def test_images_seen_and_the_piece_number_reach_the_recipe(tmp_path):
    seen = []
    done = trainer(tmp_path, loader={"batch_size": 8, "accumulate": 2}, total_iters=2)
    done._one_step()
    seen = done._steps()
    assert [s.images for s in seen] == [8, 8] and seen[0].normal(1, 1).item() != seen[1].normal(1, 1).item()


def test_state_written_without_a_network_is_refused(tmp_path):
    run(tmp_path, total_iters=3)
    place = checkpoint.newest(tmp_path / "checkpoints")
    found = checkpoint.load(place)
    missing = {k: v for k, v in found.weights.items() if not k.endswith("logit.bias")}
    checkpoint.save(tmp_path / "checkpoints", 4, missing, found.state, found.facts, keep=2)
    with pytest.raises(Exception, match="another network"):
        trainer(tmp_path).snapshot.resume_newest()
