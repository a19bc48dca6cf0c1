"""`ppgen interpolate`, `mix`, `truncation`, `project`, `edit`: tools over StyleGAN2's W, W+ and S."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ppgen.cli.command import Command, add_fps, check_output_file, keep_inputs, only_with
from ppgen.cli.latent import _take_photo, _write

if TYPE_CHECKING:
    from ppgen.apps.stylegan2 import StyleGANv2EditingPredictor

_MODEL = "a generator: a shipped or published name, a .safetensors or .pdparams file (default: the shipped faces)"


# ---- shared ---------------------------------------------------------------------------------------------


def _add_model(parser: argparse.ArgumentParser, output: str, what: str = "what to write") -> None:
    parser.add_argument("--model", metavar="NAME|FILE", help=_MODEL)
    parser.add_argument("-o", "--output", default=output, metavar="PATH", help=f"{what} (default: {output})")


def _add_truncation(parser: argparse.ArgumentParser, default: float) -> None:
    parser.add_argument(
        "--truncation", type=float, default=default, metavar="PSI",
        help=f"1: all variety, 0: the mean picture (default: {default:g})",
    )  # fmt: skip


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--space", choices=("w", "w+"), help="one w for all layers, or one each (default: w+)")
    parser.add_argument("--steps", type=int, help="of the search (default: 300)")
    parser.add_argument("--no-align", action="store_true", help="the photo is a face crop already")
    parser.add_argument("--ffhq", action="store_true", help="cut faces as FFHQ's are, for a file with such a network")
    parser.add_argument("--no-noise", action="store_true", help="keep the stored noise maps instead of fitting them")
    parser.add_argument("--lpips", metavar="FILE", help="VGG16's weights to compare with (default: the shipped FaceID)")


def _predictor(args: argparse.Namespace) -> StyleGANv2EditingPredictor:
    from ppgen.apps import StyleGANv2EditingPredictor
    from ppgen.hub.published import PUBLISHED

    model, named = args.model, {"lpips_path": getattr(args, "lpips", None), "ffhq": getattr(args, "ffhq", False)}
    if model in PUBLISHED or model is None:
        return StyleGANv2EditingPredictor(model_type=model, direction_path=getattr(args, "file", None), **named)
    return StyleGANv2EditingPredictor(weight_path=model, direction_path=getattr(args, "file", None), **named)


def _settings(args: argparse.Namespace) -> Any:
    from ppgen.latent.project import Settings

    given = {name: getattr(args, name) for name in ("space", "steps") if getattr(args, name) is not None}
    return Settings(**given, **({"noise_weight": None} if args.no_noise else {}))


# ---- interpolate, truncation, mix -----------------------------------------------------------------------


def _interpolate_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/interpolation.gif", "a film (.gif, .mp4) or a sheet (.png)")
    parser.add_argument("--seeds", default="0-3", metavar="LIST", help="the latents to pass through (default: 0-3)")
    parser.add_argument("--space", choices=("z", "w"), default="w", help="arcs in z, or lines in w (default: w)")
    parser.add_argument("--steps", type=int, default=12, help="pictures from one to the next (default: 12)")
    parser.add_argument("--open", action="store_true", help="stop at the last seed; otherwise go back to the first")
    add_fps(parser)
    _add_truncation(parser, 0.7)


def run_interpolate(args: argparse.Namespace) -> int:
    """Walk from seed to seed, through z along arcs or through w along lines, and back to the first."""
    from ppgen.latent.seeds import parse_seeds

    check_output_file(args.output)
    seeds, predictor = parse_seeds(args.seeds), _predictor(args)
    if args.space == "z":
        pictures = predictor.walk(seeds, args.steps, "slerp", not args.open, truncation=args.truncation)
    else:
        pictures = predictor.walk_w(seeds, args.steps, "lerp", not args.open, args.truncation)
    return _write(pictures, args.output, args.fps)


def _truncation_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "output/truncation.png")
    parser.add_argument("--seeds", default="0-3", metavar="LIST", help="a row each (default: 0-3)")
    parser.add_argument("--values", type=float, nargs="+", metavar="PSI", help="a column each (default: -1 to 1)")


def run_truncation(args: argparse.Namespace) -> int:
    """Pull pictures to the mean one and beyond it: at 0 all are the mean picture, at -1 each is its opposite."""
    from ppgen.latent.seeds import parse_seeds

    check_output_file(args.output)
    return _write(_predictor(args).truncation_sheet(parse_seeds(args.seeds), args.values), args.output)


def _mix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("latents", nargs="*", metavar="LATENT", help="two latents (.npy, .npz) that `project` wrote")
    _add_model(parser, "output/mix.png")
    parser.add_argument("--rows", metavar="LIST", help="seeds at the left (default: 0-5)")
    parser.add_argument("--columns", metavar="LIST", help="seeds above (default: 10-14)")
    parser.add_argument("--layers", metavar="LIST", help="of two latents: coarse, middle, fine, or numbers as 0-3")
    said = "of seeds: 1: all variety, 0: the mean picture (default: 0.7)"
    parser.add_argument("--truncation", type=float, metavar="PSI", help=said)


def run_mix(args: argparse.Namespace) -> int:
    """Give pictures the coarse, middle or fine styles of others, as in StyleGAN's figure 3; or mix two latents."""
    from ppgen.apps.drawings import Drawing
    from ppgen.apps.latent_model import check_finite
    from ppgen.apps.stylegan2_model import TRUNCATION
    from ppgen.errors import ConfigError
    from ppgen.latent.explain import mixing_sheet
    from ppgen.latent.seeds import parse_seeds

    if len(args.latents) not in (0, 2):
        raise ConfigError(f"mix takes two latents or none, not {len(args.latents)}")
    if args.layers is not None and not args.latents:
        raise ConfigError("--layers is of two latents, which were not given; mixtures of seeds show every band")
    check_output_file(args.output, film=bool(args.latents))
    if args.latents:
        only_with(args, "seeds, not with two latents", "rows", "columns", "truncation")
        return _write(_mix_latents(_predictor(args), args), args.output)
    psi = TRUNCATION if args.truncation is None else args.truncation
    check_finite("truncation", psi)
    rows, columns = parse_seeds(args.rows or "0-5", "--rows"), parse_seeds(args.columns or "10-14", "--columns")
    print(Drawing(mixing_sheet(_predictor(args).network, rows, columns, psi)).save(args.output))
    return 0


def _mix_latents(predictor: Any, args: argparse.Namespace) -> Any:
    """Both, and the first with the layers asked for, or with each band, of the second; each with its own noise."""
    import numpy as np

    from ppgen.apps.drawings import Drawings
    from ppgen.latent.explain import bands
    from ppgen.latent.mixing import parse_layers, swap
    from ppgen.latent.w_plus import read_latent

    network = predictor.network
    first, second = (read_latent(path, network) for path in args.latents)
    a, b = first.w_plus[None], second.w_plus[None]
    parts = {args.layers: parse_layers(args.layers, network)} if args.layers else bands(network)
    of_a = predictor.draw_w(np.concatenate([a, *(swap(a, b, layers) for layers in parts.values())]), first.noise)
    of_b = predictor.draw_w(b, second.noise)
    pictures = np.concatenate([of_a.arrays[:1], of_b.arrays, of_a.arrays[1:]])
    return Drawings(pictures, len(pictures), titles=["A", "B", *(f"A, {name} of B" for name in parts)])


# ---- project, edit --------------------------------------------------------------------------------------


def _project_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="pictures or folders of pictures")
    _add_model(parser, "output", "folder of the results")
    _add_search(parser)


def run_project(args: argparse.Namespace) -> int:
    """Find photos' latents: NAME_photo.png, NAME_projected.png and NAME.npz, which `edit` and `mix` take.

    Exit code 1: some photos of several failed, the others are done; 2: the only one failed.
    """
    from ppgen.apps.batch import check_not_input, list_items, run_batch
    from ppgen.io.atomic import check_output
    from ppgen.io.image import save_image
    from ppgen.latent.w_plus import save_latent

    predictor, settings, folder = _predictor(args), _settings(args), Path(args.output)
    check_output(folder)
    items = list_items(args.photos)
    predictor.network  # noqa: B018  (missing weights are known before any photo is looked at)

    def work(item: Any) -> list[Any]:
        paths = [folder / f"{item.stem}{end}" for end in ("_photo.png", "_projected.png", ".npz")]
        check_not_input(paths, batch=item.batch)
        fitted = predictor.project(item.source, settings, not args.no_align)
        save_image(paths[0], fitted.crop)
        save_image(paths[1], fitted.picture)
        print(save_latent(paths[2], fitted.latent))
        return [fitted]

    report = run_batch(items, work, "projecting", "projected")
    if report.tried == 1:
        report.raise_first()
    print(report)
    return 1 if report.failures else 0


def _edit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", nargs="?", metavar="PHOTO", help="a photo, or a latent (.npz, .npy) of `project`")
    _add_model(parser, "output/edit.png")
    parser.add_argument(
        "--direction", nargs="+", action="extend", default=[], metavar="NAME=AMOUNT", help="such as Smiling=1.5"
    )
    parser.add_argument(
        "--channel", nargs="+", action="extend", default=[], metavar="STYLE:INDEX=AMOUNT",
        help="one of S, in standard deviations of it, such as 9:45=3 (`ppgen channels` lists some)",
    )  # fmt: skip
    parser.add_argument("--layers", metavar="LIST", help="that move: coarse, middle, fine, or numbers (default: all)")
    parser.add_argument("--file", metavar="FILE", help="directions, if not those of the weights")
    _add_search(parser)


def run_edit(args: argparse.Namespace) -> int:
    """Project a photo and move it along directions or by single channels of S: photo, projection, edits, all."""
    from ppgen.errors import ConfigError
    from ppgen.latent.attributes import parse_amounts
    from ppgen.latent.channels import parse_moves
    from ppgen.latent.mixing import parse_layers

    for words in ("direction", "channel"):
        _take_photo(args, words)
    if args.photo is None:
        raise ConfigError("edit: name a photo, or a latent that `ppgen project` wrote")
    check_output_file(args.output)
    keep_inputs(args.output, args.photo)
    if str(args.photo).endswith((".npz", ".npy")):
        only_with(args, "a photo, which is projected", "space", "steps", "no_align", "ffhq", "no_noise", "lpips")
    amounts, channels, predictor = parse_amounts(args.direction), parse_moves(args.channel), _predictor(args)
    layers = parse_layers(args.layers, predictor.network) if args.layers else None
    edited = predictor.edit(args.photo, amounts, layers, _settings(args), not args.no_align, channels)
    return _write(edited, args.output)


COMMANDS = {
    "interpolate": Command("a film from seed to seed, by StyleGAN2", _interpolate_arguments, run_interpolate),
    "truncation": Command("pictures from their opposite to themselves", _truncation_arguments, run_truncation),
    "mix": Command("styles of one picture in another", _mix_arguments, run_mix),
    "project": Command("find photos' latents", _project_arguments, run_project),
    "edit": Command("move a photo's face along directions", _edit_arguments, run_edit),
}
