"""The command line: parse, call one function below, turn errors into one line and an exit code.

Exit codes: 0 done, 1 some items of a batch failed, 2 an error the user can act on, 130 interrupted.
Nothing heavy is imported before the command that needs it runs: `ppgen --help` is instant.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import ppgen
from ppgen.errors import PPGenError


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


def _faces(text: str) -> str | int:
    """'largest', 'all' or an index from 0, as the predictors take it."""
    if text in ("largest", "all"):
        return text
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is neither 'largest', 'all' nor a number from 0")


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """For `env`, which takes none, and `train`, whose arguments the launcher parses."""


def run_env(args: argparse.Namespace) -> int:
    """Print what was found on this machine and what ppgen chose."""
    from ppgen import device

    found = {"ppgen": ppgen.__version__, **device.describe()}
    width = max(map(len, found))
    for key, value in found.items():
        print(f"{key:<{width}}  {value}")
    return 0


def _cartoon_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="pictures or folders of pictures")
    parser.add_argument("-o", "--output", default="output", help="folder of the results (default: output)")
    parser.add_argument(
        "--faces", type=_faces, default="largest", help="'largest' (default), 'all' or an index from 0"
    )
    parser.add_argument("--weights", help="a weights file to use instead of the one that comes with ppgen")
    parser.add_argument("--no-align", action="store_true", help="inputs are aligned face crops already")


def run_cartoon(args: argparse.Namespace) -> int:
    """Turn faces into cartoons.

    One picture gives p2c_photo.png and p2c_cartoon.png; several inputs, a folder or --faces all give
    NAME_FACE_photo.png and NAME_FACE_cartoon.png. Exit code 1: some pictures of several failed, the others
    are done; 2: the only one failed.
    """
    from ppgen.apps import Photo2CartoonPredictor

    predictor = Photo2CartoonPredictor(output_path=args.output, weight_path=args.weights)
    inputs = args.inputs[0] if len(args.inputs) == 1 else args.inputs
    report = predictor.run_many(inputs, faces=args.faces, align=not args.no_align)
    if report.tried == 1:
        report.raise_first()
    for result in report.results:
        print(result.cartoon_path)
    print(report)
    return 1 if report.failures else 0


def run_train(args: argparse.Namespace) -> int | None:
    """Train or evaluate, as `tools/main.py` does: its options are defined once, in the launcher."""
    from ppgen.engine import launch

    return launch.main(args.rest)


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    link = actions.add_parser("link", help="link datasets that lie on this machine into the data folder")
    link.add_argument("--data", help="the data folder (default: $PPGEN_DATA, else data)")
    link.add_argument("--shared", help="where the datasets lie (default: $PPGEN_SHARED, else ../shared)")
    _add_debug(link)


def run_data(args: argparse.Namespace) -> int:
    """Link datasets and say what happened to each."""
    from ppgen.prepare import link

    done = link.link_datasets(args.data, args.shared)
    for name, outcome, path in done:
        print(f"{name:<10} {outcome:<7} {path}")
    if all(item.outcome == "absent" for item in done):
        print("nothing was linked; data/README.md says how a dataset is laid out")
    return 0


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", default="output", help="folder of the pictures (default: output)")


def run_demo(args: argparse.Namespace) -> int:
    """Turn scikit-image's astronaut (a NASA portrait in the public domain) into a cartoon."""
    start = time.perf_counter()
    from skimage import data

    from ppgen.apps import Photo2CartoonPredictor

    result = Photo2CartoonPredictor(output_path=args.output).run(data.astronaut(), full=True)
    print(result.photo_path)
    print(result.cartoon_path)
    print(f"drawing took {time.perf_counter() - start:.1f} s, loading the networks included")
    return 0


class Command(NamedTuple):
    """One subcommand: a line of help, a function that declares its arguments, a function that runs it."""

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]


COMMANDS: dict[str, Command] = {
    "cartoon": Command("turn the faces in photos into cartoons", _cartoon_arguments, run_cartoon),
    "train": Command("train or evaluate from a YAML file (as tools/main.py)", _no_arguments, run_train),
    "data": Command("put datasets in place", _data_arguments, run_data),
    "demo": Command("turn a portrait that comes with ppgen into a cartoon", _demo_arguments, run_demo),
    "env": Command("print what was found on this machine and chosen", _no_arguments, run_env),
}


def _add_debug(parser: argparse.ArgumentParser) -> None:
    # SUPPRESS: a subcommand without the flag must not undo `ppgen --debug COMMAND`.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )


def build_parser() -> argparse.ArgumentParser:
    """The parser of `ppgen` with all subcommands."""
    parser = argparse.ArgumentParser(prog="ppgen", description=ppgen.__doc__)
    parser.add_argument("--version", action="version", version=f"ppgen {ppgen.__version__}")
    _add_debug(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.run.__doc__)
        command.declare(sub)
        _add_debug(sub)
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


def split_debug(argv: list[str]) -> tuple[list[str], bool]:
    """`argv` without --debug, and whether it was there."""
    return [word for word in argv if word != "--debug"], "--debug" in argv


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `ppgen`; returns the exit code."""
    args = _parse(list(sys.argv[1:] if argv is None else argv))
    return guarded(lambda: COMMANDS[args.command].run(args), debug=getattr(args, "debug", False))
