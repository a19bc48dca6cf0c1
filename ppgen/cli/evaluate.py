"""`ppgen evaluate`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import ppgen
from ppgen.cli.command import Command, check_new_file

if TYPE_CHECKING:
    import numpy as np


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--metric", default="fid,kid,pr", help="of fid, kid, pr, identity, is, swd, ms-ssim, ppl; by commas"
    )
    parser.add_argument("--real", required=True, metavar="DIR", help="folder of real pictures")
    parser.add_argument(
        "--fake", required=True, metavar="DIR|MODEL", help="folder of pictures, or a generator's name or weights file"
    )
    parser.add_argument(
        "-n", type=int, metavar="COUNT", help="fakes to use (default: all of a folder, as many as reals of a generator)"
    )
    parser.add_argument("--features", default="dlib-face", help="dlib-face (default), dlib-face@DEPTH, inception-v3")
    parser.add_argument("--weights", metavar="FILE", help="weights of inception-v3")
    parser.add_argument("--size", type=int, help="scale all pictures to this side first")
    parser.add_argument("--seed", type=int, default=0, help="of latents and choices (default: 0)")
    parser.add_argument("-o", "--output", metavar="FILE", help="also write the scores to this JSON file")


def _latents(seed: int, count: int, dim: int) -> np.ndarray:
    """Latents of a seed; imported only where a generator is evaluated."""
    from ppgen.latent.seeds import latents

    return latents(seed, count, dim)


def run_evaluate(args: argparse.Namespace) -> int:
    """Compare a folder of fakes, or what a generator makes, with real pictures."""
    from ppgen.io.atomic import write_json
    from ppgen.metrics.evaluate import evaluate, table

    if args.output:
        check_new_file(args.output, args.real, args.fake)
    names = [name.strip() for name in args.metric.split(",") if name.strip()]
    scores = evaluate(names, args.real, args.fake, args.n, args.features, args.weights, args.seed, args.size, _latents)
    print(table(scores))
    if args.output:
        facts = {"ppgen": ppgen.__version__, "real": args.real, "fake": args.fake, "seed": args.seed, "size": args.size}
        write_json(args.output, {**facts, "scores": [score._asdict() for score in scores]})
    return 0


COMMANDS = {
    "evaluate": Command("score pictures or a generator against real pictures", _evaluate_arguments, run_evaluate)
}
