"""`ppgen explain`: figures of what the parts of a StyleGAN or a StyleGAN2 do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen.cli.command import Option, command, group, option
from ppgen.cli.options import by_style, model, seed, seeds, truncation
from ppgen.errors import ConfigError
from ppgen.io.terminal import say

if TYPE_CHECKING:
    import numpy as np

    from ppgen.metrics.ppl import Distance
    from ppgen.networks.protocols import StyleGenerator


def _of_seeds(output: str, about: str, default: str, psi: float = 0.7, several: bool = False) -> tuple[Option, ...]:
    return *by_style(f"output/{output}.png", film=False, several=several), seeds(about, default), truncation(psi)


def _network(name: str | None) -> StyleGenerator:
    """The generator, as `ppgen project` and its like choose it."""
    from ppgen import hub
    from ppgen.apps.stylegan2_model import SHIPPED
    from ppgen.networks.protocols import StyleGenerator

    return hub.load(name or SHIPPED, kind=StyleGenerator)


def _networks(names: list[str] | None) -> dict[str, StyleGenerator]:
    """Networks by the class and, where two are of one class, the file."""
    networks: dict[str, StyleGenerator] = {}
    every: list[str | None] = [*names] if names else [None]
    for name in every:
        network = _network(name)
        title = type(network).__name__.replace("Generator", "")
        if title in networks:
            title = f"{title} {Path(name or '').stem}"
        networks[title if title not in networks else f"{title} ({len(networks) + 1})"] = network
    return networks


def _save(output: str, sheet: np.ndarray) -> None:
    from ppgen.io.atomic import say_replaced
    from ppgen.io.image import save_image

    say_replaced(Path(output))
    say(save_image(output, sheet))


@command("what each resolution contributes", *_of_seeds("resolutions", "two rows each", "0-1"))
def resolutions(args: argparse.Namespace) -> None:
    """Show what each resolution contributes: StyleGAN2's sums of colours, StyleGAN's styles so far."""
    from ppgen.latent.figures.resolutions import contribution_sheet

    _save(args.output, contribution_sheet(_network(args.model), args.seeds, args.truncation))


@command("pictures with and without noise", *_of_seeds("noise", "a row each", "0-3"))
def noise(args: argparse.Namespace) -> None:
    """Show pictures with noise in all layers, in none, in the fine and in the coarse ones, and where it matters."""
    from ppgen.latent.figures.noise import noise_sheet

    _save(args.output, noise_sheet(_network(args.model), args.seeds, args.truncation))


@command(
    "coarse, middle and fine styles of one picture in another",
    *by_style("output/mixing.png", film=False),
    seeds("of the left pictures", "0-5", flag="--rows"),
    seeds("of the upper ones", "10-14", flag="--columns"),
    truncation(),
)
def mixing(args: argparse.Namespace) -> None:
    """Put the upper pictures' coarse, middle and fine styles into the left pictures, as in the paper's table."""
    from ppgen.latent.figures.mixing import mixing_sheet

    _save(args.output, mixing_sheet(_network(args.model), args.rows, args.columns, args.truncation))


@command("StyleGAN's droplets in the feature maps", *_of_seeds("droplet", "a row each", "0-1", 1, several=True))
def droplet(args: argparse.Namespace) -> None:
    """Show the magnitudes of feature maps, where StyleGAN's droplets are, and print the mean peak of every layer."""
    from ppgen.latent.figures.droplets import droplet_sheet, feature_maps
    from ppgen.latent.styles import w_of_seeds

    networks = _networks(args.model)
    for name, network in networks.items():
        maps = feature_maps(network, w_of_seeds(network, args.seeds, args.truncation))
        say(f"{name:<16} " + "  ".join(f"{layer.side}: {layer.peak:.2f}" for layer in maps))
    _save(args.output, droplet_sheet(networks, args.seeds, args.truncation))


def _distance(name: str) -> Distance:
    """Two batches of pictures -> distances (n,), of second order near 0."""
    import numpy as np

    from ppgen.metrics.dlib_features import perceptual_distance

    if name == "dlib-face":
        return perceptual_distance
    return lambda a, b: np.square(a.astype(np.float64) - b).mean(axis=(1, 2, 3))


@command(
    "perceptual path length in Z and in W",
    model(several=True),
    option("-o", "--output", default="output/path.png", metavar="FILE", help="default: output/path.png"),
    option("-n", type=int, default=200, metavar="COUNT", help="paths in each space (default: 200)"),
    seed("of their ends"),
    option("--distance", choices=("dlib-face", "pixels"), default="dlib-face", help="default: dlib-face"),
)
def path(args: argparse.Namespace) -> None:
    """Compare perceptual path lengths in Z and in W: histograms, and one path through each."""
    from ppgen.io.atomic import say_replaced
    from ppgen.io.image import check_figure
    from ppgen.latent.figures.path_length import path_strip, save_path_figure
    from ppgen.metrics.ppl import lengths_in_z_and_w, perceptual_path_length, trimmed

    if args.n < 2:
        raise ConfigError(f"-n {args.n}: a mean of path lengths needs at least 2 paths")
    check_figure(args.output)
    networks, distance, lengths = _networks(args.model), _distance(args.distance), {}
    for name, network in networks.items():
        measured = lengths_in_z_and_w(network, args.n, distance, args.seed)
        lengths[name] = {space: trimmed(values) for space, values in measured.items()}
        for space, values in measured.items():
            mean, error, count = perceptual_path_length(values)
            say(f"{name:<16} PPL in {space.upper()} ({args.distance}, {count} paths): {mean:.4g} ± {error:.2g}")
    strips = {name: path_strip(network, args.seed) for name, network in networks.items()}
    say_replaced(Path(args.output))
    say(save_path_figure(args.output, lengths, strips, args.distance))


_FIGURES = {"resolutions": resolutions, "noise": noise, "mixing": mixing, "droplet": droplet, "path": path}
_ABOUT = "Draw a figure that explains a StyleGAN or a StyleGAN2."
COMMANDS = {"explain": group("draw figures that explain StyleGAN and StyleGAN2", _ABOUT, _FIGURES, metavar="FIGURE")}
