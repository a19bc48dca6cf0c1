"""`ppgen explain`: figures of what the parts of a StyleGAN or a StyleGAN2 do."""

from __future__ import annotations

import argparse
from typing import Any

from ppgen.cli.command import Command, add_debug, check_output_file

_MODEL = (
    "a generator of StyleGAN or StyleGAN2: a shipped or published name, a .safetensors or .pdparams file "
    "(default: the shipped faces)"
)
_DISTANCES = ("dlib-face", "pixels")


def _add_model(parser: argparse.ArgumentParser, output: str, several: bool = False) -> None:
    if several:
        parser.add_argument("--model", nargs="+", metavar="NAME|FILE", help=f"one or more, each {_MODEL}")
    else:
        parser.add_argument("--model", metavar="NAME|FILE", help=_MODEL)
    parser.add_argument("-o", "--output", default=output, metavar="FILE", help=f"what to write (default: {output})")


def _add_seeds(parser: argparse.ArgumentParser, default: str, truncation: float) -> None:
    parser.add_argument("--seeds", default=default, metavar="LIST", help=f"such as 0-3 or 1,5 (default: {default})")
    _add_truncation(parser, truncation)


def _add_truncation(parser: argparse.ArgumentParser, default: float) -> None:
    parser.add_argument(
        "--truncation", type=float, default=default, metavar="PSI",
        help=f"1 all variety, 0 the mean picture (default: {default:g})",
    )  # fmt: skip


def _network(name: str | None) -> Any:
    """The generator, as `ppgen project` and its like choose it."""
    from ppgen.apps.stylegan2_model import SHIPPED
    from ppgen.latent.explain import style_generator

    return style_generator(name or SHIPPED)


def _networks(names: list[str] | None) -> dict[str, Any]:
    """Networks by the class and, where two are of one class, the file."""
    from pathlib import Path

    found: dict[str, Any] = {}
    for name in names or [None]:
        network = _network(name)
        title = type(network).__name__.replace("Generator", "")
        title = title if title not in found else f"{title} {Path(name).stem}"
        found[title if title not in found else f"{title} ({len(found) + 1})"] = network
    return found


def _check(args: argparse.Namespace) -> None:
    """OutputError, ConfigError: known before any drawing."""
    from ppgen.apps.latent_model import check_finite

    check_output_file(args.output, film=False)
    check_finite("truncation", args.truncation)


def _checked_seeds(args: argparse.Namespace) -> list[int]:
    from ppgen.latent.seeds import parse_seeds

    _check(args)
    return parse_seeds(args.seeds)


def _save(output: str, picture: Any) -> int:
    from ppgen.io.image import save_image

    print(save_image(output, picture))
    return 0


# ---- the figures ----------------------------------------------------------------------------------------


def _resolutions_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/resolutions.png")
    _add_seeds(parser, "0-1", 0.7)


def run_resolutions(args: argparse.Namespace) -> int:
    """Show what each resolution contributes: StyleGAN2's sums of colours, StyleGAN's styles so far."""
    from ppgen.latent.explain import contribution_sheet

    seeds = _checked_seeds(args)
    return _save(args.output, contribution_sheet(_network(args.model), seeds, args.truncation))


def _noise_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/noise.png")
    _add_seeds(parser, "0-3", 0.7)


def run_noise(args: argparse.Namespace) -> int:
    """Show pictures with noise in all layers, in none, in the fine and in the coarse ones, and where it matters."""
    from ppgen.latent.explain import noise_sheet

    seeds = _checked_seeds(args)
    return _save(args.output, noise_sheet(_network(args.model), seeds, args.truncation))


def _mixing_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/mixing.png")
    parser.add_argument("--rows", default="0-5", metavar="LIST", help="seeds of the left pictures (default: 0-5)")
    parser.add_argument("--columns", default="10-14", metavar="LIST", help="of the upper ones (default: 10-14)")
    _add_truncation(parser, 0.7)


def run_mixing(args: argparse.Namespace) -> int:
    """Put the upper pictures' coarse, middle and fine styles into the left pictures, as in the paper's table."""
    from ppgen.latent.explain import mixing_sheet
    from ppgen.latent.seeds import parse_seeds

    _check(args)
    rows, columns = parse_seeds(args.rows, "--rows"), parse_seeds(args.columns, "--columns")
    return _save(args.output, mixing_sheet(_network(args.model), rows, columns, args.truncation))


def _droplet_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/droplet.png", several=True)
    _add_seeds(parser, "0-1", 1.0)


def run_droplet(args: argparse.Namespace) -> int:
    """Show the magnitudes of feature maps, where StyleGAN's droplets are, and print the mean peak of every layer."""
    from ppgen.latent.explain import droplet_sheet, feature_maps, w_of_seeds

    seeds, networks = _checked_seeds(args), _networks(args.model)
    for name, network in networks.items():
        maps = feature_maps(network, w_of_seeds(network, seeds, args.truncation))
        print(f"{name:<16} " + "  ".join(f"{found.side}: {found.peak:.2f}" for found in maps))
    return _save(args.output, droplet_sheet(networks, seeds, args.truncation))


def _path_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/path.png", several=True)
    parser.add_argument("-n", type=int, default=200, metavar="COUNT", help="paths in each space (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of their ends (default: 0)")
    parser.add_argument("--distance", choices=_DISTANCES, default=_DISTANCES[0], help="default: dlib-face")


def _distance(name: str) -> Any:
    """Two batches of pictures -> distances (n,), of second order near 0."""
    import numpy as np

    from ppgen.metrics.dlib_features import perceptual_distance

    if name == "dlib-face":
        return perceptual_distance
    return lambda a, b: np.square(a.astype(np.float64) - b).mean(axis=(1, 2, 3))


def run_path(args: argparse.Namespace) -> int:
    """Compare perceptual path lengths in Z and in W: histograms, and one path through each."""
    from ppgen.errors import ConfigError
    from ppgen.io.image import check_figure
    from ppgen.latent.explain import path_inputs, path_strip, save_path_figure
    from ppgen.metrics.ppl import perceptual_lengths, perceptual_path_length

    if args.n < 2:
        raise ConfigError(f"-n {args.n}: a mean of path lengths needs at least 2 paths")
    check_figure(args.output)
    networks, distance = _networks(args.model), _distance(args.distance)
    lengths: dict[str, dict[str, Any]] = {}
    for name, network in networks.items():
        z, pictures, mapping = path_inputs(network, args.n, args.seed)
        lengths[name] = {}
        for space in ("z", "w"):
            found = perceptual_lengths(pictures[space], distance, z, args.seed, space, mapping)
            lengths[name][space] = found
            mean, error, count = perceptual_path_length(found)
            print(f"{name:<16} PPL in {space.upper()} ({args.distance}, {count} paths): {mean:.4g} ± {error:.2g}")
    strips = {name: path_strip(network, args.seed) for name, network in networks.items()}
    print(save_path_figure(args.output, lengths, strips, args.distance))
    return 0


_FIGURES = {
    "resolutions": Command("what each resolution contributes", _resolutions_arguments, run_resolutions),
    "noise": Command("pictures with and without noise", _noise_arguments, run_noise),
    "mixing": Command("coarse, middle and fine styles of one picture in another", _mixing_arguments, run_mixing),
    "droplet": Command("StyleGAN's droplets in the feature maps", _droplet_arguments, run_droplet),
    "path": Command("perceptual path length in Z and in W", _path_arguments, run_path),
}


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    figures = parser.add_subparsers(dest="figure", required=True, metavar="FIGURE")
    for name, figure in _FIGURES.items():
        sub = figures.add_parser(name, help=figure.help, description=figure.run.__doc__)
        figure.declare(sub)
        add_debug(sub)


def run_explain(args: argparse.Namespace) -> int | None:
    """Draw a figure that explains a StyleGAN or a StyleGAN2."""
    return _FIGURES[args.figure].run(args)


COMMANDS = {"explain": Command("draw figures that explain StyleGAN and StyleGAN2", _explain_arguments, run_explain)}
