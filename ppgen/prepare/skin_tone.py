"""Fit the skin-colour estimate to the artist's drawings: `python -m ppgen.prepare.skin_tone`.

Ridge regression, weighted so that small groups count more: a sample of a group that makes a share s of the
data weighs s^-evenness.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from paddle import nn
from tqdm.auto import tqdm

from ppgen.datasets.portraits import Portraits, PortraitSplit
from ppgen.errors import PPGenError
from ppgen.faces.skin import skin_features
from ppgen.hub import ASSETS, publish
from ppgen.io.terminal import say
from ppgen.networks.skin_tone import SkinTone


def without_colour(photo: np.ndarray) -> np.ndarray:
    """A greyscale photo, still (H, W, 3)."""
    return np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def collect(split: PortraitSplit, dataroot: str, grey: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(features (n, 137), the artist's skin L*a*b* (n, 3), group names (n,)) of a split.

    Args:
        grey: take the photos without their colour; the cartoons keep theirs.
    """
    dataset = Portraits(dataroot, split=split)
    features, colours = [], []
    for index in tqdm(range(len(dataset)), desc=split, disable=None):
        sample = dataset.sample(index)
        photo = dataset.files.photo(dataset.rows[index])
        features.append(skin_features(without_colour(photo) if grey else photo, sample["landmarks"]))
        rgb = (sample["skin"] / 2 + 0.5).reshape(1, 1, 3)
        colours.append(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0, 0])
    return np.array(features, np.float64), np.array(colours, np.float64), np.array(dataset.groups)


def ridge(x: np.ndarray, y: np.ndarray, weights: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Weighted ridge regression on standardized features -> (matrix (features, outputs), bias (outputs,))."""
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-6
    a = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    shrink = penalty * np.eye(a.shape[1])
    shrink[-1, -1] = 0
    solution = np.linalg.solve(a.T @ (weights[:, None] * a) + shrink, a.T @ (weights[:, None] * y))
    matrix = solution[:-1] / deviation[:, None]
    return matrix, solution[-1] - mean @ matrix


def joined(parts: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Several collections as one."""
    return tuple(np.concatenate(column) for column in zip(*parts))


def group_weights(groups: np.ndarray, evenness: float) -> np.ndarray:
    """share^-evenness of each sample's group, mean 1."""
    weights = np.array([(groups == g).mean() ** -evenness for g in groups])
    return weights / weights.mean()


def lightness_errors(estimated: np.ndarray, given: np.ndarray, groups: np.ndarray) -> dict[str, str]:
    """Group -> signed and absolute mean error of L*."""
    error = estimated[:, 0] - given[:, 0]
    return {
        f"L* error, {g} (n={int((groups == g).sum())})":
            f"signed {error[groups == g].mean():+.1f}, absolute {np.abs(error[groups == g]).mean():.1f}"
        for g in sorted(set(groups))
    }  # fmt: skip


def publish_fit(
    network: nn.Layer, matrix: np.ndarray, bias: np.ndarray, out: str, scores: dict[str, str], facts: dict[str, str]
) -> None:
    """Print a fit's scores and write it, as the network's one layer `linear`, with its card."""
    for name, value in scores.items():
        say(f"{name}: {value}")
    network.linear.weight.set_value(matrix.astype(np.float32))
    network.linear.bias.set_value(bias.astype(np.float32))
    common = {"licence": "Apache-2.0", "seed": "none: closed form", "scores": scores}
    publish(network, out, half=False, facts={**facts, **common})


def run(main: Callable[[], None]) -> None:
    """A script's `main`; our errors are one line."""
    try:
        main()
    except PPGenError as error:
        sys.exit(f"error: {error}")


def main() -> None:
    """Fit, measure on held-back portraits, write the asset and its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataroot", default="drawn")
    parser.add_argument("--penalty", type=float, default=10.0)
    parser.add_argument("--evenness", type=float, default=0.35)
    parser.add_argument("--out", default=str(ASSETS / "skin_tone.safetensors"))
    options = parser.parse_args()
    started = time.time()
    x, y, groups = joined([collect("train", options.dataroot, grey) for grey in (False, True)])
    matrix, bias = ridge(x, y, group_weights(groups, options.evenness), options.penalty)
    scores: dict[str, str] = {}
    for kind, grey in (("colour", False), ("greyscale", True)):
        held = [collect("validation", options.dataroot, grey), collect("tone", options.dataroot, grey)]
        held_x, held_y, held_groups = joined(held)
        errors = lightness_errors(held_x @ matrix + bias, held_y, held_groups)
        scores |= {f"{kind} photos, {name}": value for name, value in errors.items()}
    publish_fit(SkinTone(x.shape[1]), matrix, bias, options.out, scores, {
        "title": "Skin colour a cartoon is drawn with",
        "data": f"{len(x) // 2} portraits of `data/{options.dataroot}`, split 'train', each in colour and in grey: "
        "members of the US Congress and generated portraits of people who do not exist (by artflow.ai, CC BY 4.0, "
        "collected by initiative-sh/artflow-portraits), drawn by ppgen's artist",
        "command": f"python -m ppgen.prepare.skin_tone --dataroot {options.dataroot} --penalty {options.penalty} "
        f"--evenness {options.evenness}",
        "wall time": f"{time.time() - started:.0f} s",
        "limits": "It imitates what the artist chooses to paint with, and is off by 10 L* and more for single faces. "
        "An estimate of what to draw with, not a statement about anyone.",
    })  # fmt: skip


if __name__ == "__main__":
    run(main)
