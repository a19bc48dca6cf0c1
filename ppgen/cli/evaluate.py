"""`ppgen evaluate`."""

import argparse

import ppgen
from ppgen.cli.command import command, option
from ppgen.cli.files import check_new_file
from ppgen.cli.options import seed
from ppgen.io.terminal import show


@command(
    "score pictures or a generator against real pictures",
    option("--metric", default="fid,kid,pr", help="of fid, kid, pr, identity, is, swd, ms-ssim, ppl; by commas"),
    option("--real", required=True, metavar="DIR", help="folder of real pictures"),
    option(
        "--fake", required=True, metavar="DIR|MODEL", help="folder of pictures, or a generator's name or weights file"
    ),
    option(
        "-n", type=int, metavar="COUNT", help="fakes to use (default: all of a folder, as many as reals of a generator)"
    ),
    option("--features", default="dlib-face", help="dlib-face (default), dlib-face@DEPTH, inception-v3"),
    option("--weights", metavar="FILE", help="weights of inception-v3"),
    option("--size", type=int, help="scale all pictures to this side first"),
    seed("of latents and choices"),
    option("-o", "--output", metavar="FILE", help="also write the scores to this JSON file"),
)
def evaluate(args: argparse.Namespace) -> None:
    """Compare a folder of fakes, or what a generator makes, with real pictures."""
    from ppgen.io.atomic import write_json
    from ppgen.metrics.evaluate import evaluate, table

    if args.output:
        check_new_file(args.output, args.real, args.fake)
    names = [name.strip() for name in args.metric.split(",") if name.strip()]
    scores = evaluate(names, args.real, args.fake, args.n, args.features, args.weights, args.seed, args.size)
    show(table(scores))
    if args.output:
        facts = {"ppgen": ppgen.__version__, "real": args.real, "fake": args.fake, "seed": args.seed, "size": args.size}
        write_json(args.output, {**facts, "scores": [score._asdict() for score in scores]})


COMMANDS = {"evaluate": evaluate}
