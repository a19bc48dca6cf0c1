"""N steps are k steps, a kill, a resume and N - k steps, bit for bit: for a model of every family."""

import os

import numpy as np
import paddle
import pytest
from conftest import ROOT
from engine import two_processes
from engine.families import MODELS_BY_FAMILY, trainer

from ppgen.engine import checkpoint
from ppgen.engine.log import read_log
from ppgen.registry import MODELS


def test_every_recipe_has_its_family_here():
    assert {model["name"] for model in MODELS_BY_FAMILY.values()} == set(MODELS.names())


@pytest.mark.parametrize("family", MODELS_BY_FAMILY)
def test_resumed_is_undisturbed_bit_for_bit(tmp_path, family):
    """The kill falls inside an epoch (12 samples in batches of 4 or 2), inside PGGAN's fade, between lazy phases."""
    whole = trainer(family, tmp_path / "whole")
    whole.run()
    first = trainer(family, tmp_path / "parts")
    first.run(until=1)
    extra = paddle.nn.Linear(3, 3)  # shifts the parameter names that Paddle generates
    second = trainer(family, tmp_path / "parts")
    second.snapshot.resume_newest()
    assert second.step == 1 and extra is not None
    second.run()
    one, two = (checkpoint.load(checkpoint.newest(tmp_path / n / "checkpoints")) for n in ("whole", "parts"))
    assert one.facts["step"] == two.facts["step"] == 4
    for a, b in zip(one[:2], two[:2]):
        assert a.keys() == b.keys()
        assert [key for key in a if not np.array_equal(a[key], b[key])] == []
    start = checkpoint.load(tmp_path / "parts/checkpoints/step_00000001")
    for name in whole.snapshot.optimizers:
        trained = [
            k for k in one.weights if k.startswith(f"{name}.") and not np.array_equal(one.weights[k], start.weights[k])
        ]
        assert trained, f"{name} did not train"


LAUNCHER = ["-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--log_dir"]


def train(run_python, launcher, *arguments):
    """tests/engine/two_processes.py in one process or under the launcher."""
    search = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    script = str(ROOT / "tests/engine/two_processes.py")
    done = run_python(*launcher, script, *map(str, arguments), PYTHONPATH=search, FLAGS_paddle_num_threads="1")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["stylegan2", "stylegan", "pix2pix"])
def test_two_processes_give_the_weights_of_one_with_the_whole_batch(run_python, tmp_path, family):
    """20 steps, lazy R1 and path length and ADA among them; weights move by some 0.03, and must agree to 3e-4."""
    train(run_python, [], family, tmp_path / "one", 20)
    train(run_python, [*LAUNCHER, str(tmp_path / "logs")], family, tmp_path / "two", 20)
    one, two = (checkpoint.load(tmp_path / n / "checkpoints/step_00000020") for n in ("one", "two"))
    assert one.weights.keys() == two.weights.keys() and len(one.weights) > 10
    start = trainer(family, tmp_path / "start", two_processes.MODELS[family]).snapshot.networks_state()
    for key, value in one.weights.items():
        assert np.allclose(value, two.weights[key], atol=3e-4), (key, np.abs(value - two.weights[key]).max())
    moved = max(np.abs(v - one.weights[f"{n}.{k}"]).max() for n, s in start.items() for k, v in s.arrays().items())
    assert moved > 0.01


@pytest.mark.slow
def test_two_processes_resume_bit_for_bit_what_each_kept_for_itself_included(run_python, tmp_path):
    launcher = [*LAUNCHER, str(tmp_path / "logs")]
    train(run_python, launcher, "cyclegan", tmp_path / "whole", 6)
    train(run_python, launcher, "cyclegan", tmp_path / "parts", 6, 3)
    train(run_python, launcher, "cyclegan", tmp_path / "parts", 6)
    one, two = (checkpoint.load(tmp_path / n / "checkpoints/step_00000006") for n in ("whole", "parts"))
    assert any(key.startswith("rank1.model.") for key in one.state)
    for a, b in zip(one[:2], two[:2]):
        assert a.keys() == b.keys() and [key for key in a if not np.array_equal(a[key], b[key])] == []


@pytest.mark.slow
def test_gradients_of_every_size_are_averaged_and_missing_ones_count_as_zero(run_python, tmp_path):
    done = run_python(*LAUNCHER, str(tmp_path), str(ROOT / "tests/engine/averaging.py"), FLAGS_paddle_num_threads="1")
    assert done.returncode == 0 and "averaged" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.slow
def test_two_processes_share_a_validation_and_give_the_scores_of_the_kept_network(run_python, tmp_path):
    """12 samples in batches of 5, 5 and 2: the last round has one batch for two processes."""
    train(run_python, [*LAUNCHER, str(tmp_path / "logs")], "segmentation", tmp_path / "two", 2)
    (shared,) = [row for row in read_log(tmp_path / "two/log.jsonl") if "val_iou" in row]
    settings = {"metric": {"name": "MaskScores"}, "network": "network", "batch_size": 12}
    alone = trainer("segmentation", tmp_path / "one", loader={"batch_size": 8}, validate=settings)
    alone.snapshot.load_weights(checkpoint.newest(tmp_path / "two/checkpoints"))
    assert alone.evaluate()["iou"] == pytest.approx(shared["val_iou"], abs=1e-6) and 0 < shared["val_iou"] < 1
