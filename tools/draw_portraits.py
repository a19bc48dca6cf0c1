# ruff: noqa: E402  (the clone is found before it is imported)
"""Draw every portrait that a cartoon network is trained on, by the artist: one dataset of photos and drawings.

    python tools/draw_portraits.py [-o data/drawn] [--jobs N] [--most N] [--validation] [--again]

Reads `data/portraits/train` (`make data`) and `data/nobody_portraits` (`tools/nobody_portraits.py`), either may be
missing. The folder written has the layout of `data/portraits/train`, so `Portraits(dataroot="drawn")` and
`PortraitCartoons(dataroot="drawn")` read it: photos and masks are links, `meta.csv` and `landmarks.npz` hold both
sources, with a column `source` and a column `group` of gender and age. A drawing that is there is not made again, so
a run that was stopped goes on; `--again` draws all anew, `--validation` only those that are kept for measuring. About a
second a drawing and core.
"""

import argparse
import csv
import io
import os
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

import cv2
import numpy as np
from tqdm import tqdm

from ppgen.cli import guarded
from ppgen.datasets.files import data_root, is_held_back, read_landmarks, read_table
from ppgen.errors import DataError
from ppgen.io.atomic import write_bytes
from ppgen.io.image import load_image, save_image
from ppgen.prepare.artist import draw_cartoon

#: folder, and whether its `has_glasses` was checked by eye; words of a description do not say what is in the picture
SOURCES = {"portraits/train": True, "nobody_portraits": False}
COLUMNS = ("id", "source", "gender", "age_group", "has_glasses", "tone_hint", "group", "has_cartoon", "suspect")


class Job(NamedTuple):
    """One portrait: its files, landmarks (68, 2), what the artist is told, and where the drawing goes."""

    photo: Path
    mask: Path
    landmarks: np.ndarray
    known: dict[str, str | bool | None]
    drawing: Path


def draw(job: Job) -> str | None:
    """Draw one; None, or why it could not be drawn."""
    cv2.setNumThreads(1)
    try:
        mask = load_image(job.mask)[..., 0].astype(np.float32) / 255
        save_image(job.drawing, draw_cartoon(load_image(job.photo), job.landmarks, mask, **job.known))
    except DataError as error:
        return f"{job.photo.name}: {error}"
    return None


def read_source(folder: str, checked: bool, out: Path, most: int | None) -> tuple[list[dict[str, str]], list[Job]]:
    """Rows of meta.csv as they will be written, and jobs; empty where the folder is missing."""
    root = data_root(folder)
    if not (root / "meta.csv").is_file():
        return [], []
    rows, jobs = read_table(root / "meta.csv", ["id", "gender", "age_group", "has_glasses", "tone_hint"])[:most], []
    for row, points in zip(rows, read_landmarks(root / "landmarks.npz", [row["id"] for row in rows])):
        name = row["id"]
        glasses = row["has_glasses"] == "1" if checked else None
        known = {"gender": row["gender"] or None, "age_group": row["age_group"] or None, "glasses": glasses}
        files = [root / "photo" / f"{name}.jpg", root / "mask" / f"{name}.png"]
        jobs.append(Job(*files, points, known, out / "cartoon" / f"{name}.png"))
        row |= {"source": folder.split("/")[0], "group": f"{row['gender']} {row['age_group']}", "suspect": "0"}
    return rows, jobs


def link(source: Path, target: Path) -> None:
    """A link to a file; an older one is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.exists():
        target.unlink()
    os.symlink(source.resolve(), target)


def write_tables(out: Path, rows: list[dict[str, str]], jobs: list[Job]) -> int:
    """Links, landmarks.npz and meta.csv of what is drawn; their number."""
    drawn = [(row, job) for row, job in zip(rows, jobs) if job.drawing.is_file()]
    for _, job in drawn:
        for path in (job.photo, job.mask):
            link(path, out / path.parent.name / path.name)
    data, text = io.BytesIO(), io.StringIO()
    points = np.stack([job.landmarks for _, job in drawn]).astype(np.float32)
    np.savez_compressed(data, ids=np.array([row["id"] for row, _ in drawn]), p68=points)
    write_bytes(out / "landmarks.npz", data.getvalue())
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(row | {"has_cartoon": "1"} for row, _ in drawn)
    write_bytes(out / "meta.csv", text.getvalue().encode())
    return len(drawn)


def make(out: Path, count: int, most: int | None, again: bool, validation: bool) -> str:
    """Draw what is missing; a sentence on it."""
    found = [read_source(folder, checked, out, most) for folder, checked in SOURCES.items()]
    rows, jobs = ([entry for part in found for entry in part[index]] for index in (0, 1))
    if not jobs:
        raise DataError(f"no portraits in {', '.join(str(data_root(folder)) for folder in SOURCES)}; run `make data`")
    wanted = [job for job in jobs if is_held_back(job.drawing.stem) or not validation]
    missing = [job for job in wanted if again or not job.drawing.is_file()]
    if count == 1:
        outcomes = list(tqdm(map(draw, missing), total=len(missing), desc="drawing", unit="face", disable=None))
    else:
        with get_context("spawn").Pool(count) as pool:
            some = pool.imap_unordered(draw, missing, chunksize=4)
            outcomes = list(tqdm(some, total=len(missing), desc="drawing", unit="face", disable=None))
    failed = [outcome for outcome in outcomes if outcome]
    listed = write_tables(out, rows, jobs)
    return "\n".join([f"{out}: {listed} drawings, {len(missing) - len(failed)} of them new", *failed])


def main() -> int:
    """Parse and draw."""
    parser = argparse.ArgumentParser(description="Draw all training portraits by the artist.")
    parser.add_argument("-o", "--output", type=Path, default=None, help="default: `drawn` in the data folder")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--most", type=int, help="the first so many of each source only")
    parser.add_argument("--again", action="store_true", help="draw anew what is there")
    parser.add_argument("--validation", action="store_true", help="only the portraits that are kept for measuring")
    options = parser.parse_args()

    def run() -> None:
        out, count = options.output or data_root("drawn"), max(1, options.jobs)
        print(make(out, count, options.most, options.again, options.validation))

    return guarded(run)


if __name__ == "__main__":
    sys.exit(main())
