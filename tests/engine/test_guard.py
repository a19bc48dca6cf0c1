"""What the engine does when things go wrong: divergence, damage, signals, a second run, forgotten state."""

import os
import platform
import re
import signal
import threading
import time

import numpy as np
import paddle
import pytest
from engine.toys import Discs, run, trainer

from ppgen.engine import amp, checkpoint
from ppgen.engine.log import read_log
from ppgen.engine.state import check_declared
from ppgen.errors import ConfigError, DataError, OutputError, TrainingDiverged, WeightsError
from ppgen.models.base import Phase
from ppgen.models.segmentation import PersonSegmentation
from ppgen.runtime import convolutions


class Fuse(PersonSegmentation):
    """Its loss is not a number at step 7, the first time or always."""

    blows, times = 1, 0

    def phases(self):
        (phase,) = super().phases()
        return [type(phase)(phase.name, phase.trains, self.fused)]

    def fused(self, batch, step):
        losses = super().phases()[0].loss(batch, step)
        if step.index == 7 and self.times < self.blows:
            self.times += 1
            losses = {name: value * float("nan") for name, value in losses.items()}
        return losses


class AlwaysFuse(Fuse):
    blows = 99


ROLLBACK = {"action": "rollback", "factor": 0.25, "times": 2}


def test_divergence_rolls_back_with_a_lower_rate_and_goes_on(tmp_path):
    done = trainer(tmp_path, recipe=Fuse, guard=ROLLBACK, total_iters=10, schedule={})
    done.run()
    assert done.step == 10 and done.snapshot.rollbacks == 1
    rows = {r["step"]: r for r in read_log(tmp_path / "log.jsonl") if "rate_factor" in r}
    assert sorted(rows) == list(range(1, 11))
    assert rows[6]["rate_factor"] == 1.0 and rows[7]["rate_factor"] == 0.25
    assert "rolled back" in (tmp_path / "events.jsonl").read_text()
    again = trainer(tmp_path, recipe=Fuse, guard=ROLLBACK, total_iters=10, schedule={})
    again.snapshot.resume_newest()
    assert again.snapshot.rollbacks == 1  # the lowered rate is part of a checkpoint


def test_rollbacks_end_with_a_report_that_names_loss_norm_and_samples(tmp_path):
    broken = trainer(tmp_path, recipe=AlwaysFuse, guard=ROLLBACK, total_iters=10)
    with pytest.raises(
        TrainingDiverged, match=r"step 7, phase network.*nan.*last gradient norms: network .*samples: \d+"
    ):
        broken.run()
    assert broken.snapshot.rollbacks == 2


def test_an_infinite_gradient_stops_before_the_weights_change(tmp_path):
    class Steep(PersonSegmentation):
        def phases(self):
            (phase,) = super().phases()
            return [type(phase)(phase.name, phase.trains, lambda b, s: {"x": self.huge(phase.loss(b, s))})]

        def huge(self, losses):
            loss = paddle.add_n(list(losses.values()))
            return ((loss - loss.detach()) * 1e30) * 1e30  # zero, with an infinite slope

    steep = trainer(tmp_path, recipe=Steep)
    before = steep.model.networks["network"].logit.weight.numpy().copy()
    with pytest.raises(TrainingDiverged, match="a gradient of 'network' is not finite"):
        steep.run()
    assert np.array_equal(before, steep.model.networks["network"].logit.weight.numpy())


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def test_a_checkpoint_with_one_changed_bit_is_named_and_the_one_before_is_used(tmp_path):
    run(tmp_path, total_iters=6)
    newest = checkpoint.newest(tmp_path / "checkpoints")
    flip_a_byte(newest / "state.safetensors")
    with pytest.raises(WeightsError, match="checksum"):
        checkpoint.load(newest)
    again = trainer(tmp_path, total_iters=8)
    (sentence,) = again.snapshot.resume_newest()
    assert again.step == 4 and str(newest) in sentence  # 4: the best so far
    again.run()
    assert checkpoint.load(checkpoint.newest(tmp_path / "checkpoints")).facts["step"] == 8
    for folder in (tmp_path / "checkpoints").glob("step_*"):
        flip_a_byte(folder / "weights.safetensors")
    with pytest.raises(WeightsError, match="checksum"):
        trainer(tmp_path).snapshot.resume_newest()


def test_the_best_checkpoint_is_spared(tmp_path):
    for step in range(1, 7):
        if step == 2:
            checkpoint.mark_best(tmp_path, step)
        checkpoint.save(tmp_path, step, {"a": np.zeros(1)}, {"b": np.zeros(1)}, {}, keep=2)
    assert sorted(p.name[-1] for p in tmp_path.glob("step_*")) == ["2", "5", "6"]


SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_run_with_a_checkpoint_and_the_resumed_run_is_the_same(tmp_path, number, request):
    before = signal.signal(number, signal.SIG_DFL)  # tests that are run by nohup ignore SIGHUP
    request.addfinalizer(lambda: signal.signal(number, before))
    run(tmp_path / "whole", total_iters=12)
    first = trainer(tmp_path / "parts", total_iters=12)

    def stop_soon():
        while first.step < 4:
            time.sleep(0.005)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=stop_soon)
    thread.start()
    first.run()
    thread.join()
    assert first.stopped_by == number and 4 <= first.step < 12
    second = trainer(tmp_path / "parts", total_iters=12)
    assert second.snapshot.resume_newest() == [] and second.step == first.step
    second.run()
    one, two = (checkpoint.load(tmp_path / n / "checkpoints" / "step_00000012") for n in ("whole", "parts"))
    for a, b in zip(one[:2], two[:2]):
        assert a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_two_runs_in_one_folder_are_refused(tmp_path):
    from ppgen.engine.lock import folder_lock

    holder = rf"another training \(process {os.getpid()} on {re.escape(platform.node())}\) writes"
    with folder_lock(tmp_path), pytest.raises(OutputError, match=holder):
        run(tmp_path)
    run(tmp_path, total_iters=1)  # given up: free again


def test_a_run_with_another_seed_is_not_taken_for_the_same(tmp_path):
    run(tmp_path, total_iters=3)
    with pytest.raises(ConfigError, match="seed 5.*says 6"):
        trainer(tmp_path, seed=6).snapshot.resume_newest()


def test_state_that_no_checkpoint_would_hold_is_found(tmp_path):
    class Pool:
        def arrays(self):
            return {"n": np.zeros(1)}

        def restore(self, arrays):
            pass

    class Forgetful(PersonSegmentation):
        def __init__(self, network):
            super().__init__(network)
            self.helpers = {"pool": Pool()}

    class Careful(Forgetful):
        def stateful(self):
            return {"pool": self.helpers["pool"]}

    class Loose(PersonSegmentation):
        def __init__(self, network):
            super().__init__(network)
            self.extra = paddle.nn.Linear(2, 2)

    network = {"name": "SegmentationUNet", "width": 4, "levels": 1}
    check_declared(Careful(network))
    for cls, place in ((Forgetful, "helpers"), (Loose, "extra")):
        with pytest.raises(ConfigError, match=f"{cls.__name__}.{place}.*no checkpoint holds"):
            check_declared(cls(network))


def test_damaged_samples_are_named_once_passed_over_or_fatal(tmp_path, capsys):
    data = Discs(damaged=(3, 4))
    trainer(tmp_path / "skip", data=data, total_iters=8).run()
    assert capsys.readouterr().err.count("disc_3.png: is damaged") == 1
    with pytest.raises(DataError, match="disc_[34].png: is damaged"):
        trainer(tmp_path / "stop", data=data, total_iters=8, loader={"batch_size": 4, "on_corrupt": "stop"}).run()
    with pytest.raises(DataError, match="no sample of the dataset can be read: disc_"):
        trainer(tmp_path / "none", data=Discs(damaged=range(16))).run()


@pytest.mark.skipif(paddle.get_device() != "cpu", reason="this machine trains on a card")
@pytest.mark.parametrize("level", ["O1", "O2"])
def test_half_precision_on_a_cpu_is_of_convolutions_or_float32_and_says_so(level, monkeypatch):
    monkeypatch.setattr(amp, "multiplies_bfloat16", lambda: False)
    with pytest.warns(UserWarning, match="no half precision"):
        precision = amp.Precision(level)
    assert not precision.products and precision.level is None and not precision.scales and precision.arrays() == {}

    monkeypatch.setattr(amp, "multiplies_bfloat16", lambda: True)
    precision = amp.Precision(level)
    assert precision.products and precision.level is None and not precision.scales
    for float32 in (False, True):
        with precision.cast(Phase("p", ("net",), lambda *_: {}, float32=float32)):
            assert convolutions._State.half is not float32
    assert not convolutions._State.half and not amp.Precision().products
