"""`ppgen train`."""

import argparse

from ppgen.cli.command import command


@command("train or evaluate from a YAML file (as tools/main.py)")
def train(args: argparse.Namespace) -> int | None:
    """Train or evaluate, as `tools/main.py` does: its options are defined once, in the launcher."""
    from ppgen.cli import launch

    return launch.main(args.rest)


COMMANDS = {"train": train}
