"""`ppgen train`."""

import argparse
from pathlib import Path

from ppgen.cli.command import command, option
from ppgen.errors import ConfigError
from ppgen.io.terminal import say


@command("train or evaluate from a YAML file")
def train(args: argparse.Namespace) -> int | None:
    """Train or evaluate, as `tools/main.py` does: its options are defined once, in the launcher."""
    from ppgen.cli import launch

    return launch.main(args.rest)


@command("list trainings, how far they are and how good", option("folder", nargs="?", default="runs", metavar="DIR"))
def runs(args: argparse.Namespace) -> None:
    """List the runs in a folder (default: runs), the newest first: running, finished or stopped, steps, best score."""
    from ppgen.engine.overview import runs_in

    folder = Path(args.folder).expanduser()
    found = runs_in(folder)
    if not found:
        raise ConfigError(f"{folder}: holds no run of a training; ppgen train makes one")
    width = max(len(str(run.folder)) for run in found)
    for run in found:
        steps = f"{run.step}/{run.total or '?'}"
        say(f"{run.folder!s:<{width}}  {run.state:<8}  {steps:>15}  {run.best}".rstrip())


COMMANDS = {"train": train, "runs": runs}
