"""The artist on portraits: likeness beside the given drawings, skin tone by group, time.

    python benchmarks/artist.py [--out docs/artist.json] [--montage output/artist_montage]
    python benchmarks/artist.py --astronaut docs/images/artist.png

Needs `make data` (the second does not: it draws scikit-image's astronaut, a NASA portrait in the public domain, in
every group's style). Gender, age group and glasses are told to the artist as meta.csv has them; `--neutral` tells
nothing. Likeness is judged as in p2c_validation.py. The folder of --montage shows people of the dataset and must stay
out of git. Exit code 1 where likeness is not above the given drawings' 0.33.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from p2c_montage import choose, grid, write_pairs  # noqa: E402
from p2c_validation import GROUPS, TONES, Case, Describe, dlib_describe, groups_of, read_cases, recognized  # noqa: E402
from tqdm import tqdm  # noqa: E402

from ppgen.errors import PPGenError  # noqa: E402
from ppgen.io.atomic import write_json  # noqa: E402
from ppgen.io.image import save_image  # noqa: E402
from ppgen.metrics.bootstrap import interval  # noqa: E402
from ppgen.metrics.cartoon import face_hull, lightness  # noqa: E402
from ppgen.prepare.artist import draw_cartoon, exposure_of  # noqa: E402

GIVEN_RANK1 = 0.33


def draw_case(case: Case, neutral: bool = False) -> np.ndarray:
    """The artist's drawing of a portrait."""
    known = {} if neutral else {
        "gender": case.row["gender"], "age_group": case.row["age_group"], "glasses": case.row["has_glasses"] == "1"
    }  # fmt: skip
    return draw_cartoon(case.crop, case.landmarks, case.mask, **known)


def draw_all(cases: list[Case], neutral: bool) -> tuple[list[np.ndarray], float, float]:
    """Drawings, and seconds an image by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    drawings = [draw_case(case, neutral) for case in tqdm(cases, desc="drawing", disable=None)]
    count = max(1, len(cases))
    return drawings, (time.perf_counter() - clock) / count, (time.process_time() - processor) / count


def skin_levels(case: Case, drawing: np.ndarray) -> tuple[float, float, float]:
    """Median L* in the face hull: of the photo, of the photo with its exposure put right, of the drawing."""
    hull = face_hull(case.landmarks, case.mask.shape)
    photo = float(np.median(lightness(case.crop)[hull]))
    right = photo * exposure_of(case.crop, case.landmarks, case.mask)
    return photo, right, float(np.median(lightness(drawing)[hull]))


def skin_figures(cases: list[Case], drawings: list[np.ndarray]) -> dict[str, dict[str, Any]]:
    """By group: levels, and how far the drawings lie from the photos with their exposure put right."""
    levels = np.array([skin_levels(case, drawing) for case, drawing in zip(cases, drawings)])
    found = {}
    for group in GROUPS:
        some = levels[[group in groups_of(case.row) for case in cases]]
        if not len(some):
            continue
        apart = some[:, 2] - some[:, 1]
        found[group] = {
            "n": len(some), "photo": float(some[:, 0].mean()), "exposed": float(some[:, 1].mean()),
            "drawing": float(some[:, 2].mean()), "signed": float(apart.mean()),
            "absolute": float(np.abs(apart).mean()), "absolute_interval": interval(np.abs(apart)),
        }  # fmt: skip
    return found


def measure(validation: list[Case], tone: list[Case], describe: Describe, neutral: bool) -> dict[str, Any]:
    """All figures; likeness among the validation portraits that have a given drawing."""
    drawings, seconds, processor = draw_all(validation, neutral)
    judged = [i for i, case in enumerate(validation) if case.cartoon is not None]
    cases = [validation[i] for i in judged]
    hits = recognized(cases, [drawings[i] for i in judged], describe)
    given = recognized(cases, [case.cartoon for case in cases], describe)
    more = [case for case in tone if case.row["tone_hint"] in TONES]
    figures = {
        "rank1": float(hits.mean()), "rank1_interval": interval(hits), "rank1_of_given": float(given.mean()),
        "rank1_n": len(hits), "seconds": seconds, "processor_seconds": processor,
        "skin": skin_figures(validation + more, drawings + draw_all(more, neutral)[0]),
    }  # fmt: skip
    for group in GROUPS:
        members = np.array([group in groups_of(case.row) for case in cases], dtype=bool)
        if members.any():
            figures["skin"].setdefault(group, {})["rank1"] = float(hits[members].mean())
            figures["skin"][group]["rank1_of_given"] = float(given[members].mean())
    return figures


def report(figures: dict[str, Any]) -> str:
    """The figures as text."""
    low, high = figures["rank1_interval"]
    lines = [
        f"rank-1, drawing -> photo: {figures['rank1']:.3f} ({low:.3f} .. {high:.3f}) of {figures['rank1_n']}; "
        f"the given drawings {figures['rank1_of_given']:.3f}",
        f"seconds an image: {figures['seconds']:.2f} by the clock, {figures['processor_seconds']:.2f} of the processor",
        "", "median L* in the face hull; error: drawing minus photo with its exposure put right",
        f"{'group':12} {'n':>4} {'photo':>6} {'exposed':>7} {'drawing':>7} {'signed':>7} {'abs':>6} "
        f"{'rank-1':>7} {'given':>6}",
    ]  # fmt: skip
    for name, row in figures["skin"].items():
        lines.append(
            f"{name:12} {row['n']:4} {row['photo']:6.1f} {row['exposed']:7.1f} {row['drawing']:7.1f} "
            f"{row['signed']:7.1f} {row['absolute']:6.1f} {row.get('rank1', np.nan):7.2f} "
            f"{row.get('rank1_of_given', np.nan):6.2f}"
        )
    return "\n".join(lines)


def draw_astronaut(path: Path, side: int = 256) -> Path:
    """One grid of drawings: nothing known, then women and men, young, middle and senior."""
    from skimage import data

    from ppgen.faces import align_face, find_faces
    from ppgen.faces.segment import person_mask

    photo = data.astronaut()
    aligned = align_face(photo, find_faces(photo)[0].landmarks)
    mask = person_mask(aligned.crop, aligned.landmarks)
    groups = [(None, None), *((gender, age) for gender in "FM" for age in ("young", "middle", "senior"))]
    drawings = [draw_cartoon(aligned.crop, aligned.landmarks, mask, *group, size=side) for group in groups]
    return save_image(path, grid(drawings, columns=len(groups)))


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--out", help="also write the figures to this JSON file")
    parser.add_argument("--neutral", action="store_true", help="tell the artist nothing about the person")
    parser.add_argument("--montage", type=Path, metavar="FOLDER", help="write photo and drawing side by side instead")
    parser.add_argument("--count", type=int, default=24, help="portraits of the montage")
    parser.add_argument("--astronaut", type=Path, metavar="FILE", help="draw the astronaut in all styles instead")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    try:
        if options.astronaut:
            print(draw_astronaut(options.astronaut))
            return 0
        validation = read_cases("validation")
        if options.montage:
            cases = choose(validation, options.count)
            print(write_pairs(options.montage, cases, [draw_case(case, options.neutral) for case in cases]))
            return 0
        figures = measure(validation, read_cases("tone"), dlib_describe(), options.neutral)
        if options.out:
            write_json(options.out, figures)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(figures))
    return 0 if figures["rank1"] > GIVEN_RANK1 else 1


if __name__ == "__main__":
    sys.exit(main())
