"""`ppgen directions`, `channels`: what moves a StyleGAN2's pictures, found and shown, in W and in S."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ppgen.cli.command import Command, check_output_file, only_with
from ppgen.cli.latent import _write
from ppgen.cli.stylegan import _add_model, _add_truncation, _predictor

_LABELLED = ("table", "where", "names", "samples")  # flags that belong to --data
_SAMPLES, _SHOWN, _FEWEST = 2000, 5, 2


def _add_labelled(parser: argparse.ArgumentParser, which: Any) -> None:
    which.add_argument("--data", metavar="DIR", help="find attributes, from labelled faces below data/")
    parser.add_argument("--table", metavar="CSV", help="of --data (default: meta.csv)")
    parser.add_argument("--where", nargs="+", metavar="COLUMN=VALUE", help="of these faces only")
    parser.add_argument("--names", nargs="+", metavar="NAME", help="attributes (default: all that the table answers)")
    parser.add_argument("--samples", type=int, help=f"that are looked at for --data (default: {_SAMPLES})")


# ---- directions -----------------------------------------------------------------------------------------


def _directions_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/directions.png")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sefa", action="store_true", help="find those that change most, from the weights alone")
    _add_labelled(parser, which)
    parser.add_argument("--method", choices=("partial", "means"), help="of --data (default: partial)")
    parser.add_argument("--layers", metavar="LIST", help="coarse, middle, fine, or numbers (default: all)")
    parser.add_argument("-n", type=int, metavar="COUNT", help=f"directions of --sefa (default: {_SHOWN})")
    parser.add_argument("--span", type=float, help="from -SPAN to SPAN (default: 3 with --sefa, else 2)")
    parser.add_argument("--seed", type=int, default=0, help="the face to be moved (default: 0)")
    parser.add_argument("--save", action="store_true", help="put the directions into the weights file")
    _add_truncation(parser, 0.7)


def run_directions(args: argparse.Namespace) -> int:
    """Find directions in W and show what they do to a face; without --sefa and --data: those of the weights."""
    from ppgen import hub
    from ppgen.apps.latent_model import check_finite
    from ppgen.errors import ConfigError
    from ppgen.latent.attributes import save_directions
    from ppgen.latent.mixing import parse_layers

    check_output_file(args.output)
    _check_directions(args)
    span = args.span if args.span is not None else (3.0 if args.sefa else 2.0)
    for name, value in (("span", span), ("truncation", args.truncation)):
        check_finite(name, value)
    predictor = _predictor(args)
    if args.save:
        if predictor.name in hub.names():
            raise ConfigError(
                f"{predictor.name}: comes with ppgen and is not changed; copy {hub.path_of(predictor.name)} "
                "and give the copy with --model"
            )
        _check_holds_directions(hub.path_of(predictor.name))
    layers = parse_layers(args.layers, predictor.network) if args.layers else None
    if args.sefa:
        found = _sefa(predictor, layers, args)
    else:
        found = _supervised(predictor, layers, args) if args.data else predictor.directions
    if not len(found):
        raise ConfigError(f"{predictor.name}: holds no directions; find some with --sefa or --data DIR")
    for name, fact in found.facts.items():
        print(f"{name:<20} {fact}")
    if args.save:
        print(save_directions(hub.path_of(predictor.name), found, title="directions in w"))
    return _write(predictor.direction_sheet(args.seed, found, span, layers, args.truncation), args.output)


def _check_directions(args: argparse.Namespace) -> None:
    """ConfigError, before any work, for flags without a meaning here and numbers that cannot be."""
    from ppgen.latent.seeds import check_seed

    check_seed(args.seed)
    if not args.sefa:
        only_with(args, "--sefa", "n")
    if not args.data:
        only_with(args, "--data DIR", *_LABELLED, "method")
        if not args.sefa:
            only_with(args, "--sefa or --data DIR, which find directions", "save")
    _check_samples(args)


def _check_samples(args: argparse.Namespace) -> None:
    from ppgen.errors import ConfigError

    if args.samples is not None and args.samples < _FEWEST:
        raise ConfigError(f"--samples {args.samples}: expected {_FEWEST} or more; attributes need some hundreds")


def _check_holds_directions(path: Path) -> None:
    """WeightsError where nothing can be added to these weights, OutputError where they cannot be written."""
    from ppgen.errors import WeightsError
    from ppgen.io.atomic import check_output
    from ppgen.io.weights import read_metadata

    try:
        ours = "class" in read_metadata(path)
    except WeightsError:  # of PaddleGAN's
        ours = False
    if not ours:
        raise WeightsError(f"{path}: directions are saved in our .safetensors only; make one with `ppgen convert`")
    check_output(path.parent)


def _sefa(predictor: Any, layers: list[int] | None, args: argparse.Namespace) -> Any:
    from ppgen.latent.attributes import Directions
    from ppgen.latent.sefa import factorize

    count = _SHOWN if args.n is None else args.n
    found = factorize(predictor.network, layers, count)
    part = f"-{args.layers}" if args.layers else ""
    names = [f"sefa{part}-{i + 1}" for i in range(count)]
    vectors = [_in_layers(vector, layers, predictor.network) for vector in found.directions]
    about = f"SeFa of layers {', '.join(map(str, found.layers))}"
    return Directions(
        dict(zip(names, vectors)), "w", {n: f"{about}; {share:.1%} of all" for n, share in zip(names, found.shares)}
    )


def _in_layers(vector: Any, layers: list[int] | None, network: Any) -> Any:
    """A direction of W; with layers one of W+ that moves these only, whenever it is used."""
    import numpy as np

    if layers is None:
        return vector
    result = np.zeros((network.count, network.latent_dim), np.float32)
    result[layers] = vector
    return result


def _supervised(predictor: Any, layers: list[int] | None, args: argparse.Namespace) -> Any:
    """Attribute vectors, by a judge learnt on labelled faces; says how good it is on the held-back ones."""
    from dataclasses import replace

    from ppgen.apps.stylegan2_labelled import find_attributes

    samples = args.samples or _SAMPLES
    found, scores = find_attributes(
        predictor, _labelled(args), samples, args.method or "partial", truncation=args.truncation
    )
    _print_judge(scores)
    for name in scores:
        if name not in found:
            print(f"{name:<20} no direction: nearly all of {samples} samples have it, or nearly none has")
    if layers is None:
        return found
    titles = {name: f"{name}-{args.layers}" for name in found}  # beside one that moves all, not in its place
    vectors = {title: _in_layers(found[name], layers, predictor.network) for name, title in titles.items()}
    facts = {titles[name]: f"layers {args.layers}; {fact}" for name, fact in found.facts.items()}
    return replace(found, vectors=vectors, facts=facts)


def _labelled(args: argparse.Namespace) -> Any:
    from ppgen.apps.stylegan2_labelled import Labelled
    from ppgen.config import apply_overrides

    where = apply_overrides({}, args.where) if args.where else None
    return Labelled(args.data, args.table or "meta.csv", where, args.names)


def _print_judge(scores: dict[str, float]) -> None:
    for name, score in scores.items():
        print(f"{name:<20} the judge is right on {score:.1%} of held-back faces (mean of with and without)")


# ---- channels -------------------------------------------------------------------------------------------


def _channels_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/channels.png")
    _add_labelled(parser, parser)
    parser.add_argument("--channel", nargs="+", metavar="STYLE:INDEX", help="show these instead of finding some")
    parser.add_argument("--styles", metavar="LIST", help="look at these only, such as 0-5 (default: all)")
    parser.add_argument("-n", type=int, metavar="COUNT", help=f"channels, of --data a name (default: {_SHOWN})")
    parser.add_argument("--span", type=float, default=10, help="from -SPAN to SPAN deviations (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="the face to be moved (default: 0)")
    _add_truncation(parser, 0.7)


def run_channels(args: argparse.Namespace) -> int:
    """Find single channels of S that change the picture most or, with --data, that attributes hang on; show them."""
    from ppgen.apps.latent_model import check_finite
    from ppgen.errors import ConfigError
    from ppgen.latent.seeds import check_seed

    check_output_file(args.output, film=False)
    for name, value in (("span", args.span), ("truncation", args.truncation)):
        check_finite(name, value)
    if (args.n is not None and args.n < 1) or sum(bool(x) for x in (args.channel, args.styles, args.data)) > 1:
        raise ConfigError("channels takes one of --channel, --styles and --data, and a number (-n) of 1 or more")
    check_seed(args.seed)
    if args.channel:
        only_with(args, "channels that are to be found", "n")
    if not args.data:
        only_with(args, "--data DIR", *_LABELLED)
    _check_samples(args)
    predictor = _predictor(args)
    shown = _channels(predictor, args)
    for channel, title in shown.items():
        print(f"{channel!s:<8} {title}")
    return _write(predictor.channel_sheet(args.seed, shown, args.span, args.truncation), args.output)


def _channels(predictor: Any, args: argparse.Namespace) -> dict[Any, str]:
    """Channels and what to write beside them."""
    from ppgen.apps.stylegan2_labelled import find_channels
    from ppgen.errors import DataError
    from ppgen.latent.channels import effects, parse_channel, parse_styles, strongest, styles_of

    count, samples = args.n or _SHOWN, args.samples or _SAMPLES
    if args.channel:
        return {channel: str(channel) for channel in map(parse_channel, args.channel)}
    if not args.data:
        chosen = parse_styles(args.styles, predictor.network) if args.styles else None
        styles = styles_of(predictor.network, predictor.w_of_seeds([args.seed], args.truncation))
        scores = effects(predictor.network, styles, predictor.spread_of_styles(), chosen)
        best = strongest(scores, count)
        return {channel: f"{channel} ({change:.1f} grey levels)" for channel, change in best.items()}
    found, scores = find_channels(predictor, _labelled(args), count, samples)
    _print_judge(scores)
    for name in scores:
        if name not in found:
            print(f"{name:<20} no channels: nearly all of {samples} samples have it, or nearly none has")
    if not found:
        rare = f"of {samples} samples nearly all have, or nearly none has, {', '.join(scores)}"
        raise DataError(f"{rare}; draw more with --samples")
    shown: dict[Any, str] = {}
    for name, channels in found.items():
        for channel, score in channels.items():
            shown[channel] = "; ".join(filter(None, [shown.get(channel), f"{name} {channel} ({score:+.2f})"]))
    return shown


COMMANDS = {
    "directions": Command("find and show directions in W", _directions_arguments, run_directions),
    "channels": Command("find and show single channels of S", _channels_arguments, run_channels),
}
