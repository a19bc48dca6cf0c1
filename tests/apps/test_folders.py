"""Folders: what is done is logged, and not done again; workers may die, and nobody else notices."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT
from painter import painting, write_photos

from ppgen.apps.folders import Entry, Interrupted, Processes, Shard, list_photos, run_folder, serial
from ppgen.apps.folders.log import read_logs
from ppgen.errors import ConfigError, DataError, OutputError, WeightsError


def entries(folder: Path, name: str = "cartoon.log.jsonl") -> list[dict]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def stems(folder: Path, name: str = "cartoon.log.jsonl") -> list[str]:
    return [entry["stem"] for entry in entries(folder, name)]


@pytest.fixture
def photos(tmp_path) -> Path:
    write_photos(tmp_path / "in", "a", "b", "c")
    (tmp_path / "in" / "text.png").write_text("no picture")
    return tmp_path / "in"


def run(photos, out, runner=serial, **settings):
    """(the report, the stems that were tried)."""
    tried = []
    options = {name: settings.pop(name) for name in ("overwrite", "shard") if name in settings}
    inputs = [str(photos)] if isinstance(photos, Path) else photos
    report = run_folder(painting(out, **settings), inputs, runner, tell=lambda one: tried.append(one.stem), **options)
    return report, tried


def test_a_second_run_does_what_is_left(photos, tmp_path):
    out = tmp_path / "out"
    report, tried = run(photos, out)
    assert (report.done, report.skipped, len(report.failures)) == (3, 0, 1) and tried == ["a", "b", "c", "text"]
    first = entries(out)
    assert [one["status"] for one in first] == ["done"] * 3 + ["refused"]
    assert first[0]["path"] == str(photos / "a.png") and first[0]["files"] == ["a_0_photo.png", "a_0_cartoon.png"]
    assert "is a text file" in first[3]["error"]

    os.utime(photos / "b.png", (1, 1))  # touched, yet the same
    report, tried = run(photos, out)
    assert (report.done, report.skipped, tried) == (0, 3, []) and entries(out) == first
    assert "3 of 4 pictures done, 3 faces drawn; 3 of them before" in str(report)
    assert "is a text file" in str(report) and "refused before" in str(report)

    write_photos(photos, "b", "other")  # b is another picture now
    (out / "c_0_photo.png").unlink()
    report, tried = run(photos, out)
    assert tried == ["b", "c", "other"] and report.skipped == 1
    assert stems(out) == ["a", "b", "c", "other", "text"]


@pytest.mark.parametrize("change", [{"overwrite": True}, {"colour": 3}])
def test_everything_is_done_again(photos, tmp_path, change, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b_0_photo.png").write_text("somebody's")
    run(photos, tmp_path / "out")
    assert capsys.readouterr().err == f"replaced: {tmp_path / 'out' / 'b_0_photo.png'}\n"
    report, tried = run(photos, tmp_path / "out", **change)
    assert report.done == 3 and tried == ["a", "b", "c", "text"] == stems(tmp_path / "out")
    assert capsys.readouterr().err == ""


def test_other_inputs_keep_their_files(photos, tmp_path):
    """A second folder with the same names gets other names, and those it had are kept."""
    write_photos(tmp_path / "other", "a", "b")
    out = tmp_path / "out"
    run(photos, out)
    before = (out / "a_0_photo.png").read_bytes()
    report, tried = run([str(tmp_path / "other"), str(photos)], out)
    assert tried == ["a-2", "b-2"] and (out / "a_0_photo.png").read_bytes() == before
    assert run(tmp_path / "other", out)[0].skipped == 2


def test_manifests(photos, tmp_path, monkeypatch):
    (tmp_path / "list.txt").write_bytes(b"in/a.png\r\n\nin/c.png\nin/a.png\n")
    (tmp_path / "list.jsonl").write_text(f'"{photos}/b.png"\n{{"path": "in/c.png", "age": 3}}\n')
    monkeypatch.chdir(photos)
    listed, notes = list_photos([str(tmp_path / "list.txt"), str(tmp_path / "list.jsonl"), "a.png"])
    assert [photo.path for photo in listed] == [str(photos / f"{name}.png") for name in "acb"]
    assert notes == ["3 given more than once"]
    (tmp_path / "list.jsonl").write_text('"a.png"\n{"pth": "b.png"}\n')
    with pytest.raises(DataError, match="list.jsonl, line 2: expected a path"):
        list_photos([str(tmp_path / "list.jsonl")])
    with pytest.raises(DataError, match="none.txt: cannot be read"):
        list_photos([str(tmp_path / "none.txt")])


def test_shards_share_the_work(photos, tmp_path):
    out = tmp_path / "out"
    tried = [run(photos, out, shard=Shard.parsed(f"{number}/3"))[1] for number in (1, 2, 3)]
    assert tried == [["a", "text"], ["b"], ["c"]]
    assert stems(out, "cartoon.shard-1-of-3.log.jsonl") == ["a", "text"]
    report, tried = run(photos, out)
    assert (report.skipped, tried) == (3, [])
    for wrong in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(ConfigError, match="NUMBER/OF"):
            Shard.parsed(wrong)


def test_a_log_that_a_crash_cut_short(photos, tmp_path):
    out = tmp_path / "out"
    run(photos, out)
    log = out / "cartoon.log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + b'"strange"\n{"path": 3}\n' + lines[1] + lines[2][:50])
    (out / f".c_0_cartoon.{'0' * 12}.png").write_bytes(b"half")
    assert run(photos, out)[1] == ["c", "text"] and stems(out) == ["a", "b", "c", "text"]
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == []


def test_a_strangers_log_names_no_file_elsewhere(photos, tmp_path):
    out = tmp_path / "out"
    run(photos, out)
    log = out / "cartoon.log.jsonl"
    log.write_text(log.read_text().replace('"stem": "a"', '"stem": "../a"').replace('"faces": 1', '"faces": "many"', 2))
    assert run(photos, out)[1] == ["a", "b"] and stems(out) == ["a", "b", "c", "text"]
    assert not list(tmp_path.glob("a_*"))


def test_one_run_a_log(photos, tmp_path):
    seen = []

    def during(entry: Entry) -> None:
        with pytest.raises(OutputError, match="another run writes into this folder"):
            run(photos, tmp_path / "out", overwrite=True)
        seen.append(entry)

    run_folder(painting(tmp_path / "out"), [str(photos)], tell=during)
    assert len(seen) == 4


def test_what_concerns_every_photo_stops_the_run(photos, tmp_path):
    def runner(work, pending):
        raise WeightsError("damaged")

    with pytest.raises(WeightsError):
        run(photos, tmp_path / "out", runner)


def test_results_into_the_folder_of_the_photos(photos):
    write_photos(photos, "a_0_cartoon")
    report, _ = run(photos, photos)
    assert report.done == 3 and any("would be overwritten" in text for text in report.failures)


def test_processes_outlive_what_photos_do(photos, tmp_path):
    """One never ends, one kills its worker, one hits a fault; all are told and logged in order."""
    write_photos(photos, "bug", "dies", "e", "slow", "z")
    out = tmp_path / "out"
    report, tried = run(photos, out, Processes(2, timeout=3))
    order = ["a", "b", "bug", "c", "dies", "e", "slow", "text", "z"]
    assert tried == order == stems(out)
    assert report.done == 5 and [text.split("in/")[1].split(":")[0] for text in report.failures] == [
        "bug.png", "dies.png", "slow.png", "text.png",
    ]  # fmt: skip
    said = {one["stem"]: (one["status"], one["error"]) for one in entries(out) if one["error"]}
    assert said["bug"][0] == "failed" and "ValueError: odd" in said["bug"][1]
    assert said["dies"][0] == "failed" and "signal 9" in said["dies"][1]
    assert said["slow"][0] == "failed" and "more than 3 s" in said["slow"][1] and said["text"][0] == "refused"
    assert len({one["worker"] for one in entries(out) if one["status"] == "done"}) >= 2


def test_what_failed_is_tried_again(photos, tmp_path):
    write_photos(photos, "bug")
    for _ in range(2):
        report, tried = run(photos, tmp_path / "out")
        assert "bug" in tried and "a fault of ppgen, please report it (ValueError: odd)" in str(report)
    assert tried == ["bug"]


def start(photos: Path, out: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, str(ROOT / "tests" / "painter.py"), str(photos), str(out)]
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, preexec_fn=heard)


def wait_for_lines(out: Path, count: int) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if len(read_logs(str(out), "cartoon")) >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{count} photos were not done in time")


def alive(worker: str) -> bool:
    try:
        return Path(f"/proc/{worker.split(':')[1]}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_interrupted_killed_and_finished(tmp_path):
    photos, out = tmp_path / "in", tmp_path / "out"
    write_photos(photos, *(f"p{number:02d}" for number in range(16)))
    interrupted = start(photos, out)
    wait_for_lines(out, 2)
    interrupted.send_signal(signal.SIGINT)
    _, said = interrupted.communicate(timeout=60)
    assert "of 16 pictures have had their turn; run the same command again to go on" in said
    done = set(stems(out))
    assert 2 <= len(done) < 16

    killed = start(photos, out)
    wait_for_lines(out, len(done) + 2)
    killed.kill()
    killed.communicate(timeout=60)
    before = {one["stem"]: one["finished"] for one in entries(out)}
    limit = time.monotonic() + 20
    while any(alive(one["worker"]) for one in entries(out)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not any(alive(one["worker"]) for one in entries(out))  # workers end with their parent

    report, tried = run(photos, out, seconds=0.1)
    assert report.skipped == len(before) and set(tried).isdisjoint(before) and report.total == 16
    assert {one["stem"]: one["finished"] for one in entries(out)}.items() >= before.items()
    assert len(entries(out)) == 16 and len(list(out.iterdir())) == 2 * 16 + 1


def test_ctrl_c_in_one_process(photos, tmp_path):
    def stop(entry: Entry) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="1 of 4 pictures have had their turn"):
        run_folder(painting(tmp_path / "out"), [str(photos)], tell=stop)
    assert stems(tmp_path / "out") == ["a"]


def test_storage_elsewhere(photos, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for path in sorted(photos.iterdir()):
        memory.put_file(str(path), f"/folders/in/{path.name}")
    try:
        report, tried = run(["memory://folders/in"], "memory://folders/out")
        assert tried == ["a", "b", "c", "text"] and report.done == 3
        assert report.failures == ["memory://folders/in/text.png: is a text file, not an image; give a JPEG, PNG, "
                                   "WebP, TIFF, BMP, PPM, GIF, HEIC or AVIF image"]  # fmt: skip
        names = [name.rsplit("/", 1)[1] for name in memory.ls("/folders/out", detail=False)]
        assert len(names) == 7 and "cartoon.log.jsonl" in names
        memory.pipe_file("/list.txt", b"folders/in/a.png\nfolders/in/none.png\n")
        report, tried = run(["memory://list.txt"], "memory://folders/out")
        assert report.skipped == 1 and tried == ["none"]
        run(photos, tmp_path / "out")
        assert memory.cat_file("/folders/out/b_0_cartoon.png") == (tmp_path / "out" / "b_0_cartoon.png").read_bytes()
    finally:
        memory.rm("/", recursive=True)
    with pytest.raises(ConfigError, match="nonsense://x: cannot be opened"):
        list_photos(["nonsense://x"])
