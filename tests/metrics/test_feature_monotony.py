"""The default depth sees faces getting worse; and the benchmark that chose it, with made-up features."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from conftest import shared_dir, write_table
from metrics.test_picture_distances import textures

from ppgen.io.image import load_image, save_image
from ppgen.metrics import dlib_features, features


@pytest.fixture
def monotony(benchmark):
    return benchmark("feature_monotony")


@pytest.mark.slow  # FaceID over 24 faces and their damages
@pytest.mark.parametrize("kind", ["blur", "noise", "colour", "warp"])
def test_default_rises_on_real_faces(monotony, kind):
    root = shared_dir("faces128")
    with (root / "meta.csv").open() as file:
        names = [row["id"] for row in csv.DictReader(file) if row["colour"] == "1"][:24]
    faces = np.stack([load_image(root / "train" / f"{name}.jpg") for name in names])
    extractor = features.extractor()
    clean = extractor(faces)
    damaged = [extractor(monotony.damage_all(faces, kind, s)) for s in monotony.DAMAGES[kind]]
    found = [monotony.distances(clean, x) for x in (clean, *damaged)]
    for distance in ("frechet", "kid"):
        assert monotony.rises([row[distance] for row in found])


def test_damages_do_what_they_say(monotony):
    picture, rng = textures(1)[0], np.random.default_rng(0)
    for kind, strengths in monotony.DAMAGES.items():
        changes = [
            np.abs(monotony.damaged(picture, kind, s, rng).astype(int) - picture).mean()
            for s in (strengths[0], strengths[-1])
        ]
        assert 0 < changes[0] < changes[1]
    shift = monotony.damaged(np.full((8, 8, 3), 100, np.uint8), "colour", 6, rng)
    assert shift[0, 0].tolist() == [106, 100, 94]


def test_rises(monotony):
    assert monotony.rises([0, 1, 2]) and not monotony.rises([0, 1, 1])


def faces_folder(folder, count: int = 40) -> None:
    with_colour = {"colour": "1"}
    rows = [{"id": f"f{i}", **with_colour} for i in range(count)] + [{"id": "grey", "colour": "0"}]
    for row, picture in zip(rows, textures(count + 1, 32)):
        save_image(folder / "faces128" / "train" / f"{row['id']}.jpg", picture)
    write_table(folder / "faces128" / "meta.csv", rows)


def test_the_benchmark_itself(monotony, monkeypatch, tmp_path, capsys):
    faces_folder(tmp_path)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))

    def blind_and_seeing(pictures):
        x = pictures.astype(np.float64) / 64
        detail = np.abs(np.diff(x, axis=2)).mean(axis=(1, 2))
        return {monotony.DEFAULT: np.c_[x.mean(axis=(1, 2)), detail], "blind": np.ones((len(x), 2))}

    monkeypatch.setattr(dlib_features, "all_depths", blind_and_seeing)
    arguments = ["--judged", "12", "--out", str(tmp_path / "out.json")]
    code = monotony.main(arguments)
    printed = capsys.readouterr().out
    assert code in (0, 1) and "held_back" in printed and "blind" not in printed.split("rise under")[1]
    assert (tmp_path / "out.json").is_file()
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "gone"))
    assert monotony.main(arguments) == 2
    assert "make data" in capsys.readouterr().err
