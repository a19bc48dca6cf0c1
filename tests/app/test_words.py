"""Both languages say the same things."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ppgen.app.words import WORDS, sentence
from ppgen.errors import PPGenError
from ppgen.faces import find_faces
from ppgen.faces.record import Face
from ppgen.io.image import load_image


def test_both_languages_have_the_same_gaps():
    for key, both in WORDS.items():
        assert all(both), key
        assert set(re.findall(r"{\w+}", both.en)) == set(re.findall(r"{\w+}", both.zh)), key
        assert re.search(r"[\u4e00-\u9fff]", both.zh), key


def files(folder):
    """Of every kind that cannot be a photo."""
    contents = {"a.png": b"", "b.png": b"hello", "c.jpg": b"\xff\xd8\xff\xe0 cut", "d.pdf": b"%PDF-1", "e.gif": b"\0\1"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_every_error_of_a_photo_has_its_chinese(tmp_path):
    wide = np.broadcast_to(np.uint8(9), (10, 10_000_001, 3))
    tries = [lambda path=path: load_image(path) for path in [*files(tmp_path), tmp_path / "gone.png"]]
    tries += [lambda: load_image(wide), lambda: find_faces(np.full((8, 8, 3), 9, np.uint8))]
    for attempt in tries:
        with pytest.raises(PPGenError) as refused:
            attempt()
        assert not sentence(str(refused.value), "zh").startswith("没有成功"), str(refused.value)


def test_every_warning_of_a_face_has_its_chinese():
    landmarks = np.zeros((68, 2))
    landmarks[42:48], landmarks[2] = 5, 90  # eyes near each other, the nose at one side
    warnings = Face((0, 0, 9, 9), 1.0, 0, landmarks).with_warnings(3).warnings
    assert len(warnings) == 3
    for text in warnings:
        assert not re.search(r"[a-z]{4}", sentence(text, "zh")), text


def test_what_has_no_chinese_is_shown_in_english():
    assert sentence("something new", "zh") == "没有成功：something new"
    assert sentence("something new", "en") == "something new"
