"""What a command is, and how it ends: exit codes, one-line errors."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ppgen.device import check_paddle
from ppgen.errors import ConfigError, PPGenError
from ppgen.io.terminal import say, show

if TYPE_CHECKING:
    from ppgen.apps.batch import R, Report

Run = Callable[[argparse.Namespace], "int | None"]
#: declares an argument, or several
Option = Callable[[argparse.ArgumentParser], object]


class Command(NamedTuple):
    """One command, or a group of them.

    Attributes:
        help: its line in the list of commands.
        about: what its own --help begins with.
        options: its arguments.
        run: what it does, and the exit code (None: 0); None for a group, whose commands run.
        defaults: other values of the options than these declare.
    """

    help: str
    about: str
    options: tuple[Option, ...]
    run: Run | None = None
    defaults: Mapping[str, object] | None = None

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Give a parser the options, and in `run` the function."""
        for declare in self.options:
            declare(parser)
        if self.run is not None:
            parser.set_defaults(run=self.run, **(self.defaults or {}))
            add_debug(parser)

    def with_defaults(self, **defaults: object) -> Command:
        """The same under another name, with other defaults."""
        return self._replace(defaults=defaults)


def command(help: str, *options: Option, **defaults: object) -> Callable[[Run], Command]:
    """Decorator: a function becomes a command, its docstring what --help says."""
    return lambda run: Command(help, run.__doc__ or "", options, run, defaults)


def group(help: str, about: str, commands: Mapping[str, Command], metavar: str = "ACTION") -> Command:
    """Commands below a name."""
    return Command(help, about, (subcommands({f"{metavar.lower()}s": commands}, metavar),))


def option(*names: str, **settings: Any) -> Option:
    """One argument, as argparse's `add_argument` takes it."""
    return lambda parser: parser.add_argument(*names, **settings)


def one_of(*options: Option) -> Option:
    """Options of which one can be given."""

    def declare(parser: argparse.ArgumentParser) -> None:
        exclusive = parser.add_mutually_exclusive_group()
        for each in options:
            each(cast(argparse.ArgumentParser, exclusive))  # it takes arguments like one

    return declare


def subcommands(groups: Mapping[str, Mapping[str, Command]], metavar: str) -> Option:
    """The commands of a parser, by the headings that they have in its --help; and --debug."""

    def declare(parser: argparse.ArgumentParser) -> None:
        add_debug(parser)
        places = parser.add_subparsers(required=True, metavar=metavar)
        parser.usage = parser.format_usage().removeprefix("usage: ").strip()
        places.help = argparse.SUPPRESS  # argparse knows no headings: the description lists them
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        lines = [parser.description or ""]
        width = max(len(name) for commands in groups.values() for name in commands)
        for title, commands in groups.items():
            lines += ["", f"{title}:", *(f"  {name:<{width}}  {each.help}" for name, each in commands.items())]
            for name, each in commands.items():
                each.declare(places.add_parser(name, description=each.about))
        parser.description = "\n".join(lines)

    return declare


def guarded(action: Callable[[], int | None], debug: bool = False) -> int:
    """Run `action` and return the exit code; a PPGenError is one line on stderr unless `debug`."""
    try:
        return _run(action)
    except PPGenError as error:
        if debug:
            raise
        show(f"error: {error}", aside=True)
        return 2
    except BrokenPipeError:  # `ppgen list | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except (OSError, RuntimeError) as error:  # before any work, as it was asked whether such a file is there
        told = _of_a_name(error)
        if debug or not told:
            raise
        say(f"error: {told}", aside=True)
        return 2
    except KeyboardInterrupt:
        if debug:
            raise
        say("interrupted", aside=True)
        return 130
    except MemoryError as error:
        if debug:
            raise
        said = " ".join(str(error).split())[:160]
        say(f"error: not enough memory{said and f' ({said})'}; take fewer or smaller pictures", aside=True)
        return 2


def _of_a_name(error: OSError | RuntimeError) -> str:
    """What to say of a path that no system takes; "" for an error that is none of a path."""
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
        return f"{name[:80]}…: is longer than a file's name can be; give a shorter one"
    if str(error).startswith("Could not determine home directory"):  # pathlib's
        return "a path begins with ~ and a name that no user here has; write the folder out"
    return ""


def _run(action: Callable[[], int | None]) -> int:
    """The exit code of `action`; a Paddle that cannot be imported is a PPGenError."""
    try:
        code = action() or 0
        sys.stdout.flush()
        return code
    except ImportError:
        check_paddle()
        raise


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Declare --debug for a command."""
    # SUPPRESS: a subcommand without the flag must not undo `ppgen --debug COMMAND`.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )


def split_debug(argv: list[str]) -> tuple[list[str], bool]:
    """`argv` without --debug, and whether it was there."""
    return [word for word in argv if word != "--debug"], "--debug" in argv


def only_with(args: argparse.Namespace, what: str, *names: str) -> None:
    """ConfigError where one of these flags was given, whose default is None, without what gives it a meaning."""
    flags = {name: f"--{name}" if len(name) > 1 else f"-{name}" for name in names}
    given = [flag.replace("_", "-") for name, flag in flags.items() if vars(args)[name] not in (None, False)]
    if given:
        verb = "has" if len(given) == 1 else "have"
        raise ConfigError(f"{', '.join(given)}: {verb} a meaning only with {what}; leave it out")


def finish(report: Report[R], lines: Iterable[object]) -> int:
    """Print what a batch made and how it went; the exit code: 1 where some of several failed.

    Raises the error of the only item.
    """
    if report.tried == 1:
        report.raise_first()
    for line in lines:
        say(line)
    show(report)
    return 1 if report.failures else 0
