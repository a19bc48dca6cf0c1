"""`ppgen export`."""

import argparse

from ppgen.cli.command import command, option
from ppgen.io.terminal import say


@command(
    "a network as ONNX or Paddle program, to be run without ppgen",
    option("source", metavar="NAME|FILE|RUN", help="a name (ppgen list weights), a weights file or a run folder"),
    option("--format", choices=("onnx", "paddle"), default="onnx", help="default: onnx"),
    option("-o", "--output", required=True, metavar="DIR", help="folder of the graphs"),
    option("--dynamic-batch", action="store_true", help="batches of any length (default: one picture)"),
    option("--key", metavar="NAME", help="which network, of a file that holds several"),
    option("--network", metavar="CLASS", help="its class, where the file does not say it"),
)
def export(args: argparse.Namespace) -> None:
    """Write a network's graphs with preprocess.json, its card and run_exported.py, which runs them without ppgen.

    Of Photo2Cartoon, cartoon.onnx takes the aligned crop and gives the finished cartoon. The graphs are held against
    Paddle on random and real input; what is more than 0.001 away is an error.
    """
    from ppgen.export import export as exported

    done = exported(args.source, args.output, args.format, args.dynamic_batch, args.network, args.key)
    for path in done.files:
        say(path)


COMMANDS = {"export": export}
