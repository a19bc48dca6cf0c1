"""Checkpoints: a folder written beside, flushed, renamed, then pointed to by `latest`; verified when read."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ppgen.config.validate import is_number
from ppgen.errors import OutputError, WeightsError, short
from ppgen.io.atomic import sync_folder, write_text
from ppgen.io.download import digest
from ppgen.io.names import read_pointer

LATEST, BEST = "latest", "best"
_FILES = ("weights.safetensors", "state.safetensors")


Facts = dict[str, Any]  # JSON: step, seconds, seed …


class Checkpoint(NamedTuple):
    """What a checkpoint folder holds.

    Attributes:
        weights: all networks, keys prefixed by network name.
        state: arrays of everything else that has state, keys prefixed by its name.
        facts: JSON numbers: step, seconds, seed …
    """

    weights: dict[str, np.ndarray]
    state: dict[str, np.ndarray]
    facts: Facts


def _digest_of(facts: Facts) -> str:
    text = json.dumps({key: value for key, value in facts.items() if key != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def save(
    root: Path,
    step: int,
    weights: dict[str, np.ndarray],
    state: dict[str, np.ndarray],
    facts: Facts,
    keep: int,
) -> Path:
    """Write `root/step_00001234/` and make it the newest; older ones beyond `keep` go, the best one stays.

    Raises:
        OutputError: it cannot be written (a full disk, say); earlier checkpoints are untouched then.
    """
    final = root / f"step_{step:08d}"
    temporary = root / f".{final.name}.{os.getpid()}"
    for leftover in root.glob(".step_*"):  # of a process that was killed while it wrote
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        for name, arrays in zip(_FILES, (weights, state), strict=True):
            save_file(arrays, temporary / name)
        facts = {**facts, "step": step}
        digests = {**{name: digest(temporary / name) for name in _FILES}, "facts": _digest_of(facts)}
        (temporary / "state.json").write_text(json.dumps({**facts, "sha256": digests}, indent=1))
        _flush(temporary)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        sync_folder(root)
        write_text(root / LATEST, final.name)
    except (OSError, SafetensorError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        what = f"{final}: the checkpoint cannot be written ({reason})"
        raise OutputError(f"{what}; free some space: earlier ones are whole, and --resume goes on from them") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _prune(root, keep, final)
    return final


def _prune(root: Path, keep: int, newest_one: Path) -> None:
    """Keep `keep` folders up to the newest one; later steps are those of a course that was given up."""
    kept = {*newest_first(root)[:keep], newest_one, _pointed_to(root, BEST)}
    for old in root.glob("step_*"):
        if old not in kept:
            shutil.rmtree(old, ignore_errors=True)


def mark_best(root: Path, step: int) -> None:
    """Spare the checkpoint of `step` from pruning, until another is marked."""
    write_text(root / BEST, f"step_{step:08d}")


def _pointed_to(root: Path, name: str) -> Path | None:
    word = read_pointer(root / name)
    return root / word if word and (root / word).is_dir() else None


def newest(root: Path) -> Path | None:
    """The folder `latest` points to, the newest whole one where that is gone, or None where there is none."""
    return _pointed_to(root, LATEST) or max(root.glob("step_*"), default=None)


def best(root: Path) -> Path | None:
    """The folder that `mark_best` spares, or None."""
    return _pointed_to(root, BEST)


def newest_first(root: Path) -> list[Path]:
    """The folder that `latest` points to, then those of earlier steps from new to old.

    Later steps are left out: they are there when a run went back, and are not what it comes from.
    """
    first = newest(root)
    return [p for p in sorted(root.glob("step_*"), reverse=True) if p.name <= first.name] if first else []


def load(folder: Path) -> Checkpoint:
    """Read and verify a checkpoint folder; WeightsError if a file is missing, cut or changed."""
    try:
        facts = json.loads((folder / "state.json").read_text())
        step = facts["step"]
        if not isinstance(step, int) or not 0 <= step < 2**31 or not is_number(facts.get("seconds", 0)):
            raise WeightsError(f"{folder / 'state.json'}: is damaged (it tells no step)")
        for name, written in facts.get("sha256", {}).items():
            if name not in (*_FILES, "facts") or not (name == "facts" or (folder / name).is_file()):
                raise WeightsError(f"{folder / 'state.json'}: is damaged (it speaks of {short(repr(name))})")
            if written != (_digest_of(facts) if name == "facts" else digest(folder / name)):
                name = "state.json" if name == "facts" else name
                raise WeightsError(f"{folder / name}: is damaged (its checksum is not the one that was written)")
        weights, state = (load_file(folder / name) for name in _FILES)
        return Checkpoint(weights, state, facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, SafetensorError) as error:
        what = f"{folder}: cannot be read ({short(str(error))})"
        raise WeightsError(f"{what}; name an older checkpoint with --resume DIR") from error


def first_whole(folders: Sequence[Path], root: Path) -> tuple[Path, Checkpoint, list[str]]:
    """The first of these that can be read: (folder, content, a sentence for each damaged one passed over).

    Raises:
        WeightsError: none of them can be read, or there are none in `root`.
    """
    passed_over: list[str] = []
    for folder in folders:
        try:
            return folder, load(folder), passed_over
        except WeightsError as error:
            passed_over.append(str(error))
    raise WeightsError(*passed_over or [f"{root}: holds no checkpoint"])


def load_newest(root: Path) -> tuple[Path, Checkpoint, list[str]]:
    """The newest checkpoint that can be read, as `first_whole`."""
    return first_whole(newest_first(root), root)
