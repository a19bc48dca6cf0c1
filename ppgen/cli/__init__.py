"""The command line: parse, call one function below, turn errors into one line and an exit code.

Exit codes: 0 done, 1 some items of a batch failed, 2 an error the user can act on, 130 interrupted.
Nothing heavy is imported before the command that needs it runs: `ppgen --help` is instant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import ppgen
from ppgen.cli import cartoon, data, directions, evaluate, explain, latent, stylegan, train, translate, weights
from ppgen.cli.command import Command, add_debug, guarded, split_debug

__all__ = ["COMMANDS", "build_parser", "guarded", "main", "split_debug"]

COMMANDS: dict[str, Command] = {
    **cartoon.COMMANDS,
    **translate.COMMANDS,
    **train.COMMANDS,
    **evaluate.COMMANDS,
    **data.COMMANDS,
    **latent.COMMANDS,
    **stylegan.COMMANDS,
    **directions.COMMANDS,
    **explain.COMMANDS,
    **weights.COMMANDS,
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of `ppgen` with all subcommands."""
    parser = argparse.ArgumentParser(prog="ppgen", description=ppgen.__doc__)
    parser.add_argument("--version", action="version", version=f"ppgen {ppgen.__version__}")
    add_debug(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.run.__doc__)
        command.declare(sub)
        add_debug(sub)
    return parser


def _parse(argv: list[str]) -> argparse.Namespace:
    """Parse `argv`; what follows `train` is left to the launcher untouched, but for --debug."""
    first = next((i for i, word in enumerate(argv) if not word.startswith("-")), None)
    if first is None or argv[first] != "train":
        return build_parser().parse_args(argv)
    args = build_parser().parse_args(argv[: first + 1])
    args.rest, debug = split_debug(argv[first + 1 :])
    args.debug = debug or getattr(args, "debug", False)
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `ppgen`; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):  # a file's name may be no UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = _parse(list(sys.argv[1:] if argv is None else argv))
    return guarded(lambda: COMMANDS[args.command].run(args), debug=getattr(args, "debug", False))
