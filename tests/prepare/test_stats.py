"""Counts, sizes and the picture of samples."""

from __future__ import annotations

import numpy as np
import pytest

from ppgen import cli
from ppgen.errors import DataError
from ppgen.io.image import load_image, save_image
from ppgen.prepare.stats import dataset_stats


@pytest.fixture
def dataset(tmp_path):
    for folder, names, side in (("trainA", "abc", 32), ("trainB", "ab", 32), ("testA", "d", 16), ("testB", "d", 16)):
        for level, name in enumerate(names):
            save_image(tmp_path / folder / f"{name}.png", np.full((side, side, 3), 40 * level, np.uint8))
    (tmp_path / "trainA" / "broken.png").write_bytes(b"not a picture")
    (tmp_path / "meta.csv").write_text("id,gender,age_group\na,F,young\nb,M,\nc,M,senior\n")
    return tmp_path


def test_counts(dataset):
    stats = dataset_stats(dataset)
    assert {name: one.count for name, one in stats.folders.items()} == {
        "trainA": 4, "testA": 1, "trainB": 2, "testB": 1
    }  # fmt: skip
    assert stats.folders["trainA"].sizes == {"32x32": 3}
    assert [path.endswith("broken.png") for path in stats.folders["trainA"].damaged] == [True]
    assert stats.groups == {"gender": {"M": 2, "F": 1}, "age_group": {"young": 1, "": 1, "senior": 1}}
    assert stats.unpaired == 2  # c and the broken one
    assert "unknown 1" in str(stats) and "broken.png" in str(stats)
    assert stats.as_dict()["folders"]["testB"]["count"] == 1


def test_samples_follow_the_seed(dataset):
    (dataset / "trainA" / "broken.png").unlink()
    sheets = []
    for seed in (0, 0, 1, 2, 3):
        path = dataset_stats(dataset, dataset / "out" / "sheet.png", count=3, seed=seed).samples
        sheets.append(load_image(path))
    assert sheets[0].shape == (4 * 132 - 4, 3 * 132 - 4, 3)  # a row for each domain
    assert (sheets[0] == sheets[1]).all()
    assert any((sheets[0] != other).any() for other in sheets[2:])
    few = dataset_stats(dataset, dataset / "out" / "few.png", count=8).samples
    assert load_image(few).shape[1] == 3 * 132 - 4  # no empty columns beside the longest row


def test_the_portraits_layout_is_found_one_folder_deeper(tmp_path):
    save_image(tmp_path / "train" / "photo" / "a.jpg", np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "train" / "meta.csv").write_text("id,tone_hint\na,light\n")
    stats = dataset_stats(tmp_path)
    assert list(stats.folders) == ["train/photo"] and stats.groups == {"tone_hint": {"light": 1}}
    assert stats.unpaired is None


def test_linked_folders_are_counted_once_and_circles_end(linked, capsys):
    assert cli.main(["data", "stats", str(linked)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == [".", "3", "pictures"]


def test_an_empty_or_missing_domain_is_shown(dataset):
    for path in (dataset / "trainB").iterdir():
        path.unlink()
    (dataset / "testB" / "d.png").unlink()
    (dataset / "testB").rmdir()
    stats = dataset_stats(dataset, dataset / "out" / "sheet.png")
    assert list(stats.folders) == ["trainA", "testA", "trainB", "testB"]
    assert [one.count for one in stats.folders.values()] == [4, 1, 0, 0] and stats.unpaired is None
    assert "  testB        0 pictures" in str(stats) and load_image(stats.samples).shape[0] == 2 * 132 - 4


def test_pairs_are_counted_only_where_there_is_an_a(dataset):
    for name in ("trainA", "testA"):
        for path in (dataset / name).iterdir():
            path.unlink()
    stats = dataset_stats(dataset)
    assert [one.count for one in stats.folders.values()] == [0, 0, 2, 1]
    assert stats.unpaired is None and "without a pair" not in str(stats)


def test_a_sheet_below_a_file_is_refused(dataset, capsys):
    (dataset / "file").write_text("x")
    assert cli.main(["data", "stats", str(dataset), "-o", str(dataset / "file" / "x.png")]) == 2
    error = capsys.readouterr().err
    assert f"{dataset / 'file'}: is not a folder; choose another output folder" in error and "exists" not in error


def test_nothing_to_count(tmp_path, capsys):
    with pytest.raises(DataError, match="no image"):
        dataset_stats(tmp_path)
    assert cli.main(["data", "stats", str(tmp_path / "gone")]) == 2
    assert "gone" in capsys.readouterr().err
