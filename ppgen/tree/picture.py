"""A tree as a picture: a box a node, with its name, a sample and two lines of text, joined to its parent."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ppgen.io.image import load_image

_PANEL = 88  # pixels: height of a sample
_WIDTH = 3 * _PANEL  # of a box
_LINE, _GAP, _BETWEEN = 15, 14, 34  # of text; beside a box; between levels
_INK, _FAINT, _EDGE, _PAPER, _EMPTY = (30, 30, 30), (105, 105, 105), (150, 150, 150), (255, 255, 255), (238, 238, 238)
_HEIGHT = _PANEL + 3 * _LINE + 8


def draw_tree(
    parents: Mapping[str, str | None], captions: Mapping[str, tuple[str, str]], samples: Mapping[str, Path]
) -> np.ndarray:
    """uint8 (H, W, 3).

    Args:
        parents: node -> its parent, None for the root; parents come before their children.
        captions: node -> two lines below the sample.
        samples: node -> a picture, which may not be there yet.
    """
    columns, depths = _places(parents)
    slot = _WIDTH + _GAP
    width = round(max(columns.values()) * slot) + slot + _GAP
    board = Image.new("RGB", (width, (max(depths.values()) + 1) * (_HEIGHT + _BETWEEN) - _BETWEEN + 2 * _GAP), _PAPER)
    pen = ImageDraw.Draw(board)
    corners = {
        name: (_GAP + round(columns[name] * slot), _GAP + depths[name] * (_HEIGHT + _BETWEEN)) for name in parents
    }
    for name, parent in parents.items():
        if parent is not None:
            _join(pen, corners[parent], corners[name])
    for name, (left, top) in corners.items():
        _box(board, pen, left, top, name, captions[name], samples[name])
    return np.asarray(board)


def _places(parents: Mapping[str, str | None]) -> tuple[dict[str, float], dict[str, int]]:
    """Column (leaves at whole numbers, parents in the middle of their children) and depth of each node."""
    depths: dict[str, int] = {}
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, parent in parents.items():
        depths[name] = 0 if parent is None else depths[parent] + 1
        if parent is not None:
            children[parent].append(name)
    columns: dict[str, float] = {}
    free = iter(range(len(parents)))

    def place(name: str) -> float:
        below = [place(child) for child in children[name]]
        columns[name] = (below[0] + below[-1]) / 2 if below else float(next(free))
        return columns[name]

    for name, parent in parents.items():
        if parent is None:
            place(name)
    return columns, depths


def _join(pen: ImageDraw.ImageDraw, above: tuple[int, int], below: tuple[int, int]) -> None:
    """A bent line from the middle of the upper box's foot to the middle of the lower one's head."""
    x0, y0 = above[0] + _WIDTH // 2, above[1] + _HEIGHT
    x1, y1 = below[0] + _WIDTH // 2, below[1]
    middle = (y0 + y1) // 2
    pen.line([(x0, y0), (x0, middle), (x1, middle), (x1, y1)], fill=_EDGE, width=2)


def _box(
    board: Image.Image, pen: ImageDraw.ImageDraw, left: int, top: int, name: str, lines: tuple[str, str], sample: Path
) -> None:
    pen.rectangle([left - 4, top - 4, left + _WIDTH + 3, top + _HEIGHT + 3], fill=_PAPER, outline=_EDGE)
    pen.text((left, top), name, fill=_INK, font=ImageFont.load_default(13))
    place = top + _LINE + 2
    if sample.is_file():
        picture = Image.fromarray(load_image(sample, min_side=1))
        scale = min(_WIDTH / picture.width, _PANEL / picture.height)
        board.paste(picture.resize((round(picture.width * scale), round(picture.height * scale))), (left, place))
    else:
        pen.rectangle([left, place, left + _WIDTH - 1, place + _PANEL - 1], fill=_EMPTY)
        pen.text((left + 6, place + 6), "not trained yet", fill=_FAINT, font=ImageFont.load_default(11))
    for number, line in enumerate(lines):
        pen.text((left, place + _PANEL + 3 + number * _LINE), line, fill=_FAINT, font=ImageFont.load_default(11))
