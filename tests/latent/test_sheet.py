"""Sheets: every picture at its place, titles where nothing else is."""

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.latent.sheet import columns_for, repeat_pixels, sheet, zoom_for


def plain(count: int, side: int = 8) -> np.ndarray:
    """Pictures of one colour each: 10, 20, 30 …"""
    return (
        np.ones((count, side, side, 3), np.uint8) * (10 * np.arange(1, count + 1, dtype=np.uint8))[:, None, None, None]
    )


def test_pictures_row_by_row():
    board = sheet(plain(5), columns=3, gap=2)
    assert board.shape == (18, 28, 3)
    assert [board[4, 4, 0], board[4, 14, 0], board[4, 24, 0], board[14, 4, 0], board[14, 14, 0]] == [10, 20, 30, 40, 50]
    assert (board[14, 20:] == 255).all() and (board[8:10] == 255).all()
    assert sheet(plain(4), gap=0).shape == (16, 16, 3) and columns_for(64) == 8


def test_titles_leave_the_pictures_alone():
    pictures = plain(4, 64)
    board = sheet(
        pictures, 2, heading="a heading", row_titles=["first", "second"], column_titles=["0", "1"], titles=list("abcd")
    )
    plain_places = [(board == value).all(axis=2).sum() for value in (10, 20, 30, 40)]
    # the ink is (40, 40, 40) too, so the last count may only be larger
    assert plain_places[:3] == [64 * 64] * 3 and plain_places[3] > 64 * 64
    assert board.shape[0] > 2 * 64 + 3 * 15 and board.shape[1] > 2 * 64 + 30


def test_a_long_title_stays_above_its_picture():
    board = sheet(plain(2, 16), 2, titles=["a title that is far too long", ""])
    assert (board[:16, 18:] == 255).all() and (board[:16, :16] < 255).any()


def test_what_is_no_picture():
    for bad in (np.zeros((0, 8, 8, 3), np.uint8), np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8)):
        with pytest.raises(DataError, match="a sheet is made of"):
            sheet(bad)


def test_repeated_pixels():
    assert zoom_for(28) == 4 and zoom_for(64) == 2 and zoom_for(500) == 1
    picture = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert (repeat_pixels(picture, 3)[0, :3, 3:6] == picture[0, 0, 1]).all()
