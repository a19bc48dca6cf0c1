"""The default depth sees faces getting worse; and the benchmark that chose it, with made-up features."""

from __future__ import annotations

import csv
import importlib

import numpy as np
import pytest
from conftest import ROOT, shared_dir
from metrics.test_picture_distances import textures

from ppgen.io.image import load_image, save_image
from ppgen.metrics import dlib_features, features


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("feature_monotony")


@pytest.mark.slow  # FaceID over 24 faces and their damages
@pytest.mark.parametrize("kind", ["blur", "noise", "colour", "warp"])
def test_default_rises_on_real_faces(benchmark, kind):
    root = shared_dir("faces128")
    with (root / "meta.csv").open() as file:
        names = [row["id"] for row in csv.DictReader(file) if row["colour"] == "1"][:24]
    faces = np.stack([load_image(root / "train" / f"{name}.jpg") for name in names])
    extractor = features.extractor()
    clean = extractor(faces)
    damaged = [extractor(benchmark.damage_all(faces, kind, s)) for s in benchmark.DAMAGES[kind]]
    found = [benchmark.distances(clean, x) for x in (clean, *damaged)]
    for distance in ("frechet", "kid"):
        assert benchmark.rises([row[distance] for row in found])


def test_damages_do_what_they_say(benchmark):
    picture, rng = textures(1)[0], np.random.default_rng(0)
    for kind, strengths in benchmark.DAMAGES.items():
        changes = [
            np.abs(benchmark.damaged(picture, kind, s, rng).astype(int) - picture).mean()
            for s in (strengths[0], strengths[-1])
        ]
        assert 0 < changes[0] < changes[1]
    shift = benchmark.damaged(np.full((8, 8, 3), 100, np.uint8), "colour", 6, rng)
    assert shift[0, 0].tolist() == [106, 100, 94]


def test_rises():
    module = importlib.util.spec_from_file_location("fm", ROOT / "benchmarks" / "feature_monotony.py")
    benchmark = importlib.util.module_from_spec(module)
    module.loader.exec_module(benchmark)
    assert benchmark.rises([0, 1, 2]) and not benchmark.rises([0, 1, 1])


def faces_folder(folder, count: int = 40) -> None:
    with_colour = {"colour": "1"}
    rows = [{"id": f"f{i}", **with_colour} for i in range(count)] + [{"id": "grey", "colour": "0"}]
    for row, picture in zip(rows, textures(count, 32)):
        save_image(folder / "faces128" / "train" / f"{row['id']}.jpg", picture)
    with (folder / "faces128" / "meta.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "colour"])
        writer.writeheader()
        writer.writerows(rows)


def test_the_benchmark_itself(benchmark, monkeypatch, tmp_path, capsys):
    faces_folder(tmp_path)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))

    def blind_and_seeing(pictures):
        x = pictures.astype(np.float64) / 64
        detail = np.abs(np.diff(x, axis=2)).mean(axis=(1, 2))
        return {benchmark.DEFAULT: np.c_[x.mean(axis=(1, 2)), detail], "blind": np.ones((len(x), 2))}

    monkeypatch.setattr(dlib_features, "all_depths", blind_and_seeing)
    monkeypatch.setattr("sys.argv", ["feature_monotony", "--judged", "12", "--out", str(tmp_path / "out.json")])
    code = benchmark.main()
    printed = capsys.readouterr().out
    assert code in (0, 1) and "held-back faces" in printed and "blind" not in printed.split("rise under")[1]
    assert (tmp_path / "out.json").is_file()
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "gone"))
    assert benchmark.main() == 2
    assert "make data" in capsys.readouterr().err
