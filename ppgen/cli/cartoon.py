"""`ppgen cartoon` and `ppgen demo`."""

from __future__ import annotations

import argparse
import time

from ppgen.cli.command import Command


def faces_choice(text: str) -> str | int:
    """'largest', 'all' or an index from 0, as the predictors take it."""
    if text in ("largest", "all"):
        return text
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is neither 'largest', 'all' nor a number from 0")


def _cartoon_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="pictures or folders of pictures")
    parser.add_argument("-o", "--output", default="output", help="folder of the results (default: output)")
    parser.add_argument(
        "--faces", type=faces_choice, default="largest", help="'largest' (default), 'all' or an index from 0"
    )
    parser.add_argument("--weights", help="a weights file to use instead of the one that comes with ppgen")
    parser.add_argument("--no-align", action="store_true", help="inputs are aligned face crops already")
    parser.add_argument("--routing", metavar="RUN", help="run folder of a tree of trainings: a generator a group")
    parser.add_argument("--gender", metavar="G", help="with --routing: a group, such as F or M (default: estimated)")
    parser.add_argument("--age", metavar="A", type=_age, help="with --routing: years or a group (default: estimated)")


def _age(text: str) -> str | int:
    """Years as a number; anything else is a group's name."""
    return int(text) if text.isdecimal() else text


def run_cartoon(args: argparse.Namespace) -> int:
    """Turn faces into cartoons.

    One picture gives p2c_photo.png and p2c_cartoon.png; several inputs, a folder or --faces all give
    NAME_FACE_photo.png and NAME_FACE_cartoon.png. Exit code 1: some pictures of several failed, the others
    are done; 2: the only one failed.
    """
    from ppgen.apps import Photo2CartoonPredictor

    predictor = Photo2CartoonPredictor(output_path=args.output, weight_path=args.weights, routing=args.routing)
    inputs = args.inputs[0] if len(args.inputs) == 1 else args.inputs
    known = {name: value for name, value in (("gender", args.gender), ("age", args.age)) if value is not None}
    how = {"faces": args.faces, "align": not args.no_align, "attributes": known}
    report = predictor.run_many(inputs, **how, keep_pictures=False)
    if report.tried == 1:
        report.raise_first()
    for result in report.results:
        print(result.cartoon_path if result.route is None else f"{result.cartoon_path} by {result.route.leaf}")
    print(report)
    return 1 if report.failures else 0


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", default="output", help="folder of the pictures (default: output)")


def run_demo(args: argparse.Namespace) -> int:
    """Turn scikit-image's astronaut (a NASA portrait in the public domain) into a cartoon."""
    start = time.perf_counter()
    from skimage import data

    from ppgen.apps import Photo2CartoonPredictor

    result = Photo2CartoonPredictor(output_path=args.output).run(data.astronaut(), full=True)
    print(result.photo_path)
    print(result.cartoon_path)
    print(f"drawing took {time.perf_counter() - start:.1f} s, loading the networks included")
    return 0


COMMANDS = {
    "cartoon": Command("turn the faces in photos into cartoons", _cartoon_arguments, run_cartoon),
    "demo": Command("turn a portrait that comes with ppgen into a cartoon", _demo_arguments, run_demo),
}
