"""`ppgen directions`, `channels`: what moves a StyleGAN2's pictures, found and shown, in W and in S."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen import apps
from ppgen.cli.command import Option, command, one_of, only_with, option
from ppgen.cli.files import write
from ppgen.cli.judged import OPTIMIZED, method, print_scores
from ppgen.cli.options import by_style, number, seed, seeds, span, truncation
from ppgen.cli.stylegan import style_predictor
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.terminal import say

if TYPE_CHECKING:
    import numpy as np

    from ppgen.apps.stylegan2_labelled import Labelled, Score
    from ppgen.latent.attributes import Directions, Method
    from ppgen.latent.channels import Channel

_SAMPLES, _SHOWN, _FEWEST, _LEAST = 2000, 5, 2, 0.85


def _samples(text: str) -> int:
    if int(text) < _FEWEST:
        raise ConfigError(f"--samples {text}: expected {_FEWEST} or more; attributes need some hundreds")
    return int(text)


_DATA = option("--data", metavar="DIR", help="find attributes, from labelled faces below data/")
_OF_DATA = ("table", "where", "least", "samples")
_ATTRIBUTES = "CelebA's names or 0/1 columns (default: CelebA's that the table answers)"
_LABELLED = (
    option("--table", metavar="CSV", help="of --data (default: meta.csv)"),
    option("--where", nargs="+", metavar="COLUMN=VALUE", help="of these faces only"),
    option("--least", type=float, metavar="SCORE", help=f"leave out what it knows worse (default: {_LEAST})"),
    option("--samples", type=_samples, help=f"that are looked at for --data (default: {_SAMPLES})"),
)
_FACE = seed("the face to be moved")


def _names(about: str) -> Option:
    return option("--names", nargs="+", metavar="NAME", help=about)


def _labelled(args: argparse.Namespace) -> Labelled:
    from ppgen.apps.stylegan2_labelled import Labelled
    from ppgen.config import apply_overrides

    where = apply_overrides({}, args.where) if args.where else None
    least = _LEAST if args.least is None else args.least
    return Labelled(args.data, args.table or "meta.csv", where, args.names, least=least)


def _print_left_out(scores: dict[str, Score], least: float, kept: Collection[str], what: str, samples: int) -> None:
    """Of which attributes nothing came."""
    for name, score in scores.items():
        if not score.reaches(least):
            say(f"{name:<20} no {what}: too few are held back, or less than {least:g} is right (--least 0 keeps it)")
        elif name not in kept:
            say(f"{name:<20} no {what}: nearly all of {samples} samples have it, or nearly none has")


# ---- directions -----------------------------------------------------------------------------------------


@command(
    "find and show directions in W",
    *by_style("output/directions.png"),
    one_of(option("--sefa", action="store_true", help="find those that change most, from the weights alone"), _DATA),
    *_LABELLED,
    _names(f"attributes of --data, {_ATTRIBUTES}; without it: directions of the weights (default: all)"),
    method("partial"),
    option("--control", nargs="+", metavar="NAME", help="of --names: held equal, but no direction"),
    option("--layers", metavar="LIST", help="coarse, middle, fine, or numbers (default: all)"),
    option("-n", type=int, metavar="COUNT", help=f"directions of --sefa (default: {_SHOWN})"),
    option("--span", type=number("span"), help="from -SPAN to SPAN (default: 3 with --sefa, else 2)"),
    one_of(_FACE, seeds("several faces, a row each, such as 0-7")),
    option("--save", action="store_true", help="put the directions into the weights file"),
    truncation(),
)
def directions(args: argparse.Namespace) -> None:
    """Find directions in W and show what they do to faces; without --sefa and --data: those of the weights."""
    from ppgen import hub
    from ppgen.latent.attributes import save_directions
    from ppgen.latent.mixing import parse_layers

    if not args.sefa:
        only_with(args, "--sefa", "n")
    if not args.data:
        only_with(args, "--data DIR", *_OF_DATA, "method", "control")
        if args.sefa:
            only_with(args, "directions that have names already, or --data DIR", "names")
        else:
            only_with(args, "--sefa or --data DIR, which find directions", "save")
    predictor = style_predictor(args.model)
    if args.save:
        _check_holds_directions(predictor.name)
    layers = parse_layers(args.layers, predictor.network) if args.layers else None
    if args.sefa:
        shown = _sefa(predictor, layers, args)
    else:
        shown = _supervised(predictor, layers, args) if args.data else _held(predictor, args.names)
    if not shown:
        raise ConfigError(f"{predictor.name}: holds no directions; find some with --sefa or --data DIR")
    for name, fact in shown.facts.items():
        say(f"{name:<20} {fact}")
    if args.save:
        say(save_directions(hub.path_of(predictor.name), shown, title="directions in w"))
    reach = args.span if args.span is not None else (3.0 if args.sefa else 2.0)
    write(predictor.direction_sheet(args.seeds or args.seed, shown, reach, layers, args.truncation), args.output)


def _held(predictor: apps.StyleGANv2EditingPredictor, names: list[str] | None) -> Directions:
    """Those of the weights, or some of them; ConfigError for a name that none has."""
    from ppgen.latent.attributes import Directions

    every = predictor.directions
    if names is None:
        return every
    facts = {name: fact for name, fact in every.facts.items() if name in names}
    return Directions({name: every[name] for name in names}, every.space, facts)


def _check_holds_directions(name: str) -> None:
    """WeightsError, ConfigError where nothing can be added to these weights; OutputError: cannot be written."""
    from ppgen import hub
    from ppgen.io.atomic import check_output
    from ppgen.io.weights import description

    path = hub.path_of(name)
    if name in hub.names():
        raise ConfigError(f"{name}: comes with ppgen and is not changed; copy {path} and give the copy with --model")
    if description(path) is None:
        raise WeightsError(f"{path}: directions are saved in our .safetensors only; make one with `ppgen convert`")
    check_output(Path(path).parent)


def _sefa(predictor: apps.StyleGANv2EditingPredictor, layers: list[int] | None, args: argparse.Namespace) -> Directions:
    from ppgen.latent.attributes import Directions
    from ppgen.latent.sefa import factorize

    factors = factorize(predictor.network, layers, _SHOWN if args.n is None else args.n)
    part = f"-{args.layers}" if args.layers else ""
    about = f"SeFa of layers {', '.join(map(str, factors.layers))}"
    vectors, facts = {}, {}
    for i, (vector, share) in enumerate(zip(factors.directions, factors.shares), start=1):
        vectors[f"sefa{part}-{i}"] = _in_layers(vector, layers, predictor)
        facts[f"sefa{part}-{i}"] = f"{about}; {share:.1%} of all"
    return Directions(vectors, "w", facts)


def _in_layers(vector: np.ndarray, layers: list[int] | None, predictor: apps.StyleGANv2EditingPredictor) -> np.ndarray:
    """A direction of W; with layers one of W+ that moves these only, whenever it is used."""
    import numpy as np

    if layers is None:
        return vector
    result = np.zeros((predictor.network.count, predictor.network.latent_dim), np.float32)
    result[layers] = vector
    return result


def _supervised(
    predictor: apps.StyleGANv2EditingPredictor, layers: list[int] | None, args: argparse.Namespace
) -> Directions:
    """Attribute vectors, by a judge learnt on labelled faces; says how good it is on the held-back ones."""
    from ppgen.apps.stylegan2_labelled import find_attributes, optimize_attributes
    from ppgen.latent.attributes import Directions

    samples = args.samples or _SAMPLES
    labelled, control = _labelled(args), {*(args.control or [])}
    if odd := sorted(control - {*(args.names or [])}):
        raise ConfigError(f"--control {' '.join(odd)}: expected some of --names")
    if args.method == OPTIMIZED:
        if layers is not None:
            raise ConfigError("--method optimized sets the move of each layer itself; leave --layers out")
        vectors, scores = optimize_attributes(
            predictor, labelled, samples, None, args.truncation, control, told=print_scores
        )
        _print_left_out(scores, labelled.least, {*vectors, *control}, "direction", samples)
        return vectors
    how: Method = args.method or "partial"
    vectors, scores = find_attributes(predictor, labelled, samples, how, truncation=args.truncation)
    print_scores(scores)
    _print_left_out(scores, labelled.least, vectors, "direction", samples)
    for name in control & {*vectors}:
        del vectors[name], vectors.facts[name]
    if layers is None:
        return vectors
    moved = {f"{name}-{args.layers}": _in_layers(vector, layers, predictor) for name, vector in vectors.items()}
    facts = {f"{name}-{args.layers}": f"layers {args.layers}; {fact}" for name, fact in vectors.facts.items()}
    return Directions(moved, "w", facts)  # beside those that move all layers, not in their place


# ---- channels -------------------------------------------------------------------------------------------


@command(
    "find and show single channels of S",
    *by_style("output/channels.png", film=False),
    _DATA,
    *_LABELLED,
    _names(f"attributes, {_ATTRIBUTES}"),
    option("--channel", nargs="+", metavar="STYLE:INDEX", help="show these instead of finding some"),
    option("--styles", metavar="LIST", help="look at these only, such as 0-5 (default: all)"),
    option("-n", type=int, metavar="COUNT", help=f"channels, of --data a name (default: {_SHOWN})"),
    span(10, " deviations"),
    _FACE,
    truncation(),
)
def channels(args: argparse.Namespace) -> None:
    """Find single channels of S that change the picture most or, with --data, that attributes hang on; show them."""
    if (args.n is not None and args.n < 1) or sum(bool(x) for x in (args.channel, args.styles, args.data)) > 1:
        raise ConfigError("channels takes one of --channel, --styles and --data, and a number (-n) of 1 or more")
    if args.channel:
        only_with(args, "channels that are to be found", "n")
    if not args.data:
        only_with(args, "--data DIR", *_OF_DATA, "names")
    predictor = style_predictor(args.model)
    shown = _of_attributes(predictor, args) if args.data else _of_picture(predictor, args)
    for channel, title in shown.items():
        say(f"{channel!s:<8} {title}")
    write(predictor.channel_sheet(args.seed, shown, args.span, args.truncation), args.output)


def _of_picture(predictor: apps.StyleGANv2EditingPredictor, args: argparse.Namespace) -> dict[Channel, str]:
    """The channels asked for, or those that change a picture most, and what to write beside them."""
    from ppgen.latent.channels import effects, parse_channel, parse_styles, strongest, styles_of

    if args.channel:
        return {channel: str(channel) for channel in map(parse_channel, args.channel)}
    network = predictor.network
    chosen = parse_styles(args.styles, network) if args.styles else None
    styles = styles_of(network, predictor.w_of_seeds([args.seed], args.truncation))
    best = strongest(effects(network, styles, predictor.spread_of_styles(), chosen), args.n or _SHOWN)
    return {channel: f"{channel} ({change:.1f} grey levels)" for channel, change in best.items()}


def _of_attributes(predictor: apps.StyleGANv2EditingPredictor, args: argparse.Namespace) -> dict[Channel, str]:
    """The channels that attributes hang on, and what to write beside them."""
    from ppgen.apps.stylegan2_labelled import find_channels

    samples = args.samples or _SAMPLES
    labelled = _labelled(args)
    best, scores = find_channels(predictor, labelled, args.n or _SHOWN, samples, truncation=args.truncation)
    print_scores(scores)
    _print_left_out(scores, labelled.least, best, "channels", samples)
    if not best:
        rare = f"of {samples} samples nearly all have, or nearly none has, {', '.join(scores)}"
        raise DataError(f"{rare}; draw more with --samples")
    titles: dict[Channel, list[str]] = {}
    for name, scored in best.items():
        for channel, score in scored.items():
            titles.setdefault(channel, []).append(f"{name} {channel} ({score:+.2f})")
    return {channel: "; ".join(texts) for channel, texts in titles.items()}


COMMANDS = {"directions": directions, "channels": channels}
