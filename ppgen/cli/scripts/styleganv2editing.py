"""Move a StyleGAN2 latent: styleganv2editing.py --latent a.npy --direction_name Young [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.cli.stylegan_flags import add_flags, model_arguments
from ppgen.io.terminal import say


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Move a latent, such as styleganv2fitting.py writes, in a direction.")
    parser.add_argument("--latent", required=True, help="the latent, .npy or .npz")
    parser.add_argument("--direction_name", required=True, help="which direction")
    parser.add_argument("--direction_offset", type=float, default=0.0, help="how far (default: 0)")
    parser.add_argument("--direction_path", help="a file of directions (default: those of the weights)")
    add_flags(parser)
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Move, and say where the results are."""
    from ppgen.apps import StyleGANv2EditingPredictor

    predictor = StyleGANv2EditingPredictor(direction_path=args.direction_path, **model_arguments(args))
    predictor.run(args.latent, args.direction_name, args.direction_offset)
    say(*(predictor.output_path / name for name in predictor.files))
    return 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), getattr(options, "debug", False))


if __name__ == "__main__":
    sys.exit(main())
