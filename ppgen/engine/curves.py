"""The numbers of a growing log as curves: read once, appended to, thinned to what a screen can show."""

from __future__ import annotations

import json
import os
from array import array
from pathlib import Path
from typing import Any

import numpy as np

POINTS = 1500  # numbers a curve may cost in a page
BUDGET = 45_000  # numbers of all curves together, so that two hundred curves make no slow page either
FEWEST = 150


class Curves:
    """Every number of a `log.jsonl` over steps; `read` takes in only what was appended since the last time.

    Attributes:
        series: name -> (steps, values), in order of first appearance; a NaN or infinity in the log is NaN here.
        broken: name -> the first step at which it was not finite.
        last: the newest row that has `images`, as logged by the training loop.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start_over(inode=0)

    def _start_over(self, inode: int) -> None:
        self._inode, self._place = inode, 0
        self.series: dict[str, tuple[array, array]] = {}
        self.broken: dict[str, int] = {}
        self.last: dict[str, Any] = {}

    def read(self) -> None:
        """Take in new lines; a half-written last one waits, a log rewritten by a resume is read anew."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._place:
                    self._start_over(status.st_ino)
                file.seek(self._place)
                data = file.read()
        except FileNotFoundError:
            self._start_over(inode=0)
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._place += len(whole)
        rows = [r for r in _parse(whole.splitlines()) if isinstance(r, dict) and _is_number(r.get("step"))]
        for name, (steps, values) in _columns(rows).items():
            self._extend(name, steps, values)
        self.last = next((row for row in reversed(rows) if "images" in row), self.last)

    def _extend(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            self.broken.setdefault(name, int(steps[~finite][0]))
        all_steps, all_values = self.series.setdefault(name, (array("q"), array("d")))
        all_steps.frombytes(steps.tobytes())
        all_values.frombytes(np.where(finite, values, np.nan).tobytes())

    def newest_step(self) -> int:
        """The last step in the log, 0 where there is none."""
        return max((steps[-1] for steps, _ in self.series.values()), default=0)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _columns(rows: list[dict[str, Any]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rows as name -> (steps, values), in the order of the rows.

    Rows with the same keys are turned over together: several times faster than a number at a time.
    """
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for keys, group in alike.items():
        columns = dict(zip(keys, zip(*(row.values() for row in group))))
        steps = np.array(columns.pop("step")).astype(np.int64)
        for name, column in columns.items():
            numbers = _numeric(steps, column)
            if len(numbers[0]):
                parts.setdefault(name, []).append(numbers)
    return {name: _joined(found) for name, found in parts.items()}


def _numeric(steps: np.ndarray, column: tuple) -> tuple[np.ndarray, np.ndarray]:
    if {int, float}.issuperset(map(type, column)):
        return steps, np.array(column, dtype=np.float64)
    places = [place for place, value in enumerate(column) if _is_number(value)]  # a text or null among them
    return steps[places], np.array([column[place] for place in places], dtype=np.float64)


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    steps, values = (np.concatenate(column) for column in zip(*parts))
    order = np.argsort(steps, kind="stable")
    return steps[order], values[order]


def _parse(lines: list[bytes]) -> list[Any]:
    try:  # one call for all lines is twice as fast as one a line
        return json.loads(b"[" + b",".join(lines) + b"]")
    except ValueError:
        return [row for line in lines for row in _parse_one(line)]


def _parse_one(line: bytes) -> list[Any]:
    try:
        return [json.loads(line)]
    except ValueError:
        return []


def points_for(curves: int) -> int:
    """Numbers each of so many curves may have."""
    return int(min(POINTS, max(FEWEST, BUDGET // max(curves, 1))))


def thin(steps: np.ndarray, values: np.ndarray, most: int = POINTS) -> dict[str, np.ndarray]:
    """A curve of at most `most` numbers: as it is, or means of equal stretches with their lowest and highest value.

    Means with a band rather than every n-th point: a spike stays visible, and the line is no accident of sampling.

    Args:
        steps: (N,) integers. values: (N,) floats, NaN where not finite.

    Returns:
        'x' (last step of each stretch), 'y', and, where it was thinned, 'low' and 'high'.
    """
    if len(values) <= most:
        return {"x": steps, "y": values}
    edges = np.linspace(0, len(values), most // 3 + 1).astype(int)
    first = edges[:-1]
    finite = np.isfinite(values)
    sums = np.add.reduceat(np.where(finite, values, 0.0), first)
    counts = np.add.reduceat(finite.astype(float), first)
    means = np.divide(sums, counts, out=np.full(len(first), np.nan), where=counts > 0)
    return {
        "x": steps[edges[1:] - 1],
        "y": means,
        "low": np.fmin.reduceat(values, first),
        "high": np.fmax.reduceat(values, first),
    }
