"""Blend two StyleGAN2 latents: styleganv2mixing.py --latent1 a.npy --latent2 b.npy [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.cli.stylegan_flags import add_flags, model_arguments
from ppgen.io.terminal import say


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Blend two latents, such as styleganv2fitting.py writes.")
    parser.add_argument("--latent1", required=True, help="the first, .npy or .npz")
    parser.add_argument("--latent2", required=True, help="the second")
    parser.add_argument(
        "--weights", type=float, nargs="+", help="of the first, one a layer or one for all (default: 0.5)"
    )
    add_flags(parser)
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Blend, and say where the pictures are."""
    from ppgen.apps import StyleGANv2MixingPredictor

    predictor = StyleGANv2MixingPredictor(**model_arguments(args))
    predictor.run(args.latent1, args.latent2, args.weights)
    say(*(predictor.output_path / name for name in predictor.files))
    return 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), getattr(options, "debug", False))


if __name__ == "__main__":
    sys.exit(main())
