"""benchmarks/stylegan_scores.py: its figures on made-up features, pictures and descriptors."""

import numpy as np
import pytest
import style_networks
from conftest import mean_colours


@pytest.fixture
def script(benchmark):
    return benchmark("stylegan_scores")


def test_what_is_like_the_faces_scores_better_than_what_is_not(script):
    rng = np.random.default_rng(0)

    def of(count: int, shift: float) -> dict[str, np.ndarray]:
        return {f"dlib-face@{d}": (rng.normal(size=(count, 4)) + shift).astype(np.float32) for d in script.DEPTHS}

    sets = {script.TRAIN: of(80, 0), script.HELD: of(40, 0), script.GAUSSIAN: of(120, 3), script.GENERATOR: of(120, 0)}
    found = script.distributions(sets)
    for row in found["kid"].values():
        assert 5 * row[script.GENERATOR]["kid"] < row[script.GAUSSIAN]["kid"]
    assert found["fid"][script.GENERATOR]["fid"] < 1 < found["fid"][script.GAUSSIAN]["fid"]
    both = found["precision_recall"]
    assert both[script.GENERATOR]["precision"] > 0.6 > 0.1 > both[script.GAUSSIAN]["precision"]
    assert found["fid"][script.HELD]["pictures"] == 40


def test_samples_from_memory_are_found(script, monkeypatch):
    monkeypatch.setattr("ppgen.metrics.features.extractor", lambda name: mean_colours)
    monkeypatch.setattr("ppgen.metrics.reference.cached_features", lambda network, pictures: network(pictures))
    train = [np.full((8, 8, 3), v, np.uint8) for v in (10, 100, 200)]
    held = [np.full((8, 8, 3), v, np.uint8) for v in (40, 150)]
    samples = np.stack([train[2], train[0]])
    found, picture = script.memory(samples, samples, train, held)
    assert found["generator"] == 0 and found[script.HELD] == pytest.approx(np.sqrt(3) * 40 / 255)
    shades = [int(picture[r, c, 0]) for r in (20, 47) for c in (4,)]
    assert picture.shape[2] == 3 and shades == [200, 200], "the photo below its sample is the nearest one"


def test_path_lengths_of_both_spaces(script, monkeypatch):
    monkeypatch.setattr(
        "ppgen.metrics.dlib_features.perceptual_distance", lambda a, b: np.square(a - b).mean(axis=(1, 2, 3))
    )
    found = script.path_length(style_networks.tiny(), 4)
    assert set(found) == {"z", "w"} and all(row["mean"] > 0 and row["paths"] >= 2 for row in found.values())


def test_what_shows_a_face_is_counted_and_whose(script, monkeypatch):
    pictures = np.stack([np.full((8, 8, 3), shade, np.uint8) for shade in (0, 60, 120, 240)])
    monkeypatch.setattr(script, "AT_ONCE", 2)
    monkeypatch.setattr(script, "detect_faces", lambda picture: ["a face"] * int(picture[0, 0, 0] > 0))
    seen = lambda crops, box: (crops[:, 0, 0, 0].astype(float) - 100, box)  # noqa: E731
    monkeypatch.setattr(script, "attributes_of_crops", seen)
    assert script.looks(pictures, (0, 0, 1, 1)) == {"pictures": 4, "found": 0.75, "women": pytest.approx(2 / 3)}
    assert script.looks(pictures[:1], (0, 0, 1, 1)) == {"pictures": 1, "found": 0.0, "women": 0.0}


def test_a_portrait_has_a_face_and_noise_has_none(script, astronaut):
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)
    found = script.looks(np.stack([astronaut[:256, 96:352], noise]), (0.16, 0.27, 0.87, 0.98))
    assert found["found"] == 0.5 and found["women"] in (0, 1)


def figures_of(script, kid: float, women: float) -> dict:
    both = {"precision": 0.7, "recall": 0.4}
    looked = {"pictures": 9, "found": 1.0, "women": women}
    who = (script.TRAIN, script.HELD, script.GENERATOR)
    return {
        "kid": {script.MAIN: {name: {"kid": kid} for name in who}},
        "fid": {script.HELD: {"fid": 0.1}, script.GENERATOR: {"fid": 0.29}},
        "precision_recall": dict.fromkeys(who, both),
        "looks": dict.fromkeys(who, looked),
    }


def test_targets_are_those_of_faces_of_nobody(script, monkeypatch, tmp_path):
    rows = script.targets(figures_of(script, 0.010, 0.61))
    assert [row["pass"] for row in rows] == [True, True, True, True, True, False]
    assert rows[0]["real faces"] == 0.010 and rows[3]["figure"] == pytest.approx(2.9)
    blank = np.zeros((8, 8, 3), np.uint8)
    monkeypatch.setattr(script, "measure", lambda *_: (figures_of(script, 0.011, 0.5), blank))
    arguments = ["--nearest", str(tmp_path / "nearest.png"), "--data"]
    assert script.main([*arguments, "nobody"]) == 1 and script.main([*arguments, "faces128"]) == 0


def test_the_distance_from_the_photos_is_not_sold_as_new_faces(script, monkeypatch, tmp_path, capsys):
    figures = {"samples": 2, "nearest": {"generator": 0.545, script.HELD: 0.538}}
    monkeypatch.setattr(script, "measure", lambda *_: (figures, np.zeros((8, 8, 3), np.uint8)))
    assert script.main(["--nearest", str(tmp_path / "nearest.png"), "--data", "faces128"]) == 0  # has no targets
    said = capsys.readouterr().out
    assert "0.545" in said and "0.538" in said and "or no faces, which it cannot tell apart" in said.replace("\n", " ")
    assert (tmp_path / "nearest.png").is_file()
