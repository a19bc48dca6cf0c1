"""`ppgen translate`."""

from __future__ import annotations

import argparse

from ppgen.cli.cartoon import faces_choice
from ppgen.cli.command import Command


def _translate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="PHOTO", help="pictures or folders of pictures")
    models = ("pix2pix", "cyclegan", "ugatit", "photo2cartoon")
    parser.add_argument("--model", choices=models, default="photo2cartoon", help="default: photo2cartoon")
    parser.add_argument("--weights", metavar="W", help="a weights file or a name (ppgen list weights), not the shipped")
    parser.add_argument("--attention", action="store_true", help="also draw where the network's attention looked")
    parser.add_argument("-o", "--output", default="output", help="folder of the results (default: output)")
    parser.add_argument("--faces", type=faces_choice, default="largest", help="'largest' (default), 'all' or an index")
    no_align = "inputs are face crops already, or no faces (then with --keep-background)"
    parser.add_argument("--no-align", action="store_true", help=no_align)
    parser.add_argument("--keep-background", action="store_true", help="do not paint the background white")


def run_translate(args: argparse.Namespace) -> int:
    """Translate faces with pix2pix, CycleGAN, U-GAT-IT or Photo2Cartoon.

    One picture gives MODEL_photo.png, MODEL_drawn.png and, with --attention, MODEL_attention.png; several inputs, a
    folder or --faces all give names that begin with NAME_FACE_. Exit code 1: some pictures of several failed, the
    others are done; 2: the only one failed.
    """
    from ppgen.apps import TranslationPredictor

    predictor = TranslationPredictor(args.output, args.model, args.weights, args.attention, args.keep_background)
    inputs = args.inputs[0] if len(args.inputs) == 1 else args.inputs
    report = predictor.run_many(inputs, faces=args.faces, align=not args.no_align, keep_pictures=False)
    if report.tried == 1:
        report.raise_first()
    for result in report.results:
        for path in result.paths[1:]:
            print(path)
    print(report)
    return 1 if report.failures else 0


COMMANDS = {
    "translate": Command("redraw faces with a translation network", _translate_arguments, run_translate),
}
