"""`ppgen data`: datasets put in place, unpacked, made from photos, counted."""

import argparse

from ppgen.cli.command import command, group, option
from ppgen.cli.options import jobs, seed
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
        say("nothing was linked; --shared names the folder that holds the datasets")


def _count(text: str) -> int:
    if not text.isdecimal() or not 20 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"expected a number from 20 to 10000, found {text}")
    return int(text)


@command(
    "make small datasets to begin with, without a network: faces of nobody and their cartoons",
    option("--data", help=_DATA),
    option("--count", type=_count, default=240, help="faces, one in ten of them for validation (default: 240)"),
    option("--jobs", type=jobs, metavar="N", help="processes, or auto: one a core (default: auto)"),
)
def starter(args: argparse.Namespace) -> None:
    """Make what is missing of the datasets of faces that the configs name.

    The shipped generator draws the faces, ppgen's artist their cartoons. What is there already is kept, and a real
    dataset may take the place of these later.
    """
    from ppgen.prepare.starter import make_starter

    done = make_starter(args.data, args.count, args.jobs)
    for name, outcome, path in done:
        say(f"{name:<16} {outcome:<5} {path}")
    if any(each.outcome == "made" for each in done):
        say("This is a start, not a dataset: faces of people who do not exist, drawn by a small network, and their")
        say("cartoons. It shows how a training runs. Each folder's file STARTER says what replaces it.")


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


@command(
    "fetch a public dataset of PaddleGAN's configs: horse2zebra, cityscapes, facades …",
    option("name", metavar="NAME", help="of the dataset; `list` names all"),
    option("-d", "--data", help=_DATA),
    option("--sha256", metavar="HEX", help="of the archive, to hold it against; the authors publish none"),
    option("--url", help="another copy of it, at a mirror"),
)
def download(args: argparse.Namespace) -> None:
    """Fetch a public dataset and unpack it into the data folder; a download that broke off goes on."""
    from ppgen.prepare import archives, link

    if args.name == "list":
        for name, archive in archives.ARCHIVES.items():
            say(f"{name:<24} {archive.about}")
        return
    done = archives.download_dataset(args.name, args.data or link.default_data(), args.sha256, args.url)
    say(f"{done.path}: {done.files} files, {done.size / 2**20:.1f} MB")


_ACTIONS = {
    "starter": starter, "download": download, "link": link, "unpack": unpack, "portraits": portraits, "stats": stats
}  # fmt: skip
_HELP = "put datasets in place: starter, download, link, unpack, portraits, stats"
COMMANDS = {"data": group(_HELP, "Put datasets in place.", _ACTIONS)}
