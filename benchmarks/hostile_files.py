"""Files, folders and servers of strangers: does anything run, crash, hang, or take the memory?

    python benchmarks/hostile_files.py [--kinds weights,…] [--most N] [--mutated 20000] [--predicted 500] [--show]

Each case is made by code (tests/hostile) and taken by ppgen in a child process, where an audit hook sees programs that
are started, connections to other machines, and files that are written elsewhere. Memory is the peak of the whole
process, Paddle's own 300 MB included; time is the processor's, or the clock's where a server is waited for.

executed     a payload ran, or something happened outside of the case's folder
tracebacks   a Python traceback, or the end of the process
unprintable  what a user reads moves the terminal's cursor, or fills pages
--mutated    pictures of all formats with bytes changed, through the loader
--predicted  portraits with bytes changed, through the cartoon predictor
"""

import sys
from pathlib import Path

from harness import JSON, Figures, Namespace, Result, argument, at_least, benchmark, judged

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from hostile.case import FAULTS, Outcome, sampled
from hostile.corpus import KINDS, cases
from hostile.runner import outcomes
from tqdm.auto import tqdm

from ppgen.errors import ConfigError

CASES = 1500


def kinds(text: str) -> list[str]:
    """An argument's `type`: kinds by commas."""
    names = [name for name in text.split(",") if name]
    if not set(names) <= set(KINDS):
        raise ConfigError(f"--kinds {text}: give some of {', '.join(KINDS)}")
    return names


def row(found: list[Outcome]) -> Figures:
    """A line of the table."""
    told = [outcome.faults() for outcome in found]
    return {
        "cases": len(found), **{name: sum(name in each for each in told) for name in FAULTS},
        "longest_s": max((each.seconds for each in found), default=0.0),
        "most_mib": max((each.peak_mib for each in found), default=0.0),
    }  # fmt: skip


@benchmark(
    __doc__, argument("--kinds", type=kinds, default=list(KINDS), help=f"some of {','.join(KINDS)}"),
    argument("--most", type=at_least(1), metavar="N", help="so many cases of each kind, evenly (default: all)"),
    argument("--mutated", type=at_least(0), default=0, metavar="N"),
    argument("--predicted", type=at_least(0), default=0, metavar="N"),
    argument("--show", action="store_true", help="also list what failed"), JSON,
)  # fmt: skip
def main(options: Namespace) -> Result:
    """All kinds, one case after another."""
    names = {kind: [c.name for c in sampled(cases(kind), options.most or len(cases(kind)))] for kind in options.kinds}
    names |= {kind: [f"{kind}/{n}" for n in range(vars(options)[kind])] for kind in ("mutated", "predicted")}
    everything = [name for group in names.values() for name in group]
    found: dict[str, list[Outcome]] = {kind: [] for kind, group in names.items() if group}
    for outcome in tqdm(outcomes(everything), total=len(everything), unit="case", disable=None):
        found[outcome.kind].append(outcome)
        if options.show and (what := outcome.faults()):
            figures = f"{outcome.seconds:.1f} s, {outcome.peak_mib:.0f} MiB"
            print(
                f"{outcome.name!r}: {', '.join(what)} ({figures}) {outcome.executed} {outcome.said[-500:]!r}",
                flush=True,
            )
    table = {kind: row(group) for kind, group in found.items()}
    made = [outcome for kind, group in found.items() if kind in KINDS for outcome in group]
    wrong = sum(bool(outcome.faults()) for group in found.values() for outcome in group)
    targets = [judged("cases with a fault", wrong, at_most=0)]
    if options.kinds == list(KINDS) and not options.most:  # a part is not held against what all have to be
        targets.insert(0, judged("cases made by code", len(made), at_least=CASES))
    everything_found = row([each for group in found.values() for each in group])
    return Result({"kinds": table, "all": everything_found, "targets": targets}, reached=wrong == 0)
