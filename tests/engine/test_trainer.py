"""The engine on a small real recipe: learning, resuming bit for bit, refusing what diverges."""

import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest
from engine.toys import CONFIG, run, trainer
from safetensors.numpy import load_file

from ppgen.engine import checkpoint
from ppgen.engine.ema import Average
from ppgen.engine.log import read_log
from ppgen.engine.settings import ScheduleSettings, ValidateSettings
from ppgen.engine.validation import check_enough
from ppgen.errors import ConfigError, TrainingDiverged, WeightsError
from ppgen.io.weights import card_of


def arrays(folder: Path, step: int) -> dict:
    place = folder / "checkpoints" / f"step_{step:08d}"
    return {**load_file(place / "weights.safetensors"), **load_file(place / "state.safetensors")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The folder of a training of 8 steps that nobody disturbed; to be copied before it is written into."""
    folder = tmp_path_factory.mktemp("trainer") / "whole"
    run(folder, total_iters=8)
    return folder


def test_it_learns_logs_draws_and_keeps_the_best(tmp_path):
    done = run(tmp_path, total_iters=40, log={"interval": 1, "visual_interval": 20})  # curves take longer than steps
    rows = [row for row in read_log(tmp_path / "log.jsonl") if "entropy" in row]
    assert len(rows) == 40
    assert np.mean([r["entropy"] for r in rows[-5:]]) < 0.5 * np.mean([r["entropy"] for r in rows[:5]])
    assert done.evaluate()["iou"] > 0.7
    for name in ("curves.png", "best.safetensors", "samples/step_00000040.png"):
        assert (tmp_path / name).stat().st_size > 500
    from ppgen import hub

    network = hub.load(tmp_path / "best.safetensors")
    assert type(network).__name__ == "SegmentationUNet"


def test_scores_before_the_first_step_that_counts_keep_nothing(tmp_path):
    counts, alone, folder = {**CONFIG["validate"], "best_from": 5}, tmp_path / "alone", tmp_path / "resumed"
    run(alone, total_iters=4, validate=counts)
    assert not (alone / "best.safetensors").exists()
    assert any("val_iou" in row for row in read_log(alone / "log.jsonl"))
    run(folder, total_iters=4)
    assert card_of(folder / "best.safetensors")["step"] == 4
    later = trainer(folder, total_iters=8, validate=counts)
    later.snapshot.resume(checkpoint.newest(folder / "checkpoints"))
    assert later.snapshot.best is None
    later.run()
    assert card_of(folder / "best.safetensors")["step"] == 8


def test_resumed_run_equals_undisturbed_run_bit_for_bit(whole, tmp_path):
    first = trainer(tmp_path / "parts")

    first.run(until=5)
    extra = paddle.nn.Linear(3, 3)  # shifts Paddle's generated parameter names
    second = trainer(tmp_path / "parts")
    second.snapshot.resume(checkpoint.newest(tmp_path / "parts" / "checkpoints"))
    assert second.step == 5 and extra is not None
    second.run()
    a, b = arrays(whole, 8), arrays(tmp_path / "parts", 8)
    assert a.keys() == b.keys()
    different = [key for key in a if not np.array_equal(a[key], b[key])]
    assert different == []


def test_same_seed_same_run_other_seed_other_run(tmp_path):
    one, two = (run(tmp_path / name, total_iters=3) for name in ("a", "b"))
    assert one.step == two.step == 3
    a, b = arrays(tmp_path / "a", 3), arrays(tmp_path / "b", 3)
    assert all(np.array_equal(a[key], b[key]) for key in a)
    run(tmp_path / "c", total_iters=3, seed=6)
    assert any(not np.array_equal(a[key], value) for key, value in arrays(tmp_path / "c", 3).items())


def test_a_loss_that_is_not_finite_stops_the_run_before_any_weight_changes(tmp_path):
    broken = trainer(tmp_path)
    weight = broken.model.networks["network"].logit.weight
    weight.set_value(weight * float("nan"))
    before = broken.model.networks["network"].down[0].conv1.weight.numpy().copy()
    with pytest.raises(TrainingDiverged, match="step 0, phase network"):
        broken.run()
    assert np.array_equal(before, broken.model.networks["network"].down[0].conv1.weight.numpy())


def test_only_the_newest_checkpoints_are_kept(whole):
    assert sorted(p.name for p in (whole / "checkpoints").glob("step_*")) == ["step_00000006", "step_00000008"]
    assert checkpoint.newest(whole / "checkpoints").name == "step_00000008"


def test_damaged_and_foreign_checkpoints_are_named(tmp_path):
    done = run(tmp_path, total_iters=3)
    folder = checkpoint.newest(tmp_path / "checkpoints")
    other = trainer(tmp_path, model={"network": {"name": "SegmentationUNet", "width": 4, "levels": 2}})
    with pytest.raises(WeightsError, match="another network"):
        other.snapshot.resume(folder)
    (folder / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(WeightsError, match="is damaged"):
        done.snapshot.resume(folder)


def test_optimizer_for_an_unknown_network_and_a_forgotten_one(tmp_path):
    with pytest.raises(ConfigError, match="no such network"):
        trainer(tmp_path, optimizer={"net": {}})
    with pytest.raises(ConfigError, match="no entry for network"):
        trainer(tmp_path, optimizer={})


def test_average_follows_by_half_life():
    from ppgen.networks.segmentation import SegmentationUNet

    network = SegmentationUNet(4, 1)
    average = Average(network, half_life=10, ramp_up=1e9)
    start = network.logit.bias.numpy().copy()
    network.logit.bias.set_value(network.logit.bias + 1)
    average.update(images_seen=10, batch=10)
    assert np.allclose(average.network.logit.bias.numpy(), start + 0.5, atol=1e-6)


def test_schedules():
    assert ScheduleSettings(warmup=10).factor(0, 100) == pytest.approx(0.1)
    assert ScheduleSettings("cosine").factor(50, 100) == pytest.approx(0.5)
    assert ScheduleSettings("linear", start=0.5).factor(75, 100) == pytest.approx(0.5)
    assert ScheduleSettings("linear", start=0.5, floor=0.1).factor(100, 100) == pytest.approx(0.1)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from ppgen.engine import checkpoint
from ppgen.errors import OutputError
root = Path(sys.argv[1])
checkpoint.save(root, 1, {"a": np.zeros(4)}, {"b": np.zeros(4)}, {}, keep=2)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    checkpoint.save(root, 2, {"a": np.zeros(100_000)}, {"b": np.zeros(4)}, {}, keep=2)
except OutputError as error:
    print("refused:", error)
"""


def test_a_disk_that_fills_up_leaves_the_earlier_checkpoint_whole(run_python, tmp_path):
    done = run_python("-c", FULL_DISK, str(tmp_path))
    assert "refused:" in done.stdout and "earlier ones are whole" in done.stdout, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "step_00000001"]
    assert checkpoint.load(checkpoint.newest(tmp_path))[2]["step"] == 1


def test_a_pointer_to_a_folder_that_is_gone_falls_back(tmp_path):
    for step in (1, 2):
        checkpoint.save(tmp_path, step, {"a": np.zeros(1)}, {"b": np.zeros(1)}, {}, keep=5)
    (tmp_path / "latest").write_text("step_00000009")
    (tmp_path / ".step_00000003.77").mkdir()
    assert checkpoint.newest(tmp_path).name == "step_00000002"
    checkpoint.save(tmp_path, 3, {"a": np.zeros(1)}, {"b": np.zeros(1)}, {}, keep=5)
    assert not list(tmp_path.glob(".step_*"))


def test_resuming_keeps_the_log_up_to_its_step(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "again")
    before = read_log(folder / "log.jsonl")
    again = trainer(folder)
    again.snapshot.resume(folder / "checkpoints" / "step_00000006")
    assert again.snapshot.best is not None
    again.run()
    assert [r["step"] for r in read_log(folder / "log.jsonl")] == [r["step"] for r in before]


def test_resume_is_exact_without_an_average(tmp_path):
    """Sample grids must not move the running statistics of the networks that train."""
    run(tmp_path / "whole", ema={}, total_iters=6)
    first = trainer(tmp_path / "parts", ema={}, total_iters=6)
    first.run(until=3)
    second = trainer(tmp_path / "parts", ema={}, total_iters=6)
    second.snapshot.resume(checkpoint.newest(tmp_path / "parts" / "checkpoints"))
    second.run()
    a, b = arrays(tmp_path / "whole", 6), arrays(tmp_path / "parts", 6)
    assert [key for key in a if not np.array_equal(a[key], b[key])] == []


@pytest.mark.parametrize(
    "changes",
    [{"ema": {"networks": ["netwrk"]}}, {"validate": {"metric": {"name": "MaskScores"}, "network": "generator"}}],
)
def test_names_of_networks_are_checked_before_training(tmp_path, changes):
    with pytest.raises(ConfigError, match="no network is called"):
        trainer(tmp_path, **changes)


def test_too_few_validation_pictures_are_found_before_training():
    wanted = ValidateSettings(metric={"name": "GenerativeScores", "scores": ["kid", "ms-ssim"]})
    with pytest.raises(ConfigError, match="GenerativeScores needs at least 4 pictures and this dataset has 3"):
        check_enough(wanted, 3)
    check_enough(wanted, 4)


def test_validate_best_must_be_a_score(tmp_path):
    settings = {**CONFIG["validate"], "best": "iuo", "interval": 1}
    with pytest.raises(ConfigError, match="no score is called 'iuo'"):
        run(tmp_path, validate=settings)
    assert checkpoint.newest(tmp_path / "checkpoints").name == "step_00000001"  # the step before it is not lost
