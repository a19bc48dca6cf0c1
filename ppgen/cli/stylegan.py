"""`ppgen truncation`, `mix`, `project`, `edit`: tools over StyleGAN's W, W+ and S."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen import apps
from ppgen.cli.command import command, finish, only_with, option
from ppgen.cli.files import check_output_file, keep_inputs, write
from ppgen.cli.latent import take_photo
from ppgen.cli.options import INPUTS, NO_ALIGN, by_style, folder, model, number, seeds, truncation
from ppgen.errors import ConfigError
from ppgen.io.terminal import say

if TYPE_CHECKING:
    from ppgen.apps.batch import Item
    from ppgen.apps.drawings import Drawings
    from ppgen.apps.stylegan2_model import Fitted
    from ppgen.latent.project import Settings

_SEARCH = (
    option("--fast", action="store_true", help="by the encoder alone, in one pass, without a search"),
    option("--space", choices=("w", "w+"), help="one w for all layers, or one each (default: w+)"),
    option("--steps", type=int, help="of the search (default: 300, from an encoder's answer 30)"),
    NO_ALIGN,
    option("--ffhq", action="store_true", help="cut faces as FFHQ's are, for a file with such a network"),
    option("--no-noise", action="store_true", help="keep the stored noise maps instead of fitting them"),
    option("--lpips", metavar="FILE", help="VGG16's weights to compare with (default: the shipped FaceID)"),
    option("--encoder", metavar="FILE", help="weights of an encoder to begin with (default: the generator's, if any)"),
)


def style_predictor(
    model: str | None,
    directions: str | None = None,
    lpips: str | None = None,
    ffhq: bool = False,
    encoder: str | None = None,
) -> apps.StyleGANv2EditingPredictor:
    """What draws, projects and edits with `--model`."""
    from ppgen.hub.published import PUBLISHED

    by_name = model is None or model in PUBLISHED
    return apps.StyleGANv2EditingPredictor(
        weight_path=None if by_name else model,
        model_type=model if by_name else None,
        direction_path=directions,
        lpips_path=lpips,
        ffhq=ffhq,
        encoder_path=encoder,
    )


def _settings(args: argparse.Namespace, predictor: apps.StyleGANv2EditingPredictor) -> Settings | None:
    """Of the search; None: there is none. ConfigError for some of a search that there is not."""
    from ppgen.latent.project import Settings

    if args.fast:
        only_with(args, "the search, which --fast leaves out", "space", "steps", "no_noise", "lpips")
        return None
    steps = predictor.model.search_steps if args.steps is None else args.steps
    return Settings(args.space or Settings.space, steps, noise_weight=None if args.no_noise else Settings.noise_weight)


@command(
    "pictures from their opposite to themselves",
    *by_style("output/truncation.png"),
    seeds("a row each", "0-3"),
    option("--values", type=number("truncation"), nargs="+", metavar="PSI", help="a column each (default: -1 to 1)"),
)
def truncation_sheet(args: argparse.Namespace) -> None:
    """Pull pictures to the mean one and beyond it: at 0 all are the mean picture, at -1 each is its opposite."""
    write(style_predictor(args.model).truncation_sheet(args.seeds, args.values), args.output)


@command(
    "styles of one picture in another",
    option("latents", nargs="*", metavar="LATENT", help="two latents (.npy, .npz) that `project` wrote"),
    *by_style("output/mix.png"),
    seeds("seeds at the left (default: 0-5)", flag="--rows"),
    seeds("seeds above (default: 10-14)", flag="--columns"),
    option("--layers", metavar="LIST", help="of two latents: coarse, middle, fine, or numbers as 0-3"),
    truncation(None, "of seeds: "),
)
def mix(args: argparse.Namespace) -> None:
    """Give pictures the coarse, middle or fine styles of others, as in StyleGAN's figure 3; or mix two latents."""
    from ppgen.apps.drawings import Drawing
    from ppgen.apps.stylegan2_model import TRUNCATION
    from ppgen.io.atomic import say_replaced
    from ppgen.latent.figures.mixing import mixing_sheet

    if len(args.latents) not in (0, 2):
        raise ConfigError(f"mix takes two latents or none, not {len(args.latents)}")
    if args.latents:
        only_with(args, "seeds, not with two latents", "rows", "columns", "truncation")
        write(_mixed(style_predictor(args.model), args), args.output)
        return
    if args.layers is not None:
        raise ConfigError("--layers is of two latents, which were not given; mixtures of seeds show every band")
    check_output_file(args.output, film=False)
    psi = TRUNCATION if args.truncation is None else args.truncation
    rows, columns = args.rows or list(range(6)), args.columns or list(range(10, 15))
    say_replaced(Path(args.output))
    say(Drawing(mixing_sheet(style_predictor(args.model).network, rows, columns, psi)).save(args.output))


def _mixed(predictor: apps.StyleGANv2EditingPredictor, args: argparse.Namespace) -> Drawings:
    """Both, and the first with the layers asked for, or with each band, of the second; each with its own noise."""
    import numpy as np

    from ppgen.apps.drawings import Drawings
    from ppgen.latent.mixing import parse_layers, swap
    from ppgen.latent.styles import bands
    from ppgen.latent.w_plus import read_latent

    network = predictor.network
    first, second = (read_latent(path, network) for path in args.latents)
    a, b = first.w_plus[None], second.w_plus[None]
    parts = {args.layers: parse_layers(args.layers, network)} if args.layers else bands(network)
    of_a = predictor.draw_w(np.concatenate([a, *(swap(a, b, layers) for layers in parts.values())]), first.noise)
    of_b = predictor.draw_w(b, second.noise)
    pictures = np.concatenate([of_a.arrays[:1], of_b.arrays, of_a.arrays[1:]])
    return Drawings(pictures, len(pictures), titles=["A", "B", *(f"A, {name} of B" for name in parts)])


@command(
    "find photos' latents",
    option("photos", nargs="+", metavar="PHOTO", help=INPUTS),
    model(),
    folder(),
    *_SEARCH,
)
def project(args: argparse.Namespace) -> int:
    """Find photos' latents: NAME_photo.png, NAME_projected.png and NAME.npz, which `edit` and `mix` take.

    Exit code 1: some photos of several failed, the others are done; 2: the only one failed.
    """
    from ppgen.apps.batch import check_not_input, list_items, run_batch, unread
    from ppgen.io.atomic import check_output

    predictor = style_predictor(args.model, lpips=args.lpips, ffhq=args.ffhq, encoder=args.encoder)
    settings = _settings(args, predictor)
    check_output(Path(args.output))
    items = list_items(args.photos)
    predictor.network  # noqa: B018  (missing weights are known before any photo is looked at)

    def work(item: Item) -> list[Fitted]:
        paths = [Path(args.output) / f"{item.stem}{end}" for end in ("_photo.png", "_projected.png", ".npz")]
        check_not_input(paths, batch=item.batch)
        align = not args.no_align
        fitted = predictor.project(item.source, settings, align) if settings else predictor.invert(item.source, align)
        fitted.save(*paths)
        say(paths[2])
        return [fitted]

    return finish(run_batch(items, work, "projecting", "projected", unread(args.photos)), ())


@command(
    "move a photo's face along directions",
    option("photo", nargs="?", metavar="PHOTO", help="a photo, or a latent (.npz, .npy) of `project`"),
    *by_style("output/edit.png"),
    option("--direction", nargs="+", action="extend", default=[], metavar="NAME=AMOUNT", help="such as Smiling=1.5"),
    option(
        "--channel", nargs="+", action="extend", default=[], metavar="STYLE:INDEX=AMOUNT",
        help="one of S, in standard deviations of it, such as 9:45=3 (`ppgen channels` lists some)",
    ),  # fmt: skip
    option("--layers", metavar="LIST", help="that move: coarse, middle, fine, or numbers (default: all)"),
    option("--file", metavar="FILE", help="directions, if not those of the weights"),
    *_SEARCH,
)
def edit(args: argparse.Namespace) -> None:
    """Project a photo and move it along directions or by single channels of S: photo, projection, edits, all."""
    from ppgen.latent.attributes import parse_amounts
    from ppgen.latent.channels import parse_moves
    from ppgen.latent.mixing import parse_layers

    take_photo(args, args.direction)
    take_photo(args, args.channel)
    if args.photo is None:
        raise ConfigError("edit: name a photo, or a latent that `ppgen project` wrote")
    keep_inputs(args.output, args.photo)
    if args.photo.endswith((".npz", ".npy")):
        only_with(
            args, "a photo, which is projected",
            "fast", "space", "steps", "no_align", "ffhq", "no_noise", "lpips", "encoder",
        )  # fmt: skip
    amounts, channels = parse_amounts(args.direction), parse_moves(args.channel)
    predictor = style_predictor(args.model, args.file, args.lpips, args.ffhq, args.encoder)
    layers = parse_layers(args.layers, predictor.network) if args.layers else None
    settings, align = _settings(args, predictor), not args.no_align
    source = predictor.invert(args.photo, align) if args.fast else args.photo
    write(predictor.edit(source, amounts, layers, settings, align, channels), args.output)


COMMANDS = {"truncation": truncation_sheet, "mix": mix, "project": project, "edit": edit}
