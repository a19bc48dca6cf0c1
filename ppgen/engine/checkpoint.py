"""Checkpoints: a folder written beside, flushed, renamed, then pointed to by `latest`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from ppgen.errors import OutputError, WeightsError
from ppgen.io.atomic import write_text

LATEST = "latest"


def _flush(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def save(
    root: Path,
    step: int,
    weights: dict[str, np.ndarray],
    state: dict[str, np.ndarray],
    facts: dict[str, Any],
    keep: int,
) -> Path:
    """Write `root/step_00001234/` and make it the newest; older ones beyond `keep` are removed.

    Args:
        weights: all networks, keys prefixed by network name.
        state: arrays of optimizers and averages.
        facts: JSON-able numbers (step, best score, hours).
    """
    final = root / f"step_{step:08d}"
    temporary = root / f".{final.name}.{os.getpid()}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        save_file(weights, temporary / "weights.safetensors")
        save_file(state, temporary / "state.safetensors")
        (temporary / "state.json").write_text(json.dumps({**facts, "step": step}, indent=1))
        _flush(temporary)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        write_text(root / LATEST, final.name)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise OutputError(
            f"{final}: the checkpoint cannot be written ({error.strerror or error}); earlier ones are whole"
        ) from error
    for old in sorted(root.glob("step_*"))[: -keep or None]:
        if old != final:
            shutil.rmtree(old, ignore_errors=True)
    return final


def newest(root: Path) -> Path | None:
    """The folder `latest` points to, or None where there is no checkpoint."""
    pointer = root / LATEST
    if not pointer.is_file():
        return None
    folder = root / pointer.read_text().strip()
    return folder if folder.is_dir() else None


def load(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, Any]]:
    """(weights, state, facts) of a checkpoint folder; WeightsError if a file is missing or damaged."""
    try:
        facts = json.loads((folder / "state.json").read_text())
        return load_file(folder / "weights.safetensors"), load_file(folder / "state.safetensors"), facts
    except Exception as error:  # the safetensors library raises its own type for damaged files
        raise WeightsError(
            f"{folder}: this checkpoint cannot be read ({error}); name an older one with --resume DIR"
        ) from error
