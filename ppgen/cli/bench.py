"""`ppgen bench`."""

import argparse
from dataclasses import asdict
from pathlib import Path

from ppgen.cli.command import command, option
from ppgen.io.terminal import say

_SUBJECTS = ("cartoon", "sample", "train")


@command(
    "how fast this machine is",
    option("subject", nargs="?", choices=_SUBJECTS, default="cartoon", help="default: cartoon"),
    option("--repeats", type=int, default=5, metavar="N", help="turns (default: 5)"),
    option("--json", metavar="FILE", help="also write the figures to this JSON file"),
)
def bench(args: argparse.Namespace) -> None:
    """Measure cartoons, pictures from latents, or training steps: eager Paddle and what ppgen does here, in turns.

    Times are medians.
    """
    from ppgen.apps.bench import measure
    from ppgen.cli.files import check_new_file
    from ppgen.errors import ConfigError
    from ppgen.io.atomic import write_json
    from ppgen.runtime import threads
    from ppgen.runtime.backend import describe, version

    if args.repeats < 1:
        raise ConfigError(f"--repeats {args.repeats}: give 1 or more")
    if args.json:
        check_new_file(args.json)
    rows = measure(args.subject, args.repeats)
    machine = {"runtime": describe(threads()), "paddle": version("paddlepaddle"), "threads": threads()}
    say(f"Paddle {machine['paddle']}; {machine['runtime']}")
    width = max(len(row.what) for row in rows)
    say(f"{'':{width}}  {'Paddle, ms':>10}  {'here, ms':>8}  {'ratio':>5}  {'pictures/s':>10}")
    for row in rows:
        times = f"{row.before * 1000:10.0f}  {row.now * 1000:8.0f}  {row.ratio:5.2f}  {row.rate:10.1f}"
        say(f"{row.what:{width}}  {times}")
    if args.json:
        write_json(Path(args.json), {**machine, "rows": [asdict(row) for row in rows]})


COMMANDS = {"bench": bench}
