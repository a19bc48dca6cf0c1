"""How results print: short, whatever they hold."""

from pathlib import Path

import numpy as np

from ppgen.io.brief import as_html, brief, png_of
from ppgen.io.image import load_image


def test_a_result_is_a_line_without_its_pixels():
    picture = np.zeros((4, 6, 3), np.uint8)
    fields = {
        "picture": picture, "path": Path("a.png"), "nothing": None, "score": 0.123456, "all": [picture, picture],
        "scores": {"kid": 0.123456, "n": 3}, "who": "x" * 500,
    }  # fmt: skip
    line = brief("Result", fields)
    assert line.startswith("Result(picture=<uint8 4x6x3>, path='a.png', score=0.1235, all=<2 of ndarray>, ")
    assert "scores={'kid': 0.1235, 'n': 3}, who='xxx" in line and line.endswith("x…)") and len(line) < 300
    assert len(brief("Result", {f"field_{n}": "x" * 100 for n in range(99)})) == 480


def test_pictures_stand_side_by_side_at_the_height_of_the_highest(tmp_path):
    small, large = np.full((2, 3, 3), 9, np.uint8), np.full((4, 4, 3), 200, np.uint8)
    (tmp_path / "a.png").write_bytes(png_of(small, None, large))
    shown = load_image(tmp_path / "a.png")
    assert shown.shape == (4, 10, 3) and (shown[:, :6] == 9).all() and (shown[:, 6:] == 200).all()
    assert png_of(None) is None


def test_no_line_is_markup():
    assert as_html(["<b>", "&"]) == "<pre>&lt;b&gt;\n&amp;</pre>"
