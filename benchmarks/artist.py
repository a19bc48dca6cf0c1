"""The artist on portraits: likeness beside the given drawings, skin tone by group, time.

    python benchmarks/artist.py [--out output/artist.json] [--montage output/artist_montage]
    python benchmarks/artist.py --nobody [--count 118] [--likeness 0.3]
    python benchmarks/artist.py --astronaut docs/images/artist.png

Needs `make data` (the last does not: it draws scikit-image's astronaut, a NASA portrait in the public domain, in
every group's style). Gender, age group and glasses are told to the artist as meta.csv has them; `--neutral` tells
nothing. Likeness is judged as in p2c_validation.py. The folder of --montage shows people of the dataset and must stay
out of git. `--nobody` measures likeness and edges on validation faces of `tools/nobody_portraits.py`. `--likeness` is
the share of the photo's light and shade in drawn faces, by default as people are shown them; 0: as networks learn from
them, and as the astronaut is drawn. Exit code 1 where likeness is not above the given drawings' 0.33.
"""

import time
from pathlib import Path

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, evenly, mean_with_interval

import numpy as np
from tqdm import tqdm

from p2c_montage import choose, grid, write_pairs
from p2c_validation import TONES, Case, Describe, by_group, dlib_describe, likeness, read_cases, with_cartoon
from ppgen.faces.daylight import LIT
from ppgen.faces.skin import hull_mask
from ppgen.io.image import save_image
from ppgen.metrics.cartoon import gradient, lightness
from ppgen.prepare.artist import draw_cartoon, exposure_of
from ppgen.prepare.artist.modelling import LIKENESS

GIVEN_RANK1 = 0.33


def checked_glasses(case: Case) -> bool | None:
    """Whether the person wears glasses; None for nobody's portraits, whose words do not say what is in the picture."""
    return None if "fantasy" in case.row else case.row["has_glasses"] == "1"


def draw_case(case: Case, neutral: bool = False, share: float = LIKENESS) -> np.ndarray:
    """The artist's drawing of a portrait; `share` of the photo's light and shade."""
    known = {} if neutral else {
        "gender": case.row["gender"], "age_group": case.row["age_group"], "glasses": checked_glasses(case)
    }  # fmt: skip
    return draw_cartoon(case.crop, case.landmarks, case.mask, **known, likeness=share)


def draw_all(cases: list[Case], neutral: bool, share: float) -> tuple[list[np.ndarray], float, float]:
    """Drawings, and seconds an image by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    drawings = [draw_case(case, neutral, share) for case in tqdm(cases, desc="drawing", disable=None)]
    count = max(1, len(cases))
    return drawings, (time.perf_counter() - clock) / count, (time.process_time() - processor) / count


def skin_levels(case: Case, drawing: np.ndarray) -> tuple[float, float, float]:
    """L* of the lit part of the face hull: of the photo, of the photo with its exposure put right, of the drawing."""
    hull = hull_mask(case.mask.shape, case.landmarks)
    photo, drawn = (float(np.percentile(lightness(picture)[hull], LIT)) for picture in (case.crop, drawing))
    return photo, photo * exposure_of(case.crop, case.landmarks, case.mask), drawn


def skin_figures(cases: list[Case], drawings: list[np.ndarray]) -> Figures:
    """By group: levels, and how far the drawings lie from the photos with their exposure put right."""
    levels = np.array([skin_levels(case, drawing) for case, drawing in zip(cases, drawings)])

    def figures(who: np.ndarray) -> Figures:
        means = dict(zip(("photo", "exposed", "drawing"), map(float, levels[who].mean(axis=0))))
        apart = levels[who, 2] - levels[who, 1]
        return means | {"signed": float(apart.mean()), **mean_with_interval("absolute", np.abs(apart))}

    return by_group(cases, figures)


def measure(
    validation: list[Case], tone: list[Case], describe: Describe, neutral: bool, share: float = LIKENESS
) -> Figures:
    """All figures; likeness among the validation portraits that have a given drawing."""
    drawings, seconds, processor = draw_all(validation, neutral, share)
    cases, drawn = with_cartoon(validation, drawings)
    hits, _ = likeness(cases, drawn, describe)
    given, _ = likeness(cases, [case.cartoon for case in cases], describe)
    more = [case for case in tone if case.row["tone_hint"] in TONES]
    skin = skin_figures(validation + more, drawings + draw_all(more, neutral, share)[0])

    def ranks(who: np.ndarray) -> Figures:
        return {"rank1": float(hits[who].mean()), "rank1_of_given": float(given[who].mean())}

    recognized = by_group(cases, ranks)
    return {
        **mean_with_interval("rank1", hits), "rank1_of_given": float(given.mean()), "rank1_n": len(hits),
        "edges": edges(validation, drawings), "seconds": seconds, "processor_seconds": processor,
        "skin": {group: recognized.get(group, {}) | row for group, row in skin.items()},
    }  # fmt: skip


def edges(cases: list[Case], drawings: list[np.ndarray]) -> float:
    """Mean gradient of L* inside the masks, in L* per pixel: how much is drawn there."""
    return float(np.mean([gradient(drawing, case.mask > 0.5) for case, drawing in zip(cases, drawings)]))


def measure_nobody(count: int, describe: Describe, neutral: bool, share: float) -> Figures:
    """Likeness and edges of `count` faces of people who do not exist, evenly chosen."""
    cases = read_cases("validation", "nobody_portraits")
    cases = [cases[index] for index in evenly(len(cases), count)]
    drawings, seconds, _ = draw_all(cases, neutral, share)
    hits, _ = likeness(cases, drawings, describe)
    count = len(hits)
    return {**mean_with_interval("rank1", hits), "rank1_n": count, "edges": edges(cases, drawings), "seconds": seconds}


def draw_astronaut(path: Path, side: int = 256) -> Path:
    """One grid of drawings: nothing known, then women and men, young, middle and senior."""
    from skimage import data

    from ppgen.faces import align_face, find_faces
    from ppgen.faces.segment import person_mask

    photo = data.astronaut()
    aligned = align_face(photo, find_faces(photo)[0].landmarks)
    mask = person_mask(aligned.crop, aligned.landmarks)
    groups = [(None, None), *((gender, age) for gender in "FM" for age in ("young", "middle", "senior"))]
    seen = (aligned.crop, aligned.landmarks, mask)
    drawings = [draw_cartoon(*seen, *group, size=side) for group in groups]
    return save_image(path, grid(drawings, columns=len(groups)))


@benchmark(
    __doc__,
    OUT,
    argument("--neutral", action="store_true", help="tell the artist nothing about the person"),
    argument("--montage", type=Path, metavar="FOLDER", help="write photo and drawing side by side instead"),
    argument("--count", type=at_least(1), help="portraits of the montage (24), faces of nobody (118)"),
    argument("--nobody", action="store_true", help="measure likeness on nobody's validation faces instead"),
    argument("--likeness", type=float, default=LIKENESS, metavar="SHARE", help=f"from 0 to 1 (default: {LIKENESS})"),
    argument("--astronaut", type=Path, metavar="FILE", help="draw the astronaut in all styles instead"),
)
def main(options: Namespace) -> Result:
    if options.astronaut:
        return Result(text=str(draw_astronaut(options.astronaut)))
    if options.nobody:
        figures = measure_nobody(options.count or 118, dlib_describe(), options.neutral, options.likeness)
        return Result(figures, reached=figures["rank1"] > GIVEN_RANK1)
    validation = read_cases("validation")
    if options.montage:
        cases = choose(validation, options.count or 24)
        drawings = [draw_case(case, options.neutral, options.likeness) for case in cases]
        return Result(text=str(write_pairs(options.montage, cases, drawings)))
    figures = measure(validation, read_cases("tone"), dlib_describe(), options.neutral, options.likeness)
    return Result(figures, reached=figures["rank1"] > GIVEN_RANK1)
