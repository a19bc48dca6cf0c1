"""What a line of the log says."""

import pytest

from ppgen import cli
from ppgen.engine.lock import folder_lock
from ppgen.engine.log import read_log
from ppgen.engine.meanings import main_losses, meaning
from ppgen.engine.observe import Observer, StepReport
from ppgen.engine.page import RunPage
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


def test_a_line_is_for_people(tmp_path, capsys):
    observer = Observer(tmp_path, 0, 8, 4, LogSettings(interval=4))
    for step in range(1, 5):
        observer.after_step(step, StepReport({"d": 0.5}, {"d_real": 0.25}, {"norm_d": 3.0}, 0.0), 0.1, last=False)
    observer.close()
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("step 4/8  d 0.5  d_real 0.25 | ") and "images/s" in line and "left" in line
    assert "norm" not in line and "=" not in line


@pytest.mark.parametrize(
    ("losses", "shown"),
    [(["r1", "g", "d", "path"], ["d", "g", "r1"]), (["kl", "reconstruction"], ["reconstruction", "kl"]), ([], [])],
)
def test_a_bar_shows_the_losses_that_matter(losses, shown):
    assert main_losses(losses) == shown


def test_names_are_explained(tmp_path):
    assert "discriminator" in meaning("d") and "real" in meaning("val_fid") and meaning("strange") == ""
    run = tmp_path / "run"
    run.mkdir()
    (run / "log.jsonl").write_text('{"step": 1, "d": 0.5}\n')
    assert meaning("d") in RunPage(run).write().read_text()


def test_runs_are_listed_with_state_and_best_score(tmp_path, capsys):
    for name, step, total in (("a-20260101-000000", 10, 10), ("b-20260102-000000", 4, 10), ("c", 5, 9)):
        run = tmp_path / name
        run.mkdir()
        (run / "config.yaml").write_text(f"total_iters: {total}\n")
        (run / "history.jsonl").write_text("{}\n")
        (run / "log.jsonl").write_text(f'{{"step": {step}, "d": 0.5}}\n')
    with folder_lock(tmp_path / "c"):
        assert cli.main(["runs", str(tmp_path)]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert lines[str(tmp_path / "a-20260101-000000")] == ["finished", "10/10"]
    assert lines[str(tmp_path / "b-20260102-000000")] == ["stopped", "4/10"]
    assert lines[str(tmp_path / "c")] == ["running", "5/9"]
    assert cli.main(["runs", str(tmp_path / "none")]) == 2 and "no run" in capsys.readouterr().err
