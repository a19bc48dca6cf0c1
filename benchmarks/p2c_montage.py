"""Photo and cartoon side by side, for eyes: validation portraits of all kinds of people.

    python benchmarks/p2c_montage.py [--weights photo2cartoon] [--out output/p2c_montage] [--count 24]
    python benchmarks/p2c_montage.py --cartoons-only docs/images/cartoons.png

The first writes photos too, so its folder must stay out of git; the second writes one grid of drawings alone.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from p2c_validation import Case, draw_with, groups_of, read_cases

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.errors import PPGenError  # noqa: E402
from ppgen.io.image import save_image  # noqa: E402


def choose(cases: list[Case], count: int) -> list[Case]:
    """Portraits of as many kinds of people as there are; kinds take turns, the rarest first."""
    kinds: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases:
        kinds[tuple(groups_of(case.row))].append(case)
    rarest = sorted(kinds.values(), key=len)
    turns = (members[turn] for turn in range(len(cases)) for members in rarest if turn < len(members))
    return [case for case, _ in zip(turns, range(count))]


def grid(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size, uint8 (H, W, 3), row by row; missing ones are white."""
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height, left : left + width] = picture
    return sheet


def write_pairs(folder: Path, cases: list[Case], drawings: list[np.ndarray]) -> Path:
    """`<id>.png` for every pair and `montage.png` with all of them; returns the latter's path."""
    pairs = [np.hstack([case.crop, drawing]) for case, drawing in zip(cases, drawings)]
    for case, pair in zip(cases, pairs):
        save_image(folder / f"{case.row['id']}.png", pair)
    return save_image(folder / "montage.png", grid(pairs, columns=4))


def write_drawings(path: Path, drawings: list[np.ndarray], side: int) -> Path:
    """One grid of drawings alone, each `side` pixels."""
    small = [cv2.resize(drawing, (side, side), interpolation=cv2.INTER_AREA) for drawing in drawings]
    return save_image(path, grid(small, columns=6))


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--weights", default="photo2cartoon", help="shipped network or weights file")
    parser.add_argument("--out", default="output/p2c_montage", type=Path, help="folder of the pairs")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--cartoons-only", type=Path, metavar="FILE", help="write one grid of drawings")
    parser.add_argument("--side", type=int, default=192, help="pixels of a drawing in that grid")
    options = parser.parse_args()
    if options.count < 1 or options.side < 1:
        parser.error("--count and --side must be at least 1")
    try:
        cases = choose(read_cases("validation"), options.count)
        drawings = draw_with(options.weights, cases)
        if options.cartoons_only:
            written = write_drawings(options.cartoons_only, drawings, options.side)
        else:
            written = write_pairs(options.out, cases, drawings)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(cases)} portraits: {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
