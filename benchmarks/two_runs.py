"""Two trainings at equal images seen: KID of both, their curves in one picture, their sheets of samples side by side.

    python benchmarks/two_runs.py RUN RUN [--names A B] [--picture output/two_runs.png] [--curves-only] [--json FILE]

RUN: a run folder, or any folder with a log.jsonl and its samples (`samples/` or samples.png). R3GAN's objective against
StyleGAN2's is configs/styleganv2_nobody_32_r3gan.yaml against styleganv2_nobody_32.yaml. KID is what validation wrote
into the logs, so both must have been validated with the same faces and features. The sheets are those of the last
point in common; a folder that keeps one sheet only shows that one.
"""

import re
from pathlib import Path
from typing import NamedTuple

from harness import JSON, Figures, Namespace, Result, argument, benchmark, chart, new_file

import cv2
import numpy as np

from ppgen.engine.log import read_log
from ppgen.errors import DataError
from ppgen.io.image import load_image, save_image

SCORE = "val_kid"
TALLEST = 900  # pixels of a sheet
_GAP = 12


class Scored(NamedTuple):
    """What a run's log says.

    kid: by images seen, KID and its standard error. batch: images a step.
    """

    folder: Path
    kid: dict[int, tuple[float, float]]
    batch: float

    def sheet(self, images: int) -> Path | None:
        """The sheet of samples nearest to so many images, or the only one; None: there is none."""
        kept = {int(re.sub(r"\D", "", path.stem)): path for path in (self.folder / "samples").glob("step_*.png")}
        if kept:
            return kept[min(kept, key=lambda step: abs(step * self.batch - images))]
        alone = self.folder / "samples.png"
        return alone if alone.is_file() else None


def read_scores(folder: Path) -> Scored:
    """DataError where the folder has no log, or its log no KID."""
    path = folder / "log.jsonl"
    if not path.is_file():
        raise DataError(f"{folder}: no log.jsonl there; give the folder of a training")
    rows = read_log(path)
    batches = [row["images"] / row["step"] for row in rows if row.get("step") and "images" in row]
    if not batches or not any(SCORE in row for row in rows):
        raise DataError(f"{path}: tells no KID of a validation ({SCORE}) beside images seen")
    batch = batches[-1]
    found = {round(row["step"] * batch): (row[SCORE], row.get(f"{SCORE}_se", 0.0)) for row in rows if SCORE in row}
    return Scored(folder, found, batch)


def compare(runs: dict[str, Scored]) -> Figures:
    """KID of both at each number of images that both were validated at; DataError where there is none."""
    common = sorted(set.intersection(*(set(run.kid) for run in runs.values())))
    if not common:
        counts = "; ".join(f"{name}: {', '.join(map(str, sorted(run.kid)))}" for name, run in runs.items())
        raise DataError(f"these runs were never validated at equal images ({counts})")
    rows: dict[str, Figures] = {}
    for images in common:
        row = rows[f"{images} images"] = {}
        for name, run in runs.items():
            row[name], row[f"{name}_error"] = run.kid[images]
    return {"equal images": common[-1], "kid": rows}


def draw(runs: dict[str, Scored], images: int | None, path: Path) -> None:
    """Both curves, and below them both sheets of so many images, half as wide each; None: curves alone."""
    with chart(path, 1, (10, 4.5)) as plots:
        for name, run in runs.items():
            seen = sorted(run.kid)
            values, errors = zip(*(run.kid[each] for each in seen))
            plots[0].errorbar([each / 1000 for each in seen], values, errors, marker="o", capsize=2, label=name)
        plots[0].set(xlabel="thousand images seen", ylabel="KID to held-back faces")
        if all(kid > 0 for run in runs.values() for kid, _ in run.kid.values()):
            plots[0].set_yscale("log")
    if images is None:
        return
    curves = load_image(path)
    half = (curves.shape[1] - _GAP) // 2
    sheets = [scaled(load_image(found), half) if (found := run.sheet(images)) else None for run in runs.values()]
    if known := [sheet for sheet in sheets if sheet is not None]:
        tall = max(len(sheet) for sheet in known)
        board = np.full((len(curves) + _GAP + tall, curves.shape[1], 3), 255, np.uint8)
        board[: len(curves)] = curves
        for sheet, left in zip(sheets, (0, half + _GAP)):
            if sheet is not None:
                top = len(curves) + _GAP
                board[top : top + len(sheet), left : left + sheet.shape[1]] = sheet
        save_image(path, board)


def scaled(picture: np.ndarray, width: int) -> np.ndarray:
    """A sheet of at most this width and `TALLEST`, its proportions kept."""
    factor = min(width / picture.shape[1], TALLEST / picture.shape[0])
    size = (max(1, int(picture.shape[1] * factor)), max(1, int(picture.shape[0] * factor)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST)


@benchmark(
    __doc__,
    argument("runs", nargs=2, type=Path, metavar="RUN"),
    argument(
        "--picture", type=new_file(".png", ".jpg"), default=Path("output/two_runs.png"), help="default: %(default)s"
    ),
    argument("--names", nargs=2, metavar="NAME", help="what the runs are called (default: their folders)"),
    argument("--curves-only", action="store_true", help="no sheets, for docs where these show photos of people"),
    JSON,
)
def main(options: Namespace) -> Result:
    names = options.names or [folder.resolve().name for folder in options.runs]
    if names[0] == names[1]:
        names = [str(folder) for folder in options.runs]
    if len(set(names)) < 2:
        raise DataError(f"{options.runs[0]}: was named twice; give two runs")
    runs = {name: read_scores(folder) for name, folder in zip(names, options.runs)}
    figures = compare(runs)
    images = None if options.curves_only else figures["equal images"]
    without = [] if images is None else [name for name, run in runs.items() if run.sheet(images) is None]
    draw(runs, images, options.picture)
    figures |= {"picture": str(options.picture)} | ({"no sheet of samples": ", ".join(without)} if without else {})
    return Result(figures)
