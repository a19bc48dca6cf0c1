"""What all subcommands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NamedTuple

from ppgen.errors import PPGenError


class Command(NamedTuple):
    """One subcommand: a line of help, a function that declares its arguments, a function that runs it."""

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]


def guarded(action: Callable[[], int | None], debug: bool = False) -> int:
    """Run `action` and return the exit code; a PPGenError is one line on stderr unless `debug`."""
    try:
        return action() or 0
    except PPGenError as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if debug:
            raise
        print("interrupted", file=sys.stderr)
        return 130


def no_arguments(parser: argparse.ArgumentParser) -> None:
    """For commands that take none, and for `train`, whose arguments the launcher parses."""


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Declare --debug for a command."""
    # SUPPRESS: a subcommand without the flag must not undo `ppgen --debug COMMAND`.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )


def split_debug(argv: list[str]) -> tuple[list[str], bool]:
    """`argv` without --debug, and whether it was there."""
    return [word for word in argv if word != "--debug"], "--debug" in argv


def add_fps(parser: argparse.ArgumentParser) -> None:
    """`--fps`, checked before any drawing."""
    parser.add_argument("--fps", type=_fps, default=12, help="of a film (default: 12)")


def _fps(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 100:  # as `save_movie`
        raise argparse.ArgumentTypeError(f"expected a number above 0 and at most 100, found {text}")
    return number
