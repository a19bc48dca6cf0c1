"""Blend two StyleGAN2 latents: styleganv2mixing.py --latent1 a.npy --latent2 b.npy [--help]."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the clone's own ppgen comes first

from ppgen.cli import guarded  # noqa: E402
from ppgen.cli.stylegan_flags import add_flags, model_arguments  # noqa: E402


def parse() -> argparse.Namespace:
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
    print(*(predictor.output_path / name for name in predictor.files), sep="\n")
    return 0


if __name__ == "__main__":
    options = parse()
    sys.exit(guarded(lambda: run(options), getattr(options, "debug", False)))
