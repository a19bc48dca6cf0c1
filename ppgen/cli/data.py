"""`ppgen data`: datasets put in place."""

from __future__ import annotations

import argparse

from ppgen.cli.command import Command, add_debug


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    link = actions.add_parser("link", help="link datasets that lie on this machine into the data folder")
    link.add_argument("--data", help="the data folder (default: $PPGEN_DATA, else data)")
    link.add_argument("--shared", help="where the datasets lie (default: $PPGEN_SHARED, else ../shared)")
    add_debug(link)


def run_data(args: argparse.Namespace) -> int:
    """Link datasets and say what happened to each."""
    from ppgen.prepare import link

    done = link.link_datasets(args.data, args.shared)
    for name, outcome, path in done:
        print(f"{name:<10} {outcome:<7} {path}")
    if all(item.outcome == "absent" for item in done):
        print("nothing was linked; data/README.md says how a dataset is laid out")
    return 0


COMMANDS = {"data": Command("put datasets in place", _data_arguments, run_data)}
