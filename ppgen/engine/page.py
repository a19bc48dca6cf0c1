"""The page of a run: `index.html` in its folder, opened from disk, with nothing but what lies beside it.

All that the page shows of the run is one JSON block in it; the script of `page.html` puts it on the screen as text,
never as markup.
"""

import json
import re
import time
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ppgen.engine.curves import Curves, points_for, thin
from ppgen.engine.log import Row, read_log
from ppgen.engine.meanings import meaning
from ppgen.errors import OutputError, WeightsError, in_lines, visible
from ppgen.io.atomic import write_text
from ppgen.io.weights import card_of

NAME = "index.html"
_MARK = "@DATA@"
_HIDDEN = {"images", "hours", "eta_hours"}  # shown as the state of the run, dull as curves
_MACHINE = re.compile(r"(rate_factor|wait_seconds|wait_share|images_per_second|peak_memory_gb|lr|learning_rate)\b.*")
_SAMPLE = re.compile(r"step_(\d+)\.png")
_RECENT = 20  # rows that the speed is taken from where the log does not give it


class RunPage:
    """The page of one run folder. Keep it and call `write` again: only what is new in the log is read.

    Args:
        folder: of the run.
        losses: the numbers of the log that are losses; the others are then shown as reports. May grow later.
            Without it both stand in one group.
    """

    def __init__(self, folder: Path, losses: Collection[str] | None = None) -> None:
        self.folder, self.losses = Path(folder), losses
        self.curves = Curves(self.folder / "log.jsonl")
        self._kept: dict[tuple[str, object], tuple[int, Any]] = {}

    def write(self) -> Path:
        """Write `index.html` as the folder is now; raises OutputError where it cannot be written."""
        if not self.folder.is_dir():
            raise OutputError(f"{self.folder}: there is no such run folder, so no page of it can be written")
        self.curves.read()
        head, tail = _template().split(_MARK)
        path = self.folder / NAME
        write_text(path, head + self._data() + tail)
        return path

    def _data(self) -> str:
        """The JSON block, with no character in it that HTML could take for markup."""
        facts = {
            "name": self.folder.resolve().name,
            "written": int(time.time()),
            "state": self.state(),
            "samples": self._samples(),
            "config": self._file("config.yaml", _text) or "",
            "history": [row for row in self._file("history.jsonl", read_log) or [] if isinstance(row, dict)],
        }
        text = json.dumps(_strict(facts))[:-1] + ", " + _curves_json(self.curves, self.losses) + "}"
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")

    def _file(self, name: str, read: Callable[[Path], Any]) -> Any:
        """What `read` gives for a file of the folder; asked again only when the file changed. None without it.

        A person may be editing the file: what cannot be read is left out, a training does not end for it.
        """
        path = self.folder / name
        try:
            changed = path.stat().st_mtime_ns
            if self._kept.get((name, read), (None,))[0] != changed:
                self._kept[name, read] = changed, read(path)
        except (OSError, ValueError, RecursionError, WeightsError, yaml.YAMLError):
            return None
        return self._kept[name, read][1]

    def _samples(self) -> list[tuple[int, str]]:
        names = (_SAMPLE.fullmatch(path.name) for path in (self.folder / "samples").glob("step_*.png"))
        return sorted((int(match[1]), match[0]) for match in names if match)

    def state(self) -> Row:
        """Where the run is. What the log does not say is worked out from its newest rows, or None."""
        total, last = self._file("config.yaml", _total), self.curves.last
        speed, rest = _pace(self.curves, total)
        return {
            **{key: last.get(key) for key in ("images", "hours", "wait_share", "peak_memory_gb")},
            "eta_hours": last.get("eta_hours", rest),
            "images_per_second": last.get("images_per_second", speed),
            "step": self.curves.newest_step(),
            "total": total,
            "best": self._file("best.safetensors", _best),
        }


@cache
def _template() -> str:
    return Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _total(path: Path) -> int | None:
    """Steps of the whole run, from its config."""
    config = yaml.safe_load(_text(path))
    total = config.get("total_iters") if isinstance(config, dict) else None
    return total if isinstance(total, int) else None


def _best(path: Path) -> Row | None:
    """Step and scores of the weights kept as the best, from their card."""
    card = card_of(path)
    scores = card.get("scores") if isinstance(card, dict) else None
    return {"step": card.get("step"), "scores": scores} if isinstance(scores, dict) else None


def _strict(value: object) -> object:
    """The value as strict JSON may hold it: None for NaN and infinity, and texts whose lines are `visible`."""
    if isinstance(value, dict):
        return {visible(key): _strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(inner) for inner in value]
    if isinstance(value, str):
        return in_lines(value.split("\n"))
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _pace(curves: Curves, total: int | None) -> tuple[float | None, float | None]:
    """(images a second, hours left) from the newest rows of the log."""
    if not {"images", "hours"} <= curves.series.keys():
        return None, None
    steps, hours = curves.series["hours"]
    images = curves.series["images"][1]
    rows = min(_RECENT, len(hours), len(images))
    spent = hours[-1] - hours[-rows]
    if rows < 2 or not spent > 0:
        return None, None
    left = None if total is None else max(total - steps[-1], 0) * spent / max(steps[-1] - steps[-rows], 1)
    return (images[-1] - images[-rows]) / spent / 3600, left


def _group(name: str, losses: Collection[str] | None) -> str:
    if name.startswith("val_"):
        return "scores"
    if _MACHINE.fullmatch(name):
        return "speed"
    if losses is None:
        return "losses and reports"
    return "losses" if name in losses else "reports"


def _numbers(values: np.ndarray) -> str:
    """A JSON list; one format for all numbers is several times faster than one call each."""
    if values.dtype.kind == "i":
        return "[" + ",".join(map(str, values.tolist())) + "]"
    return "[" + (",".join(["%.5g"] * len(values)) % tuple(values.tolist())).replace("nan", "null") + "]"


def _curves_json(curves: Curves, losses: Collection[str] | None) -> str:
    """`"axes": [...], "curves": [...]`; curves over the same steps share an axis."""
    shown = {name: series for name, series in curves.series.items() if name not in _HIDDEN}
    most = points_for(len(shown))
    axes: dict[bytes, int] = {}
    texts: list[str] = []
    lines = []
    for name, (steps, values) in shown.items():
        points = thin(np.frombuffer(steps, np.int64), np.frombuffer(values, np.float64), most)
        axis = points.pop("x")
        place = axes.setdefault(axis.tobytes(), len(axes))
        if place == len(texts):
            texts.append(_numbers(axis))
        head = {
            "name": visible(name.removeprefix("val_")),
            "group": _group(name, losses),
            "axis": place,
            "rows": len(values),
            "broken": curves.broken.get(name),
            "about": meaning(name),
        }
        arrays = ", ".join(f'"{key}": {_numbers(array)}' for key, array in points.items())
        lines.append(f"{json.dumps(head)[:-1]}, {arrays}}}")
    return f'"axes": [{", ".join(texts)}],\n"curves": [' + ",\n".join(lines) + "]"
