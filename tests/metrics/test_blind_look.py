"""The blind look: sheets that hide which network drew which, and the count of the choices."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT
from prepare.artist.test_artist import POINTS, portrait

from ppgen.errors import DataError
from ppgen.io.image import load_image

LEFT = {"1": "first", "2": "second", "3": "second", "4": "first", "5": "second"}


@pytest.fixture
def look(benchmark):
    return benchmark("blind_look")


def test_choices_become_shares_of_the_networks(look):
    choices = {
        "1": ["right"],
        "2": ["left"],
        "3": ["right", "broken-left"],
        "4": ["same"],
        "5": ["left", "broken-right"],
    }
    counted = look.count_choices(choices, LEFT)
    assert counted["preferred"] == {"first": 0.2, "second": 0.6, "same": 0.2}
    assert counted["broken"] == {"second": 1, "first": 1}


def test_a_face_without_a_choice_or_an_unreadable_line_is_named(look, tmp_path):
    with pytest.raises(DataError, match="no choice for 2, 4"):
        look.count_choices({"1": ["left"], "3": ["left"], "5": ["left"]}, LEFT)
    (tmp_path / "one.txt").write_text("1 left\n2 middle\n")
    with pytest.raises(DataError, match="'2 middle' does not read"):
        look.read_choices(tmp_path / "one.txt")


def test_the_key_says_what_is_left_on_the_sheets(look, tmp_path, monkeypatch):
    """Drawings of the first network are black, of the second white."""
    sources = ["portraits", "nobody_portraits"] * 4
    grey = np.full((256, 256, 3), 128, np.uint8)
    cases = [SimpleNamespace(row={"source": source}, crop=grey) for source in sources]
    monkeypatch.setattr(look, "read_cases", lambda *_: cases)
    monkeypatch.setattr(look, "choose", lambda kind, count: kind[:count])
    draw = [lambda some, shade=shade: [np.full((256, 256, 3), shade, np.uint8) for _ in some] for shade in (0, 255)]
    look.write_sheets(tmp_path, {"first": "old", "second": "new"}, draw, 8, seed=1)
    key = json.loads((tmp_path / "key.json").read_text())
    sheet, side = load_image(tmp_path / "sheet_1.png"), look.SIDE
    assert set(key["left"].values()) == {"first", "second"}
    for number, left in key["left"].items():
        row, column = divmod(int(number) - 1, look.COLUMNS)
        y, x = row * side + side // 2, column * 3 * side + side + side // 2
        assert sheet[y, x, 0] == (0 if left == "first" else 255)
        assert sheet[y, x + side, 0] == (255 if left == "first" else 0)


def test_the_artist_of_another_clone_draws(look):
    photo, mask = portrait()
    cases = [SimpleNamespace(crop=photo, landmarks=POINTS, mask=mask)]
    (drawn,), (here,) = look.by_clone(ROOT)(cases), look.by_artist(cases)
    assert drawn.shape == (256, 256, 3) and (drawn == here).all()
    with pytest.raises(DataError, match="expected a clone of ppgen"):
        look.by_clone(ROOT / "docs")
    with pytest.raises(DataError, match="its artist does not draw"):
        look.by_clone(ROOT)([SimpleNamespace(crop=photo, landmarks=POINTS, mask=0 * mask)])
