"""`ppgen cartoon`, `demo` and `translate`."""

import argparse
import time

from ppgen import apps
from ppgen.cli import folders
from ppgen.cli.command import command, finish, option
from ppgen.cli.options import ALIGNER, INPUTS, NO_ALIGN, faces, folder
from ppgen.io.terminal import say

_INPUTS = f"{INPUTS}, or lists of them: .txt with a path a line, or .jsonl"
_MODEL = "default: photo2cartoon; the name of a model's weights is understood too"
#: what `ppgen demo` proposes
_NEXT = (
    "ppgen cartoon me.jpg --side-by-side",
    "ppgen sample -o faces.png",
    "ppgen data starter && ppgen train -c dcgan_faces64",
)


def _age(text: str) -> str | int:
    """Years as a number; anything else is a group's name."""
    return int(text) if text.isdecimal() else text


@command(
    "turn the faces in photos into cartoons",
    option("inputs", nargs="+", metavar="INPUT", help=_INPUTS),
    folder(),
    faces(),
    option("--weights", help="a weights file to use instead of the one that comes with ppgen"),
    *folders.OPTIONS,
    ALIGNER,
    NO_ALIGN,
    option("--style", default="photo2cartoon", help="photo2cartoon (default) or another of `ppgen list styles`"),
    option("--size", type=int, default=256, help="side of the artist's drawing in pixels, up to 1024 (default: 256)"),
    option("--side-by-side", action="store_true", help="also write crop and cartoon in one picture, …_both.png"),
    option("--routing", metavar="RUN", help="run folder of a tree of trainings: a generator a group"),
    option("--gender", metavar="G", help="with --routing or the artist: F or M (routing estimates it otherwise)"),
    option("--age", metavar="A", type=_age, help="likewise: years, or young, middle, senior"),
)
def cartoon(args: argparse.Namespace) -> int:
    """Turn faces into cartoons.

    A picture gives NAME_FACE_photo.png and NAME_FACE_cartoon.png, FACE being 0 for its best face. Of several pictures
    cartoon.log.jsonl says what became of each, and what it says is done is not done again. Exit code 1: some pictures
    of several failed, the others are done; 2: the only one failed.
    """
    arguments = {
        "weight_path": args.weights, "routing": args.routing, "aligner": args.aligner, "style": args.style,
        "size": args.size, "side_by_side": args.side_by_side,
    }  # fmt: skip
    known = {name: value for name, value in (("gender", args.gender), ("age", args.age)) if value is not None}
    call = {"faces": args.faces, "align": not args.no_align, "attributes": known}
    if folders.is_list(args):
        return folders.run(args, "cartoon", "Photo2CartoonPredictor", arguments, call)
    predictor = apps.Photo2CartoonPredictor(output_path=args.output, **arguments)
    report = predictor.run_many(args.inputs, **call, keep_pictures=False)
    drawn = report.results
    paths = ((r.both_path or r.cartoon_path, r.leaf) for r in drawn)
    return finish(report, (f"{path} by {leaf}" if leaf else path for path, leaf in paths))


@command("turn a portrait that comes with ppgen into a cartoon", folder())
def demo(args: argparse.Namespace) -> None:
    """Turn scikit-image's astronaut (a NASA portrait in the public domain) into a cartoon."""
    start = time.perf_counter()
    from skimage import data

    report = apps.Photo2CartoonPredictor(output_path=args.output).run_many(data.astronaut(), keep_pictures=False)
    report.raise_first()
    result = report.results[0]
    say(result.photo_path)
    say(result.cartoon_path)
    say(f"drawing took {time.perf_counter() - start:.1f} s, loading the networks included")
    say("Try next (after `. .venv/bin/activate` where make installed it):")
    for proposed in _NEXT:
        say(f"  {proposed}")


TRANSLATORS = ("pix2pix", "cyclegan", "ugatit", "photo2cartoon", "photo2cartoon-unpaired")
#: those whose shipped weights have another name, by that name
BY_WEIGHTS = {"cyclegan_portraits": "cyclegan", "photo2cartoon-unpaired-64": "photo2cartoon-unpaired"}


def _translator(text: str) -> str:
    """The model of that name, or whose weights have it."""
    return BY_WEIGHTS.get(text, text)


@command(
    "redraw faces with a translation network",
    option("inputs", nargs="+", metavar="PHOTO", help=_INPUTS),
    option("--model", type=_translator, choices=TRANSLATORS, default="photo2cartoon", help=_MODEL),
    option("--weights", metavar="W", help="a weights file or a name (ppgen list weights), not the shipped"),
    option("--attention", action="store_true", help="also draw where the network's attention looked"),
    folder(),
    faces(),
    ALIGNER,
    NO_ALIGN,
    option("--keep-background", action="store_true", help="do not paint the background white"),
    *folders.OPTIONS,
)
def translate(args: argparse.Namespace) -> int:
    """Translate faces with pix2pix, CycleGAN, U-GAT-IT or Photo2Cartoon.

    A picture gives NAME_FACE_MODEL_photo.png, …_drawn.png and, with --attention, …_attention.png. Exit code 1: some
    pictures of several failed, the others are done; 2: the only one failed. With --no-align pictures of no faces need
    --keep-background.
    """
    arguments = {
        "model": args.model, "weight_path": args.weights, "attention": args.attention,
        "background": args.keep_background, "aligner": args.aligner,
    }  # fmt: skip
    call = {"faces": args.faces, "align": not args.no_align}
    if folders.is_list(args):
        return folders.run(args, "translate", "TranslationPredictor", arguments, call)
    predictor = apps.TranslationPredictor(args.output, **arguments)
    report = predictor.run_many(args.inputs, **call, keep_pictures=False)
    return finish(report, (path for result in report.results for path in result.paths[1:]))


COMMANDS = {"cartoon": cartoon, "demo": demo, "translate": translate}
