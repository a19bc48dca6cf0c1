"""`ppgen train` and `ppgen env`."""

from __future__ import annotations

import argparse

import ppgen
from ppgen.cli.command import Command, no_arguments


def run_train(args: argparse.Namespace) -> int | None:
    """Train or evaluate, as `tools/main.py` does: its options are defined once, in the launcher."""
    from ppgen.cli import launch

    return launch.main(args.rest)


def run_env(args: argparse.Namespace) -> int:
    """Print what was found on this machine and what ppgen chose."""
    from ppgen import device

    found = {"ppgen": ppgen.__version__, **device.describe()}
    width = max(map(len, found))
    for key, value in found.items():
        print(f"{key:<{width}}  {value}")
    return 0


COMMANDS = {
    "train": Command("train or evaluate from a YAML file (as tools/main.py)", no_arguments, run_train),
    "env": Command("print what was found on this machine and chosen", no_arguments, run_env),
}
