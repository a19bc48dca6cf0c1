"""Run folders: what they are called, which is the newest, what is recorded in them at a start."""

import glob
import json
import os
import platform
import re
import signal
import subprocess
import time
from pathlib import Path

import paddle
import yaml

import ppgen
from ppgen.config import read_yaml
from ppgen.config.shipped import trainer
from ppgen.engine import checkpoint, distributed
from ppgen.engine.log import read_log
from ppgen.engine.processes import STOPPED
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.snapshot import Snapshot
from ppgen.errors import OutputError
from ppgen.io.atomic import write_text
from ppgen.io.terminal import say


def run_name(config_file: str) -> str:
    """What runs of a config are called: the file's name, or for a run's own config.yaml that run's."""
    path = Path(config_file)
    if path.name == "config.yaml" and (path.parent / "history.jsonl").is_file():
        return re.sub(r"-\d{8}-\d{6}(-\d+)?$", "", path.resolve().parent.name)
    return path.stem


def is_run_of(folder: Path, name: str) -> re.Match | None:
    """Whether a folder is called as a run of this config is: (its time), (its number among those of that second)."""
    return re.fullmatch(rf"{re.escape(name)}-(\d{{8}}-\d{{6}})(?:-(\d+))?", folder.name)


def newest_run(output_dir: Path, name: str) -> Path | None:
    """The newest run folder of a config that has a checkpoint."""
    runs = []
    for path in output_dir.iterdir() if output_dir.is_dir() else ():
        match = is_run_of(path, name)
        if match and checkpoint.newest(path / "checkpoints"):
            runs.append((match.group(1), int(match.group(2) or 1), path))
    return max(runs)[2] if runs else None


def overrides_of(folder: Path) -> list[str]:
    """What the starts of a run had said with -o, so that nobody has to say it again; [] where nothing is recorded."""
    history = folder / "history.jsonl"
    rows = read_log(history) if history.is_file() else []
    given = rows[-1].get("overrides") if rows and isinstance(rows[-1], dict) else None
    return [text for text in given if isinstance(text, str)] if isinstance(given, list) else []


def _commit() -> str:
    """The commit of this clone; "unknown" for an installed package or without git."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "unknown"
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=root)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def new_folder(output: Path, name: str) -> Path:
    """A name for a new run of a config; nothing is made."""
    now = distributed.agree(int(time.time()))  # one folder for all processes
    folder = output / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}"
    same = output.glob(f"{glob.escape(folder.name)}*")  # two starts in one second
    taken = sum((path / "config.yaml").is_file() for path in same)
    taken = distributed.agree(taken)
    return folder.with_name(f"{folder.name}-{taken + 1}") if taken else folder


def make_folder(folder: Path) -> None:
    """OutputError where a run folder is not there and cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{folder}: cannot be made ({reason}); choose another with -o output_dir=…") from error


def resume_newest(snapshot: Snapshot) -> None:
    """Go on from a run's newest whole checkpoint; damaged ones are named on stderr."""
    for damaged in snapshot.resume_newest():
        say(f"warning: {damaged}; going on from the one before it", aside=True)


def say_stopped(stopped_by: signal.Signals, step: int, folder: Path, of: str = "") -> int:
    """The farewell of a training that a signal ended; returns the exit code."""
    if distributed.rank() == 0:
        say(f"{STOPPED} {stopped_by.name} at step {step}{of}, checkpoint written; "
              f"the same command with --resume {folder} goes on")  # fmt: skip
    return 128 + stopped_by


def record_start(
    folder: Path, config: TrainingConfig, step: int, resumed: bool, arguments: list[str], prefix: str = ""
) -> None:
    """`record` a start, and say so in lines that begin with `prefix`."""
    for line in record(folder, config, step, resumed, arguments):
        say(prefix + line)
    where = f"going on from step {step}" if resumed else "starting at step 0"
    say(f"{prefix}{where} in {folder}")


def record(folder: Path, config: TrainingConfig, step: int, resumed: bool, arguments: list[str]) -> list[str]:
    """Write the resolved config and, a line a start, what was run from which step; returns what has changed.

    Args:
        arguments: of `tools/main.py`.
    """
    make_folder(folder)
    place, settings = folder / "config.yaml", config.as_settings()
    changes: list[str] = []
    if resumed and place.is_file():
        changes = differences(TrainingConfig.of(read_yaml(place)).as_settings(), settings)
    write_text(place, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    history = folder / "history.jsonl"
    lines = history.read_text(encoding="utf-8", errors="replace") if history.is_file() else ""
    arguments = [os.path.relpath(word) if os.path.isabs(word) else word for word in arguments]
    now = {
        "step": step, "command": " ".join([trainer(), *arguments]), "ppgen": ppgen.__version__,
        "paddle": paddle.__version__, "python": platform.python_version(), "commit": _commit(),
        "overrides": list(config.overrides),
    }  # fmt: skip
    write_text(history, lines + json.dumps(now) + "\n")
    return [f"changed since the run began: {change}" for change in changes]


def differences(old: object, new: object, where: str = "") -> list[str]:
    """`path: old -> new` for every value that differs between two configs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        return [d for k in keys for d in differences(old.get(k), new.get(k), f"{where}.{k}" if where else str(k))]
    return [] if old == new else [f"{where}: {old} -> {new}"]
