"""benchmarks/stylegan_faces.py: its figures on a tiny generator and made-up data, and its verdicts."""

import json

import numpy as np
import pytest
import style_networks

from ppgen.errors import PPGenError
from ppgen.io.weights import save_network


@pytest.fixture
def script(benchmark):
    return benchmark("stylegan_faces")


def test_closeness(script, monkeypatch):
    monkeypatch.setattr(script, "identity", lambda *_: np.array([0.5, 1.0]))
    faces = np.full((2, 4, 4, 3), 100, np.uint8)
    found = script.closeness(faces, np.stack([faces[0], faces[1] + np.uint8(51)]), "close")
    assert found["mse"] == pytest.approx(0.5 * 0.04) and found["identity"] == pytest.approx(0.75)
    assert found["identity_error"] == pytest.approx(0.25 / np.sqrt(2))


def test_verdicts(script):
    def row(cosine: float, error: float) -> dict[str, float]:
        return {"faces": 64, "identity": cosine, "identity_error": 0.01, "mse": error, "mse_error": 0.001}

    good = {"mean face": row(0.8, 0.04), "mean latent": row(0.8, 0.05), "w": row(0.9, 0.02), "w+": row(0.95, 0.01)}
    figures = {"projection": good, "seeds": {"processes": 0.0, "threads": 2e-5}}
    assert verdicts(script, figures) == [True, True, True, False]
    figures["projection"] = {**good, "w+": row(0.95, 0.03)}
    assert verdicts(script, figures) == [True, False, True, False]
    text = script.harness.report(figures | {"targets": script.targets(figures)})
    assert "MISSED" in text and "0.95 ± 0.01" in text
    seconds = {"encoder": 0.1, script.NEAR: 2.95}
    good |= {"encoder": row(0.98, 0.01), script.NEAR: row(0.99, 0.0066), "cpu_seconds_a_face": seconds}
    assert verdicts(script, {"projection": good}) == [True, True, True, True, True, True, False]  # 3.05 s


def verdicts(script, figures) -> list[bool]:
    return [row["pass"] for row in script.targets(figures)]


def test_directions_are_judged_on_faces_of_nobody(script):
    edit = {"data": "nobody_faces", "of_those_whose_probe_counts": {"1.0": 6, "2.0": 5}}
    assert verdicts(script, {"edit": edit}) == [True]
    assert verdicts(script, {"edit": edit | {"of_those_whose_probe_counts": {"1.0": 5}}}) == [False]
    assert verdicts(script, {"edit": edit | {"data": "faces128"}}) == []


def test_speed_is_measured_at_any_size(script):
    found = script.speed(8, 1)
    assert found["cpu_seconds"] > 0 and found["ratio"] == pytest.approx(10.7 / found["cpu_seconds"])


@pytest.mark.slow
def test_seeds_agree_between_processes_and_threads(script, tmp_path):
    path = save_network(style_networks.tiny(), tmp_path / "tiny.safetensors")
    found = script.seeds_agree(str(path))
    assert found["processes"] <= 1e-5 and found["threads"] <= 1e-5


def run(script, *words) -> int:
    return script.main([*map(str, words)])


def test_what_a_part_lacks_is_known_before_the_work(script, monkeypatch, tmp_path, capsys):
    path = save_network(style_networks.tiny(), tmp_path / "tiny.safetensors")
    monkeypatch.setattr(script, "faces", lambda size, split, data: split)
    monkeypatch.setattr(script.attributes, "answers_of", lambda _: {"Male": np.ones(2)})
    monkeypatch.setattr(script, "projection", lambda *_: pytest.fail("worked first"))
    assert run(script, "--weights", path) == 2
    assert "holds no attribute directions" in capsys.readouterr().err
    for flag in ("-n", "--steps", "--samples"):
        with pytest.raises(SystemExit, match="2"):
            run(script, "--weights", path, flag, 0)
        assert f"argument {flag}: 0: expected 1 or more" in capsys.readouterr().err


def test_finished_parts_are_kept_when_a_later_one_fails(script, monkeypatch, tmp_path, capsys):
    def fail(weights):
        raise PPGenError("no process")

    path, out = save_network(style_networks.tiny(), tmp_path / "tiny.safetensors"), tmp_path / "out.json"
    speed = {"size": 8, "cpu_seconds": 1.0, "paddlegan": 10.7, "ratio": 10.7}
    monkeypatch.setattr(script, "speed", lambda: speed)
    monkeypatch.setattr(script, "seeds_agree", fail)
    assert run(script, "--weights", path, "--only", "speed", "seeds", "--out", out) == 2
    said = capsys.readouterr()
    assert "cpu_seconds                  1\n" in said.out and said.err == "error: no process\n"
    assert json.loads(out.read_text()) == {"weights": str(path), "speed": speed}
