"""`ppgen latent`: walks through a latent space, and what a VAE makes of photos and datasets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen import apps
from ppgen.cli.command import Option, command, group, only_with, option
from ppgen.cli.files import check_new_file, keep_inputs, write
from ppgen.cli.judged import OPTIMIZED, method, print_scores
from ppgen.cli.options import LABEL, NO_ALIGN, any_model, by_any, fps, scale, seed, seeds, span, steps
from ppgen.cli.sample import interpolate, predictor_of
from ppgen.errors import ConfigError
from ppgen.io.terminal import say

if TYPE_CHECKING:
    import numpy as np

    from ppgen.datasets.celeba import CelebA
    from ppgen.datasets.files import Split
    from ppgen.datasets.image_folder import ImageFolder
    from ppgen.latent.attributes import Directions
    from ppgen.networks.protocols import LatentGenerator

_NO_VECTORS = "these weights hold no attribute vectors; find some with `ppgen latent attributes --data DIR --table CSV`"
_START = (
    option("photo", nargs="?", metavar="PHOTO", help="start at this photo's latent (networks that encode)"),
    seed("start at a seed's latent instead", None),
    NO_ALIGN,
)


def _vae(args: argparse.Namespace) -> apps.VAEPredictor:
    return apps.VAEPredictor(weight_path=args.weights, model=args.model)


def _align(args: argparse.Namespace) -> bool | None:
    return False if args.no_align else None


def _start(args: argparse.Namespace, predictor: apps.VAEPredictor) -> np.ndarray:
    """The latent of the photo, or of the seed. ConfigError where both are given."""
    from ppgen.latent.seeds import latents

    if args.photo is not None and args.seed is not None:
        raise ConfigError(f"{args.photo}: give a photo or --seed, not both")
    if args.photo is None:
        return latents(args.seed or 0, 1, predictor.network.latent_dim)[0]
    return predictor.latent_of(args.photo, _align(args))


def take_photo(args: argparse.Namespace, words: list[str] | None) -> None:
    """`--add Smiling=1.5 me.jpg`: argparse counts the photo among the words of the list before it."""
    if args.photo is None and words and "=" not in words[-1] and Path(words[-1]).expanduser().is_file():
        args.photo = words.pop()


# ---- walks ----------------------------------------------------------------------------------------------


@command(
    "the plane of a two-dimensional latent",
    *by_any("output/plane.png"),
    option("-n", type=int, default=15, metavar="SIDE", help="pictures a side (default: 15)"),
    option("--dims", type=int, nargs=2, metavar=("RIGHT", "UP"), help="default: 0 1, of a VAE the two strongest"),
    LABEL,
)
def plane(args: argparse.Namespace) -> None:
    """Draw the quantiles of N(0, 1) in two dimensions of the latent, the others being 0.

    Without --model: the digits of the shipped `vae_mnist`, whose latent is a plane.
    """
    import numpy as np

    from ppgen.latent.paths import plane
    from ppgen.networks.protocols import Encoder

    predictor = predictor_of(args, "vae_mnist")
    dim = predictor.network.latent_dim
    right, up = args.dims or (0, 1)
    if args.dims is None and dim > 2:
        if not isinstance(predictor.network, Encoder):
            what = f"{predictor.name}: a {type(predictor.network).__name__} has a latent of {dim} dimensions"
            why = "and never saw one that is 0 in all but two: its plane is mud"
            raise ConfigError(f"{what}, {why}; take a VAE, `ppgen interpolate`, or name two with --dims")
        right, up = _vae(args).strongest(np.zeros(dim, np.float32), 2)  # most of a VAE's may say nothing
    write(predictor.draw(plane(args.n, dim, (right, up)), args.label, columns=args.n, gap=0), args.output)


@command(
    "one face into another",
    option("a", metavar="PHOTO_A"),
    option("b", metavar="PHOTO_B"),
    *by_any("output/morph.png"),
    steps(9, "pictures, both ends included"),
    option("--way", choices=("lerp", "slerp"), default="lerp", help="default: lerp, as in z_A(1-t) + z_B t"),
    scale(),
    fps(),
    NO_ALIGN,
)
def morph(args: argparse.Namespace) -> None:
    """Morph one photo's face into another's."""
    keep_inputs(args.output, args.a, args.b)
    drawings = _vae(args).morph(args.a, args.b, args.steps, args.way, _align(args))
    write(drawings.scaled(args.scale), args.output, args.fps)


@command(
    "a face plus attribute vectors",
    *_START,
    *by_any("output/arithmetic.png"),
    option(
        "--add", nargs="+", action="extend", required=True, metavar="NAME=AMOUNT", help="as Smiling=1.5 Eyeglasses=-1"
    ),
    scale(),
)
def arithmetic(args: argparse.Namespace) -> None:
    """Add attribute vectors to a face: as it is decoded, and with each and all of them."""
    import numpy as np

    from ppgen.latent.attributes import parse_amounts

    take_photo(args, args.add)
    keep_inputs(args.output, args.photo)
    predictor, amounts = _vae(args), parse_amounts(args.add)
    z = _start(args, predictor)
    moves = {"decoded": {}, **{f"{name} {amount:+g}": {name: amount} for name, amount in amounts.items()}}
    if len(amounts) > 1:
        moves["together"] = amounts
    points = np.stack([predictor.attributes.moved(z, move) for move in moves.values()])
    write(predictor.draw(points, columns=len(moves), titles=list(moves)).scaled(args.scale), args.output)


@command(
    "a face along dimensions or attributes",
    *_START,
    *by_any("output/traverse.png"),
    seeds("dimensions, such as 0-7 or 3,5 (default: the 8 strongest)", flag="--dims"),
    option("--attributes", nargs="*", metavar="NAME", help="attribute vectors (without names: all)"),
    span(2),
    steps(9, "pictures a row"),
    scale(),
    fps(),
)
def traverse(args: argparse.Namespace) -> None:
    """Move a latent along dimensions or attribute vectors, a row each."""
    take_photo(args, args.attributes)
    keep_inputs(args.output, args.photo)
    predictor = _vae(args)
    along: list[str | int] = [*(args.dims or [])]
    if args.attributes is not None:
        along += args.attributes or list(predictor.attributes)
        if not along:
            raise ConfigError(f"--attributes: {_NO_VECTORS}")
    z = _start(args, predictor)
    drawings = predictor.traverse(z, along or predictor.strongest(z, span=args.span), args.span, args.steps)
    write(drawings.scaled(args.scale), args.output, args.fps)


# ---- over a dataset -------------------------------------------------------------------------------------


def _data(required: bool) -> tuple[Option, ...]:
    return (
        option("--data", required=required, metavar="DIR", help="folder of pictures, below data/, or CelebA's"),
        option("--table", metavar="CSV", help="attributes in that folder, such as meta.csv"),
        option("--where", nargs="+", metavar="COLUMN=VALUE", help="of these pictures only"),
        option("--split", choices=("train", "validation", "all"), help="part of the pictures"),
    )


def dataset_of(args: argparse.Namespace, network: LatentGenerator, split: Split) -> CelebA | ImageFolder:
    """CelebA where the folder is laid out like it, else a folder of pictures, at the network's size."""
    from ppgen.config import apply_overrides
    from ppgen.datasets.celeba import CelebA
    from ppgen.datasets.image_folder import ImageFolder

    side, grey = network.image_size, network.channels == 1
    part: Split = args.split or split
    where = apply_overrides({}, args.where or []) or None
    if _is_celeba(args.data):
        return CelebA(args.data, side, where, part, grayscale=grey)
    return ImageFolder(args.data, side, attributes=args.table, where=where, split=part, grayscale=grey)


def _is_celeba(folder: str) -> bool:
    from ppgen.datasets.files import data_root

    return (data_root(folder) / "list_attr_celeba.txt").is_file()


@command(
    "originals over reconstructions",
    option("photos", nargs="*", metavar="PHOTO", help="these photos' faces; or a folder's pictures by --data"),
    *by_any("output/reconstruct.png"),
    *_data(required=False),
    option("-n", type=int, default=10, metavar="COUNT", help="pictures of --data, evenly chosen (default: 10)"),
    scale(),
    NO_ALIGN,
)
def reconstruct(args: argparse.Namespace) -> None:
    """Draw pictures and, below each, what the network makes of it; print the mean squared error.

    The error is that of pixels in [0, 1], as in the logs of trainings and on cards.
    """
    import numpy as np

    from ppgen.apps.drawings import Drawings
    from ppgen.io.image import to_tensor_array, to_uint8
    from ppgen.metrics.reconstruction import ReconstructionError

    if bool(args.photos) == bool(args.data):
        raise ConfigError("reconstruct: give photos, or --data DIR, and not both")
    if args.n < 1:
        raise ConfigError(f"-n {args.n}: give 1 or more")
    keep_inputs(args.output, *args.photos)
    predictor = _vae(args)
    if args.data:
        part: Split = "validation" if args.table or _is_celeba(args.data) else "all"
        pictures = dataset_of(args, predictor.network, part)
        chosen = np.linspace(0, len(pictures) - 1, min(args.n, len(pictures))).astype(int)
        originals = [to_uint8(pictures.sample(int(i))["image"]) for i in chosen]
    else:
        originals = [predictor.crop(photo, _align(args)) for photo in args.photos]
    rebuilt = predictor.draw(predictor.encode(originals, align=False)).arrays
    drawn = np.stack([np.broadcast_to(picture, rebuilt[0].shape) for picture in [*originals, *rebuilt]])
    error = ReconstructionError()
    one, other = (to_tensor_array(half) for half in np.split(drawn, 2))
    error.update({error.key: one}, other)
    say(f"mean squared error   {error.compute()['mse']:.4f} of pixels in [0, 1]")
    sheet = Drawings(drawn, len(originals), row_titles=["original", "rebuilt"])
    write(sheet.scaled(args.scale), args.output)


@command(
    "find, or list, attribute vectors",
    *any_model(),
    option("-o", "--output", metavar="FILE", help="what to write (default: the weights file itself)"),
    *_data(required=False),
    option("--names", nargs="+", metavar="NAME", help="CelebA's names or 0/1 columns (default: all known)"),
    method("means"),
)
def attributes(args: argparse.Namespace) -> None:
    """Find attribute vectors from labelled faces and put them into the weights file (-o: into a copy).

    Without --data: list the vectors that are there, with the cosines between them.
    """
    from ppgen import hub
    from ppgen.apps.vae_labelled import optimize_attributes
    from ppgen.latent.attributes import answers_of, attribute_vectors, save_directions
    from ppgen.latent.render import encode_all

    predictor = _vae(args)
    if args.data is None:
        only_with(args, "--data DIR", "table", "where", "split", "names", "method", "output")
        _print_cosines(predictor.attributes)
        return
    if not args.output and predictor.name in hub.names():
        raise ConfigError(f"{predictor.name}: comes with ppgen and is not changed; name a copy to write with -o FILE")
    faces = dataset_of(args, predictor.network, "train")
    answers = answers_of(faces, args.names)  # before the work: it may not answer
    if args.method == OPTIMIZED:
        vectors, _ = optimize_attributes(predictor, faces, answers, told=print_scores)
    else:
        codes = encode_all(predictor.network, faces, predictor.name)
        vectors = attribute_vectors(codes.mu, answers, args.method or "means")
    path = save_directions(hub.path_of(predictor.name), vectors, args.output or None)
    for name, fact in vectors.facts.items():
        say(f"{name:<20} {fact}")
    _print_cosines(vectors)
    say(path)


def _print_cosines(directions: Directions) -> None:
    if not directions:
        say(_NO_VECTORS)
        return
    say(f"{'cosine':<20} " + " ".join(f"{name[:10]:>10}" for name in directions))
    for name, row in zip(directions, directions.cosines()):
        say(f"{name:<20} " + " ".join(f"{value:10.2f}" for value in row))


@command(
    "codes of real pictures against N(0, 1)",
    *any_model(),
    option("-o", "--output", default="output/histogram.png", metavar="FILE", help="default: output/histogram.png"),
    *_data(required=True),
    option("-n", type=int, default=50, metavar="COUNT", help="dimensions to draw (default: 50)"),
    option("--active", action="store_true", help="of those that are used, not of all"),
    seed("of the draws"),
    option("--json", metavar="FILE", help="also write every dimension's figures"),
)
def histogram(args: argparse.Namespace) -> None:
    """Compare draws of q(z|x) of pictures with N(0, 1), dimension by dimension.

    Without --split: of the validation part of CelebA or of a folder with --table, else of the whole folder.
    """
    from ppgen.datasets.files import data_root
    from ppgen.io.atomic import say_replaced, write_json
    from ppgen.latent.posterior import check_histograms, examine, save_histograms
    from ppgen.latent.render import encode_all

    check_histograms(args.output, args.n)  # before the work
    for file in filter(None, (args.output, args.json)):
        check_new_file(file, str(data_root(args.data)))
    predictor = _vae(args)
    pictures = dataset_of(args, predictor.network, "validation" if args.table or _is_celeba(args.data) else "all")
    codes = encode_all(predictor.network, pictures, predictor.name)
    report = examine(codes, args.seed)
    summary = report.summary()
    for name, value in summary.items():
        say(f"{name:<20} {value:.4g}")
    if args.json:
        columns = {name: [float(v) for v in values] for name, values in report._asdict().items()}
        write_json(args.json, {"pictures": len(pictures), **summary, **columns})
    say_replaced(Path(args.output))
    say(save_histograms(args.output, codes, args.n, args.seed, args.active))


_ACTIONS = {
    "plane": plane,
    "interpolate": interpolate.with_defaults(default_model="dcgan_faces64", space="z"),
    "morph": morph,
    "arithmetic": arithmetic,
    "attributes": attributes,
    "traverse": traverse,
    "histogram": histogram,
    "reconstruct": reconstruct,
}
COMMANDS = {"latent": group("walk through a latent space", "Walk through a latent space.", _ACTIONS)}
