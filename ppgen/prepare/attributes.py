"""Fit gender and age to face descriptors: `python -m ppgen.prepare.attributes`.

Two ridge regressions. One pulls every age towards the mean, which would make nearly everybody middle-aged; so its
answers are stretched to the spread that the ages have, as measured on portraits left out of the fit.

Measured in five folds of the training portraits, mean error of the unstretched age: 6.8 years from the descriptor, 6.7
from the pooled features it is made of and 6.9 from those of the stage before, so the descriptor is enough; and the
1,743 smaller pictures of data/faces128 with their ages do harm (7.1 years with them, 6.7 without, in the same folds).

With `--nobody nobody` gender is learnt from data/nobody too, half of which are women (fantasy = 0, where its table is
sure of it), and both are measured on its held-back faces; its ages are not known, only who is young.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from ppgen.datasets.files import data_root, is_held_back, read_landmarks, read_table
from ppgen.faces.identify import describe
from ppgen.hub import ASSETS
from ppgen.io.image import load_image
from ppgen.networks.attributes import FaceAttributes
from ppgen.prepare.nobody_faces import SURE
from ppgen.prepare.skin_tone import group_weights, publish_fit, ridge, run

BOUNDS = (50, 65)  # young, middle, senior, as in the data
GROUPS = ("young", "middle", "senior")
_FOLDS = 5
_AND_NOBODY = (
    "; for gender also generated portraits of people who do not exist (data/nobody, fantasy = 0, the same split), by "
    "artflow.ai, CC BY 4.0, collected by initiative-sh/artflow-portraits"
)


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
    points = read_landmarks(root / "landmarks.npz", [row["id"] for row in rows])
    pairs = tqdm(zip(rows, points), desc="portraits", total=len(rows), disable=None)
    return faces_of(rows, np.stack([describe(load_image(root / "photo" / f"{row['id']}.jpg"), p) for row, p in pairs]))


def nobody(root: Path) -> tuple[Faces, np.ndarray]:
    """Of data/nobody without the fantasy ones, and who is young: 1, 0, NaN where its table is not sure."""
    rows = [row for row in read_table(root / "meta.csv", ("id", "male", "young", "fantasy")) if row["fantasy"] == "0"]
    points = read_landmarks(root / "landmarks.npz", [row["id"] for row in rows])
    pairs = tqdm(zip(rows, points), desc="nobody", total=len(rows), disable=None)
    x = np.stack([describe(load_image(root / "photo" / f"{row['id']}.jpg"), p) for row, p in pairs])
    genders = {0: "F", 1: "M", None: ""}
    known = [{**row, "gender": genders[SURE.answer(float(row["male"]))], "approx_age": ""} for row in rows]
    young = [SURE.answer(float(row["young"])) for row in rows]
    return faces_of(known, x), np.array([np.nan if answer is None else answer for answer in young], np.float64)


def joined(one: Faces, other: Faces) -> Faces:
    """Both."""
    return Faces(*(np.concatenate(columns) for columns in zip(one, other)))


def scores_of_nobody(faces: Faces, young: np.ndarray, gender: np.ndarray, age: np.ndarray) -> dict[str, str]:
    """Of estimates for `faces` of data/nobody: gender, and whether who is young is taken for less than 50."""
    result: dict[str, str] = {}
    for name, sign in (("women", 1), ("men", -1)):
        result |= _share(f"gender, {name}", np.sign(gender[faces.gender == sign]) == sign)
    for name, value in (("young", 1), ("not young", 0)):
        result |= _share(f"age, {name}", (age[young == value] < BOUNDS[0]) == bool(value))
    return result


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
    result: dict[str, str] = {}
    known = np.isfinite(faces.age)
    drawn, given = group_of(age[known]), group_of(faces.age[known])
    for name, sign in (("women", 1), ("men", -1)):
        result |= _share(f"gender, {name}", np.sign(gender[faces.gender == sign]) == sign)
    for number, name in enumerate(GROUPS):
        result |= _share(f"age group, {name}", drawn[given == number] == number)
    result |= _share("age group, all", drawn == given)
    result["age group, off by two"] = f"{(np.abs(drawn - given) == 2).mean():.3f}"
    result["age, mean absolute error"] = f"{np.abs(age[known] - faces.age[known]).mean():.1f} years"
    return result


def _share(what: str, right: np.ndarray) -> dict[str, str]:
    return {f"{what} (n={len(right)})": f"{right.mean():.3f} right"} if len(right) else {}


def main() -> None:
    """Fit, measure on held-back portraits, write the asset and its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataroot", default="portraits/train")
    parser.add_argument("--nobody", metavar="DIR", help="learn gender from these too, such as nobody")
    parser.add_argument("--penalty", type=float, default=300.0)
    parser.add_argument("--out", default=str(ASSETS / "face_attributes.safetensors"))
    options = parser.parse_args()
    started = time.time()
    faces = portraits(data_root(options.dataroot))
    made = nobody(data_root(options.nobody)) if options.nobody else None
    fits = (fit_gender(joined(faces, made[0]) if made else faces, options.penalty), fit_age(faces, options.penalty))
    matrix, bias = np.stack([fit[0] for fit in fits], axis=1), np.array([fit[1] for fit in fits])
    held, used = faces.only(faces.held), faces.only(~faces.held)
    measured = scores(held, *(held.x @ matrix + bias).T)
    named = {f"validation portraits, {name}": value for name, value in measured.items()}
    if made:
        unseen = made[0].only(made[0].held)
        estimates = (unseen.x @ matrix + bias).T
        also = scores_of_nobody(unseen, made[1][made[0].held], *estimates)
        named |= {f"validation of nobody, {name}": value for name, value in also.items()}
    publish_fit(FaceAttributes(len(matrix)), matrix, bias, options.out, named, {
        "title": "Gender and age that a face looks like",
        "data": f"{len(used.x)} official portraits of members of the US Congress (portraits/train, ids with "
                "crc32 % 10 other than 2)" + (_AND_NOBODY if made else ""),
        "command": f"python -m ppgen.prepare.attributes --penalty {options.penalty}"
                   + (f" --nobody {options.nobody}" if made else ""),
        "wall time": f"{time.time() - started:.0f} s on a machine that did other work too",
        "limits": "Adults of 25 to 95, four in five men, mostly light skin, studio light. Two genders, as the "
                  "data's table gives them. The ages it learnt from are those at the end of service and many photos "
                  "are older, so it errs by years. It chooses a style to draw in; it is no statement about anyone.",
    })  # fmt: skip


if __name__ == "__main__":
    run(main)
