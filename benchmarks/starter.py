"""How long it takes until a config trains: its first steps on starter data, offline, as a user starts it.

    python benchmarks/starter.py [--configs NAME ...] [--data DIR] [--steps 20] [--limit 120]

One training after another, in one process each, with the config's own batch. A row a config:

minutes         from typing the command to the step `--steps`, the start of Python and the first samples included
cpu_minutes     the processor time of the same, which hardly changes where other work shares the machine
measured_steps  steps that were waited for. Fewer than `--steps`: `--limit` seconds had passed, and the minutes are
                extrapolated from the mean time of those steps after the first
memory_gb       the most that the training held

Configs whose datasets need a download are left out. `starter_minutes` is what `ppgen data starter` took, where no
`--data` says a folder it has filled already.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import JSON, ROOT, Figures, Namespace, Result, argument, at_least, benchmark, start_training

from ppgen.config import shipped
from ppgen.engine.log import read_log
from ppgen.engine.schema import folders_of, load_config
from ppgen.errors import DataError
from ppgen.io.places import STARTED

_TICK = os.sysconf("SC_CLK_TCK")


def startable() -> list[str]:
    """The shipped configs that train without a download, by name."""
    names = []
    for name in sorted(shipped.names()):
        config = load_config(str(shipped.folder() / f"{name}.yaml"), [], need_data=False)
        if all(Path(folder).parts[0] in STARTED for folder in folders_of(config.dataset).values()):
            names.append(name)
    return names


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used; of one thread or many."""
    used = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / _TICK


def rows_of(folder: Path) -> list[Figures]:
    """The lines of the log of the run below a folder, of a tree of trainings its base; none before it has begun."""
    logs = sorted(folder.rglob("log.jsonl"))
    return [row for row in read_log(logs[0]) if "images_per_second" in row] if logs else []


def first_steps(name: str, data: Path, steps: int, limit: float) -> Figures:
    """Start a config, watch its log, and stop it after `steps` steps, or two or more when `limit` seconds are over."""
    overrides = [f"total_iters={steps + 1}", "log.interval=1", "validate={}"]
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        with said.open("w") as file:
            child = start_training(str(shipped.folder() / f"{name}.yaml"), Path(folder), overrides, stdout=file,
                                   stderr=subprocess.STDOUT, env={**os.environ, "PPGEN_DATA": str(data)})  # fmt: skip
        start, seen = time.perf_counter(), []
        try:
            while len(seen) < steps and not (len(seen) > 1 and seen[-1][0] > limit):
                time.sleep(0.2)
                rows, now, used = rows_of(Path(folder)), time.perf_counter() - start, cpu_seconds(child.pid)
                seen += [(now, used)] * (len(rows) - len(seen))
                if child.poll() is not None and len(rows) < steps:
                    raise DataError(f"{name}: ended with {child.returncode}: {said.read_text()[-500:]}")
        finally:
            child.kill()
            child.wait()
        return figures(seen, steps) | {"memory_gb": rows[-1]["peak_memory_gb"]}


def figures(seen: list[tuple[float, float]], steps: int) -> Figures:
    """What the times of the steps come to: (seconds since the start, processor seconds) of each."""
    step = [(last - first) / (len(seen) - 1) for first, last in zip(seen[0], seen[-1])]
    minutes, cpu = ((last + (steps - len(seen)) * each) / 60 for last, each in zip(seen[-1], step))
    return {"minutes": minutes, "cpu_minutes": cpu, "measured_steps": len(seen), "cpu_s_a_step": step[1]}


def made_here(folder: str) -> tuple[Path, float]:
    """Starter data in a folder, and the minutes that making it took."""
    data, start = Path(folder, "data"), time.perf_counter()
    subprocess.run([sys.executable, "-m", "ppgen", "data", "starter", "--data", str(data)], cwd=ROOT, check=True)
    return data, (time.perf_counter() - start) / 60


@benchmark(
    __doc__, argument("--configs", nargs="+", metavar="NAME", help="default: all that train without a download"),
    argument("--data", type=Path, metavar="DIR", help="starter data that is there already"),
    argument("--steps", type=at_least(2), default=20), argument("--limit", type=at_least(1), default=120), JSON,
)  # fmt: skip
def main(options: Namespace) -> Result:
    """One config after another; each is printed when it is done."""
    with tempfile.TemporaryDirectory() as folder:
        result: Figures = {"steps": options.steps}
        data = options.data
        if data is None:
            data, result["starter_minutes"] = made_here(folder)
        rows = {}
        for name in options.configs or startable():
            rows[name] = first_steps(name, data.resolve(), options.steps, options.limit)
            print(name, rows[name], file=sys.stderr)
        result["configs"] = rows
    return Result(result)
