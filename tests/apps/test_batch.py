"""Inputs of every kind become items with names that never collide; a batch finishes whatever fails."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ppgen.apps import batch
from ppgen.errors import DataError, NoFaceError, OutputError, WeightsError
from ppgen.io.image import load_image, save_image

GREY = np.full((40, 40, 3), 128, np.uint8)


def test_items_of_files_folders_arrays_and_pictures(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("b.png", "a.jpg", "notes.txt", ".hidden.png"):
        (folder / name).write_bytes(b"x")
    pil = Image.fromarray(GREY)
    items = batch.list_items([tmp_path / "one.png", folder, GREY, pil])
    assert [item.stem for item in items] == ["one", "a", "b", "image3", "image4"]
    assert [item.name for item in items[1:3]] == [str(folder / "a.jpg"), str(folder / "b.png")]
    assert items[3].source is GREY and items[4].source is pil


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["x/a.jpg", "x/a.png", "y/a.jpg"], ["a", "a-2", "a-3"]),
        (["a-2.jpg", "a.jpg", "a.png"], ["a-2", "a", "a-3"]),
        (["a.jpg", "a.png", "a-2.jpg"], ["a", "a-3", "a-2"]),
        (["Anna.jpg", "anna.jpg"], ["Anna", "anna-2"]),
        (["é" * 200 + ".jpg"], ["é" * 80]),
    ],
)
def test_stems_differ(given, expected):
    assert [item.stem for item in batch.list_items(given)] == expected


def test_a_bad_folder_in_a_list_is_one_failed_item(tmp_path):
    (tmp_path / "empty").mkdir()
    items = batch.list_items(["a.jpg", tmp_path / "empty"])
    assert items[0].failure is None
    assert "holds no image" in str(items[1].failure)
    with pytest.raises(DataError, match="empty list"):
        batch.list_items([])


def test_what_is_a_batch(tmp_path):
    assert batch.is_batch([]) and batch.is_batch(()) and batch.is_batch(tmp_path) and batch.is_batch(str(tmp_path))
    assert not batch.is_batch(GREY) and not batch.is_batch("a.jpg") and not batch.is_batch("\0" + "a" * 5000)


def test_the_rest_is_finished(capsys):
    def work(item):
        if item.name == "b":
            raise NoFaceError("b: no face; another photo")
        if item.name == "d":
            raise OutputError("d: full; make room")
        return [SimpleNamespace(name=item.name, warnings=("small",))] * 2

    items = [batch.Item(None, name, name) for name in "abcd"]
    report = batch.run_batch(items, work, "test")
    assert [result.name for result in report.results] == ["a", "a", "c", "c"]
    assert [failure.name for failure in report.failures] == ["b", "d"]
    text = str(report)
    assert text.startswith("2 of 4 pictures done, 4 faces drawn\n")
    assert "failed: b: no face; another photo" in text and "warning: a: small" in text
    with pytest.raises(NoFaceError, match="2 of 4 pictures failed.*b: no face"):
        report.raise_first()
    assert capsys.readouterr().err == ""  # no progress bar into a pipe


def test_missing_weights_stop_a_batch():
    def work(item):
        raise WeightsError("none")

    with pytest.raises(WeightsError):
        batch.run_batch([batch.Item(None, name, name) for name in "ab"], work, "test")


def test_an_input_is_never_overwritten(tmp_path):
    path = tmp_path / "p2c_photo.png"
    path.write_bytes(b"x")
    (tmp_path / "link.png").symlink_to(path)
    for source in (path, str(path), tmp_path / "link.png"):
        with pytest.raises(OutputError, match="would be overwritten"):
            batch.check_not_input([path], source)
    (tmp_path / "elsewhere.png").write_bytes(b"x")
    batch.check_not_input([path, Path("other")], tmp_path / "elsewhere.png")
    batch.check_not_input([path], GREY)
    batch.check_not_input([path], tmp_path / "none.png", "\0")
    with pytest.raises(OutputError, match="one of the inputs"):
        batch.check_not_input([Path("other"), path], tmp_path / "elsewhere.png", GREY, path)


def test_the_report_says_what_was_done():
    report = batch.run_batch(
        batch.list_items([np.zeros((4, 4, 3), np.uint8)]), lambda item: [SimpleNamespace(warnings=())], "x", "projected"
    )
    assert str(report) == "1 of 1 pictures done, 1 face projected"


def test_a_batch_knows_all_that_is_read(tmp_path):
    paths = [save_image(tmp_path / name, GREY) for name in ("x.png", "x_photo.png")]
    first, second = batch.list_items([*paths])
    assert first.batch == second.batch == batch.identities(paths) and len(first.batch) == 2
    with pytest.raises(OutputError, match="x_photo.png: is one of the inputs"):
        batch.check_not_input([tmp_path / f"{first.stem}_photo.png"], batch=first.batch)


def test_names_that_begin_with_a_tilde_or_are_long(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_image(tmp_path / "~me.png", GREY)
    items = batch.list_items(["~me.png", str(tmp_path / ("\u5b57" * 80 + ".png"))])
    batch.check_not_input([tmp_path / "out.png"], batch=items[0].batch)
    assert items[0].stem == "~me" and len(items[1].stem.encode()) <= 160
    assert (load_image("~me.png") == GREY).all()
