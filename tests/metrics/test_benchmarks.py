"""The validation scripts on a made-up dataset, with stand-ins for the networks."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import mean_colours, write_table
from metrics.schematic import drawing, face_points

from ppgen.datasets.files import read_table
from ppgen.datasets.portraits import Portraits, split_of
from ppgen.errors import DataError
from ppgen.io.image import load_image, save_image

KINDS = [
    (tone, gender, glasses, age)
    for tone, gender in (("light", "M"), ("light", "F"), ("deep", "F"), ("medium", "M"))
    for glasses, age in (("0", "young"), ("1", "senior"), ("0", "middle"))
]


def names_in(split: str, tone: str, count: int) -> list[str]:
    names = (f"{tone}{i:04d}" for i in range(2000))
    return [name for name in names if split_of(name, tone) == split][:count]


@pytest.fixture(scope="module")
def dataset_root(tmp_path_factory) -> Path:
    """`portraits/train` with faces whose grey tells them apart."""
    data = tmp_path_factory.mktemp("data")
    root, rows = data / "portraits" / "train", []
    for i, (tone, gender, glasses, age) in enumerate(KINDS):
        wanted = ["validation", "train"] + (["tone"] if tone != "light" else [])
        for split in wanted:
            name = names_in(split, tone, 20)[i % 20]
            picture = drawing(60 + 12 * i)
            save_image(root / "photo" / f"{name}.jpg", picture)
            save_image(root / "cartoon" / f"{name}.png", picture)
            save_image(root / "mask" / f"{name}.png", np.where(picture < 255, 255, 0).astype(np.uint8))
            rows.append({
                "id": name, "gender": gender, "age_group": age, "has_glasses": glasses, "tone_hint": tone,
                "has_cartoon": "1", "suspect": "0",
            })  # fmt: skip
    rows[0] |= {"has_cartoon": "0"}
    write_table(root / "meta.csv", rows)
    ids = np.array([row["id"] for row in rows])
    np.savez(root / "landmarks.npz", ids=ids, p68=np.stack([face_points()] * len(ids)))
    return data


@pytest.fixture
def script(benchmark, monkeypatch, dataset_root):
    monkeypatch.setenv("PPGEN_DATA", str(dataset_root))
    return benchmark


def test_perfect_drawings_reach_every_target(script):
    module = script("p2c_validation")
    validation, tone = module.read_cases("validation"), module.read_cases("tone")
    assert len(validation) == 12 and len(tone) == 6 and sum(case.measured for case in validation) == 11
    mean = module.mean_cartoon(Portraits(split="train"))

    def draw_all(cases):
        return module.draw_cases(cases, lambda photos, skins: photos, lambda crop, points: np.zeros(3))

    figures = module.validate(validation, tone, draw_all, mean_colours, mean)
    assert [row["pass"] for row in figures["targets"]] == [True] * 5
    assert figures["summary"]["rank1_n"] == 11 and figures["summary"]["mean_cartoon_mae"] > 5
    assert figures["groups"]["deep"]["n"] == 6 and figures["groups"]["women"]["n"] == 6
    text = script("harness").report(json.loads(json.dumps(figures)))
    assert "MISSED" not in text and "no glasses" in text


def test_the_mean_cartoon_misses(script):
    module = script("p2c_validation")
    mean = module.mean_cartoon(Portraits(split="train"))
    validation, tone = module.read_cases("validation"), module.read_cases("tone")
    figures = module.validate(validation, tone, lambda cases: [mean] * len(cases), mean_colours, mean)
    row = {row["what"]: row for row in figures["targets"]}
    assert row["error over the mean cartoon's"]["figure"] == pytest.approx(1)
    assert not row["rank-1, drawing -> photo"]["pass"]
    assert any("skin tone" in what and not found["pass"] for what, found in row.items())
    assert "MISSED" in script("harness").report(figures)


def test_drawing_gets_photo_and_skin(script):
    module, seen = script("p2c_validation"), []
    cases = module.read_cases("validation")

    def draw(photos, skins):
        seen.append((photos.shape, photos.dtype, skins.shape))
        return photos

    drawings = module.draw_cases(cases, draw, lambda crop, points: np.float32([crop.dtype == np.uint8] * 3))
    assert seen[0] == ((8, 3, 256, 256), np.float32, (8, 3)) and len(seen) == 2
    assert (drawings[3] == cases[3].photo).all()


def test_groups_are_of_what_is_seen(script, monkeypatch, tmp_path):
    module, validation = script("drawn_validation"), script("p2c_validation")
    cases = validation.read_cases("validation")
    rows = [dict.fromkeys(("glasses", "beard", "bald", "hat"), "0") | {"id": case.row["id"]} for case in cases]
    rows[0] |= {"beard": "1", "hat": "1"}
    rows[1]["glasses"] = "1"
    write_table(tmp_path / "seen.csv", rows)
    monkeypatch.setattr(module, "SEEN", tmp_path / "seen.csv")
    module.tell_seen(cases)
    for group, members in {"glasses": [1], "beard": [0], "hat": [0], "bald": []}.items():
        assert np.flatnonzero(validation.in_group(cases, group)).tolist() == members
    write_table(tmp_path / "seen.csv", rows[1:])
    with pytest.raises(DataError, match=f"no row for '{rows[0]['id']}'"):
        module.tell_seen(cases)


def test_held_back_faces_are_labelled(script):
    rows = read_table(script("drawn_validation").SEEN)
    for row in rows:
        assert split_of(row["id"], "") == "validation" and row["source"] in ("portraits", "nobody_portraits")
        assert {row[name] for name in ("glasses", "beard", "bald", "hat")} <= {"0", "1"}
    assert len(rows) == 119 + 429


def test_montage(script, tmp_path):
    module = script("p2c_montage")
    cases = module.read_cases("validation")
    chosen = module.choose(cases, 5)
    assert len(chosen) == 5 and len(module.choose(cases, 99)) == len(cases)
    drawings = [case.photo for case in chosen]
    assert load_image(module.write_pairs(tmp_path / "pairs", chosen, drawings)).shape == (512, 2048, 3)
    assert len(list((tmp_path / "pairs").iterdir())) == 6
    sheet = load_image(module.write_drawings(tmp_path / "cartoons.png", drawings, 64))
    assert sheet.shape == (64, 384, 3) and (sheet[:, 320:] == 255).all()


def test_segmentation(script):
    module = script("segmentation_validation")
    cases = module.read_cases("validation")
    perfect = module.measure(cases, lambda case: case.mask)
    assert perfect["iou"] == perfect["iou_pooled"] == perfect["iou_worst"] == 1 and perfect["groups"]["deep"]["n"] == 3
    smaller = module.measure(cases, lambda case: cv2.erode(case.mask, np.ones((9, 9))))
    assert 0.7 < smaller["iou"] < 0.97
    assert f"{smaller['groups']['deep']['iou']:.4g}" in script("harness").report({"network": smaller})


@pytest.mark.parametrize("name", ["p2c_validation", "p2c_montage", "segmentation_validation"])
def test_errors_are_one_line(script, monkeypatch, capsys, tmp_path, name):
    module = script(name)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    assert module.main([]) == 2
    message = capsys.readouterr().err.strip()
    assert "make data" in message and "\n" not in message
