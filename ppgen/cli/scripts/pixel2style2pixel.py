"""The StyleGAN2 latent of a photo in one pass: pixel2style2pixel.py --input_image me.jpg [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.cli.stylegan_flags import add_flags, model_arguments
from ppgen.io.terminal import say


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Encode a photo's face, and write it, its picture and its latent.")
    parser.add_argument("--input_image", required=True, help="the photo")
    parser.add_argument("--encoder_path", help="the encoder's weights (default: those shipped with the generator)")
    parser.add_argument("--seed", type=int, help="PaddleGAN's flag; nothing here depends on chance")
    add_flags(parser)
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Encode, and say where the results are."""
    from ppgen.apps import Pixel2Style2PixelPredictor

    predictor = Pixel2Style2PixelPredictor(encoder_path=args.encoder_path, **model_arguments(args))
    predictor.run(args.input_image)
    say(*(predictor.output_path / name for name in predictor.files))
    return 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), getattr(options, "debug", False))


if __name__ == "__main__":
    sys.exit(main())
