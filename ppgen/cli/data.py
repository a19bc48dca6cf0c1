"""`ppgen data`: datasets put in place, unpacked, made from photos, counted."""

import argparse

from ppgen.cli.command import command, group, option
from ppgen.cli.options import seed
from ppgen.io.terminal import say, show

_DATA = "the data folder (default: $PPGEN_DATA, else data)"


@command(
    "link datasets that lie on this machine into the data folder",
    option("--data", help=_DATA),
    option("--shared", help="where the datasets lie (default: $PPGEN_SHARED, else ../shared)"),
)
def link(args: argparse.Namespace) -> None:
    """Link datasets and say what happened to each."""
    from ppgen.prepare import link

    done = link.link_datasets(args.data, args.shared)
    for name, outcome, path in done:
        say(f"{name:<10} {outcome:<7} {path}")
    if all(item.outcome == "absent" for item in done):
        say("nothing was linked; data/README.md says how a dataset is laid out")


@command(
    "unpack a dataset's zip or tar archive, trusting nothing in it",
    option("archive", metavar="ZIP"),
    option("-d", "--data", help=_DATA),
)
def unpack(args: argparse.Namespace) -> None:
    """Unpack an archive and say where it lies."""
    from ppgen.prepare import link, unpack

    done = unpack.unpack(args.archive, args.data or link.default_data())
    say(f"{done.path}: {done.files} files, {done.size / 2**20:.1f} MB")


@command(
    "make a dataset of portraits from a folder of photos",
    option("source", metavar="SRC", help="folder of photos, subfolders included"),
    option("-o", "--output", required=True, help="folder of the dataset, such as data/photo2cartoon"),
    option("--cartoon", choices=("artist", "photo2cartoon"), help="draw a pair for each portrait"),
    option("--meta", help="CSV: id (file name without extension), gender, age_group/approx_age, has_glasses"),
    option("--min-eyes", type=float, default=20.0, help="least pixels between the eyes (default: 20)"),
    option("--max-pose", type=float, default=2.5, help="how far a head may be turned (1: frontal)"),
)
def portraits(args: argparse.Namespace) -> int:
    """Make a dataset; dropped photos are what the report is for, not a failure, unless no photo is kept."""
    from ppgen.prepare import portraits

    wanted = portraits.Wanted(min_eyes=args.min_eyes, max_pose=args.max_pose, cartoon=args.cartoon)
    report = portraits.prepare_portraits(args.source, args.output, wanted, args.meta)
    show(report)
    return 0 if len(report.dropped) < len(report.outcomes) else 1


@command(
    "count what a dataset holds and show random samples",
    option("folder", metavar="DIR"),
    option("-o", "--output", default="output/data_samples.png", help="the picture of samples, a PNG"),
    option("--count", type=int, default=8, help="samples of each domain (default: 8)"),
    seed("another one shows other samples"),
)
def stats(args: argparse.Namespace) -> None:
    """Print the counts and write the samples."""
    from ppgen.prepare import stats

    show(stats.dataset_stats(args.folder, args.output, args.count, args.seed))


_ACTIONS = {"link": link, "unpack": unpack, "portraits": portraits, "stats": stats}
COMMANDS = {"data": group("put datasets in place: link, unpack, portraits, stats", "Put datasets in place.", _ACTIONS)}
