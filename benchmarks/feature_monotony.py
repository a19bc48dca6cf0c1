"""Which depths of FaceID see a face getting worse: distances under blur, noise, colour shift and warping.

    python benchmarks/feature_monotony.py [--judged 160] [--out docs/feature_monotony.json]

Needs `make data`. Colour faces of faces128: 160 training faces, damaged more and more, against 400 other
training faces, undamaged (different pictures on the two sides). The default depth is judged on the held-back
faces as well. A depth is good where Frechet distance and KID rise at every step of every damage, beginning at
none. Exit code 1 where that is not so for the default depth.
"""

import sys

from harness import OUT, Figures, Namespace, Result, argument, benchmark, report

import cv2
import numpy as np
from tqdm import tqdm

from gan_faces import faces
from ppgen.metrics import dlib_features
from ppgen.metrics.features import DEFAULT_DEPTH, DLIB_FACE
from ppgen.metrics.fid import frechet_distance, gaussian
from ppgen.metrics.kid import unbiased_mmd

DEFAULT = f"{DLIB_FACE}@{DEFAULT_DEPTH}"
REFERENCE = 400  # faces
# Strengths at 128 pixels: sigma in pixels; deviation in grey levels; red up and blue down by grey levels; shift in
# pixels of a smooth random displacement.
DAMAGES = {"blur": (0.5, 1, 2), "noise": (4, 8, 16), "colour": (6, 12, 24), "warp": (1, 2, 4)}


def damaged(picture: np.ndarray, kind: str, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A uint8 picture (H, W, 3) after one damage of `DAMAGES`."""
    if kind == "blur":
        return cv2.GaussianBlur(picture, (0, 0), strength)
    if kind == "warp":
        return _warped(picture, strength, rng)
    shift = rng.normal(0, strength, picture.shape) if kind == "noise" else np.array([strength, 0, -strength])
    return np.clip(np.rint(picture + shift), 0, 255).astype(np.uint8)


def _warped(picture: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    height, width = picture.shape[:2]
    moves = [cv2.GaussianBlur(rng.normal(size=(height, width)), (0, 0), width / 16) for _ in range(2)]
    dx, dy = (move / move.std() * strength for move in moves)
    y, x = np.mgrid[:height, :width]
    places = (x + dx).astype(np.float32), (y + dy).astype(np.float32)
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def damage_all(pictures: np.ndarray, kind: str, strength: float, seed: int = 0) -> np.ndarray:
    """Each picture damaged by its own randomness."""
    return np.stack([damaged(p, kind, strength, np.random.default_rng([seed, i])) for i, p in enumerate(pictures)])


def distances(reference: np.ndarray, damaged: np.ndarray) -> dict[str, float]:
    """Both distances between features; Frechet without its refusal, as only the order matters here."""
    return {
        "frechet": frechet_distance(gaussian(reference), gaussian(damaged)),
        "kid": unbiased_mmd(reference, damaged),
    }


def rises(values: list[float]) -> bool:
    """Whether each is above the one before."""
    return all(a < b for a, b in zip(values, values[1:]))


def measure(base: dict[str, np.ndarray], judged: np.ndarray) -> Figures:
    """name of features -> damage -> distance -> values, beginning with no damage.

    Args:
        base: name -> features of the undamaged reference.
        judged: uint8 (n, H, W, 3), which is damaged.
    """
    clean = dlib_features.all_depths(judged)
    figures: Figures = {
        name: {kind: {k: [v] for k, v in distances(base[name], clean[name]).items()} for kind in DAMAGES}
        for name in base
    }
    steps = [(kind, strength) for kind, strengths in DAMAGES.items() for strength in strengths]
    for kind, strength in tqdm(steps, desc="damages", disable=not sys.stderr.isatty()):
        for name, features in dlib_features.all_depths(damage_all(judged, kind, strength)).items():
            for distance, value in distances(base[name], features).items():
                figures[name][kind][distance].append(value)
    return figures


def all_rise(damages: Figures) -> bool:
    """Whether both distances rise under every damage."""
    return all(rises(values) for kinds in damages.values() for values in kinds.values())


@benchmark(__doc__, argument("--judged", type=int, default=160, help="training faces that are damaged"), OUT)
def main(options: Namespace) -> Result:
    train, held = (np.stack(faces(128, split)) for split in ("train", "validation"))
    order = np.random.default_rng(0).permutation(len(train))
    judged = train[order[: options.judged]]
    reference = train[order[options.judged :][:REFERENCE]]
    base = dlib_features.all_depths(reference)
    figures = measure(base, judged)
    confirmed = measure(base, held)[DEFAULT]
    facts = {"reference": len(reference), "judged": len(judged), "held_back": len(held), "damages": DAMAGES}
    facts |= {"distances": figures, "held_back_distances": {DEFAULT: confirmed}}
    rising = ", ".join(name for name, damages in figures.items() if all_rise(damages)) or "none"
    text = f"{report(facts)}\n\nrise under every damage: {rising}"
    return Result(facts, all_rise(figures[DEFAULT]) and all_rise(confirmed), text)
