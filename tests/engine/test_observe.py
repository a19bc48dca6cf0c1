"""What a line of the log says."""

import pytest

from ppgen.engine.log import read_log
from ppgen.engine.observe import Observer, StepReport
from ppgen.engine.settings import LogSettings


def test_a_line_holds_means_also_of_what_is_computed_now_and_then(tmp_path):
    observer = Observer(tmp_path, 0, 8, 4, LogSettings(interval=4))
    for step in range(1, 9):
        lazy = {"r1": 10.0 * step} if step in (2, 3) else {}
        report = StepReport({"d": float(step), **lazy}, {"d_real": -step}, {"level": step}, waited=0.0)
        observer.after_step(step, report, hours=0.1, last=False)
    observer.close()
    first, second = read_log(tmp_path / "log.jsonl")
    assert first["step"] == 4 and first["images"] == 16
    assert (first["d"], first["r1"], first["d_real"], first["level"]) == pytest.approx((2.5, 25, -2.5, 4))
    assert (second["d"], second["level"]) == pytest.approx((6.5, 8)) and "r1" not in second
