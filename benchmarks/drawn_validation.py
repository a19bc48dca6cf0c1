"""The cartoon network beside the artist it learnt from, on faces that neither training saw: real people and nobody.

    python benchmarks/drawn_validation.py [--weights photo2cartoon] [--told photo|drawing] [--out FILE.json] [--card]
    python benchmarks/drawn_validation.py --weights RUN/best.safetensors --most 24 --montage output/drawn

Needs `make data`, tools/nobody_portraits.py and tools/draw_portraits.py (`data/drawn`). Photos come masked by the
dataset's masks. The skin colour is told as a user's is, from the photo; `--told drawing` tells the drawing's own.
Errors are inside the mask and relative to those of the mean training drawing. Likeness is judged as in
p2c_validation.py, each source among its own, in galleries of up to 119. Who wears glasses, a beard or a hat and who is
bald was seen in the pictures (`looks/held_back.csv`). The folder of --montage shows people and must stay out of git.
Exit code 1 where a target is missed.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, evenly, judged, mean_with_interval

import cv2
import numpy as np
from tqdm import tqdm

from p2c_montage import write_pairs
from p2c_validation import (
    TONES,
    Case,
    Describe,
    by_group,
    dlib_describe,
    draw_cases,
    likeness,
    mean_cartoon,
    read_cases,
)
from ppgen import hub
from ppgen.datasets.files import read_table
from ppgen.datasets.portraits import Portraits, skin_colour
from ppgen.errors import DataError
from ppgen.faces.skin import estimate_skin
from ppgen.hub.compiled import CompiledNetwork
from ppgen.metrics import cartoon as scores
from ppgen.prepare.artist import hair_region

SOURCES = {"portraits": 0.30, "nobody_portraits": 0.35}  # and the error over the mean drawing's to be reached
JUDGED = (*TONES, "women", "men", "young", "middle", "senior")  # groups whose skin tone has to be right
GALLERY = 119  # the largest number of faces that a drawing is recognized among; as many portraits there are
SEEN = Path(__file__).with_name("looks") / "held_back.csv"  # what is in the held-back photos
LEAST_HAIR = 300  # pixels of hair below which its texture is not measured
COARSE = (4, 4)  # pixels of means in which combs of rows, dark and light in turn, are no edges


class Pair(NamedTuple):
    """One drawing by the network beside the artist's."""

    figures: scores.PairFigures
    baseline: float  #: `masked_mae` of the mean training drawing
    coarse: tuple[float, float]  #: gradient of means of `COARSE` pixels: of the drawing, of the artist's
    hair: tuple[float, float]  #: fine texture of the hair: of the drawing, of the artist's; nan where there is little


def measure_pair(case: Case, drawing: np.ndarray, mean: np.ndarray) -> Pair:
    """All figures of one face."""
    hair, textures = hair_region(case.crop, case.landmarks, case.mask), [np.nan, np.nan]
    if hair.sum() >= LEAST_HAIR:
        textures = [scores.fine_texture(picture, hair).mean for picture in (drawing, case.cartoon)]
    coarse = [scores.gradient(cv2.blur(picture, COARSE), case.mask > 0.5) for picture in (drawing, case.cartoon)]
    return Pair(
        scores.pair_figures(drawing, case.cartoon, case.mask, case.landmarks),
        scores.masked_mae(mean, case.cartoon, case.mask > 0.5),
        (coarse[0], coarse[1]),
        (textures[0], textures[1]),
    )


def draw_all(weights: str, cases: list[Case], told: str) -> list[np.ndarray]:
    """The network's drawings."""
    generator = CompiledNetwork(weights)
    of_photo = {id(case.crop): estimate_skin(case.crop, case.landmarks) for case in cases}
    of_drawing = {id(case.crop): skin_colour(case.cartoon, case.landmarks) for case in cases}
    colours = of_photo if told == "photo" else of_drawing
    return draw_cases(
        cases, lambda photos, skins: generator.call("translate", photos, skins)[0], lambda crop, _: colours[id(crop)]
    )


def tell_seen(cases: list[Case]) -> None:
    """Note on the rows what is in the pictures: glasses, in place of what the table says, beard, bald head, hat.

    The labels were made by looking: a language model looked once at every held-back photo of both sources, and again
    at doubtful ones, enlarged. A beard hides the skin of chin or jaw; stubble or a moustache alone is none. Shaved
    heads are bald, cropped ones and high foreheads are not. A hat is whatever covers the head, or a diadem.

    Raises:
        DataError: a face that nobody looked at.
    """
    seen = {row["id"]: row for row in read_table(SEEN, ["id", "glasses", "beard", "bald", "hat"])}
    for case in cases:
        if case.row["id"] not in seen:
            raise DataError(f"{SEEN}: has no row for '{case.row['id']}'; look at the photo and add one")
        row = seen[case.row["id"]]
        case.row["has_glasses"] = row["glasses"]
        case.row["seen"] = " ".join(name for name in ("beard", "bald", "hat") if row[name] == "1")


def groups(pairs: list[Pair], cases: list[Case], hits: np.ndarray) -> dict[str, Figures]:
    """The figures of each group of people; "tone" is the L* of the face, the network's apart from the artist's."""
    differences = np.array([pair.figures.lightness for pair in pairs])

    def figures(who: np.ndarray) -> Figures:
        chosen = [pairs[index] for index in np.flatnonzero(who)]
        mean = float(np.mean([pair.baseline for pair in chosen]))
        found = scores.figures_summary([pair.figures for pair in chosen], mean)
        return {
            "error": found["mae_ratio"], "edges": found["gradient_ratio"], "rank1": float(hits[who].mean()),
            **mean_with_interval("tone", np.abs(differences[who])), "signed tone": float(differences[who].mean()),
        }  # fmt: skip

    return by_group(cases, figures)


def recognized(cases: list[Case], drawings: Sequence[np.ndarray], describe: Describe) -> np.ndarray:
    """(N,) whether a drawing's own photo is the nearest of its gallery, of up to `GALLERY` faces."""
    hits, count = np.zeros(len(cases), bool), math.ceil(len(cases) / GALLERY)
    for first in range(count):
        hits[first::count] = likeness(cases[first::count], drawings[first::count], describe)[0]
    return hits


def measure(cases: list[Case], drawings: list[np.ndarray], mean: np.ndarray, describe: Describe) -> Figures:
    """The figures of one source of faces."""
    pairs = [measure_pair(case, drawn, mean) for case, drawn in zip(tqdm(cases, disable=None), drawings, strict=True)]
    table = np.array([pair.figures for pair in pairs])
    hair = np.array([pair.hair for pair in pairs])
    hair = hair[~np.isnan(hair[:, 0])]
    hits = recognized(cases, drawings, describe)
    reference = recognized(cases, [case.cartoon for case in cases], describe)
    return {
        "n": len(cases),
        **scores.figures_summary([pair.figures for pair in pairs], float(np.mean([pair.baseline for pair in pairs]))),
        "mae_interval": mean_with_interval("mae", table[:, 0])["mae_interval"],
        "coarse_edges_ratio": scores.ratio(np.array([pair.coarse for pair in pairs])),
        "hair_texture_ratio": scores.ratio(hair), "hair_n": len(hair),
        **mean_with_interval("rank1", hits), "rank1_of_artist": float(reference.mean()),
        "groups": groups(pairs, cases, hits),
    }  # fmt: skip


def for_card(rows: dict[str, Figures]) -> dict[str, Figures]:
    """The figures of the groups, rounded, without intervals."""
    kept = ("error", "edges", "rank1", "tone")
    return {group: {"n": row["n"], **{key: float(f"{row[key]:.3g}") for key in kept}} for group, row in rows.items()}


def targets(source: str, figures: Figures) -> list[Figures]:
    """What is asked of the network."""
    rows = figures["groups"]
    worst = max(set(rows) & set(JUDGED), key=lambda group: rows[group]["tone"])
    return [
        judged(f"{source}: error over the mean drawing's", figures["mae_ratio"], None, SOURCES[source]),
        judged(f"{source}: rank-1, drawing -> photo", figures["rank1"], 0.8, None),
        judged(f"{source}: fine texture of skin over the artist's", figures["texture_ratio"], None, 1.15),
        judged(f"{source}: fine texture of hair over the artist's", figures["hair_texture_ratio"], None, 1.25),
        judged(f"{source}: edges over the artist's", figures["gradient_ratio"], 0.9, 1.1),
        judged(f"{source}: skin tone, worst group ({worst})", rows[worst]["tone"], None, 4),
    ]


@benchmark(
    __doc__,
    argument("--weights", default="photo2cartoon", help="shipped network or weights file"),
    argument("--told", choices=["photo", "drawing"], default="photo", help="where the skin's colour is taken from"),
    argument("--card", action="store_true", help="tell the figures of each group in the shipped network's card"),
    argument("--most", type=at_least(2), help="faces of each source, evenly chosen; all of them otherwise"),
    argument("--montage", type=Path, metavar="FOLDER", help="also write photos, drawings and the artist's here"),
    OUT,
)
def main(options: Namespace) -> Result:
    if options.card and options.most:
        raise DataError("--card tells of all held-back faces: leave --most out")
    everyone = read_cases("validation", "drawn")
    tell_seen(everyone)
    mean, describe = mean_cartoon(Portraits("drawn", "train")), dlib_describe()
    found, asked = {}, []
    for source in SOURCES:
        cases = [case for case in everyone if case.measured and case.row["source"] == source]
        if len(cases) < 2:
            raise DataError(f"data/drawn: {len(cases)} validation drawings of {source}; run tools/draw_portraits.py")
        cases = [cases[index] for index in evenly(len(cases), options.most or len(cases))]
        drawings = draw_all(options.weights, cases, options.told)
        found[source] = measure(cases, drawings, mean, describe)
        asked += targets(source, found[source])
        if options.montage:
            write_pairs(options.montage / source, cases, drawings, [case.cartoon for case in cases])
    if options.card:
        hub.add_figures(options.weights, {f"{name}, by group": for_card(found[name]["groups"]) for name in found})
    return Result({"weights": options.weights, "told": options.told, "targets": asked, **found},
                  reached=all(row["pass"] for row in asked))  # fmt: skip
