"""Many small pictures on one sheet, with a heading and titles where wanted."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ppgen.errors import DataError

_INK, _PAPER = (40, 40, 40), 255
_GAP, _TEXT, _SMALLEST = 2, 13, 7  # pixels; letters shrink to the last where a title is long


def columns_for(count: int) -> int:
    """Columns of a nearly square sheet."""
    return max(1, int(np.ceil(np.sqrt(count))))


def repeat_pixels(pictures: np.ndarray, factor: int) -> np.ndarray:
    """(N, H, W, 3) with every pixel repeated `factor` times each way."""
    return pictures.repeat(factor, axis=1).repeat(factor, axis=2)


def enlarge(pictures: np.ndarray, factor: int) -> np.ndarray:
    """(N, H, W, 3) uint8, smoothly `factor` times as large each way (Lanczos)."""
    size = (pictures.shape[2] * factor, pictures.shape[1] * factor)
    return np.stack([np.asarray(Image.fromarray(each).resize(size, Image.Resampling.LANCZOS)) for each in pictures])


def zoom_for(side: int, wanted: int = 128) -> int:
    """The whole factor that brings `side` pixels up to about `wanted`; 1 for larger pictures."""
    return max(1, wanted // side)


class _Label(NamedTuple):
    """Text, its left upper corner, and how wide it may be."""

    text: str
    x: int
    y: int
    room: int


def sheet(
    pictures: np.ndarray,
    columns: int | None = None,
    heading: str = "",
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    titles: Sequence[str] = (),
    gap: int = _GAP,
) -> np.ndarray:
    """One picture, uint8 (H, W, 3), of pictures uint8 (N, h, w, 3), row by row.

    Args:
        columns: pictures a row; None: nearly a square.
        heading: above everything. row_titles: left of each row. column_titles: above each column.
        titles: above each picture.
        gap: white pixels between pictures; 0 for a plane without seams.
    Raises:
        DataError: no picture, or another shape.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.dtype != np.uint8 or pictures.shape[3] != 3 or not len(pictures):
        raise DataError(f"a sheet is made of uint8 pictures (N, H, W, 3), not {pictures.dtype} {pictures.shape}")
    count, height, width, _ = pictures.shape
    columns = columns or columns_for(count)
    rows = -(-count // columns)
    line = _TEXT + 4
    cell = height + gap + (line if titles else 0)
    left = max((_width(text) for text in row_titles), default=-6) + 6
    top = (line + 2 if heading else 0) + (line if column_titles else 0)
    board = np.full((top + rows * cell - gap, left + columns * (width + gap) - gap, 3), _PAPER, np.uint8)
    places = [(left + i % columns * (width + gap), top + i // columns * cell) for i in range(count)]
    for picture, (x, y) in zip(pictures, places):
        y += line if titles else 0
        board[y : y + height, x : x + width] = picture
    labels = [_Label(text, x, y, width) for text, (x, y) in zip(titles, places)]
    labels += [_Label(text, left + i * (width + gap), top - line, width) for i, text in enumerate(column_titles)]
    labels += [_Label(text, 0, top + i * cell + (cell - line) // 2, left) for i, text in enumerate(row_titles)]
    labels += [_Label(heading, 0, 1, board.shape[1])] if heading else []
    return _written(board, labels)


def _font(size: int = _TEXT) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _width(text: str, size: int = _TEXT) -> int:
    return int(np.ceil(_font(size).getlength(text)))


def _written(board: np.ndarray, labels: list[_Label]) -> np.ndarray:
    """Text in the middle of its room, in letters as small as needed and cut off where even these are too large."""
    image = Image.fromarray(board)
    pen = ImageDraw.Draw(image)
    for text, x, y, room in labels:
        size = next((s for s in range(_TEXT, _SMALLEST, -1) if _width(text, s) <= room), _SMALLEST)
        while text and _width(text, size) > room:
            text = text[:-1]
        middle = x + (room - _width(text, size)) // 2
        pen.text((middle, y + (_TEXT - size) // 2), text, fill=_INK, font=_font(size))
    return np.asarray(image)
