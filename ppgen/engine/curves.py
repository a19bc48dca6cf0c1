"""The numbers of a growing log as curves: read once, appended to, thinned to what a screen can show."""

import json
import math
import os
from array import array
from pathlib import Path

import numpy as np

from ppgen.config.validate import is_number
from ppgen.engine.log import Row

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
        self.last: Row = {}

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
        for line in whole.splitlines():
            self._take(line)

    def _take(self, line: bytes) -> None:
        """A row's numbers; what is no row, such as a line that was cut off, is passed over."""
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(row, dict) or not is_number(row.get("step")):
            return
        for name in [name for name, value in row.items() if is_number(value) and name != "step"]:
            steps, values = self.series.setdefault(name, (array("q"), array("d")))
            steps.append(int(row["step"]))
            values.append(row[name] if math.isfinite(row[name]) else math.nan)
            if not math.isfinite(row[name]):
                self.broken.setdefault(name, int(row["step"]))
        if "images" in row:
            self.last = row

    def newest_step(self) -> int:
        """The last step in the log, 0 where there is none."""
        return max((steps[-1] for steps, _ in self.series.values()), default=0)


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
