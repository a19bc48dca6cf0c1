"""pix2pix, CycleGAN, U-GAT-IT and Face ID on portraits they were not trained on: issue 4's figures.

    python benchmarks/translation.py pix2pix WEIGHTS                   beside the shipped Photo2Cartoon at the same size
    python benchmarks/translation.py unpaired RUN [--checkpoint last]  KID to the cartoons against the photos' own
    python benchmarks/translation.py face-id WITH WITHOUT              rank-1 identity, paired bootstrap

Each takes `--json FILE` and `--montage FILE` (photo, translation, cartoon; default: output/, which git ignores), and
writes translations alone with `--drawings FILE`, for docs: only where the target is met (for pix2pix: nearer than the
mean cartoon) and, for face-id, the KID of both is below half of the photos' own, as a network that has not learnt to
draw gives back photos of people. Needs `make data`.
WEIGHTS are weights files of a generator photo -> cartoon, such as RUN/best.safetensors; for face-id take
RUN/final/generator_ab.safetensors of both runs, as a best step is chosen by these very portraits.
Likeness is judged by dlib's own descriptor on drawings at 128 pixels against photos at 256. Exit code 1 where a
target is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from p2c_validation import Case, dlib_describe, draw_with, mean_cartoon, pairs_of, read_cases
from trained import networks_at, read_run

from ppgen.datasets.files import resize
from ppgen.datasets.portrait_cartoons import PortraitCartoons
from ppgen.datasets.portraits import Portraits
from ppgen.errors import ConfigError, PPGenError
from ppgen.faces.identify import face_chip
from ppgen.io.atomic import write_json
from ppgen.io.image import save_image, to_tensor_array, to_uint8
from ppgen.latent.sheet import repeat_pixels, sheet, zoom_for
from ppgen.metrics import cartoon as scores
from ppgen.metrics.bootstrap import interval
from ppgen.metrics.features import DLIB_FACE, FeatureExtractor, extractor
from ppgen.metrics.kid import kid
from ppgen.metrics.retrieval import JUDGED_SIDE, judged_chip, nearest

REACH = 0.5  # of the photos' own KID
SHOWN = 12
Describe = Callable[[np.ndarray], np.ndarray]


# ---- portraits and pictures ------------------------------------------------------------------------------


def cartoon_cases() -> list[Case]:
    """Validation portraits whose cartoon is fit to be measured against, at 256 pixels."""
    return [case for case in read_cases("validation") if case.measured]


def moved(landmarks: np.ndarray, source: int, side: int) -> np.ndarray:
    """Landmarks of a picture of `source` pixels on the same one at `side`, by pixel centres."""
    return (landmarks + 0.5) * side / source - 0.5


def at_size(case: Case, side: int) -> Case:
    """The same portrait at another size, averaged down as the datasets do."""
    pictures = {key: resize(getattr(case, key), side) for key in ("crop", "photo", "cartoon")}
    mask = cv2.resize(case.mask, (side, side), interpolation=cv2.INTER_AREA)
    return case._replace(**pictures, mask=mask, landmarks=moved(case.landmarks, case.photo.shape[0], side))


def translate(network: Any, pictures: np.ndarray, batch: int = 8) -> np.ndarray:
    """uint8 (n, S, S, 3) through a network picture -> picture."""
    import paddle

    from ppgen.models.translation import picture
    made = []
    with paddle.no_grad():
        for first in range(0, len(pictures), batch):
            some = paddle.to_tensor(to_tensor_array(pictures[first : first + batch]))
            made.append(to_uint8(picture(network(some)).numpy()))
    return np.concatenate(made)


def load(weights: str) -> tuple[Any, int]:
    """(network photo -> picture, the size it has learnt at); ConfigError for one that needs a skin colour too."""
    from ppgen import hub
    from ppgen.apps.portrait import load_generator

    found = load_generator(hub.path_of(weights))
    if getattr(found.network, "takes_skin", False):
        raise ConfigError(f"{weights}: is the paired Photo2Cartoon; measure it with benchmarks/p2c_validation.py")
    return found.network, found.size


# ---- likeness --------------------------------------------------------------------------------------------


def likeness(cases: list[Case], drawings: np.ndarray, describe: Describe) -> tuple[np.ndarray, np.ndarray]:
    """For each drawing: whether its own photo is the nearest of all, and how far it is.

    Args:
        cases: at 256 pixels. drawings: uint8 (n, S, S, 3), S from 32 up.
    """
    side = max(JUDGED_SIDE, drawings.shape[1])
    judged = np.stack([
        judged_chip(_grown(drawing, side), moved(case.landmarks, case.photo.shape[0], side), case.row["id"])
        for case, drawing in zip(cases, drawings, strict=True)
    ])  # fmt: skip
    true = np.stack([face_chip(case.photo, case.landmarks) for case in cases])
    queries, gallery = describe(judged), describe(true)
    return nearest(queries, gallery) == np.arange(len(cases)), np.linalg.norm(queries - gallery, axis=1)


def _grown(picture: np.ndarray, side: int) -> np.ndarray:
    """Enlarged smoothly: the judge's own scaling is made for shrinking, and would enlarge to blocks."""
    if picture.shape[0] >= side:
        return picture
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)


# ---- the three measurements ------------------------------------------------------------------------------


def pair_scores(cases: list[Case], drawings: np.ndarray, mean: np.ndarray, describe: Describe) -> dict[str, Any]:
    """Errors against the own cartoons at the drawings' size, and likeness.

    Args:
        cases: at 256 pixels. mean: the mean training cartoon at 256 pixels.
    """
    side = drawings.shape[1]
    small, small_mean = [at_size(case, side) for case in cases], resize(mean, side)
    figures = [figures for _, figures in pairs_of(small, list(drawings))]
    baseline = float(np.mean([scores.masked_mae(small_mean, c.cartoon, c.mask > 0.5) for c in small]))
    hits, distances = likeness(cases, drawings, describe)
    return scores.figures_summary(figures, baseline) | {
        "mae_ratio_interval": interval([row.mae / baseline for row in figures]),
        "mean_cartoon_mae": baseline,
        "rank1": float(hits.mean()),
        "rank1_interval": interval(hits),
        "distance": float(distances.mean()),
        "portraits": len(cases),
        "size": side,
    }


def measure_unpaired(
    networks: dict[str, Any], cases: list[Case], side: int, others: np.ndarray, features: FeatureExtractor | Describe
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(figures, pictures by name) of both directions.

    Args:
        networks: `generator_ab`, photo -> cartoon, and `generator_ba`.
        cases: at 256 pixels. others: cartoons of training people (n, side, side, 3), for the floor.
    """
    small = [at_size(case, side) for case in cases]
    shown = {"photo": np.stack([case.photo for case in small]), "own cartoon": np.stack([c.cartoon for c in small])}
    shown["drawn"] = translate(networks["generator_ab"], shown["photo"])
    shown["photo again"] = translate(networks["generator_ba"], shown["drawn"])
    shown["cartoon to photo"] = translate(networks["generator_ba"], shown["own cartoon"])
    again = translate(networks["generator_ab"], shown["cartoon to photo"])
    real = features(shown["own cartoon"])
    found: dict[str, Any] = {"size": side, "portraits": len(cases)}
    for name, pictures in (("drawn", shown["drawn"]), ("photos", shown["photo"]), ("training_cartoons", others)):
        distance = kid(real, features(pictures))
        found |= {f"kid_{name}": distance.value, f"kid_{name}_error": distance.error}
    found["kid_ratio"] = found["kid_drawn"] / found["kid_photos"]
    found["cycle_photo"] = grey_levels(shown["photo again"], shown["photo"])
    found["cycle_cartoon"] = grey_levels(again, shown["own cartoon"])
    found["change"] = grey_levels(shown["drawn"], shown["photo"])
    return found, shown


def grey_levels(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of uint8 pictures, 0..255."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def compare_likeness(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """Rank-1 rates of two networks on the same portraits, and the differences with paired bootstrap intervals."""
    (hits, near), (hits_without, near_without) = one, other
    gained = hits.astype(float) - hits_without
    return {
        "portraits": len(hits),
        "rank1_with": float(hits.mean()), "rank1_with_interval": interval(hits),
        "rank1_without": float(hits_without.mean()), "rank1_without_interval": interval(hits_without),
        "rank1_difference": float(gained.mean()), "rank1_difference_interval": interval(gained),
        "distance_with": float(near.mean()), "distance_without": float(near_without.mean()),
        "distance_difference": float((near - near_without).mean()),
        "distance_difference_interval": interval(near - near_without),
    }  # fmt: skip


# ---- commands --------------------------------------------------------------------------------------------


def run_pix2pix(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, np.ndarray], bool]:
    """A generator trained on pairs, and the shipped Photo2Cartoon averaged down to its size."""
    cases, describe, mean = cartoon_cases(), dlib_describe(), mean_cartoon(Portraits(split="train"))
    network, side = load(options.weights)
    small = [at_size(case, side) for case in cases]
    drawn = translate(network, np.stack([case.photo for case in small]))
    shipped = np.stack([resize(drawing, side) for drawing in draw_with("photo2cartoon", cases)])
    cartoons = np.stack([case.cartoon for case in small])
    figures = {
        name: pair_scores(cases, drawings, mean, describe)
        for name, drawings in (("pix2pix", drawn), ("photo2cartoon", shipped), ("the cartoons", cartoons))
    }
    shown = {"photo": np.stack([case.photo for case in small]), "drawn": drawn}
    return figures, shown | {"photo2cartoon": shipped, "own cartoon": cartoons}, figures["pix2pix"]["mae_ratio"] < 1


def run_unpaired(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, np.ndarray], bool]:
    """Both directions of a run of CycleGAN, U-GAT-IT or Photo2Cartoon."""
    run, cases = read_run(options.run), cartoon_cases()
    place = run.place(options.checkpoint)
    networks = networks_at(run.model(), place)
    if "generator_ba" not in networks:
        raise ConfigError(f"{options.run}: trains {', '.join(networks)}; 'unpaired' measures generator_ab and _ba")
    side = run.config["dataset"]["validation"]["size"]
    training = PortraitCartoons(split="train", paired=False, size=side)
    others = np.stack([to_uint8(training.sample(i)["b"]) for i in range(min(len(training.rows_b), len(training)))])
    figures, shown = measure_unpaired(networks, cases, side, others, extractor(DLIB_FACE))
    figures |= pair_scores(cases, shown["drawn"], mean_cartoon(Portraits(split="train")), dlib_describe())
    step = int(place.name.removeprefix("step_"))
    hours = max((row["hours"] for row in run.log if "hours" in row and row["step"] <= step), default=None)
    figures |= {"step": step, "images": run.images(step), "hours": hours, "checkpoint": options.checkpoint}
    return {"unpaired": figures}, shown, figures["kid_ratio"] <= REACH


def run_face_id(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, np.ndarray], bool]:
    """Two weights files of one recipe, trained with and without the Face ID loss."""
    cases, describe = cartoon_cases(), dlib_describe()
    (one, side), (other, other_side) = load(options.weights), load(options.other)
    if side != other_side:
        raise ConfigError(f"{options.weights} has learnt at {side} pixels and {options.other} at {other_side}")
    photos = np.stack([resize(case.photo, side) for case in cases])
    shown = {"photo": photos, "with": translate(one, photos), "without": translate(other, photos)}
    figures = compare_likeness(*(likeness(cases, shown[name], describe) for name in ("with", "without")))
    features = extractor(DLIB_FACE)
    cartoons = features(np.stack([resize(case.cartoon, side) for case in cases]))
    for name, pictures in shown.items():
        distance = kid(cartoons, features(pictures))
        figures |= {f"kid_{name}": distance.value, f"kid_{name}_error": distance.error}
    return {"face_id": figures}, shown, figures["rank1_difference"] > 0


def drawn_like_cartoons(figures: dict[str, dict[str, Any]]) -> bool:
    """Whether drawings of two networks, where two were measured, are cartoons enough to show nobody's photo."""
    row = figures.get("face_id")
    return row is None or all(row[f"kid_{name}"] <= REACH * row["kid_photo"] for name in ("with", "without"))


def report(figures: dict[str, dict[str, Any]]) -> str:
    """A column a candidate, a line a figure; intervals behind theirs."""
    keys = dict.fromkeys(key for row in figures.values() for key in row if not key.endswith(("_interval", "_error")))
    lines = [f"{'':20} " + "".join(f"{name:>28}" for name in figures)]
    for key in keys:
        cells = [_cell(row, key) for row in figures.values()]
        lines.append(f"{key:20} " + "".join(f"{cell:>28}" for cell in cells))
    return "\n".join(lines)


def _cell(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    text = f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
    if f"{key}_interval" in row:
        text += " ({:.3g} .. {:.3g})".format(*row[f"{key}_interval"])
    return text + (f" ± {row[f'{key}_error']:.2g}" if f"{key}_error" in row else "")


def montage(shown: dict[str, np.ndarray], count: int = SHOWN) -> np.ndarray:
    """A row a portrait, a column a kind of picture; portraits evenly from all."""
    total = len(next(iter(shown.values())))
    chosen = np.linspace(0, total - 1, min(count, total)).astype(int)
    rows = np.stack([pictures[i] for i in chosen for pictures in shown.values()])
    return sheet(repeat_pixels(rows, zoom_for(rows.shape[1])), columns=len(shown), column_titles=list(shown))


def drawings_only(shown: dict[str, np.ndarray]) -> np.ndarray:
    """What networks drew, and nothing of the dataset; two networks' drawings in alternate rows."""
    names = ["drawn"] if "drawn" in shown else ["with", "without"]
    count = len(shown[names[0]])
    chosen = np.linspace(0, count - 1, min(24, count)).astype(int)
    rows = [shown[name][some] for some in np.split(chosen, range(8, len(chosen), 8)) for name in names]
    pictures = np.concatenate(rows)
    titles = names * (len(rows) // len(names)) if len(names) > 1 else ()
    return sheet(repeat_pixels(pictures, zoom_for(pictures.shape[1])), columns=8, row_titles=titles)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="{pix2pix,unpaired,face-id}")
    for name, function in (("pix2pix", run_pix2pix), ("unpaired", run_unpaired), ("face-id", run_face_id)):
        one = commands.add_parser(name, help=function.__doc__)
        one.set_defaults(function=function)
        if name == "unpaired":
            one.add_argument("run", metavar="RUN")
            one.add_argument("--checkpoint", choices=["best", "last"], default="best")
        else:
            one.add_argument("weights", metavar="WITH" if name == "face-id" else "WEIGHTS")
        if name == "face-id":
            one.add_argument("other", metavar="WITHOUT")
        one.add_argument("--json", metavar="FILE", help="also write the figures to this file")
        one.add_argument("--montage", type=Path, default=Path("output/translation") / f"{name}.png")
        one.add_argument("--drawings", type=Path, metavar="FILE", help="also write translations alone")
    return parser


def main(argv: list[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    try:
        figures, shown, reached = options.function(options)
        if options.json:
            write_json(options.json, figures | {"reached": reached})
        save_image(options.montage, montage(shown))
        wanted = options.drawings
        drawn = reached and drawn_like_cartoons(figures)
        if wanted and drawn:
            save_image(wanted, drawings_only(shown))
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(figures))
    print(f"target {'reached' if reached else 'MISSED'}; with photos of people, so not for git: {options.montage}")
    if wanted and not drawn:
        print(f"{wanted}: not written, as {'the drawings are near to photos' if reached else 'the target is missed'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
