"""Nobody's faces and official portraits, cut alike, with CelebA's attributes: `python -m ppgen.prepare.nobody_faces`.

Reads `nobody`, `nobody_portraits` (its masks) and `portraits/train` in the data folder, and writes there

    nobody_faces/photo/<id>.jpg     192x192, as data/nobody is cut (`ppgen.faces.ffhq.nobody_crop`)
    nobody_faces/meta.csv           id, source, 0/1 attributes; an empty cell means unknown

Nobody's faces are those with fantasy = 0, portraits those that reach at most 3 % beyond their photo. What a table says
of a face counts; where it does not say, `ppgen.prepare.face_labels` measures: hair colour by the mask, smile and turn
by landmarks. The measure of smiles is fitted to the portraits, whose table knows them. Beards, bald heads and
glasses, which no measure told surely, were looked for on 252 men by a language model (`nobody_looked_at.csv`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ppgen.datasets.files import Row, data_root, read_landmarks, read_table, resize
from ppgen.faces.ffhq import nobody_crop
from ppgen.io.image import load_image, save_image
from ppgen.io.terminal import say
from ppgen.prepare.face_labels import SMILE, TURNED, Bounds, hair_colour, is_black, is_blond, mouths, yaw
from ppgen.prepare.skin_tone import group_weights, ridge, run
from ppgen.prepare.table import write_table

FRAME = 192  # pixels a side
COLUMNS = (
    "id", "source", "Male", "Young", "Smiling", "Eyeglasses", "Black_Hair", "Blond_Hair", "Bald", "Beard",
    "Dark_Skin", "Turned_Right", "Photo",
)  # fmt: skip
SURE = Bounds(0.2, 0.8)  # of a probability
DARK = Bounds(50, 38)  # L* of the skin, as lit
_YOUNG, _PADDED, _PENALTY = 50, 0.03, 5.0

Labels = dict[str, object]


def labels_of_nobody(row: Row) -> Labels:
    """What the table of data/nobody says, or estimated, about a face, and what was seen on it."""
    male, words = SURE.answer(float(row["male"])), row["words"]
    shaven = "clean shaven" in words or "clean-shaven" in words
    return {
        "Male": male,
        "Young": SURE.answer(float(row["young"])),
        "Smiling": _said(row["smiling"]),
        "Eyeglasses": _first(_said(row["glasses"]), _seen(row["id"], "Eyeglasses")),
        "Black_Hair": _is(row["hair"], "black"),
        "Blond_Hair": _is(row["hair"], "blond"),
        # of men alone: women, who have neither, would teach a judge to tell gender
        "Bald": _first(_said(row["bald"], no=bool(row["hair"])), _seen(row["id"], "Bald")) if male == 1 else None,
        "Beard": _first(_said(row["beard"], no=shaven), _seen(row["id"], "Beard")) if male == 1 else None,
        "Dark_Skin": DARK.answer(float(row["skin_l"])),
        "Photo": 0,
    }


def labels_of_portrait(row: Row) -> Labels:
    """What the table of data/portraits says about a face."""
    return {
        "Male": _is(row["gender"], "M"),
        "Young": int(float(row["approx_age"]) < _YOUNG) if row["approx_age"] else None,
        "Smiling": _is(row["smile"], "1"),
        "Eyeglasses": _is(row["has_glasses"], "1"),
        "Dark_Skin": _is(row["tone_hint"], "deep") if row["tone_hint"] != "medium" else None,
        "Photo": 1,
    }


@lru_cache(maxsize=1)
def _looked_at() -> dict[str, Row]:
    return {row["id"]: row for row in read_table(Path(__file__).with_name("nobody_looked_at.csv"))}


def _seen(name: str, column: str) -> int | None:
    cell = _looked_at().get(name, {}).get(column, "")
    return int(cell) if cell else None


def _first(*answers: int | None) -> int | None:
    """The first that is known."""
    return next((answer for answer in answers if answer is not None), None)


def _said(cell: str, no: bool = False) -> int | None:
    """A column in which 0 means that nothing was said; no: it is known not to be so."""
    return 1 if cell == "1" else 0 if no else None


def _is(cell: str, wanted: str) -> int | None:
    return int(cell == wanted) if cell else None


def fit_smiles(points: np.ndarray, rows: list[Row]) -> partial[np.ndarray]:
    """A measure of smiles of landmarks (n, 68, 2), 1 with and -1 without; both kinds weigh the same."""
    said = np.array([float(row["smile"]) for row in rows])
    matrix, bias = ridge(mouths(points), 2 * said[:, None] - 1, group_weights(said, 1.0), _PENALTY)
    return partial(_smile, matrix[:, 0], float(bias[0]))


def _smile(matrix: np.ndarray, bias: float, points: np.ndarray) -> np.ndarray:
    return mouths(points) @ matrix + bias


def measured(points: np.ndarray, smiles: np.ndarray, colours: np.ndarray) -> list[Labels]:
    """Labels by landmarks (n, 68, 2), measures of smiles (n,) and hair colours (n, 3)."""
    return [
        {
            "Smiling": SMILE.answer(smile),
            "Turned_Right": TURNED.answer(turn),
            "Black_Hair": is_black(colour),
            "Blond_Hair": is_blond(colour),
        }
        for smile, turn, colour in zip(smiles, yaw(points), colours)
    ]


def with_measured(said: Mapping[str, object], by_measure: Mapping[str, object]) -> Labels:
    """What was said, and where nothing was, what was measured."""
    return {**by_measure, **{name: value for name, value in said.items() if value is not None}}


def _colours(root: Path, ids: list[str]) -> dict[str, np.ndarray]:
    """Hair colours by id, of the portraits of a folder with masks that are among `ids`."""
    known = {row["id"] for row in read_table(root / "meta.csv")}
    names = [name for name in ids if name in known]
    pairs = zip(names, read_landmarks(root / "landmarks.npz", names))
    found = {}
    for name, points in tqdm(pairs, desc=f"hair of {root.name}", total=len(names), disable=None):
        mask = load_image(root / "mask" / f"{name}.png")[..., 0]
        found[name] = hair_colour(load_image(root / "photo" / f"{name}.jpg"), mask, points)
    return found


def make(out: Path, most: int | None = None) -> list[str]:
    """Write the dataset; lines on what it holds."""
    nobody, portraits = data_root("nobody"), data_root("portraits/train")
    of_nobody = [row for row in read_table(nobody / "meta.csv") if row["fantasy"] == "0"][:most]
    every = read_table(portraits / "meta.csv")
    points = np.array(read_landmarks(portraits / "landmarks.npz", [row["id"] for row in every]))
    smile = fit_smiles(points, every)
    whole = [float(row["pad_frac"]) <= _PADDED for row in every]
    of_portraits = [row for row, kept in zip(every, whole) if kept][:most]
    sources = (
        ("nobody", nobody, of_nobody, labels_of_nobody, data_root("nobody_portraits")),
        ("portraits", portraits, of_portraits, labels_of_portrait, portraits),
    )
    rows: list[Labels] = []
    for source, root, table, labels, masks in sources:
        ids = [row["id"] for row in table]
        points = np.array(read_landmarks(root / "landmarks.npz", ids))
        colours = _colours(masks, ids)
        found = measured(points, smile(points), np.array([colours.get(name, np.full(3, np.nan)) for name in ids]))
        for row, own, by_measure in zip(tqdm(table, desc=source, disable=None), points, found):
            photo = load_image(root / "photo" / f"{row['id']}.jpg")
            cut = nobody_crop(photo, own, FRAME) if source == "portraits" else resize(photo, FRAME)
            save_image(out / "photo" / f"{row['id']}.jpg", cut)
            rows.append({"id": row["id"], "source": source, **with_measured(labels(row), by_measure)})
    write_table(out / "meta.csv", COLUMNS, rows)
    return [f"{out}: {len(of_nobody)} of nobody, {len(of_portraits)} portraits", *counts(rows)]


def counts(rows: list[Labels]) -> list[str]:
    """A line an attribute: how many have it, have it not, and of how many it is not known."""
    lines = []
    for name in COLUMNS[2:]:
        values = [row.get(name) for row in rows]
        yes, no, unknown = (values.count(answer) for answer in (1, 0, None))
        lines.append(f"{name:<14} {yes:>5} with {no:>5} without {unknown:>5} unknown")
    return lines


def main() -> None:
    """Parse and make."""
    parser = argparse.ArgumentParser(description="Nobody's faces and official portraits, cut alike, with attributes.")
    parser.add_argument("-o", "--output", type=Path, help="default: nobody_faces in the data folder")
    parser.add_argument("--most", type=int, help="the first so many of each source only")
    options = parser.parse_args()
    for line in make(options.output or data_root("nobody_faces"), options.most):
        say(line)


if __name__ == "__main__":
    run(main)
