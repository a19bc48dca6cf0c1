"""Faults from outside: values no optimizer takes, full disks, damaged pointers, abandoned courses, other processes."""

import errno
import os
import signal
from pathlib import Path

import numpy as np
import paddle
import pytest
from engine.test_guard import ROLLBACK, AlwaysFuse
from engine.toys import Discs, run, trainer

from ppgen.engine import checkpoint, distributed, lock, signals
from ppgen.engine.amp import Precision
from ppgen.engine.log import RunLog, read_log
from ppgen.engine.optimizers import build_optimizer
from ppgen.engine.settings import EmaSettings, ScheduleSettings
from ppgen.errors import ConfigError, OutputError, TrainingDiverged, WeightsError


def write(root, step, keep=2):
    checkpoint.save(root, step, {"a": np.full(1, step)}, {"b": np.zeros(1)}, {}, keep)


def spoil(parameters, value):
    """Gradients as another process could have made them in the mean."""
    for parameter in parameters:
        parameter.grad.set_value(paddle.full(parameter.shape, value))


def names(root):
    return sorted(int(path.name[5:]) for path in root.glob("step_*"))


@pytest.mark.parametrize(
    "fault",
    [{"learning_rate": -1}, {"learning_rate": float("nan")}, {"beta1": 2}, {"epsilon": 0}, {"clip_norm": -1.0}],
)
def test_numbers_that_no_optimizer_takes_are_named(fault):
    weight = paddle.create_parameter([1], "float32")
    (key,) = fault
    with pytest.raises(ConfigError, match=rf"optimizer\.net\.{key}: expected .*, found"):
        build_optimizer(fault, [weight], where="optimizer.net")


def test_a_whole_number_is_a_learning_rate():
    assert build_optimizer({"learning_rate": 1}, [paddle.create_parameter([1], "float32")]).get_lr() == 1.0


@pytest.mark.parametrize(
    ("section", "values"),
    [(EmaSettings, {"half_life": -5}), (EmaSettings, {"ramp_up": 0}), (ScheduleSettings, {"warmup": -1})],
)
def test_settings_have_bounds(section, values):
    with pytest.raises(ConfigError, match=f"{next(iter(values))} "):
        section(**values)


def test_checkpoints_of_a_course_that_was_given_up_are_neither_kept_nor_gone_back_to(tmp_path):
    for step in (10, 20, 30):
        write(tmp_path, step, keep=3)
    write(tmp_path, 15, keep=2)  # the run went back to 10 and has written again
    assert [path.name[-2:] for path in checkpoint.newest_first(tmp_path)] == ["15", "10"]
    assert names(tmp_path) == [10, 15]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"..", b"step_" + b"9" * 500, b"step_1/../.."])
def test_a_damaged_pointer_is_as_good_as_none(tmp_path, content):
    for step in (1, 2):
        write(tmp_path, step)
    (tmp_path / "latest").write_bytes(content)
    assert checkpoint.newest(tmp_path).name == "step_00000002"


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(lock.FileLock, "acquire", full)
    with pytest.raises(OutputError, match="No space left"):
        lock.folder_lock(tmp_path).__enter__()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full disk that this system does not have")
def test_a_full_disk_names_the_file_and_what_to_do():
    with pytest.raises(OutputError, match=r"/dev/full: .*No space left.*free some space, and --resume"):
        RunLog.append(Path("/dev/full"), {"step": 1})


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no terminals to hang up")
def test_a_training_under_nohup_outlives_its_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.StopSignals() as watching:
            os.kill(os.getpid(), signal.SIGHUP)
            assert watching.received is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_end_of_the_launcher_is_a_request_to_stop(monkeypatch):
    with signals.StopSignals(watch_parent=True) as watching, signals.StopSignals() as alone:
        assert watching.received is None
        monkeypatch.setattr(signals.os, "getppid", lambda: 1)
        assert watching.received == signal.SIGTERM and alone.received is None


def test_an_infinite_gradient_of_another_process_skips_the_step_here_too(tmp_path, monkeypatch):
    """float16 with a loss scaler: what was found before averaging would be known to one process only."""

    class Scaler(paddle.amp.GradScaler):
        def is_enable(self):
            return True

        def unscale_(self, optimizer):
            grads = [p.grad for p in optimizer._parameter_list if p.grad is not None]
            self.skip = not all(bool(paddle.isfinite(grad).all()) for grad in grads)

        def step(self, optimizer):
            if not self.skip:
                optimizer.step()

    training = trainer(tmp_path)
    training.updater.precision.scaler = Scaler(enable=False)
    before = training.model.networks["network"].logit.weight.numpy().copy()
    monkeypatch.setattr(distributed, "average_gradients", lambda ps: spoil(ps, float("inf")))
    training._one_step()
    training.stream.close()
    assert np.array_equal(before, training.model.networks["network"].logit.weight.numpy())


def test_the_report_of_a_gradient_names_losses_and_samples(tmp_path, monkeypatch):
    training = trainer(tmp_path)
    monkeypatch.setattr(distributed, "average_gradients", lambda ps: spoil(ps, float("nan")))
    with pytest.raises(TrainingDiverged, match=r"a gradient of 'network' is not finite \(.*=0\..*samples: \d+, \d+"):
        training.run()


def test_the_report_holds_what_other_processes_found(tmp_path, monkeypatch):
    training = trainer(tmp_path)
    monkeypatch.setattr(distributed, "any_rank", lambda flag: True)
    monkeypatch.setattr(distributed, "gather", lambda text: [text, "mask is not finite; samples: photo_7"])
    with pytest.raises(TrainingDiverged, match=r"phase network: process 1: mask is not finite; samples: photo_7;"):
        training.run()


def test_advice_fits_the_guard(tmp_path):
    with pytest.raises(TrainingDiverged, match="set guard.action to rollback"):
        trainer(tmp_path / "a", recipe=AlwaysFuse).run()
    with pytest.raises(TrainingDiverged, match="before the first checkpoint") as early:
        trainer(tmp_path / "b", recipe=AlwaysFuse, guard=ROLLBACK, checkpoint={"interval": 50}, validate={}).run()
    assert "guard.action" not in str(early.value)


def test_damaged_samples_are_named_once_in_pictures_too_and_counted(tmp_path, capsys):
    training = trainer(tmp_path, data=Discs(damaged=(0, 3)), total_iters=4, log={"interval": 1, "visual_interval": 2})
    training.validation = None
    training.run()
    assert capsys.readouterr().err.count("disc_0.png: is damaged") == 1
    assert read_log(tmp_path / "log.jsonl")[-1]["damaged_samples"] == 2


def test_weights_start_from_a_run_folder(tmp_path):
    done = run(tmp_path / "run", total_iters=3)
    new = trainer(tmp_path / "new", seed=6)
    new.snapshot.load_weights(tmp_path / "run")
    for mine, theirs in zip(new.model.networks["network"].parameters(), done.model.networks["network"].parameters()):
        assert np.array_equal(mine.numpy(), theirs.numpy())


def test_processes_wait_for_the_first_after_its_own_work(tmp_path, monkeypatch):
    """Gloo gives up on a collective after 30 seconds; pictures and checkpoints of one process may take longer."""
    waits = []
    monkeypatch.setattr(distributed, "wait_for_first", lambda marker, token: waits.append((marker.name, token[-1])))
    trainer(tmp_path, total_iters=6, validate={}, log={"interval": 1, "visual_interval": 4}).run()
    assert [wait for wait in waits if wait[0] != ".validated"] == [
        (".saved", "3"), (".drawn", "4"), (".drawn", "6"), (".saved", "6"),
    ]  # fmt: skip


def test_a_loss_scalers_state_comes_back(tmp_path):
    class Scaler:
        """As Paddle's, which indexes the scale; on a CPU Paddle's own is switched off and has no state."""

        state = {"scale": np.array([1024.0], np.float32), "incr_count": 3, "use_dynamic_loss_scaling": True}

        def state_dict(self):
            return dict(self.state)

        def load_state_dict(self, state):
            self.restored = {**state, "scale": state["scale"][0]}

    precision = Precision()
    precision.scaler = Scaler()
    precision.restore(precision.arrays())
    assert precision.scaler.restored == {"scale": 1024.0, "incr_count": 3, "use_dynamic_loss_scaling": True}


def test_another_optimizer_is_refused_on_resume(tmp_path):
    run(tmp_path, total_iters=3)
    for name in ("RMSProp", "Momentum"):
        other = trainer(tmp_path, optimizer={"network": {"name": name, "learning_rate": 0.01}})
        with pytest.raises(WeightsError, match="set optimizer.NETWORK.name back"):
            other.snapshot.resume_newest()


def test_gradients_are_looked_at_before_anything_is_made_of_the_weights(tmp_path, monkeypatch):
    """Between looks a gradient that is not finite goes by; a picture or a checkpoint of NaN would end the run."""
    training = trainer(tmp_path, guard={**ROLLBACK, "gradient_interval": 10}, total_iters=4, schedule={})
    real, done = distributed.average_gradients, []

    def once(parameters):
        real(parameters)
        done.append(training.step)
        if training.step == 2 and done.count(2) == 1:  # the step before the checkpoint of step 3
            spoil(parameters, float("inf"))

    monkeypatch.setattr(distributed, "average_gradients", once)
    with pytest.raises(TrainingDiverged, match="before the first checkpoint"):
        training.run()
    assert done == [0, 1, 2]


@pytest.mark.parametrize("fail", [WeightsError("no such weights"), RuntimeError("the other process timed out")])
def test_a_score_that_cannot_be_had_costs_no_steps(tmp_path, monkeypatch, fail):
    training = trainer(tmp_path, total_iters=5)
    monkeypatch.setattr(training, "_validate", lambda _: (_ for _ in ()).throw(fail))
    with pytest.raises(type(fail), match=str(fail)):
        training.run()
    assert 4 in names(tmp_path / "checkpoints")
