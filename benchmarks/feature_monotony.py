"""Which depths of FaceID see a face getting worse: distances under blur, noise, colour shift and warping.

    python benchmarks/feature_monotony.py [--judged 160] [--out docs/feature_monotony.json]

Needs `make data`. Colour faces of faces128: 160 training faces, damaged more and more, against 400 other
training faces, undamaged (different pictures on the two sides). The default depth is judged on the held-back
faces as well. A depth is good where Frechet distance and KID rise at every step of every damage, beginning at
none. Exit code 1 where that is not so for the default depth.
"""

import argparse
import csv
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.datasets.portraits import data_root  # noqa: E402
from ppgen.errors import DataError, PPGenError  # noqa: E402
from ppgen.io.atomic import write_json  # noqa: E402
from ppgen.io.image import load_image  # noqa: E402
from ppgen.metrics.features import DEFAULT_DEPTH, DLIB_FACE  # noqa: E402
from ppgen.metrics.fid import frechet_distance, gaussian  # noqa: E402
from ppgen.metrics.kid import unbiased_mmd  # noqa: E402

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
    return cv2.remap(
        picture,
        (x + dx).astype(np.float32),
        (y + dy).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def damage_all(pictures: np.ndarray, kind: str, strength: float, seed: int = 0) -> np.ndarray:
    """Each picture damaged by its own randomness."""
    return np.stack([damaged(p, kind, strength, np.random.default_rng([seed, i])) for i, p in enumerate(pictures)])


def read_faces() -> tuple[np.ndarray, np.ndarray]:
    """Colour faces of faces128, uint8 (n, 128, 128, 3): for choosing, and held back."""
    root = data_root("faces128")
    if not (root / "meta.csv").is_file():
        raise DataError(f"{root}: is not here; make data links it, and PPGEN_DATA names another place")
    with (root / "meta.csv").open() as file:
        names = [row["id"] for row in csv.DictReader(file) if row["colour"] == "1"]
    held = {name for name in names if zlib.crc32(name.encode()) % 10 == 2}
    sides = ([n for n in names if n not in held], [n for n in names if n in held])
    return tuple(np.stack([load_image(root / "train" / f"{name}.jpg") for name in side]) for side in sides)


def distances(reference: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Both distances between features; Frechet without its refusal, as only the order matters here."""
    return {
        "frechet": frechet_distance(gaussian(reference), gaussian(found)),
        "kid": unbiased_mmd(reference, found),
    }


def rises(values: list[float]) -> bool:
    """Whether each is above the one before."""
    return all(a < b for a, b in zip(values, values[1:]))


def measure(base: dict[str, np.ndarray], judged: np.ndarray) -> dict[str, Any]:
    """name of features -> damage -> distance -> values, beginning with no damage.

    Args:
        base: name -> features of the undamaged reference.
        judged: uint8 (n, H, W, 3), which is damaged.
    """
    from ppgen.metrics.dlib_features import all_depths

    clean = all_depths(judged)
    found: dict[str, Any] = {
        name: {kind: {k: [v] for k, v in distances(base[name], clean[name]).items()} for kind in DAMAGES}
        for name in base
    }
    steps = [(kind, strength) for kind, strengths in DAMAGES.items() for strength in strengths]
    for kind, strength in tqdm(steps, desc="damages", disable=not sys.stderr.isatty()):
        for name, features in all_depths(damage_all(judged, kind, strength)).items():
            for distance, value in distances(base[name], features).items():
                found[name][kind][distance].append(value)
    return found


def report(found: dict[str, Any]) -> str:
    """One line for each depth and distance: for each damage, + where it rises, and the last value over the first."""
    lines = []
    for name, damages in found.items():
        for distance in ("frechet", "kid"):
            cells = []
            for kind, values in damages.items():
                row = values[distance]
                cells.append(f"{kind} {'+' if rises(row) else 'NO'} " + " ".join(f"{v:.2g}" for v in row))
            lines.append(f"{name:18} {distance:7}  " + " | ".join(cells))
    return "\n".join(lines)


def all_rise(damages: dict[str, Any]) -> bool:
    """Whether both distances rise under every damage."""
    return all(rises(values) for kinds in damages.values() for values in kinds.values())


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--judged", type=int, default=160, help="training faces that are damaged")
    parser.add_argument("--out", help="also write the figures to this JSON file")
    options = parser.parse_args()
    from ppgen.metrics.dlib_features import all_depths

    try:
        faces, held = read_faces()
        order = np.random.default_rng(0).permutation(len(faces))
        judged = faces[order[: options.judged]]
        reference = faces[order[options.judged :][:REFERENCE]]
        base = all_depths(reference)
        found = measure(base, judged)
        confirmed = measure(base, held)[DEFAULT]
        if options.out:
            facts = {"reference": len(reference), "judged": len(judged), "held_back": len(held), "damages": DAMAGES}
            write_json(options.out, {**facts, "distances": found, "held_back_distances": {DEFAULT: confirmed}})
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(found))
    print(f"rise under every damage: {', '.join(n for n, d in found.items() if all_rise(d)) or 'none'}")
    print(f"{len(held)} held-back faces, the default:\n{report({DEFAULT: confirmed})}")
    return 0 if all_rise(found[DEFAULT]) and all_rise(confirmed) else 1


if __name__ == "__main__":
    sys.exit(main())
