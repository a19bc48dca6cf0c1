"""Fit gender and age to face descriptors: `python -m ppgen.prepare.attributes`.

Two ridge regressions, on portraits (gender and age) and on the smaller pictures of data/faces128 (age, and gender where
it is known). A regression pulls every age towards the mean, which would make nearly everybody middle-aged; so its
answers are stretched to the spread that the ages have, as measured on portraits left out of the fit.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ppgen.datasets.files import data_root, is_held_back, read_table
from ppgen.errors import DataError, PPGenError
from ppgen.faces.align import CLOSE, align_face
from ppgen.faces.identify import describe_chips, face_chip
from ppgen.faces.landmarks import predict_landmarks
from ppgen.faces.typical import typical_landmarks
from ppgen.hub import ASSETS, publish
from ppgen.io.image import load_image
from ppgen.networks.attributes import FaceAttributes
from ppgen.prepare.skin_tone import group_weights, ridge

BOUNDS = (50, 65)  # young, middle, senior, as in the data
GROUPS = ("young", "middle", "senior")
_FOLDS = 5


class Faces(NamedTuple):
    """Descriptors and what is known of each face."""

    ids: np.ndarray
    x: np.ndarray  # float64 (n, 128)
    gender: np.ndarray  # (n,), 1 woman, -1 man, 0 unknown
    age: np.ndarray  # (n,) years, NaN unknown
    held: np.ndarray  # bool (n,), for validation

    def only(self, which: np.ndarray) -> Faces:
        """Those where `which`, bool (n,), is true."""
        return Faces(*(column[which] for column in self))

    def and_also(self, other: Faces) -> Faces:
        """Both, one after the other."""
        return Faces(*(np.concatenate(columns) for columns in zip(self, other)))


def faces_of(rows: list[dict[str, str]], x: np.ndarray) -> Faces:
    """The rows of a meta.csv with their descriptors (n, 128)."""
    return Faces(
        ids=np.array([row["id"] for row in rows]),
        x=x.astype(np.float64),
        gender=np.array([{"F": 1.0, "M": -1.0}.get(row["gender"], 0.0) for row in rows]),
        age=np.array([float(row["approx_age"] or "nan") for row in rows]),
        held=np.array([is_held_back(row["id"]) for row in rows]),
    )


def portraits(root: Path) -> Faces:
    """Of data/portraits/train: the landmarks are given."""
    rows = read_table(root / "meta.csv", ("id", "gender", "approx_age"))
    with np.load(root / "landmarks.npz") as archive:
        points = dict(zip(archive["ids"].tolist(), archive["p68"].astype(np.float64)))
    chips = (face_chip(load_image(root / "photo" / f"{row['id']}.jpg"), points[row["id"]]) for row in rows)
    return faces_of(rows, _described(chips, len(rows), "portraits"))


def small_faces(root: Path, known: set[str]) -> Faces:
    """Of data/faces128, without the people in `known`: the landmarks are found where a face usually is in them."""
    rows = [row for row in read_table(root / "meta.csv", ("id", "gender", "approx_age")) if row["id"] not in known]
    box = usual_box()

    def chips() -> Iterator[np.ndarray]:
        for row in rows:
            picture = load_image(root / "train" / f"{row['id']}.jpg")
            yield face_chip(picture, predict_landmarks(picture, box))

    return faces_of(rows, _described(chips(), len(rows), "faces"))


def usual_box(size: int = 128) -> tuple[float, float, float, float]:
    """Where the landmarks lie in a face cut out by `CLOSE`: left, top, right, bottom."""
    blank = np.zeros((256, 256, 3), np.uint8)
    points = align_face(blank, typical_landmarks(256), size, CLOSE).landmarks
    return (*points.min(axis=0), *points.max(axis=0))


def _described(chips: Iterator[np.ndarray], count: int, label: str) -> np.ndarray:
    found = [describe_chips(chip[None]) for chip in tqdm(chips, total=count, desc=label, disable=None)]
    if not found:
        raise DataError(f"{label}: the table lists nobody")
    return np.concatenate(found)


def group_of(age: np.ndarray) -> np.ndarray:
    """0 young, 1 middle, 2 senior."""
    return np.digitize(age, BOUNDS)


def fit_gender(faces: Faces, penalty: float) -> tuple[np.ndarray, float]:
    """(weights (128,), bias); women and men count the same in sum."""
    use = ~faces.held & (faces.gender != 0)
    weights = group_weights(faces.gender[use], 1.0)
    matrix, bias = ridge(faces.x[use], faces.gender[use, None], weights, penalty)
    return matrix[:, 0], float(bias[0])


def fit_age(faces: Faces, penalty: float) -> tuple[np.ndarray, float]:
    """(weights (128,), bias), stretched to the spread of the ages."""
    use = ~faces.held & np.isfinite(faces.age)
    x, age = faces.x[use], faces.age[use]
    folds, unseen = np.arange(len(x)) % _FOLDS, np.zeros(len(x))
    for fold in range(_FOLDS):
        matrix, bias = ridge(x[folds != fold], age[folds != fold, None], np.ones((folds != fold).sum()), penalty)
        unseen[folds == fold] = (x[folds == fold] @ matrix + bias)[:, 0]
    stretch = age.std() / unseen.std()
    matrix, bias = ridge(x, age[:, None], np.ones(len(x)), penalty)
    return stretch * matrix[:, 0], float(age.mean() + stretch * (bias[0] - age.mean()))


def scores(faces: Faces, gender: np.ndarray, age: np.ndarray) -> dict[str, str]:
    """Of estimates for `faces`, by group."""
    result = {}
    for name, sign in (("women", 1), ("men", -1)):
        of = faces.gender == sign
        result[f"gender, {name} (n={of.sum()})"] = f"{(np.sign(gender[of]) == sign).mean():.3f} right"
    known = np.isfinite(faces.age)
    found, given = group_of(age[known]), group_of(faces.age[known])
    for number, name in enumerate(GROUPS):
        of = given == number
        result[f"age group, {name} (n={of.sum()})"] = f"{(found[of] == number).mean():.3f} right"
    result[f"age group, all (n={len(found)})"] = f"{(found == given).mean():.3f} right"
    result["age group, off by two"] = f"{(np.abs(found - given) == 2).mean():.3f}"
    result["age, mean absolute error"] = f"{np.abs(age[known] - faces.age[known]).mean():.1f} years"
    result["age, correlation"] = f"{np.corrcoef(age[known], faces.age[known])[0, 1]:.2f}"
    return result


def main() -> None:
    """Fit, measure on held-back portraits, write the asset and its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portraits", default="portraits/train")
    parser.add_argument("--faces", default="faces128", help="'' for none")
    parser.add_argument("--penalty", type=float, default=300.0)
    parser.add_argument("--out", default=str(ASSETS / "face_attributes.safetensors"))
    options = parser.parse_args()
    started = time.time()
    judged = train = portraits(data_root(options.portraits))
    if options.faces:
        train = judged.and_also(small_faces(data_root(options.faces), set(judged.ids.tolist())))
    weights, biases = zip(fit_gender(train, options.penalty), fit_age(train, options.penalty))
    matrix, bias = np.stack(weights, axis=1), np.array(biases)
    held = judged.only(judged.held)
    found = scores(held, *(held.x @ matrix + bias).T)
    for name, value in found.items():
        print(f"{name}: {value}")
    network = FaceAttributes(len(matrix))
    network.linear.weight.set_value(matrix.astype(np.float32))
    network.linear.bias.set_value(bias.astype(np.float32))
    used = train.only(~train.held)
    aged, known = int(np.isfinite(used.age).sum()), int((used.gender != 0).sum())
    publish(network, options.out, half=False, facts={
        "title": "Gender and age that a face looks like",
        "licence": "Apache-2.0",
        "data": f"{len(used.x)} official portraits of members of the US Congress (portraits/train, faces128): the age "
                f"of {aged} and the gender of {known} are known; ids with crc32 % 10 == 2 are validation",
        "command": f"python -m ppgen.prepare.attributes --penalty {options.penalty}",
        "seed": "none: closed form",
        "wall time": f"{time.time() - started:.0f} s on a machine that did other work too",
        "scores": {f"validation portraits, {name}": value for name, value in found.items()},
        "limits": "Adults of 25 to 95, four in five men, mostly light skin, studio light. Two genders, as the "
                  "data's table gives them. The ages it learnt from are those at the end of service and many photos "
                  "are older, so it errs by years. It chooses a style to draw in; it is no statement about anyone.",
    })  # fmt: skip


if __name__ == "__main__":
    try:
        main()
    except PPGenError as error:
        sys.exit(f"error: {error}")
