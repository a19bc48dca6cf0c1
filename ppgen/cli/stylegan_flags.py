"""The flags that PaddleGAN's StyleGAN2 scripts share."""

import argparse
from typing import Any

from ppgen.cli.command import add_debug

_FITS = "default: as the weights say"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument("--output_path", default="output_dir", help="folder of the pictures (default: output_dir)")
    parser.add_argument("--weight_path", help="a generator's weights, .safetensors or PaddleGAN's .pdparams")
    parser.add_argument(
        "--model_type", help="ffhq-config-f or animeface-512, fetched at first use (default: the shipped faces)"
    )
    parser.add_argument("--size", type=int, help=f"pixels a side ({_FITS})")
    parser.add_argument("--style_dim", type=int, help=f"length of a latent ({_FITS})")
    parser.add_argument("--n_mlp", type=int, help=f"layers of the mapping network ({_FITS})")
    parser.add_argument("--channel_multiplier", type=float, help=f"of the widths ({_FITS})")
    parser.add_argument("--cpu", action="store_true", help="do not use a GPU")
    add_debug(parser)


def model_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """What the predictors' constructors take; chooses the device."""
    from ppgen.device import select

    select(prefer_gpu=not args.cpu)
    names = ("output_path", "weight_path", "model_type", "size", "style_dim", "n_mlp", "channel_multiplier")
    return {name: vars(args)[name] for name in names}
