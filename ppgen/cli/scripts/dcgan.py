"""Draw faces from a seed: python applications/tools/dcgan.py --seed 233 [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.io.terminal import say


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Draw faces, or what else a generator was trained on, from a seed.")
    parser.add_argument("--output_path", default="output", help="folder of sample.png (default: output)")
    parser.add_argument("--weight_path", help="a generator's weights (default: the DCGAN that comes with ppgen)")
    parser.add_argument("--model", help="which network --weight_path fills, where that file does not say so")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same picture everywhere")
    parser.add_argument("--n", type=int, default=1, help="pictures; several come as one sheet (default: 1)")
    parser.add_argument("--label", type=int, help="class to draw, where there are classes (default: one of each)")
    parser.add_argument("--cpu", action="store_true", help="do not use a GPU")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Draw, and say where the picture is."""
    from ppgen.apps import GANPredictor
    from ppgen.device import select

    select(prefer_gpu=not args.cpu)
    model = args.model or (None if args.weight_path else "dcgan_faces64")
    predictor = GANPredictor(args.output_path, args.weight_path, model)
    predictor.run(args.seed, args.n, args.label)
    say(predictor.output_path / "sample.png")
    return 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), options.debug)


if __name__ == "__main__":
    sys.exit(main())
