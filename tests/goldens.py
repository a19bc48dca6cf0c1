"""Golden outputs of PaddleGAN's networks: weights and inputs made by a rule, outputs recorded (tests/data).

A test fills the keys of a manifest, loads them into our network (the names are translated on the way), runs
the same input and compares. `tests/data/fill_rule.py` is the rule, in NumPy.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).resolve().parent / "data"
TOLERANCE = 1e-3  # of the golden's largest value; another matrix library alone moves outputs by up to 1e-4

_spec = importlib.util.spec_from_file_location("golden_fill_rule", DATA / "fill_rule.py")
fill_rule = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fill_rule)


def manifest(name: str) -> dict[str, list[int]]:
    """Ordered {PaddleGAN's key: shape} of one network."""
    return json.loads((DATA / f"{name}.json").read_text())


def filled(shapes: dict[str, Any], kind: str = "plain") -> dict[str, np.ndarray]:
    """The rule's arrays for a manifest, under PaddleGAN's keys."""
    return fill_rule.fill_state(shapes, kind)


def image(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The golden's input image, float32 NCHW in [-1, 1]."""
    return fill_rule.image_input(name, shape)


def relative_error(name: str, output: str, array: np.ndarray) -> float:
    """Largest difference to what golden `name` says of its output, over the golden's largest value.

    Compares all that was recorded: the values themselves or 32x32 means, each channel's mean, deviation and
    extremes, and 64 probes.
    """
    golden = np.load(DATA / f"{name}.npz")
    if list(array.shape) != golden[f"{output}.shape"].tolist():
        raise AssertionError(f"{output} is {array.shape}, the golden {golden[f'{output}.shape'].tolist()}")
    found = {"probe_val": array.reshape(-1)[golden[f"{output}.probe_idx"]]}
    if f"{output}.full" in golden:
        found["full"] = array
    if f"{output}.pooled32" in golden:
        found["pooled32"] = fill_rule.pooled32(array)
    if f"{output}.ch_mean" in golden:
        exact = array.astype(np.float64)
        for statistic in ("mean", "std", "min", "max"):
            found[f"ch_{statistic}"] = getattr(exact, statistic)(axis=(0, 2, 3))
    wanted = {key: golden[f"{output}.{key}"] for key in found}
    largest = max(np.abs(value).max() for value in wanted.values())
    return float(max(np.abs(found[key] - wanted[key]).max() for key in found) / largest)
