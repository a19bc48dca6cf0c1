"""Draw faces with StyleGAN2: python applications/tools/styleganv2.py --seed 233 [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.cli.stylegan_flags import add_flags, model_arguments
from ppgen.io.terminal import say


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Draw samples and mixtures of them; the same seed, the same pictures.")
    add_flags(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", type=int, help="of all pictures (default: another one every time, which is printed)")
    which.add_argument(
        "--seeds", metavar="LIST", help="instead of rows and columns: a picture a seed, such as 0-63 or 1,5,9-12"
    )
    parser.add_argument("--n_row", type=int, default=3, help="rows of a sheet (default: 3)")
    parser.add_argument("--n_col", type=int, default=5, help="columns of a sheet (default: 5)")
    parser.add_argument("--truncation", type=float, default=0.7, help="1: all variety, 0: the mean face (default: 0.7)")
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Draw, and say where the pictures are."""
    from ppgen.latent.seeds import parse_seeds

    seeds = parse_seeds(args.seeds) if args.seeds is not None else None
    from ppgen.apps import StyleGANv2Predictor

    predictor = StyleGANv2Predictor(seed=args.seed, **model_arguments(args))
    if seeds is not None:
        say(predictor.run_seeds(seeds, args.truncation))
        return 0
    sheets = predictor.run(args.n_row, args.n_col, truncation=args.truncation)
    say(f"seed {sheets.seed}", *sheets.paths)
    return 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), getattr(options, "debug", False))


if __name__ == "__main__":
    sys.exit(main())
