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
`unpaired` measures on the data that its run was validated on, the others on that of --data.
Likeness is judged by dlib's own descriptor on drawings at 128 pixels against photos at 256. Exit code 1 where a
target is missed.
"""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import harness
from harness import JSON, Figures, Namespace, Result, argument, benchmark, evenly, kid_to, mean_with_interval

import cv2
import numpy as np
import paddle

from p2c_validation import Case, Describe, dlib_describe, draw_with, likeness, mean_cartoon, moved, pairs_of, read_cases
from ppgen import hub
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.datasets.files import resize
from ppgen.datasets.portrait_cartoons import PortraitCartoons
from ppgen.datasets.portraits import Portraits
from ppgen.errors import ConfigError
from ppgen.io.image import save_image, to_tensor_array, to_uint8
from ppgen.latent.sheet import repeat_pixels, sheet, zoom_for
from ppgen.metrics import cartoon as scores
from ppgen.metrics.bootstrap import interval
from ppgen.metrics.features import DLIB_FACE, extractor
from ppgen.models.translation import picture
from trained import networks_at, read_run

REACH = 0.5  # of the photos' own KID
SHOWN = 12
PORTRAITS = "portraits/train"
PORTRAIT = "portraits"  # what the table of data/drawn calls the source of real people
Network = Callable[[paddle.Tensor], paddle.Tensor]
Measured = tuple[Figures, dict[str, np.ndarray], bool]  # figures, pictures by name, whether the target is reached


# ---- portraits and pictures ------------------------------------------------------------------------------


def cartoon_cases(dataroot: str) -> list[Case]:
    """Validation portraits whose cartoon is fit to be measured against, at 256 pixels."""
    return [case for case in read_cases("validation", dataroot) if case.measured]


def at_size(case: Case, side: int) -> Case:
    """The same portrait at another size, averaged down as the datasets do."""
    pictures = {key: resize(getattr(case, key), side) for key in ("crop", "photo", "cartoon")}
    mask = cv2.resize(case.mask, (side, side), interpolation=cv2.INTER_AREA)
    return case._replace(**pictures, mask=mask, landmarks=moved(case.landmarks, case.photo.shape[0], side))


def translate(network: Network, pictures: np.ndarray, batch: int = 8) -> np.ndarray:
    """uint8 (n, S, S, 3) through a network picture -> picture."""
    made = []
    with paddle.no_grad():
        for first in range(0, len(pictures), batch):
            some = paddle.to_tensor(to_tensor_array(pictures[first : first + batch]))
            made.append(to_uint8(picture(network(some)).numpy()))
    return np.concatenate(made)


def load(weights: str) -> tuple[Network, int]:
    """(network photo -> picture, the size it has learnt at); ConfigError for one that needs a skin colour too."""
    generator = PortraitGenerator(hub.path_of(weights))
    if generator.network.takes_skin:
        raise ConfigError(f"{weights}: is the paired Photo2Cartoon; measure it with benchmarks/p2c_validation.py")
    return generator.network, generator.size


# ---- the three measurements ------------------------------------------------------------------------------


def pair_scores(cases: list[Case], drawings: np.ndarray, mean: np.ndarray, describe: Describe) -> Figures:
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
        **mean_with_interval("rank1", hits),
        "distance": float(distances.mean()),
        "portraits": len(cases),
        "size": side,
    }


def measure_unpaired(
    networks: dict[str, Network], cases: list[Case], side: int, others: np.ndarray, features: Describe
) -> tuple[Figures, dict[str, np.ndarray]]:
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
    figures: Figures = {"size": side, "portraits": len(cases)}
    for name, pictures in (("drawn", shown["drawn"]), ("photos", shown["photo"]), ("training_cartoons", others)):
        figures |= kid_to(real, features(pictures), f"kid_{name}")
    return figures | {
        "kid_ratio": figures["kid_drawn"] / figures["kid_photos"],
        "cycle_photo": grey_levels(shown["photo again"], shown["photo"]),
        "cycle_cartoon": grey_levels(again, shown["own cartoon"]),
        "change": grey_levels(shown["drawn"], shown["photo"]),
    }, shown


def grey_levels(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of uint8 pictures, 0..255."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def compare_likeness(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> Figures:
    """Rank-1 rates of two networks on the same portraits, and the differences with paired bootstrap intervals."""
    (hits, near), (hits_without, near_without) = one, other
    return {
        "portraits": len(hits),
        **mean_with_interval("rank1_with", hits),
        **mean_with_interval("rank1_without", hits_without),
        **mean_with_interval("rank1_difference", hits.astype(float) - hits_without),
        "distance_with": float(near.mean()),
        "distance_without": float(near_without.mean()),
        **mean_with_interval("distance_difference", near - near_without),
    }


# ---- commands --------------------------------------------------------------------------------------------


def run_pix2pix(options: Namespace) -> Measured:
    """A generator trained on pairs, and the shipped Photo2Cartoon averaged down to its size."""
    cases, describe = cartoon_cases(options.data), dlib_describe()
    mean = mean_cartoon(Portraits(options.data, "train"))
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


def run_unpaired(options: Namespace) -> Measured:
    """Both directions of a run of CycleGAN, U-GAT-IT or Photo2Cartoon."""
    trained = read_run(options.run)
    place = trained.place(options.checkpoint)
    networks = networks_at(trained.model(), place)
    if "generator_ba" not in networks:
        raise ConfigError(f"{options.run}: trains {', '.join(networks)}; 'unpaired' measures generator_ab and _ba")
    held_back = trained.config["dataset"]["validation"]
    side, data = held_back["size"], held_back.get("dataroot", PORTRAITS)
    cases = cartoon_cases(data)
    training = PortraitCartoons(data, split="train", paired=False, size=side)
    others = np.stack([to_uint8(training.sample(i)["b"]) for i in range(min(len(training.rows_b), len(training)))])
    figures, shown = measure_unpaired(networks, cases, side, others, extractor(DLIB_FACE))
    figures |= pair_scores(cases, shown["drawn"], mean_cartoon(Portraits(data, "train")), dlib_describe())
    step = int(place.name.removeprefix("step_"))
    figures |= {"step": step, "images": trained.images(step), "hours": trained.hours(step)}
    figures["checkpoint"] = options.checkpoint
    return {"unpaired": figures}, of_nobody(cases, shown), figures["kid_ratio"] <= REACH


def run_face_id(options: Namespace) -> Measured:
    """Two weights files of one recipe, trained with and without the Face ID loss."""
    cases, describe = cartoon_cases(options.data), dlib_describe()
    (one, side), (other, other_side) = load(options.weights), load(options.other)
    if side != other_side:
        raise ConfigError(f"{options.weights} has learnt at {side} pixels and {options.other} at {other_side}")
    photos = np.stack([resize(case.photo, side) for case in cases])
    shown = {"photo": photos, "with": translate(one, photos), "without": translate(other, photos)}
    figures = compare_likeness(*(likeness(cases, shown[name], describe) for name in ("with", "without")))
    features = extractor(DLIB_FACE)
    cartoons = features(np.stack([resize(case.cartoon, side) for case in cases]))
    for name, pictures in shown.items():
        figures |= kid_to(cartoons, features(pictures), f"kid_{name}")
    return {"face_id": figures}, of_nobody(cases, shown), figures["rank1_difference"] > 0


def drawn_like_cartoons(figures: dict[str, Figures]) -> bool:
    """Whether drawings of two networks, where two were measured, are cartoons enough to show nobody's photo."""
    row = figures.get("face_id")
    return row is None or all(row[f"kid_{name}"] <= REACH * row["kid_photo"] for name in ("with", "without"))


def of_nobody(cases: list[Case], shown: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Pictures of those who do not exist, which may be shown; all, where the data hold none."""
    kept = [case.row.get("source", PORTRAIT) != PORTRAIT for case in cases]
    return {name: pictures[kept] for name, pictures in shown.items()} if any(kept) else shown


def montage(shown: dict[str, np.ndarray], count: int = SHOWN) -> np.ndarray:
    """A row a portrait, a column a kind of picture; portraits evenly from all."""
    chosen = evenly(len(next(iter(shown.values()))), count)
    rows = np.stack([pictures[i] for i in chosen for pictures in shown.values()])
    return sheet(repeat_pixels(rows, zoom_for(rows.shape[1])), columns=len(shown), column_titles=list(shown))


def drawings_only(shown: dict[str, np.ndarray]) -> np.ndarray:
    """What networks drew, and nothing of the dataset; two networks' drawings in alternate rows."""
    names = ["drawn"] if "drawn" in shown else ["with", "without"]
    chosen = evenly(len(shown[names[0]]), 24)
    rows = [shown[name][some] for some in np.split(chosen, range(8, len(chosen), 8)) for name in names]
    pictures = np.concatenate(rows)
    titles = names * (len(rows) // len(names)) if len(names) > 1 else ()
    return sheet(repeat_pixels(pictures, zoom_for(pictures.shape[1])), columns=8, row_titles=titles)


DATA = argument("--data", default=PORTRAITS, help="of the portraits and cartoons (default: %(default)s)")
COMMON = (
    JSON,
    argument("--montage", type=harness.new_file(), metavar="FILE", help="default: output/translation/COMMAND.png"),
    argument("--drawings", type=harness.new_file(), metavar="FILE", help="also write translations alone"),
)
COMMANDS = {
    "pix2pix": (run_pix2pix, argument("weights", metavar="WEIGHTS"), DATA),
    "unpaired": (
        run_unpaired,
        argument("run", metavar="RUN"),
        argument("--checkpoint", choices=["best", "last"], default="best"),
    ),
    "face-id": (run_face_id, argument("weights", metavar="WITH"), argument("other", metavar="WITHOUT"), DATA),
}


def by_command(parser: ArgumentParser) -> None:
    """Declare the three."""
    commands = parser.add_subparsers(required=True, dest="command", metavar="{pix2pix,unpaired,face-id}")
    for name, (function, *arguments) in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__)
        for declare in (*arguments, *COMMON):
            declare(command)


@benchmark(__doc__, by_command)
def main(options: Namespace) -> Result:
    figures, shown, reached = COMMANDS[options.command][0](options)
    path = options.montage or Path("output/translation") / f"{options.command}.png"
    save_image(path, montage(shown))
    text = f"{harness.report(figures)}\ntarget {'reached' if reached else 'MISSED'}; "
    text += f"with photos of people, so not for git: {path}"
    if options.drawings and reached and drawn_like_cartoons(figures):
        save_image(options.drawings, drawings_only(shown))
    elif options.drawings:
        reason = "the drawings are near to photos" if reached else "the target is missed"
        text += f"\n{options.drawings}: not written, as {reason}"
    return Result(figures | {"reached": reached}, reached, text)
