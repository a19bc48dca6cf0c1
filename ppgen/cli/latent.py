"""`ppgen sample` and `ppgen latent`: pictures from seeds, and walks through a latent space."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ppgen.cli.command import Command, add_debug, add_fps, check_new_file, check_output_file, keep_inputs, only_with

if TYPE_CHECKING:
    from ppgen.apps.drawings import Drawings
    from ppgen.apps.gan import GANPredictor
    from ppgen.apps.vae import VAEPredictor

_MODEL = "a shipped network's name (ppgen list weights) or a weights file"
_NO_VECTORS = "these weights hold no attribute vectors; find some with `ppgen latent attributes --data DIR --table CSV`"
_PICTURES = 64  # of one seed
_PSI = "of StyleGAN and StyleGAN2: 1 all variety, 0 the mean picture (default: 0.7)"


# ---- shared ---------------------------------------------------------------------------------------------


def _add_model(parser: argparse.ArgumentParser, output: str | None, default: str | None = None) -> None:
    """`output`: the default of -o; `default`: what to call it, where it is no file's name."""
    parser.add_argument("--model", metavar="NAME|FILE", help=_MODEL)
    parser.add_argument("--weights", metavar="FILE", help="weights to use, if not those of --model")
    said = f"what to write (default: {default or output})"
    parser.add_argument("-o", "--output", default=output, metavar="FILE", help=said)


def _add_faces(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-align", action="store_true", help="photos are face crops already (or the network draws no faces)"
    )


def _add_start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", nargs="?", metavar="PHOTO", help="start at this photo's latent (networks that encode)")
    parser.add_argument("--seed", type=int, help="start at a seed's latent instead (default: 0)")
    _add_faces(parser)


def _gan(args: argparse.Namespace) -> GANPredictor:
    from ppgen.apps import GANPredictor

    return GANPredictor(weight_path=args.weights, model=args.model)


def _vae(args: argparse.Namespace) -> VAEPredictor:
    from ppgen.apps import VAEPredictor

    return VAEPredictor(weight_path=args.weights, model=args.model)


def _align(args: argparse.Namespace) -> bool | None:
    return False if args.no_align else None


def _start(args: argparse.Namespace, predictor: VAEPredictor) -> Any:
    """The photo, or the latent of the seed. ConfigError where both are given."""
    from ppgen.errors import ConfigError
    from ppgen.latent.seeds import latents

    if args.photo is not None and args.seed is not None:
        raise ConfigError(f"{args.photo}: give a photo or --seed, not both")
    return args.photo if args.photo is not None else latents(args.seed or 0, 1, predictor.network.latent_dim)[0]


def _take_photo(args: argparse.Namespace, words: str) -> None:
    """`--add Smiling=1.5 me.jpg`: argparse counts the photo among the words of the list before it."""
    found = getattr(args, words)
    if args.photo is None and found and "=" not in found[-1] and Path(found[-1]).expanduser().is_file():
        args.photo = found.pop()


def _write(pictures: Drawings, output: str, fps: float = 12) -> int:
    """A sheet or, by the suffix, a film; says where, and where it is not quite what was asked for."""
    from ppgen.io.movie import is_movie, save_movie

    if is_movie(output):
        path, note = save_movie(output, pictures.frames(), fps)
        print(path)
        if note:
            print(f"note: {note}")
    else:
        print(pictures.save(output))
    return 0


# ---- sample ---------------------------------------------------------------------------------------------


def _sample_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/sample.png")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", type=int, default=0, help="one seed for all pictures (default: 0)")
    which.add_argument("--seeds", metavar="LIST", help="a picture a seed, such as 0-63 or 1,5,9-12, titled")
    parser.add_argument("-n", type=int, metavar="COUNT", help=f"pictures of --seed (default: {_PICTURES})")
    parser.add_argument("--label", type=int, metavar="K", help="class to draw (default: one row a class)")
    parser.add_argument("--truncation", type=float, metavar="PSI", help=_PSI)


def _truncation(args: argparse.Namespace, predictor: GANPredictor) -> float | None:
    """The one asked for; else that of all commands for style generators, and none for other networks."""
    from ppgen.apps.latent_model import check_finite
    from ppgen.apps.stylegan2_model import TRUNCATION

    check_finite("truncation", 1.0 if args.truncation is None else args.truncation)
    is_style = hasattr(predictor.network, "noise_shapes")
    return TRUNCATION if args.truncation is None and is_style else args.truncation


def run_sample(args: argparse.Namespace) -> int:
    """Draw pictures from seeds with a generator or a VAE; the same seed gives the same picture everywhere."""
    from ppgen.latent.seeds import parse_seeds

    check_output_file(args.output)
    if args.seeds is not None:
        only_with(args, "--seed, not with --seeds", "n")
    seeds, predictor = parse_seeds(args.seeds) if args.seeds is not None else None, _gan(args)
    psi = _truncation(args, predictor)
    if seeds is None:
        pictures = predictor.grid(args.seed, _PICTURES if args.n is None else args.n, args.label, psi)
    else:
        pictures = predictor.seeds(seeds, args.label, psi, titled=True)
    if len(pictures) == 1:
        print(pictures[0].save(args.output))
        return 0
    return _write(pictures, args.output)


# ---- latent ---------------------------------------------------------------------------------------------


def _plane_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/plane.png")
    parser.add_argument("-n", type=int, default=15, metavar="SIDE", help="pictures a side (default: 15)")
    parser.add_argument(
        "--dims", type=int, nargs=2, metavar=("RIGHT", "UP"), help="default: 0 1, of a VAE the two strongest"
    )
    parser.add_argument("--label", type=int, metavar="K", help="class to draw, where there are classes")


def run_plane(args: argparse.Namespace) -> int:
    """Draw the quantiles of N(0, 1) in two dimensions of the latent, the others being 0."""
    import numpy as np

    from ppgen.latent.paths import plane

    check_output_file(args.output)
    predictor = _gan(args)
    dim = predictor.network.latent_dim
    dims = args.dims or (0, 1)
    if args.dims is None and dim > 2 and hasattr(predictor.network, "encode"):
        dims = _vae(args).strongest(np.zeros(dim, np.float32), 2)  # most of a VAE's may say nothing
    points = plane(args.n, dim, tuple(dims))
    return _write(predictor.draw(points, args.label, columns=args.n, gap=0), args.output)


def _interpolate_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/interpolation.gif")
    parser.add_argument("--seeds", default="0-3", metavar="LIST", help="the latents to pass through (default: 0-3)")
    parser.add_argument("--steps", type=int, default=12, help="pictures from one to the next (default: 12)")
    parser.add_argument("--way", choices=("slerp", "lerp"), default="slerp", help="default: slerp")
    parser.add_argument("--open", action="store_true", help="stop at the last seed; otherwise go back to the first")
    parser.add_argument("--label", type=int, metavar="K", help="class to draw, where there are classes")
    parser.add_argument("--truncation", type=float, metavar="PSI", help=_PSI)
    add_fps(parser)


def run_interpolate(args: argparse.Namespace) -> int:
    """Walk from seed to seed: a film (.gif, .mp4) or a sheet (.png)."""
    from ppgen.latent.seeds import parse_seeds

    check_output_file(args.output)
    seeds = parse_seeds(args.seeds)
    closed = not args.open
    predictor = _gan(args)
    psi = _truncation(args, predictor)
    pictures = predictor.walk(seeds, args.steps, args.way, closed, args.label, psi)
    return _write(pictures, args.output, args.fps)


def _morph_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="PHOTO_A")
    parser.add_argument("b", metavar="PHOTO_B")
    _add_model(parser, "output/morph.png")
    parser.add_argument("--steps", type=int, default=9, help="pictures, both ends included (default: 9)")
    parser.add_argument(
        "--way", choices=("lerp", "slerp"), default="lerp", help="default: lerp, as in z_A(1-t) + z_B t"
    )
    add_fps(parser)
    _add_faces(parser)


def run_morph(args: argparse.Namespace) -> int:
    """Morph one photo's face into another's."""
    check_output_file(args.output)
    keep_inputs(args.output, args.a, args.b)
    return _write(_vae(args).morph(args.a, args.b, args.steps, args.way, _align(args)), args.output, args.fps)


def _arithmetic_arguments(parser: argparse.ArgumentParser) -> None:
    _add_start(parser)
    _add_model(parser, "output/arithmetic.png")
    parser.add_argument(
        "--add",
        nargs="+",
        action="extend",
        required=True,
        metavar="NAME=AMOUNT",
        help="such as Smiling=1.5 Eyeglasses=-1",
    )


def run_arithmetic(args: argparse.Namespace) -> int:
    """Add attribute vectors to a face: as it is decoded, and with each and all of them."""
    import numpy as np

    from ppgen.latent.attributes import parse_amounts

    _take_photo(args, "add")
    check_output_file(args.output)
    keep_inputs(args.output, args.photo)
    predictor, amounts = _vae(args), parse_amounts(args.add)
    z = predictor.latent_of(_start(args, predictor), _align(args))
    moves = [{}, *({name: amount} for name, amount in amounts.items()), *([amounts] if len(amounts) > 1 else [])]
    titles = ["decoded", *(f"{name} {amount:+g}" for name, amount in amounts.items()), "together"][: len(moves)]
    points = np.stack([predictor.attributes.moved(z, move) for move in moves])
    return _write(predictor.draw(points, columns=len(moves), titles=titles), args.output)


def _traverse_arguments(parser: argparse.ArgumentParser) -> None:
    _add_start(parser)
    _add_model(parser, "output/traverse.png")
    parser.add_argument("--dims", metavar="LIST", help="dimensions, such as 0-7 or 3,5 (default: the 8 strongest)")
    parser.add_argument("--attributes", nargs="*", metavar="NAME", help="attribute vectors (without names: all)")
    parser.add_argument("--span", type=float, default=2.0, help="from -SPAN to SPAN (default: 2)")
    parser.add_argument("--steps", type=int, default=9, help="pictures a row (default: 9)")
    add_fps(parser)


def run_traverse(args: argparse.Namespace) -> int:
    """Move a latent along dimensions or attribute vectors, a row each."""
    from ppgen.errors import ConfigError
    from ppgen.latent.seeds import parse_seeds

    _take_photo(args, "attributes")
    check_output_file(args.output)
    keep_inputs(args.output, args.photo)
    predictor = _vae(args)
    along: list[str | int] = list(parse_seeds(args.dims, "--dims")) if args.dims else []
    if args.attributes is not None:
        along += args.attributes or list(predictor.attributes)
        if not along:
            raise ConfigError(f"--attributes: {_NO_VECTORS}")
    z = predictor.latent_of(_start(args, predictor), _align(args))
    pictures = predictor.traverse(z, along or predictor.strongest(z, span=args.span), args.span, args.steps)
    return _write(pictures, args.output, args.fps)


# ---- latent, over a dataset -----------------------------------------------------------------------------


def _add_data(parser: argparse.ArgumentParser, required: bool) -> None:
    parser.add_argument("--data", required=required, metavar="DIR", help="folder of pictures, below data/, or CelebA's")
    parser.add_argument("--table", metavar="CSV", help="attributes in that folder, such as meta.csv")
    parser.add_argument("--where", nargs="+", metavar="COLUMN=VALUE", help="of these pictures only")
    parser.add_argument("--split", choices=("train", "validation", "all"), help="part of the pictures")


def _dataset(args: argparse.Namespace, network: Any, split: str) -> Any:
    """CelebA where the folder is laid out like it, else a folder of pictures, at the network's size."""
    from ppgen.config import apply_overrides
    from ppgen.datasets.celeba import CelebA
    from ppgen.datasets.image_folder import ImageFolder
    from ppgen.latent.render import size_of

    where = apply_overrides({}, args.where or [])
    shared = {"size": size_of(network), "where": where or None, "split": args.split or split}
    if _is_celeba(args.data):
        return CelebA(args.data, grayscale=network.channels == 1, **shared)
    grey = network.channels == 1
    return ImageFolder(args.data, attributes=args.table, grayscale=grey, **shared)


def _is_celeba(folder: str) -> bool:
    from ppgen.datasets.files import data_root

    return (data_root(folder) / "list_attr_celeba.txt").is_file()


def _attributes_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, None, default="the weights file itself")
    _add_data(parser, required=False)
    parser.add_argument("--names", nargs="+", metavar="NAME", help="CelebA's names or 0/1 columns (default: all known)")
    parser.add_argument(
        "--method",
        choices=("means", "partial"),
        help="difference of means (default), or the same with the other attributes held equal",
    )


def run_attributes(args: argparse.Namespace) -> int:
    """Find attribute vectors from labelled faces and put them into the weights file (-o: into a copy).

    Without --data: list the vectors that are there, with the cosines between them.
    """
    from ppgen import hub
    from ppgen.errors import ConfigError
    from ppgen.latent.attributes import answers_of, attribute_vectors, save_directions
    from ppgen.latent.render import encode_all

    if args.data is None:
        only_with(args, "--data DIR", "table", "where", "split", "names", "method", "output")
    predictor = _vae(args)
    if args.data is None:
        _print_directions(predictor.attributes)
        return 0
    if not args.output and predictor.name in hub.names():
        raise ConfigError(f"{predictor.name}: comes with ppgen and is not changed; name a copy to write with -o FILE")
    dataset = _dataset(args, predictor.network, "train")
    answers = answers_of(dataset, args.names)  # before the work: it may not answer
    codes = encode_all(predictor.network, dataset, predictor.name)
    found = attribute_vectors(codes.mu, answers, args.method or "means")
    path = save_directions(hub.path_of(predictor.name), found, args.output or None)
    for name, fact in found.facts.items():
        print(f"{name:<20} {fact}")
    _print_directions(found)
    print(path)
    return 0


def _print_directions(directions: Any) -> None:
    names = list(directions)
    if not names:
        print(_NO_VECTORS)
        return
    print(f"{'cosine':<20} " + " ".join(f"{name[:10]:>10}" for name in names))
    for name, row in zip(names, directions.cosines()):
        print(f"{name:<20} " + " ".join(f"{value:10.2f}" for value in row))


def _histogram_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/histogram.png")
    _add_data(parser, required=True)
    parser.add_argument("-n", type=int, default=50, metavar="COUNT", help="dimensions to draw (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument("--json", metavar="FILE", help="also write every dimension's figures")


def run_histogram(args: argparse.Namespace) -> int:
    """Compare draws of q(z|x) of pictures with N(0, 1), dimension by dimension.

    Without --split: of the validation part of CelebA or of a folder with --table, else of the whole folder.
    """
    from ppgen.datasets.files import data_root
    from ppgen.io.atomic import write_json
    from ppgen.latent.posterior import check_histograms, examine, save_histograms
    from ppgen.latent.render import encode_all
    from ppgen.latent.seeds import check_seed

    check_histograms(args.output, args.n)  # before the work
    check_seed(args.seed)
    for file in filter(None, (args.output, args.json)):
        check_new_file(file, str(data_root(args.data)))
    predictor = _vae(args)
    dataset = _dataset(args, predictor.network, "validation" if args.table or _is_celeba(args.data) else "all")
    codes = encode_all(predictor.network, dataset, predictor.name)
    report = examine(codes, args.seed)
    summary = report.summary()
    for name, value in summary.items():
        print(f"{name:<20} {value:.4g}")
    if args.json:
        columns = {name: [float(v) for v in values] for name, values in report._asdict().items()}
        write_json(args.json, {"pictures": len(dataset), **summary, **columns})
    print(save_histograms(args.output, codes, args.n, args.seed))
    return 0


_ACTIONS = {
    "plane": Command("the plane of a two-dimensional latent", _plane_arguments, run_plane),
    "interpolate": Command("a film from seed to seed", _interpolate_arguments, run_interpolate),
    "morph": Command("one face into another", _morph_arguments, run_morph),
    "arithmetic": Command("a face plus attribute vectors", _arithmetic_arguments, run_arithmetic),
    "attributes": Command("find, or list, attribute vectors", _attributes_arguments, run_attributes),
    "traverse": Command("a face along dimensions or attributes", _traverse_arguments, run_traverse),
    "histogram": Command("codes of real pictures against N(0, 1)", _histogram_arguments, run_histogram),
}


def _latent_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, action in _ACTIONS.items():
        sub = actions.add_parser(name, help=action.help, description=action.run.__doc__)
        action.declare(sub)
        add_debug(sub)


def run_latent(args: argparse.Namespace) -> int | None:
    """Walk through a latent space."""
    return _ACTIONS[args.action].run(args)


COMMANDS = {
    "sample": Command("draw pictures from seeds", _sample_arguments, run_sample),
    "latent": Command("walk through a latent space", _latent_arguments, run_latent),
}
