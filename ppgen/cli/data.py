"""`ppgen data`: datasets put in place, unpacked, made from photos, counted."""

from __future__ import annotations

import argparse

from ppgen.cli.command import Command, add_debug


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    link = actions.add_parser("link", help="link datasets that lie on this machine into the data folder")
    link.add_argument("--data", help="the data folder (default: $PPGEN_DATA, else data)")
    link.add_argument("--shared", help="where the datasets lie (default: $PPGEN_SHARED, else ../shared)")
    unpack = actions.add_parser("unpack", help="unpack a dataset's zip or tar archive, trusting nothing in it")
    unpack.add_argument("archive", metavar="ZIP")
    unpack.add_argument("-d", "--data", help="the data folder (default: $PPGEN_DATA, else data)")
    _portraits_arguments(actions.add_parser("portraits", help="make a dataset of portraits from a folder of photos"))
    stats = actions.add_parser("stats", help="count what a dataset holds and show random samples")
    stats.add_argument("folder", metavar="DIR")
    stats.add_argument("-o", "--output", default="output/data_samples.png", help="the picture of samples, a PNG")
    stats.add_argument("--count", type=int, default=8, help="samples of each domain (default: 8)")
    stats.add_argument("--seed", type=int, default=0, help="another seed shows other samples")
    for action in (link, unpack, stats):
        add_debug(action)


def _portraits_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SRC", help="folder of photos, subfolders included")
    parser.add_argument("-o", "--output", required=True, help="folder of the dataset, such as data/photo2cartoon")
    parser.add_argument("--cartoon", choices=("artist", "photo2cartoon"), help="draw a pair for each portrait")
    parser.add_argument(
        "--meta", help="CSV: id (file name without extension), gender, age_group/approx_age, has_glasses"
    )
    parser.add_argument("--min-eyes", type=float, default=20.0, help="least pixels between the eyes (default: 20)")
    parser.add_argument("--max-pose", type=float, default=2.5, help="how far a head may be turned (1: frontal)")
    add_debug(parser)


def run_data(args: argparse.Namespace) -> int:
    """Put datasets in place: link, unpack, make portraits, count."""
    actions = {"link": _run_link, "unpack": _run_unpack, "portraits": _run_portraits, "stats": _run_stats}
    return actions[args.action](args)


def _run_link(args: argparse.Namespace) -> int:
    """Link datasets and say what happened to each."""
    from ppgen.prepare import link

    done = link.link_datasets(args.data, args.shared)
    for name, outcome, path in done:
        print(f"{name:<10} {outcome:<7} {path}")
    if all(item.outcome == "absent" for item in done):
        print("nothing was linked; data/README.md says how a dataset is laid out")
    return 0


def _run_unpack(args: argparse.Namespace) -> int:
    """Unpack an archive and say where it lies."""
    from ppgen.prepare import link, unpack

    done = unpack.unpack(args.archive, args.data or link.default_data())
    print(f"{done.path}: {done.files} files, {done.size / 2**20:.1f} MB")
    return 0


def _run_portraits(args: argparse.Namespace) -> int:
    """Make a dataset; dropped photos are what the report is for, not a failure, unless no photo is kept."""
    from ppgen.prepare import portraits

    wanted = portraits.Wanted(min_eyes=args.min_eyes, max_pose=args.max_pose, cartoon=args.cartoon)
    report = portraits.prepare_portraits(args.source, args.output, wanted, args.meta)
    print(report)
    return 0 if len(report.dropped) < len(report.outcomes) else 1


def _run_stats(args: argparse.Namespace) -> int:
    """Print the counts and write the samples."""
    from ppgen.prepare import stats

    print(stats.dataset_stats(args.folder, args.output, args.count, args.seed))
    return 0


COMMANDS = {"data": Command("put datasets in place: link, unpack, portraits, stats", _data_arguments, run_data)}
