"""Photo and cartoon side by side, for eyes: validation portraits of all kinds of people.

    python benchmarks/p2c_montage.py [--weights photo2cartoon] [--out output/p2c_montage] [--count 24]
    python benchmarks/p2c_montage.py --dataroot nobody_portraits --cartoons-only docs/images/cartoons.png

The first writes photos too, so its folder must stay out of git; the second writes one grid of drawings alone, here of
people who do not exist.
"""

from collections import defaultdict
from pathlib import Path

from harness import Namespace, Result, argument, at_least, benchmark

import cv2
import numpy as np

from p2c_validation import WEIGHTS, Case, draw_with, groups_of, read_cases
from ppgen.io.image import save_image
from ppgen.latent.sheet import sheet


def choose(cases: list[Case], count: int) -> list[Case]:
    """Portraits of as many kinds of people as there are; kinds take turns, the rarest first."""
    kinds: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases:
        kinds[tuple(groups_of(case.row))].append(case)
    rarest = sorted(kinds.values(), key=len)
    turns = (members[turn] for turn in range(len(cases)) for members in rarest if turn < len(members))
    return [case for case, _ in zip(turns, range(count))]


def grid(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size, uint8 (H, W, 3), row by row without seams; missing ones are white."""
    return sheet(np.stack(pictures), columns, gap=0)


def write_pairs(folder: Path, cases: list[Case], *drawings: list[np.ndarray]) -> Path:
    """`<id>.png` with every photo and its drawings, `montage.png` with all of them; returns the latter's path."""
    pairs = [np.hstack([case.crop, *drawn]) for case, *drawn in zip(cases, *drawings, strict=True)]
    for case, pair in zip(cases, pairs):
        save_image(folder / f"{case.row['id']}.png", pair)
    return save_image(folder / "montage.png", grid(pairs, columns=4))


def write_drawings(path: Path, drawings: list[np.ndarray], side: int) -> Path:
    """One grid of drawings alone, each `side` pixels."""
    small = [cv2.resize(drawing, (side, side), interpolation=cv2.INTER_AREA) for drawing in drawings]
    return save_image(path, grid(small, columns=6))


@benchmark(
    __doc__,
    WEIGHTS,
    argument("--dataroot", default="portraits/train", help="whose validation portraits, in the data folder"),
    argument("--out", default="output/p2c_montage", dest="folder", type=Path, help="folder of the pairs"),
    argument("--count", type=at_least(1), default=24),
    argument("--cartoons-only", type=Path, metavar="FILE", help="write one grid of drawings"),
    argument("--side", type=at_least(1), default=192, help="pixels of a drawing in that grid"),
)
def main(options: Namespace) -> Result:
    everyone = read_cases("validation", options.dataroot)
    cases = choose([case for case in everyone if case.row.get("fantasy") != "1"], options.count)
    drawings = draw_with(options.weights, cases)
    if options.cartoons_only:
        written = write_drawings(options.cartoons_only, drawings, options.side)
    else:
        written = write_pairs(options.folder, cases, drawings)
    return Result(text=f"{len(cases)} portraits: {written}")
