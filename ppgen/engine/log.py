"""What a run leaves to look at: a JSONL log, loss curves, sample grids."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ppgen.config.validate import is_number
from ppgen.errors import OutputError
from ppgen.io.atomic import write_text
from ppgen.io.image import save_figure, save_image, to_uint8

Row = dict[str, Any]  # of a log: JSON's numbers and texts by name


class RunLog:
    """Appends one JSON object a line to `log.jsonl`.

    On a resume, lines of steps that will be run again (those after `from_step`) are dropped.
    """

    def __init__(self, path: Path, from_step: int) -> None:
        self.path = path
        rows = read_log(path) if path.is_file() else []
        kept = [row for row in rows if is_number(row.get("step")) and row["step"] <= from_step]
        write_text(path, "".join(json.dumps(row) + "\n" for row in kept))

    def write(self, **row: object) -> None:
        """Append a row; it must hold `step`."""
        self.append(self.path, row)

    @staticmethod
    def append(path: Path, row: Mapping[str, object]) -> None:
        """Append `row` as a line to any such file; OutputError where it cannot be written."""
        try:
            with path.open("a") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            what = f"{path}: cannot be written ({error.strerror or error})"
            raise OutputError(f"{what}; free some space, and --resume goes on from the newest checkpoint") from error


def read_log(path: Path) -> list[Row]:
    """Rows of a log; what is none, such as a half-written last line, is left out."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    width = max(1, min(width, len(values) // 5))
    return np.convolve(
        np.pad(values, (width // 2, width - 1 - width // 2), mode="edge"), np.ones(width) / width, "valid"
    )


def draw_curves(rows: list[Row], path: Path) -> None:
    """One small panel a number, over steps, raw in grey and smoothed in colour."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = sorted({key for row in rows for key in row} - {"step", "hours", "images"})
    if not names:
        return
    columns = min(4, len(names))
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.4 * lines))
    # fixed margins: letting matplotlib find them took most of the time
    figure.subplots_adjust(0.15 / columns, 0.16 / lines, 1 - 0.04 / columns, 1 - 0.12 / lines, 0.25, 0.42)
    FigureCanvasAgg(figure)
    for position, name in enumerate(names):
        points = np.array([(row["step"], row[name]) for row in rows if name in row], dtype=float)
        axes = figure.add_subplot(lines, columns, position + 1)
        axes.plot(points[:, 0], points[:, 1], color="0.8", linewidth=0.8)
        axes.plot(points[:, 0], _smooth(points[:, 1], 21), color="tab:blue", linewidth=1.3)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    save_figure(path, figure, dpi=90)


def _line_of_text(text: str, width: int, size: float = 0.4) -> np.ndarray:
    """Grey words on white, uint8 (18, width, 3)."""
    strip = np.full((18, width, 3), 255, np.uint8)
    cv2.putText(strip, text, (3, 13), cv2.FONT_HERSHEY_SIMPLEX, size, (60, 60, 60), 1, cv2.LINE_AA)
    return strip


def draw_grid(columns: dict[str, np.ndarray], path: Path, most: int = 8, caption: str = "") -> None:
    """One row a sample, one titled column a name; images are float NCHW in [-1, 1], in colour or grey.

    Args:
        most: rows.
        caption: a line above all, such as the epoch and the losses.
    """
    tiles = []
    for title, images in columns.items():
        images = np.asarray(images, dtype=np.float32)[:most]
        images = np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images
        column = np.concatenate(list(to_uint8(images)), axis=0)
        tiles.append(np.concatenate([_line_of_text(title, column.shape[1]), column], axis=0))
    height = max(tile.shape[0] for tile in tiles)
    padded = [np.pad(t, ((0, height - t.shape[0]), (0, 0), (0, 0)), constant_values=255) for t in tiles]
    picture = np.concatenate(padded, axis=1)
    if caption:
        picture = np.concatenate([_line_of_text(caption, picture.shape[1]), picture], axis=0)
    save_image(path, picture)


def span(seconds: float) -> str:
    """Seconds for people: 0.2 s, 4 min, 3 h, 190 days."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
