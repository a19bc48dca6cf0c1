"""Attributes measured on faces, and the dataset that they are for."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import write_table

from ppgen.datasets.files import read_table
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import load_image, save_image
from ppgen.prepare import nobody_faces
from ppgen.prepare.face_labels import BLOND, Bounds, hair_colour, is_black, is_blond, mouths, upright, yaw

SIZE = 256


def test_bounds_leave_doubt_between_them():
    assert [Bounds(0.2, 0.8).answer(v) for v in (0.2, 0.5, 0.8, np.nan)] == [0, None, 1, None]
    assert [Bounds(22, 10).answer(v) for v in (30, 22, 15, 10, 2)] == [0, 0, None, 1, 1]


def test_what_is_measured_does_not_depend_on_place_size_and_lean():
    points = typical_landmarks()
    a = np.deg2rad(20)
    leaning = 3 * points @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) + (70, -20)
    both = np.stack([points, leaning])
    for measure in (upright, yaw, mouths):
        found = measure(both)
        np.testing.assert_allclose(found[0], found[1], atol=1e-9)


def test_a_nose_to_the_right_and_a_smile():
    points = np.stack([typical_landmarks()] * 2)
    points[1, 30, 0] += 20
    points[1, [48, 54], 1] -= 8  # corners up
    assert yaw(points)[1] - yaw(points)[0] == pytest.approx(20 / 54.83, rel=1e-3)
    assert (mouths(points)[1, [1, 3, 4, 5]] - mouths(points)[0, [1, 3, 4, 5]] > 0.1).all()


@pytest.mark.parametrize(
    ("rgb", "black", "blond"),
    [((15, 14, 15), 1, 0), ((215, 175, 110), 0, 1), ((90, 58, 38), 0, 0), ((190, 190, 192), 0, 0)],
)
def test_hair_is_what_lies_around_the_face(rgb, black, blond):
    photo, points = np.full((SIZE, SIZE, 3), 230, np.uint8), typical_landmarks()
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[30:, 50:206] = 255
    photo[mask > 0] = (200, 150, 130)
    photo[30:72, 50:206] = photo[30:150, 50:66] = photo[30:150, 190:206] = rgb
    colour = hair_colour(photo, mask, points)
    assert (is_black(colour), is_blond(colour)) == (black, blond)
    nothing = hair_colour(photo, np.zeros_like(mask), points)
    assert np.isnan(nothing).all() and is_black(nothing) is None and is_blond(nothing) is None
    assert is_blond(np.array([(BLOND.no + BLOND.yes) / 2, 5, 30])) is None


def folder(root, rows, side, points):
    for row in rows:
        save_image(root / "photo" / f"{row['id']}.jpg", np.full((side, side, 3), 120, np.uint8))
        save_image(root / "mask" / f"{row['id']}.png", np.full((side, side), 255, np.uint8))
    write_table(root / "meta.csv", rows)
    np.savez(root / "landmarks.npz", ids=np.array([row["id"] for row in rows]), p68=np.stack(points).astype(np.float32))


def test_beards_and_bald_heads_are_told_of_men_alone():
    row = {"words": "a clean-shaven face", "young": "0.5", "hair": "", "beard": "0", "bald": "1", "glasses": "0"}
    row |= {"id": "unseen", "smiling": "0", "skin_l": "60"}
    man, woman, hardly = (nobody_faces.labels_of_nobody({**row, "male": male}) for male in ("0.9", "0.1", "0.5"))
    assert (man["Beard"], man["Bald"]) == (0, 1)
    assert all(each[name] is None for each in (woman, hardly) for name in ("Beard", "Bald"))
    bearded = nobody_faces.labels_of_nobody({**row, "id": "0000325ab", "male": "0.9", "words": "a man", "bald": "0"})
    assert (bearded["Beard"], bearded["Bald"], bearded["Eyeglasses"]) == (1, 0, 0) and man["Eyeglasses"] is None


def test_the_dataset_says_what_tables_say_and_measures_the_rest(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    usual = typical_landmarks()
    said = {
        "words": "a woman", "male": 0.1, "young": 0.5, "hair": "blond", "beard": 0, "bald": 0, "glasses": 0,
        "smiling": 1, "fantasy": 0, "skin_l": 30,
    }  # fmt: skip
    rows = [{"id": "n1", **said}, {"id": "n2", **said, "smiling": 0, "hair": ""}, {"id": "elf", **said, "fantasy": 1}]
    folder(tmp_path / "nobody", rows, 237, [typical_landmarks(237)] * 3)
    folder(tmp_path / "nobody_portraits", [{"id": "n2"}], SIZE, [usual])
    smiling = usual.copy()
    smiling[[48, 54], 1] -= 10
    known = {"gender": "M", "approx_age": 60, "has_glasses": 1, "tone_hint": "light"}
    portraits = [{"id": f"p{i}", **known, "smile": i % 2, "pad_frac": 0.5 * (i == 4)} for i in range(5)]
    folder(tmp_path / "portraits/train", portraits, SIZE, [smiling if i % 2 else usual for i in range(5)])
    told = nobody_faces.make(tmp_path / "out")
    found = {row["id"]: row for row in read_table(tmp_path / "out/meta.csv")}
    assert sorted(found) == ["n1", "n2", "p0", "p1", "p2", "p3"] and "2 of nobody, 4 portraits" in told[0]
    wanted = {"source": "nobody", "Male": "0", "Young": "", "Smiling": "1", "Eyeglasses": "", "Blond_Hair": "1"}
    assert wanted.items() <= found["n1"].items() and found["n1"]["Dark_Skin"] == "1" and found["n1"]["Beard"] == ""
    assert found["n2"]["Smiling"] == "0" and found["n2"]["Blond_Hair"] == "0"  # by landmarks, by grey hair
    wanted = {"source": "portraits", "Male": "1", "Young": "0", "Smiling": "1", "Eyeglasses": "1", "Photo": "1"}
    assert wanted.items() <= found["p1"].items()
    assert load_image(tmp_path / "out/photo/p1.jpg").shape == (192, 192, 3)
