"""TensorBoard and VisualDL files hold what was logged, and nothing that goes wrong there reaches the training."""

import builtins
import struct

import numpy as np
import pytest

from ppgen.engine import writers
from ppgen.engine.settings import LogSettings
from ppgen.engine.writers import Writers
from ppgen.errors import ConfigError

ROW = {"step": 3, "images": 12, "d": 0.25, "val_fid": float("nan"), "note": "text", "flag": True}


@pytest.fixture
def picture(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the picture of this test")
    path = tmp_path / "step_00000003.png"
    image.fromarray(np.full((5, 7, 3), 200, np.uint8)).save(path)
    return path


def _events(folder):
    """The events of all files, oldest file first; TFRecord: length, crc, data, crc."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2", reason="tensorboardX is not installed")
    found = []
    for path in sorted((folder / "tensorboard").iterdir()):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (length,) = struct.unpack_from("<Q", data, place)
            found.append(event_pb2.Event.FromString(data[place + 12 : place + 12 + length]))
            place += 16 + length
    return found


def test_tensorboard_gets_numbers_pictures_and_where_a_resume_starts(tmp_path, picture):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    out = Writers(["tensorboard"], tmp_path, step=2)
    out.scalars(3, ROW)
    out.image(3, "samples", picture)
    out.close()
    start, numbers, image = _events(tmp_path)[1:]
    assert start.step == 3 and start.session_log.status == 1
    assert numbers.step == 3
    assert {v.tag: v.simple_value for v in numbers.summary.value if v.tag != "val_fid"} == {"d": 0.25}
    assert np.isnan(next(v.simple_value for v in numbers.summary.value if v.tag == "val_fid"))
    shown = image.summary.value[0].image
    assert (shown.width, shown.height, shown.encoded_image_string) == (7, 5, picture.read_bytes())


def test_visualdl_gets_them_and_forgets_steps_that_run_again(tmp_path, picture):
    reader = pytest.importorskip("visualdl.reader.reader", reason="visualdl is not installed")
    first = Writers(["visualdl"], tmp_path)
    for step in (1, 2, 3):
        first.scalars(step, {"d": step / 2, "share_%": 1.0})
    first.image(3, "samples", picture)
    first.close()
    path = tmp_path / "visualdl" / "vdlrecords.ppgen.log"
    path.write_bytes(path.read_bytes() + struct.pack("<Q", 999) + b"cut off")
    again = Writers(["visualdl"], tmp_path, step=2)
    again.scalars(3, {"d": 9.0})
    again.image(3, "samples", picture)
    again.close()
    log = reader.LogReader(file_path=str(path))
    assert [(item.id, item.value) for item in log.get_data("scalar", "d")] == [(1, 0.5), (2, 1.0), (3, 9.0)]
    assert [item.id for item in log.get_data("scalar", "share__")] == [1, 2]
    assert len(log.get_data("image", "samples")) == 1


def test_a_missing_package_is_one_warning_with_the_extra_to_install(tmp_path, monkeypatch, capsys):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.split(".")[0] in ("tensorboardX", "visualdl"):
            raise ModuleNotFoundError(f"No module named '{name}'")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    out = Writers(["tensorboard", "visualdl"], tmp_path)
    out.scalars(1, ROW)
    out.close()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert told[0].endswith("pip install tensorboardX") and told[1].endswith("pip install visualdl")


class Failing:
    """Breaks at its second row."""

    def __init__(self, folder, step):
        self.rows = 0

    def scalars(self, step, values):
        self.rows += 1
        if self.rows > 1:
            raise OSError(28, "No space left on device")

    def close(self):
        raise RuntimeError("never reached")


class Sound:
    """Remembers."""

    def __init__(self, folder, step):
        self.rows = []

    def scalars(self, step, values):
        self.rows.append((step, dict(values)))

    def close(self):
        self.rows.append("closed")


def test_a_failure_turns_off_that_writer_only_with_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(writers, "WRITERS", {"failing": Failing, "sound": Sound})
    out = Writers(["failing", "sound"], tmp_path)
    sound = out._on["sound"]
    for step in (1, 2, 3):
        out.scalars(step, {"d": 1.0})
    assert out.names == ["sound"]
    out.close()
    out.close()
    assert [row if row == "closed" else row[0] for row in sound.rows] == [1, 2, 3, "closed"]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and "failing is off" in told[0] and "No space left" in told[0]


def test_an_interrupt_is_not_swallowed(tmp_path, monkeypatch):
    def interrupted(folder, step):
        raise KeyboardInterrupt

    monkeypatch.setattr(writers, "WRITERS", {"x": interrupted})
    with pytest.raises(KeyboardInterrupt):
        Writers(["x"], tmp_path)


@pytest.mark.parametrize("name", ["tensorboard", "visualdl"])
def test_a_picture_that_is_none_and_a_folder_that_is_a_file_end_no_run(name, tmp_path, capsys):
    pytest.importorskip({"tensorboard": "tensorboardX"}.get(name, name), reason=f"{name} is not installed")
    out = Writers([name], tmp_path)
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    out.image(1, "samples", bad)
    assert out.names == []
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    assert Writers([name], blocked).names == []
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_an_unknown_writer_is_a_mistake_in_the_config(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'tensorboard'"):
        LogSettings(writers=["tensorbord"])
    assert Writers([], tmp_path).names == []
