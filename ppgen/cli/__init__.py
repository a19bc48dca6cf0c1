"""The command line: parse, call one function below, turn errors into one line and an exit code.

Exit codes: 0 done, 1 some items of a batch failed, 2 an error the user can act on, 130 interrupted.
Nothing heavy is imported before the command that needs it runs: `ppgen --help` is instant.
"""

import argparse
import io
import signal
import sys
import threading
from collections.abc import Mapping, Sequence

import ppgen
from ppgen.cli import (
    app,
    bench,
    cartoon,
    data,
    directions,
    evaluate,
    explain,
    export,
    latent,
    sample,
    serve,
    stylegan,
    train,
    weights,
)
from ppgen.cli.command import Command, guarded, split_debug, subcommands

__all__ = ["COMMANDS", "build_parser", "guarded", "main", "split_debug"]

GROUPS: Mapping[str, Mapping[str, Command]] = {
    "Cartoons and translation": {**app.COMMANDS, **cartoon.COMMANDS, **serve.COMMANDS},
    "Pictures from a latent space": {**sample.COMMANDS, **latent.COMMANDS},
    "Faces by StyleGAN": {**stylegan.COMMANDS, **directions.COMMANDS, **explain.COMMANDS},
    "Training and data": {**train.COMMANDS, **evaluate.COMMANDS, **data.COMMANDS},
    "Weights and this machine": {**export.COMMANDS, **weights.COMMANDS, **bench.COMMANDS},
}
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}


def build_parser() -> argparse.ArgumentParser:
    """The parser of `ppgen` with all subcommands."""
    about = f"{ppgen.__doc__}\n`ppgen COMMAND --help` says more of a command."
    parser = argparse.ArgumentParser(prog="ppgen", description=about)
    parser.add_argument("--version", action="version", version=f"ppgen {ppgen.__version__}")
    subcommands(GROUPS, "COMMAND")(parser)
    return parser


def _parse(argv: list[str]) -> argparse.Namespace:
    """Parse `argv`; what follows `train` is left to the launcher untouched, but for --debug."""
    first = next((i for i, word in enumerate(argv) if not word.startswith("-")), None)
    if first is None or argv[first] != "train":
        return build_parser().parse_args(argv)
    args = build_parser().parse_args(argv[: first + 1])
    args.rest, _ = split_debug(argv[first + 1 :])
    return args


def _let_clean_up() -> None:
    """SIGTERM and SIGHUP end a command as an error does, so that half-written files go; trainings take them over."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        is_main = threading.current_thread() is threading.main_thread()
        if number is not None and is_main and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `ppgen`; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be no UTF-8
    words = list(sys.argv[1:] if argv is None else argv)

    def run() -> int | None:
        _let_clean_up()
        args = _parse(words)
        return args.run(args)

    return guarded(run, debug="--debug" in words)
