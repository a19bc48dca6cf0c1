"""What the engine costs: against the bare recipe, in memory over time, in processes, in waiting for data, in pages.

    python benchmarks/engine.py overhead  [-c CONFIG] [-o KEY=VALUE ...] [--steps 10] [--rounds 10]
    python benchmarks/engine.py memory    [-c CONFIG] [-o KEY=VALUE ...] [--steps 300]
    python benchmarks/engine.py processes [-c CONFIG] [-o KEY=VALUE ...] [--steps 40] [--rounds 2]
    python benchmarks/engine.py kept      [-c CONFIG] [-o KEY=VALUE ...] [--steps 40] [--rounds 2]

`overhead` alternates blocks of steps in the trainer with the same steps of the same recipe in a loop of eight
lines, and gives the median ratio of their times. `memory` prints resident memory over a run. `processes` trains with
one process of one thread and with two, and compares images/s and the share of time spent waiting for data. `kept`
trains with glibc's allocator as it is and told to keep freed memory (`ppgen.device.keep_memory`), and compares the
processor time, page faults and peak memory of whole runs, their start among it: take many steps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

QUIET = ["checkpoint.interval=100000", "validate.interval=100000", "log.visual_interval=100000"]


def build(options: argparse.Namespace, folder: str, extra: list[str]) -> Any:
    """The trainer of a config."""

    from ppgen.engine import assemble
    from ppgen.engine.schema import load_config
    from ppgen.engine.trainer import Trainer

    config = load_config(options.config, [*QUIET, *extra, *options.overrides])
    model, train, _ = assemble.build(config)
    return Trainer(model, config, Path(folder), train)


def bare_loop(trainer: Any, first: int, count: int) -> None:
    """The recipe with nothing around it: what a script without an engine would do."""
    import numpy as np
    import paddle

    from ppgen.models.base import Step

    for index in range(first, first + count):
        batch = trainer.stream.batch(index)
        step = Step(index, np.random.default_rng([1, index]), np.random.default_rng([2, index]))
        for phase in trainer.model.phases():
            if index % phase.every == 0:
                paddle.add_n(list(phase.loss(batch, step).values())).backward()
                for name in phase.trains:
                    trainer.optimizers[name].step()
                for network in trainer.model.networks.values():
                    network.clear_gradients()
                if phase.after is not None:
                    phase.after([(batch, step)])


class Until:
    """Ends a run before a step, without what the end of a training brings (a checkpoint, pictures)."""

    limit = 0

    def step(self, index: int) -> bool:
        """Whether to end here."""
        return index >= self.limit

    def close(self) -> None:
        """Nothing to give back."""


def overhead(options: argparse.Namespace) -> None:
    """Blocks of steps, in the trainer and bare, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = build(options, folder, [f"total_iters={options.steps * (options.rounds + 1)}", "ema.networks=[]"])
        networks, ratios, trainer.profile = trainer.model.networks, [], Until()
        for number in range(options.rounds + 1):
            started = time.perf_counter()
            trainer.profile.limit = options.steps * (number + 1)
            trainer.run()
            engine = time.perf_counter() - started
            for network in networks.values():
                network.train()
            started = time.perf_counter()
            bare_loop(trainer, options.steps * number, options.steps)
            bare = time.perf_counter() - started
            trainer.stream.close()
            if number:  # the first round warms up
                ratios.append(engine / bare)
        print(f"engine over bare recipe, {options.rounds} blocks of {options.steps} steps: "
              f"median {median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")  # fmt: skip


def resident_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Watch:
    """Notes resident memory before every so many steps."""

    def __init__(self, every: int) -> None:
        self.every, self.seen = every, {}

    def step(self, index: int) -> bool:
        """Never ends the run."""
        if index % self.every == 0:
            self.seen[index] = resident_mib()
        return False

    def close(self) -> None:
        """Nothing to give back."""


def memory(options: argparse.Namespace) -> None:
    """Resident memory at every twelfth of one run, checkpoints and sample grids among it."""
    from ppgen import device

    with tempfile.TemporaryDirectory() as folder:
        intervals = ["checkpoint.interval=25", "log.visual_interval=50", "log.interval=10"]
        trainer = build(options, folder, [f"total_iters={options.steps + 1}", *intervals])
        if device.on_cpu():
            device.keep_memory()  # as launch does
        trainer.profile = Watch(options.steps // 12)
        trainer.run()
        seen = trainer.profile.seen
    later = [value for step, value in seen.items() if step > options.steps / 3]
    print(" ".join(f"{step}:{value:.0f}" for step, value in seen.items()), "MiB")
    print(f"after a third of the run: from {min(later):.1f} to {max(later):.1f} MiB, "
          f"last minus first {later[-1] - later[0]:+.1f} MiB")  # fmt: skip


def rate(options: argparse.Namespace, processes: int) -> tuple[float, float]:
    """(images/s, share of waiting for data) of the second half of a training in so many processes of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = [*QUIET, *options.overrides, f"total_iters={options.steps}", "log.interval=1", "validate.metric={}",
                     f"output_dir={folder}"]  # fmt: skip
        command = [sys.executable, str(ROOT / "tools/main.py"), "-c", options.config, "--nproc", str(processes)]
        environment = {**os.environ, "FLAGS_paddle_num_threads": "1", "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, "-o", *overrides], check=True, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        rows = [json.loads(line) for line in next(Path(folder).glob("*/log.jsonl")).read_text().splitlines()]
    rows = [row for row in rows if "images_per_second" in row][options.steps // 2 :]
    return median(row["images_per_second"] for row in rows), median(row["wait_share"] for row in rows)


def processes(options: argparse.Namespace) -> None:
    """One process against two, in turns."""
    ratios = []
    for number in range(options.rounds):
        (one, wait_one), (two, wait_two) = rate(options, 1), rate(options, 2)
        ratios.append(two / one)
        print(f"round {number + 1}: one process {one:.2f} images/s (waiting {wait_one:.1%}), "
              f"two {two:.2f} ({wait_two:.1%}), ratio {two / one:.2f}", flush=True)  # fmt: skip
    print(f"two processes over one: median {median(ratios):.2f}")


def spent(options: argparse.Namespace, keep: bool) -> tuple[float, int, float]:
    """(processor seconds, page faults, peak MiB) of a training in one process of one thread."""
    # Any MALLOC_ variable makes ppgen leave the allocator alone; this one is set to what it is anyway.
    setting = {} if keep else {"MALLOC_ARENA_TEST": "8"}
    with tempfile.TemporaryDirectory() as folder:
        overrides = [*QUIET, *options.overrides, f"total_iters={options.steps}", "validate.metric={}",
                     f"output_dir={folder}"]  # fmt: skip
        command = [sys.executable, str(ROOT / "tools/main.py"), "-c", options.config, "-o", *overrides]
        own = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
        environment = {**own, "FLAGS_paddle_num_threads": "1", "OMP_NUM_THREADS": "1", **setting}
        child = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"the training ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, used.ru_minflt, used.ru_maxrss / 1024


def kept(options: argparse.Namespace) -> None:
    """Freed memory given back and kept, in turns."""
    ratios = []
    for number in range(options.rounds):
        given, faults, peak = spent(options, keep=False)
        held, fewer, higher = spent(options, keep=True)
        ratios.append(held / given)
        print(f"round {number + 1}: processor {given:.1f} s and {held:.1f} s, ratio {held / given:.3f}; page faults "
              f"{faults:,} and {fewer:,}; peak memory {peak:.0f} and {higher:.0f} MiB", flush=True)  # fmt: skip
    print(f"kept over given back: median {median(ratios):.3f}")


def main() -> None:
    """Parse and run one of the four."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["overhead", "memory", "processes", "kept"])
    parser.add_argument("-c", "--config", default="configs/photo2cartoon_paired_128.yaml")
    parser.add_argument("-o", nargs="+", default=[], dest="overrides", metavar="KEY=VALUE")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    steps, rounds, run = {"overhead": (10, 10, overhead), "memory": (300, 1, memory),
                          "processes": (40, 2, processes), "kept": (40, 2, kept)}[options.what]  # fmt: skip
    options.steps, options.rounds = options.steps or steps, options.rounds or rounds
    run(options)


if __name__ == "__main__":
    main()
