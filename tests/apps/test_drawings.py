"""Drawings in Python."""

import numpy as np
import pytest

from ppgen.apps.drawings import Drawings
from ppgen.io import movie

ARRAYS = np.zeros((3, 8, 8, 3), np.uint8)


def test_a_film_that_became_a_gif_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(movie, "ffmpeg_program", lambda: None)
    with pytest.warns(UserWarning, match=r"film\.gif: .*written as a GIF"):
        path = Drawings(ARRAYS).save(tmp_path / "film.mp4")
    assert path == tmp_path / "film.gif" and path.exists()
