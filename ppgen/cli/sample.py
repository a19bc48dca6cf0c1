"""`ppgen sample` and `ppgen interpolate`: pictures from seeds, films from seed to seed, by any network that draws."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen import apps
from ppgen.cli.command import command, one_of, only_with, option
from ppgen.cli.files import write
from ppgen.cli.options import ANY_MODEL, LABEL, by_any, fps, seed, seeds, steps, truncation
from ppgen.errors import ConfigError
from ppgen.io.terminal import say

if TYPE_CHECKING:
    from ppgen.apps.drawings import Drawings

_PICTURES = 64  # of one seed
_SAMPLED = f"{ANY_MODEL} (default: styleganv2-nobody-128)"
_INTERPOLATED = f"{ANY_MODEL} (default: faces by StyleGAN2; of `ppgen latent interpolate`, by a DCGAN)"


def _at_least_one(text: str) -> int:
    if int(text) < 1:
        raise ConfigError(f"{text}: expected 1 or more")
    return int(text)


def predictor_of(args: argparse.Namespace, default: str | None = None) -> apps.GANPredictor:
    """What draws with `--model` and `--weights`; `default`: the model where neither was given."""
    return apps.GANPredictor(weight_path=args.weights, model=args.model or (None if args.weights else default))


def _truncation(args: argparse.Namespace, predictor: apps.GANPredictor) -> float | None:
    """The one asked for; else that of all commands for style generators, and none for other networks."""
    from ppgen.apps.stylegan2_model import TRUNCATION
    from ppgen.networks.protocols import StyleGenerator

    is_style = isinstance(predictor.network, StyleGenerator)
    return TRUNCATION if args.truncation is None and is_style else args.truncation


@command(
    "draw pictures from seeds",
    *by_any("output/sample.png", _SAMPLED),
    one_of(seed("one seed for all pictures"), seeds("a picture a seed, such as 0-63 or 1,5,9-12, titled")),
    option("-n", type=int, metavar="COUNT", help=f"pictures of --seed (default: {_PICTURES})"),
    LABEL,
    option(
        "--where",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=0|1",
        help="of faces, those that look so: male=0, young=1; others are passed over",
    ),
    truncation(None, "of StyleGAN and StyleGAN2: "),
)
def sample(args: argparse.Namespace) -> None:
    """Draw pictures from seeds with a generator or a VAE; the same seed gives the same picture everywhere.

    Networks with classes draw one row a class unless --label names one. With --where, a seed's pictures are the first
    ones of it that look so, as `face_attributes` takes them.
    """
    if args.seeds is not None:
        only_with(args, "--seed, not with --seeds", "n")
    from ppgen.apps.choosing import parse_wanted
    from ppgen.io.atomic import say_replaced

    wanted = parse_wanted(args.where)
    predictor = predictor_of(args)
    psi = _truncation(args, predictor)
    if wanted:
        drawings = _chosen(predictor, wanted, psi, args)
    elif args.seeds is None:
        drawings = predictor.grid(args.seed, _PICTURES if args.n is None else args.n, args.label, psi)
    else:
        drawings = predictor.seeds(args.seeds, args.label, psi, titled=True)
    if len(drawings) == 1:
        say_replaced(Path(args.output))
        say(drawings[0].save(args.output))
    else:
        write(drawings, args.output)


def _chosen(
    predictor: apps.GANPredictor, wanted: dict[str, bool], psi: float | None, args: argparse.Namespace
) -> Drawings:
    """Pictures that look as wanted: the first -n of --seed, or the first one of each of --seeds."""
    import numpy as np

    from ppgen.apps.choosing import choose
    from ppgen.latent.sheet import columns_for

    if args.seeds is None:
        count = _PICTURES if args.n is None else args.n
        z = choose(predictor.model, wanted, args.seed, count, psi)
        return predictor.draw(z, args.label, psi, columns_for(count))
    z = np.concatenate([choose(predictor.model, wanted, seed, 1, psi) for seed in args.seeds])
    return predictor.draw(z, args.label, psi, titles=[str(seed) for seed in args.seeds])


@command(
    "a film from seed to seed",
    *by_any("output/interpolation.gif", _INTERPOLATED),
    seeds("the latents to pass through", "0-3"),
    option("--space", choices=("z", "w"), help="of StyleGAN and StyleGAN2 (default: w)"),
    option(
        "--way",
        choices=("slerp", "lerp", "spline"),
        help="arcs, lines, or a smooth curve through all (default: arcs in z, the curve in w)",
    ),
    option("--rows", type=_at_least_one, default=1, help="of a film: rows of walks, through the seeds that follow"),
    option("--columns", type=_at_least_one, default=1, help="of a film: walks side by side"),
    steps(12, "pictures from one to the next"),
    option("--open", action="store_true", help="stop at the last seed; otherwise go back to the first"),
    LABEL,
    truncation(None, "of StyleGAN and StyleGAN2: "),
    fps(),
    default_model=None,
)
def interpolate(args: argparse.Namespace) -> None:
    """Walk from seed to seed, and back to the first: a film (.gif, .mp4) or a sheet (.png).

    In w the walk is a smooth curve through all seeds; with --way lerp it goes in lines and turns at each. With --rows
    and --columns a film shows several walks at once: the first through --seeds, each other one through as many that
    follow. `ppgen latent interpolate` is the same command with other defaults: a DCGAN, and arcs in z.
    """
    from ppgen.apps.drawings import Drawings
    from ppgen.io.movie import is_movie
    from ppgen.latent.seeds import check_count

    walks = args.rows * args.columns
    if walks > 1 and not is_movie(args.output):
        raise ConfigError(f"--rows, --columns: are of films, and {args.output} is none; name a .gif or .mp4")
    check_count(walks * len(args.seeds) * args.steps)
    predictor = predictor_of(args, args.default_model)
    predictor.model.check_room(walks * len(args.seeds) * args.steps)
    walk, apart = _walk(predictor, args), max(args.seeds) - min(args.seeds) + 1
    films = [walk([seed + apart * number for seed in args.seeds]) for number in range(walks)]
    write(films[0] if walks == 1 else Drawings.together(films, args.columns), args.output, args.fps)


def _walk(predictor: apps.GANPredictor, args: argparse.Namespace) -> Callable[[list[int]], Drawings]:
    """What draws a walk through seeds, in z or in w."""
    from ppgen.apps.stylegan2_model import StyleModel
    from ppgen.latent.render import check_labels
    from ppgen.networks.protocols import StyleGenerator

    network, psi = predictor.network, _truncation(args, predictor)
    if (args.space or ("w" if isinstance(network, StyleGenerator) else "z")) == "z":
        return lambda seeds: predictor.walk(seeds, args.steps, args.way or "slerp", not args.open, args.label, psi)
    if not isinstance(network, StyleGenerator):
        raise ConfigError(f"--space w: a {type(network).__name__} has no W; leave it out")
    check_labels(predictor.model.numbers_of(args.label), 1, network.classes)
    model = StyleModel(predictor.name)
    model.network = network  # loaded already
    return lambda seeds: model.walk_w(seeds, args.steps, args.way or "spline", not args.open, psi)


COMMANDS = {"sample": sample, "interpolate": interpolate}
