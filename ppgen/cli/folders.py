"""Options of the commands that work on folders: how many processes, which part, and what is done again."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ppgen.cli.command import Option, only_with, option
from ppgen.cli.options import jobs
from ppgen.errors import ConfigError, visible
from ppgen.io.terminal import say, show

if TYPE_CHECKING:
    from ppgen.apps.folders.log import Entry
    from ppgen.apps.folders.run import Runner

_TIMEOUT = 300.0  # seconds a photo, where there are worker processes


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 1e6:
        raise argparse.ArgumentTypeError(f"expected seconds, or 0 for no limit, found {text}")
    return seconds


OPTIONS: tuple[Option, ...] = (
    option("--jobs", type=jobs, default=1, metavar="N", help="processes that work on a list; auto: one a core"),
    option(
        "--timeout", type=_seconds, metavar="S",
        help=f"seconds a picture may take; 0: any time (default: {_TIMEOUT:g} where there are several processes)",
    ),
    option("--overwrite", action="store_true", help="do again what the log in the output folder says is done"),
    option("--shard", metavar="I/N", help="of a list only every N-th picture from the I-th; with a log of its own"),
    option("--ray", nargs="?", const="", metavar="ADDRESS", help="work on a Ray cluster (default address: Ray's own)"),
    option("--actors", type=int, metavar="N", help="with --ray: how many work at a time (default: a CPU each)"),
)  # fmt: skip


def is_list(args: argparse.Namespace) -> bool:
    """Whether these are several pictures, with a log of what was done; otherwise it is one."""
    from ppgen.apps.folders.photos import is_list

    wanted = args.jobs != 1 or args.shard is not None or args.ray is not None or args.timeout or args.overwrite
    return is_list(args.inputs) or bool(wanted)


def run(
    args: argparse.Namespace, command: str, predictor: str, arguments: Mapping[str, object], call: Mapping[str, object]
) -> int:
    """Work on a list; the exit code: 1 where some pictures failed, 130 where it was interrupted."""
    from tqdm.auto import tqdm

    from ppgen.apps.folders import Interrupted, Shard, Work, places, run_folder

    work = Work(predictor, args.output, arguments, call)
    shard = Shard.parsed(args.shard) if args.shard is not None else None

    def tell(entry: Entry) -> None:
        drawings = [name for name in entry.files if not name.endswith(("_photo.png", "_both.png"))]
        for index, name in enumerate(drawings):
            tqdm.write(visible(places.join(args.output, name) + (f" by {entry.by[index]}" if entry.by else "")))

    try:
        report = run_folder(
            work, args.inputs, _runner(args), command=command, overwrite=args.overwrite, shard=shard, tell=tell
        )  # fmt: skip
    except Interrupted as stop:
        say(stop, aside=True)
        return 130
    show(report)
    return 1 if report.failures else 0


def _runner(args: argparse.Namespace) -> Runner:
    """Who does the work. Raises ConfigError for flags that do not go together."""
    from ppgen.apps.folders import Processes, serial

    timeout = _TIMEOUT if args.timeout is None else args.timeout
    if args.ray is not None:
        if args.jobs != 1:
            raise ConfigError("--jobs is for this machine: with --ray give --actors")
        from ppgen.apps.folders.on_ray import RayActors

        return RayActors(args.ray, args.actors, args.timeout or 0.0)
    only_with(args, "--ray", "actors")
    return serial if args.jobs == 1 and not args.timeout else Processes(args.jobs, timeout)
