"""The runs of a folder: how far each is, and how good."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ppgen.engine.lock import is_held
from ppgen.engine.page import RunPage


class RunState(NamedTuple):
    """A run: its folder, "running", "finished" or "stopped", steps done and of how many (None: not known), the best
    score as text ("": none yet).
    """

    folder: Path
    state: str
    step: int
    total: int | None
    best: str


def runs_in(folder: Path) -> list[RunState]:
    """The runs of a folder, those of trees too, the newest first."""
    logs = [path for pattern in ("*/config.yaml", "*/*/config.yaml") for path in folder.glob(pattern)]
    found = [path.parent for path in logs if (path.parent / "history.jsonl").is_file()]
    return [_state(run) for run in sorted(found, key=lambda run: (run / "config.yaml").stat().st_mtime, reverse=True)]


def _state(folder: Path) -> RunState:
    page = RunPage(folder)
    page.curves.read()
    state = page.state()
    step, total = int(state["step"] or 0), state["total"]
    name = "running" if is_held(folder) else "finished" if total and step >= total else "stopped"
    best = state["best"] or {}
    scores = ", ".join(f"{key} {value:.4g}" for key, value in best.get("scores", {}).items() if "/" not in key)
    return RunState(folder, name, step, total, f"{scores} (step {best['step']})" if scores else "")
