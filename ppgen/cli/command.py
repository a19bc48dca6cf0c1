"""What all subcommands share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ppgen.device import check_paddle
from ppgen.errors import PPGenError

_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".ppm")  # that `save_image` writes


class Command(NamedTuple):
    """One subcommand: a line of help, a function that declares its arguments, a function that runs it."""

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]


def guarded(action: Callable[[], int | None], debug: bool = False) -> int:
    """Run `action` and return the exit code; a PPGenError is one line on stderr unless `debug`."""
    try:
        return _run(action)
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


def _run(action: Callable[[], int | None]) -> int:
    """The exit code of `action`; a Paddle that cannot be imported is a PPGenError."""
    try:
        return action() or 0
    except ImportError:
        check_paddle()
        raise


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


def check_output_file(output: str, film: bool = True) -> None:
    """OutputError, before any work, where `output` is a folder or ends in what is not written; `film`: may be one."""
    from ppgen.errors import OutputError
    from ppgen.io.atomic import check_output
    from ppgen.io.movie import SUFFIXES

    path = Path(output).expanduser()
    if path.is_dir():
        raise OutputError(f"{output}: is a folder; name a file in it, such as {path / 'sheet.png'}")
    if path.suffix.lower() not in (*_IMAGES, *(SUFFIXES if film else ())):
        films = f", or as a film that ends in {' or '.join(SUFFIXES)}" if film else ""
        kind = path.suffix or "a file without suffix"
        raise OutputError(f"{output}: is not written as {kind}; use a name that ends in {', '.join(_IMAGES)}{films}")
    check_output(path.parent)


def keep_inputs(output: str, *sources: Any) -> None:
    """OutputError where what is to be written is one of the files that are read."""
    from ppgen.apps.batch import check_not_input
    from ppgen.io.movie import written_as

    for source in sources:
        check_not_input(written_as(Path(output).expanduser()), source)


def check_new_file(output: str, *read: str) -> None:
    """OutputError, before any work, where a file cannot be written, or is a picture in a folder that is read."""
    from ppgen.errors import OutputError
    from ppgen.io.atomic import check_output
    from ppgen.io.image import IMAGE_SUFFIXES

    path = Path(output).expanduser()
    if path.is_dir():
        raise OutputError(f"{output}: is a folder; name a file in it")
    for place in (Path(os.path.expanduser(name)).resolve() for name in read):
        inside = path.suffix.lower() in IMAGE_SUFFIXES and path.resolve().is_relative_to(place)
        if path.exists() and (inside or path.resolve() == place):
            raise OutputError(f"{output}: is one of the files that are read and would be overwritten; choose another")
    check_output(path.parent)


def only_with(args: argparse.Namespace, what: str, *names: str) -> None:
    """ConfigError where one of these flags was given, whose default is None, without what gives it a meaning."""
    from ppgen.errors import ConfigError

    given = [f"--{name}" if len(name) > 1 else f"-{name}" for name in names if getattr(args, name) not in (None, False)]
    if given:
        said = ", ".join(given).replace("_", "-")
        raise ConfigError(f"{said}: {'has' if len(given) == 1 else 'have'} a meaning only with {what}; leave it out")


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
