# ruff: noqa: E402  (the clone is found before it is imported)
"""Fit how the artist tells a skin's own colour from a photo: writes `ppgen/prepare/artist/daylight.py`.

    python tools/fit_artist_light.py [-o FILE]

Needs `make data` and `tools/nobody_portraits.py`. Training portraits, which official photographers lit, are seen as
they are and in simulated lights (exposure and one gain a channel). A ridge regression is asked for the skin's L*a*b* in
the photo as it is, and to change little between the lights of one face. In a second pass nobody's faces join, whose
light is dim or coloured: their skin is taken to be as light as the first pass says, or as it is seen, if that is
lighter. Features and their meaning: `ppgen.prepare.artist.light`.
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
from ppgen.io.atomic import write_bytes
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.light import (
    COLOURLESS,
    LINEAR,
    encoded,
    light_features,
    outside_photo,
    seen_skin,
    with_whites,
)

ROOT = Path(__file__).resolve().parents[1]
REAL, NOBODY = "portraits/train", "nobody_portraits"
KEPT = {"light": 5, "medium": 1, "deep": 1}  # every so many real portraits of a tone
NOBODY_KEPT, MOST_SEEN = 18, 72.0
RIDGE, STEADY, DARKER_WEIGHT, NOBODY_WEIGHT = 20.0, 5.0, 1.5, 0.8
STRETCH = np.array([1.2, 1.2, 1.1])  # a regression's answers lie too near to each other
REACH = 2.5
LIGHTS = ((0.5, 0.5, 0.5), (2.0, 2.0, 2.0), (1.25, 1.0, 0.65), (0.75, 1.0, 1.4))  # dark, bright, warm, cold
NAMES = (
    "skin Y", "skin R/G", "skin B/G", "eye white Y", "eye white R/G", "eye white B/G", "lip Y", "lip R/G", "lip B/G",
    "hair Y", "hair R/G", "hair B/G", "room Y", "room R/G", "room B/G", "whites Y", "teeth Y", "eye dark Y", "spread",
    "whole Y",
)  # fmt: skip


class Views(NamedTuple):
    """Features (n, 20), skin L*a*b* of the unchanged photo (n, 3); face numbers, weights, real or not (n,)."""

    features: np.ndarray
    skin: np.ndarray
    face: np.ndarray
    weight: np.ndarray
    real: np.ndarray


def read_views(seed: int = 0) -> Views:
    """Photos as they are, in four lights and a random one; grey photos and validation faces are left out."""
    rng, rows = np.random.default_rng(seed), []
    for folder in (REAL, NOBODY):
        files = PortraitFiles(folder)
        listed = files.rows("train", {"tone_hint"})
        every = [KEPT.get(row["tone_hint"], 1) if folder == REAL else NOBODY_KEPT for row in listed]
        chosen = [row for number, (row, step) in enumerate(zip(listed, every)) if number % step == 0]
        for row, points in zip(tqdm(chosen, desc=folder, disable=None), files.landmarks(chosen)):
            photo, mask, face = files.photo(row), files.mask(row)[..., 0] / 255, Face(points.astype(np.float64))
            skin = seen_skin(photo, mask, face)
            if np.hypot(*skin[1:]) < COLOURLESS:
                continue
            weight = NOBODY_WEIGHT if folder == NOBODY else 1.0 if row["tone_hint"] == "light" else DARKER_WEIGHT
            random = np.exp2(rng.uniform(-1.2, 1.0) + rng.uniform(-0.5, 0.5, 3))
            for lit in (photo, *(relit(photo, np.array(gains)) for gains in (*LIGHTS, random))):
                rows.append((with_whites(light_features(lit, mask, face)), skin, row["id"], weight, folder == REAL))
    features, skin, names, weight, real = (np.array(column) for column in zip(*rows))
    return Views(features, skin, np.unique(names, return_inverse=True)[1], weight, real)


def relit(photo: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """The photo with linear light multiplied, one factor a channel (3,); white around it stays white."""
    lit = encoded(LINEAR[photo] * gains.astype(np.float32))
    lit[outside_photo(photo)] = 255
    return lit


def solve(apart: np.ndarray, drift: np.ndarray, skin: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (20, 3) of standardized features (n, 20), and the skin's L*a*b* where all are 0."""
    middle = (skin * weight[:, None]).sum(axis=0) / weight.sum()
    weighed = apart * weight[:, None]
    matrix = weighed.T @ apart + RIDGE * np.eye(apart.shape[1]) + STEADY * drift.T @ drift
    return np.linalg.solve(matrix, weighed.T @ (skin - middle)) * STRETCH, middle


def fit(views: Views) -> str:
    """The text of `daylight.py`."""
    real = views.real
    usual, spread = views.features[real].mean(axis=0), views.features[real].std(axis=0) + 1e-3
    apart = np.clip((views.features - usual) / spread, -REACH, REACH)
    drift = apart.copy()
    for face in np.unique(views.face):
        drift[views.face == face] -= apart[views.face == face].mean(axis=0)
    slopes, middle = solve(apart[real], drift, views.skin[real], views.weight[real])
    told, skin = apart @ slopes + middle, views.skin.copy()
    for face in np.unique(views.face[~real]):
        own = np.flatnonzero(views.face == face)
        first = own[0]  # the photo as it is
        lightest = max(told[first, 0], min(views.skin[first, 0], MOST_SEEN))
        skin[own] = (lightest, *told[first, 1:])
    slopes, middle = solve(apart, drift, skin, views.weight)
    middle += (views.skin - apart @ slopes - middle)[real].mean(axis=0)
    return written(usual, spread, slopes / spread[:, None], middle)


def written(usual: np.ndarray, spread: np.ndarray, own: np.ndarray, middle: np.ndarray) -> str:
    """As a Python file."""
    rows = "\n".join(
        f"    ({', '.join(f'{value:.3f}' for value in (*row[:2], *row[2]))}),  # {name}"
        for name, row in zip(NAMES, zip(usual, spread, own))
    )
    centre = ", ".join(f"{value:.2f}" for value in middle)
    head = "What `light` multiplies its features by, found on training portraits as `tools/fit_artist_light.py` does."
    return f'''"""{head}"""

import numpy as np

# a row for each feature: the usual value, its deviation, and what one unit of it adds to L*, a*, b* of the skin
_TABLE = np.array([
{rows}
])  # fmt: skip
USUAL, SPREAD, OWN = _TABLE[:, 0], _TABLE[:, 1], _TABLE[:, 2:]
MIDDLE = np.array([{centre}])  # L*a*b* of skin whose features are all as usual
'''


def main() -> int:
    """Parse and fit."""
    parser = argparse.ArgumentParser(description="Fit the artist's estimate of the skin's own colour.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "ppgen/prepare/artist/daylight.py")
    options = parser.parse_args()
    return guarded(lambda: write_bytes(options.output, fit(read_views()).encode()))


if __name__ == "__main__":
    sys.exit(main())
