# ruff: noqa: E402  (the clone is found before it is imported)
"""Fit how a skin's own colour is told from a photo: writes the network `own_skin` and its card.

    python tools/fit_artist_light.py [-o FILE] [--views FILE]

Needs `make data` and `tools/nobody_portraits.py`. Every face is seen as its photo is, a stop darker and brighter, in
warm and in cold light. A weighted ridge regression is asked for the skin's L*a*b* that official photographers exposed
for, in all five lights. Nobody's faces, whose light is dim or coloured, first ask only that the answer be the same in
all five; in a second pass their skin is taken to lie between the first answer and what the picture shows. Deep and
medium skin is rare in the portraits and weighs more. What it is told from: `ppgen.faces.daylight`. With --views the
features are kept in a file and read from it the next time.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

import numpy as np
from tqdm import tqdm

from ppgen.cli import guarded
from ppgen.datasets.portraits import PortraitFiles
from ppgen.faces.colour import LINEAR, encoded
from ppgen.faces.daylight import COLOURLESS, outside_photo, seen_skin, what_is_seen
from ppgen.faces.proportions import Proportions
from ppgen.hub import ASSETS, publish
from ppgen.networks.own_skin import OwnSkin

REAL, NOBODY = "portraits/train", "nobody_portraits"
#: folder, split, how many evenly chosen faces, and each how manieth of the others besides (0: none)
PARTS = ((REAL, "train", 260, 1), (REAL, "validation", 64, 0), (REAL, "tone", 99, 0), (NOBODY, "train", 260, 10),
         (NOBODY, "validation", 60, 0))  # fmt: skip
LIGHTS = ((1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (2.0, 2.0, 2.0), (1.25, 1.0, 0.65), (0.75, 1.0, 1.4))
LIGHT_FEATURES = 20
DESCRIPTOR_UNIT = 1 / 6  # what counts as a deviation of the descriptor's numbers: three to four times their own
RIDGE, STEADY = 60.0, 2.2
STRETCH, AROUND = 1.15, 62.0  # answers that have to be steady lie too near to each other: L* is spread out again
NOBODY_WEIGHT, BELIEVED = 1.0, 0.5  # share of the way from the first answer to what nobody's picture shows
WEIGHTS = {"light": 1.0, "medium": 12.0, "deep": 10.0}


class Views(NamedTuple):
    """Faces in five lights.

    seen: (n, 5, 148), NaN where the photo does not show it. skin: (n, 3) L*a*b* of the lit skin in the photo as it is.
    tone: (n,) words. real: (n,), whether the person exists. held: (n,), whether the face is kept for measuring.
    """

    seen: np.ndarray
    skin: np.ndarray
    tone: np.ndarray
    real: np.ndarray
    held: np.ndarray

    def of(self, which: np.ndarray) -> "Views":
        """The faces of a boolean (n,)."""
        return Views(*(column[which] for column in self))


def relit(photo: np.ndarray, gains: tuple[float, float, float]) -> np.ndarray:
    """The photo with linear light multiplied, one factor a channel; white around it stays white."""
    lit = encoded(LINEAR[photo] * np.array(gains, np.float32))
    lit[outside_photo(photo)] = 255
    return lit


def read_views() -> Views:
    """The views of all parts, grey photos left out."""
    seen, skins, tones, real, held = [], [], [], [], []
    for folder, split, count, step in PARTS:
        files = PortraitFiles(folder)
        rows = files.rows(split, {"tone_hint"})
        even = np.unique(np.linspace(0, len(rows) - 1, count).astype(int)).tolist()
        others = sorted(set(range(len(rows))) - set(even))[::step] if step else []
        rows = [rows[index] for index in [*even, *others]]
        for row, points in zip(tqdm(rows, desc=f"{folder} {split}", disable=None), files.landmarks(rows)):
            photo, mask, face = files.photo(row), files.mask(row)[..., 0] / 255, Proportions(points.astype(np.float64))
            skin = seen_skin(photo, mask, face)
            if np.hypot(*skin[1:]) < COLOURLESS:
                continue
            seen.append([what_is_seen(relit(photo, gains), mask, face) for gains in LIGHTS])
            for column, value in zip((skins, tones, real, held), (skin, row["tone_hint"], folder == REAL, split)):
                column.append(value)
    return Views(np.array(seen), np.array(skins), np.array(tones), np.array(real), np.array(held) != "train")


def fit(views: Views) -> OwnSkin:
    """The network, from faces that are not held back."""
    views = views.of(~views.held)
    tones = np.array([WEIGHTS[tone] for tone in views.tone])
    first = solve(views, np.where(views.real, tones, 0.0), views.skin)
    answers = told(first, views)[:, 0]
    between = answers + BELIEVED * (views.skin - answers) * (1, 0, 0)
    return solve(views, np.where(views.real, tones, NOBODY_WEIGHT), np.where(views.real[:, None], views.skin, between))


def solve(views: Views, weight: np.ndarray, skin: np.ndarray) -> OwnSkin:
    """The regression of L*a*b* (n, 3) with weights (n,); whose weight is 0 is only asked to be steady."""
    flat = views.seen[views.real].reshape(-1, views.seen.shape[-1])
    usual, deviation = np.nanmean(flat, axis=0), np.nanstd(flat, axis=0) + 1e-3
    deviation[LIGHT_FEATURES:] = DESCRIPTOR_UNIT
    network = OwnSkin(len(usual))
    apart = np.where(np.isnan(views.seen), usual, views.seen) - usual
    apart = np.clip(apart / deviation, -network.reach, network.reach)
    middle = np.einsum("nlk,n->k", apart, weight) / (weight.sum() * len(LIGHTS))
    usual_skin = weight @ skin / weight.sum()
    centred = apart - middle
    drift = apart - apart.mean(axis=1, keepdims=True)
    steady = STEADY * np.maximum(weight, NOBODY_WEIGHT)
    matrix = np.einsum("nlk,nlj,n->kj", centred, centred, weight) + np.einsum("nlk,nlj,n->kj", drift, drift, steady)
    matrix += RIDGE * len(LIGHTS) * np.eye(len(matrix))
    slopes = np.linalg.solve(matrix, np.einsum("nlk,nc,n->kc", centred, skin - usual_skin, weight))
    bias = usual_skin - middle @ slopes
    slopes[:, 0], bias[0] = STRETCH * slopes[:, 0], AROUND + STRETCH * (bias[0] - AROUND)
    network.set_state_dict({
        "usual": usual.astype(np.float32), "deviation": deviation.astype(np.float32),
        "linear.weight": slopes.astype(np.float32), "linear.bias": bias.astype(np.float32),
    })  # fmt: skip
    return network


def told(network: OwnSkin, views: Views) -> np.ndarray:
    """The estimates (n, 5, 3)."""
    import paddle

    filled = np.where(np.isnan(views.seen), network.usual.numpy(), views.seen).astype(np.float32)
    with paddle.no_grad():
        return network(paddle.to_tensor(filled.reshape(-1, filled.shape[-1]))).numpy().reshape(*filled.shape[:2], 3)


def measured(network: OwnSkin, views: Views) -> dict[str, str]:
    """Scores on the faces that were held back."""
    held, scores = views.of(views.held), {}
    real, nobody = held.of(held.real), held.of(~held.real)
    for name, part in (("portraits", real), ("nobody", nobody)):
        answers = told(network, part)
        spread = np.ptp(answers[..., 0], axis=1).mean()
        colour = np.linalg.norm(answers[:, :, None, 1:] - answers[:, None, :, 1:], axis=-1).max(axis=(1, 2)).mean()
        follows = np.corrcoef(answers[:, 0, 0], part.skin[:, 0])[0, 1]
        scores[f"{name}, largest difference among five lights (n={len(answers)})"] = (
            f"{spread:.1f} L*, {colour:.1f} in a*, b*"
        )
        scores[f"{name}, correlation of L* with the photo's"] = f"{follows:.2f}"
        for tone in sorted(set(part.tone)):
            error = (answers[:, 0] - part.skin)[part.tone == tone]
            scores[f"{name}, {tone}, L* less the photo's (n={len(error)})"] = (
                f"signed {error[:, 0].mean():+.1f}, absolute {np.abs(error[:, 0]).mean():.1f}"
            )
    return scores


def make(output: Path, kept: Path | None) -> str:
    """Fit, measure, write; the scores as lines."""
    if kept is not None and kept.is_file():
        with np.load(kept) as archive:
            views = Views(*(archive[name] for name in Views._fields))
    else:
        views = read_views()
        if kept is not None:
            np.savez_compressed(kept, **views._asdict())
    network = fit(views)
    scores = measured(network, views)
    learnt, lit = (int((~views.held & which).sum()) for which in (views.real, ~views.real))
    publish(network, output, half=False, facts={
        "title": "The skin's own colour, whatever the light",
        "licence": "Apache-2.0",
        "data": f"{learnt} official portraits of members of the US Congress (portraits/train, split 'train') and {lit} "
        "portraits of people who do not exist by artflow.ai, CC BY 4.0, each in five lights",
        "command": f"python tools/fit_artist_light.py ({RIDGE=}, {STEADY=}, {STRETCH=}, {BELIEVED=})",
        "seed": "none: closed form",
        "scores": scores,
        "limits": "Few portraits of deep and medium skin. Nobody's faces are painted in dim light, so how light their "
        "skin is meant to be is not known: 'the photo's' is what the picture shows. A colour to draw with, not a "
        "statement about anyone.",
    })  # fmt: skip
    return "\n".join(f"{name}: {value}" for name, value in scores.items())


def main() -> int:
    """Parse and fit."""
    parser = argparse.ArgumentParser(description="Fit the estimate of the skin's own colour.")
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "own_skin.safetensors")
    parser.add_argument("--views", type=Path, help="features to read, or to keep where there is no such file")
    options = parser.parse_args()
    return guarded(lambda: print(make(options.output, options.views)))


if __name__ == "__main__":
    sys.exit(main())
