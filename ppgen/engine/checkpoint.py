"""Checkpoints: a folder written beside, flushed, renamed, then pointed to by `latest`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
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
    for leftover in root.glob(".step_*"):  # of a process that was killed while it wrote
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        save_file(weights, temporary / "weights.safetensors")
        save_file(state, temporary / "state.safetensors")
        (temporary / "state.json").write_text(json.dumps({**facts, "step": step}, indent=1))
        _flush(temporary)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        write_text(root / LATEST, final.name)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{final}: the checkpoint cannot be written ({reason}); earlier ones are whole") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for old in sorted(root.glob("step_*"))[: -keep or None]:
        if old != final:
            shutil.rmtree(old, ignore_errors=True)
    return final


def newest(root: Path) -> Path | None:
    """The folder `latest` points to, the newest whole one where that is gone, or None where there is none."""
    pointer = root / LATEST
    if pointer.is_file() and (root / pointer.read_text().strip()).is_dir():
        return root / pointer.read_text().strip()
    return max(root.glob("step_*"), default=None)


def load(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, Any]]:
    """(weights, state, facts) of a checkpoint folder; WeightsError if a file is missing or damaged."""
    try:
        facts = json.loads((folder / "state.json").read_text())
        return load_file(folder / "weights.safetensors"), load_file(folder / "state.safetensors"), facts
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise WeightsError(
            f"{folder}: this checkpoint cannot be read ({error}); name an older one with --resume DIR"
        ) from error
