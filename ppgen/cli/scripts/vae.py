"""Edit a face through the VAE's latent space: python applications/tools/vae.py --smile 1.5 photo.jpg [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.io.terminal import say, show

SHORT = {
    "smile": "Smiling", "glasses": "Eyeglasses", "male": "Male", "young": "Young", "black_hair": "Black_Hair",
    "blond_hair": "Blond_Hair",
}  # fmt: skip


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Encode faces, move them by attribute vectors, decode them.")
    parser.add_argument("photos", nargs="*", metavar="PHOTO", help="pictures or folders of pictures")
    for word, name in SHORT.items():
        parser.add_argument(f"--{word}", type=float, metavar="AMOUNT", help=f"so much of the vector '{name}'")
    parser.add_argument(
        "--add", nargs="+", action="extend", default=[], metavar="NAME=AMOUNT", help="of any other vector"
    )
    parser.add_argument("--output_path", default="output", help="folder of the pictures (default: output)")
    parser.add_argument("--weight_path", help="a VAE's weights (default: the one that comes with ppgen)")
    parser.add_argument("--no_align", action="store_true", help="inputs are aligned face crops already")
    parser.add_argument("--cpu", action="store_true", help="do not use a GPU")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    args = parser.parse_args()
    # argparse counts a photo after --add among its words
    args.photos += [word for word in args.add if "=" not in word]
    args.add = [word for word in args.add if "=" in word]
    if not args.photos:
        parser.error("the following arguments are required: PHOTO")
    return args


def run(args: argparse.Namespace) -> int:
    """Edit, and say what was written; 1 where some of several photos failed."""
    from ppgen.apps import VAEPredictor
    from ppgen.device import select
    from ppgen.latent.attributes import parse_amounts

    select(prefer_gpu=not args.cpu)
    given = {name: getattr(args, word) for word, name in SHORT.items() if getattr(args, word) is not None}
    predictor = VAEPredictor(args.output_path, args.weight_path)
    photos = args.photos[0] if len(args.photos) == 1 else args.photos
    report = predictor.run_many(photos, {**given, **parse_amounts(args.add)}, False if args.no_align else None)
    if report.tried == 1:
        report.raise_first()
    for result in report.results:
        say(*result.paths)
    show(report)
    return 1 if report.failures else 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), options.debug)


if __name__ == "__main__":
    sys.exit(main())
