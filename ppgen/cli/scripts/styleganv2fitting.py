"""Find the StyleGAN2 latent of a photo: styleganv2fitting.py --input_image me.jpg [--help]."""

import argparse
import sys

from ppgen.cli import guarded
from ppgen.cli.stylegan_flags import add_flags, model_arguments
from ppgen.io.terminal import say


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Fit a latent to a photo, and write it and its picture.")
    parser.add_argument("--input_image", required=True, help="the photo")
    parser.add_argument("--need_align", action="store_true", help="find the face and cut it out first")
    parser.add_argument("--ffhq", action="store_true", help="cut it as FFHQ's, for a file with a network of such faces")
    parser.add_argument("--start_lr", type=float, default=0.1, help="learning rate at the first step (default: 0.1)")
    parser.add_argument("--final_lr", type=float, default=0.025, help="and at the last (default: 0.025)")
    parser.add_argument("--latent_level", type=int, nargs="+", help="layers that may change (default: the first 12)")
    parser.add_argument("--step", type=int, default=100, help="steps (default: 100)")
    parser.add_argument("--mse_weight", type=float, default=1, help="of the pixels (default: 1)")
    parser.add_argument("--pre_latent", help="a .npy or .npz to begin at (default: the encoder's, else the mean)")
    parser.add_argument("--lpips_path", help="VGG16's weights to compare with (default: the shipped FaceID)")
    add_flags(parser)
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Fit, and say where the results are."""
    from ppgen.apps import StyleGANv2FittingPredictor

    predictor = StyleGANv2FittingPredictor(lpips_path=args.lpips_path, ffhq=args.ffhq, **model_arguments(args))
    predictor.run(
        args.input_image, args.need_align, args.start_lr, args.final_lr, args.latent_level, args.step, args.mse_weight,
        args.pre_latent,
    )  # fmt: skip
    say(*(predictor.output_path / name for name in predictor.files))
    return 0


def main() -> int:
    """The script."""
    options = parse()
    return guarded(lambda: run(options), getattr(options, "debug", False))


if __name__ == "__main__":
    sys.exit(main())
