"""What the engine costs: against the bare recipe, in memory over time, in processes, in waiting for data, in pages.

    python benchmarks/engine.py overhead  [-c CONFIG] [-o KEY=VALUE ...] [--steps 10] [--rounds 10]
    python benchmarks/engine.py memory    [-c CONFIG] [-o KEY=VALUE ...] [--steps 300]
    python benchmarks/engine.py processes [-c CONFIG] [-o KEY=VALUE ...] [--steps 40] [--rounds 2]
    python benchmarks/engine.py kept      [-c CONFIG] [-o KEY=VALUE ...] [--steps 40] [--rounds 2]
    python benchmarks/engine.py convolutions [-c CONFIG] [-o KEY=VALUE ...] [--steps 4] [--rounds 5]

`overhead` alternates blocks of steps in the trainer with the same steps of the same recipe in a loop of eight
lines, and gives the median ratio of their times. `memory` prints resident memory over a run. `processes` trains with
one process of one thread and with two, and compares images/s and the share of time spent waiting for data. `kept`
trains with glibc's allocator as it is and told to keep freed memory (`ppgen.device.keep_memory`), and compares the
processor time, page faults and peak memory of whole runs, their start among it: take many steps. `convolutions`
alternates blocks of steps with Paddle's own convolutions, with oneDNN's and with these in bfloat16 (`--amp`), in
processor time.
"""

import os
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from harness import OVERRIDES, Namespace, Result, argument, benchmark, single_threaded, start_training

import numpy as np
import paddle

from ppgen import device
from ppgen.engine.amp import Precision
from ppgen.engine.assemble import build_parts
from ppgen.engine.log import read_log
from ppgen.engine.schema import load_config
from ppgen.engine.trainer import Trainer
from ppgen.errors import PPGenError
from ppgen.models.base import Step
from ppgen.runtime.convolutions import VARIABLE

QUIET = ["checkpoint.interval=100000", "validate.interval=100000", "log.visual_interval=100000"]


def build(options: Namespace, folder: str, extra: list[str]) -> Trainer:
    """The trainer of a config."""
    config, model, train, _ = build_parts(load_config(options.config, [*QUIET, *extra, *options.overrides]))
    return Trainer(model, config, Path(folder), train)


def bare_loop(trainer: Trainer, first: int, count: int) -> None:
    """The recipe with nothing around it: what a script without an engine would do."""
    for index in range(first, first + count):
        batch = trainer.stream.batch(index)
        step = Step(index, np.random.default_rng([1, index]), np.random.default_rng([2, index]))
        for phase in trainer.model.phases():
            if index % phase.every == 0:
                paddle.add_n(list(phase.loss(batch, step).values())).backward()
                for name in phase.trains:
                    trainer.snapshot.optimizers[name].step()
                for network in trainer.model.networks.values():
                    network.clear_gradients()
                if phase.after is not None:
                    phase.after([(batch, step)])


class Watch:
    """Takes a profiler's place: notes resident memory before every so many steps, ends the run before `limit`.

    What the end of a training brings (a checkpoint, pictures) does not come then.
    """

    def __init__(self, every: int | None = None, limit: int | None = None) -> None:
        self.every, self.limit, self.seen = every, limit, {}

    def step(self, index: int) -> bool:
        """Whether to end here."""
        if self.every and index % self.every == 0:
            self.seen[index] = resident_mib()
        return self.limit is not None and index >= self.limit

    def close(self) -> None:
        """Nothing to give back."""


def overhead(options: Namespace) -> str:
    """Blocks of steps, in the trainer and bare, in turns."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        trainer = build(options, folder, [f"total_iters={options.steps * (options.rounds + 1)}", "ema.networks=[]"])
        for number in range(options.rounds + 1):
            trainer.watcher = Watch(limit=options.steps * (number + 1))
            started = time.perf_counter()
            trainer.run()
            engine = time.perf_counter() - started
            for network in trainer.model.networks.values():
                network.train()
            started = time.perf_counter()
            bare_loop(trainer, options.steps * number, options.steps)
            bare = time.perf_counter() - started
            trainer.stream.close()
            if number:  # the first round warms up
                ratios.append(engine / bare)
    return (
        f"engine over bare recipe, {options.rounds} blocks of {options.steps} steps: "
        f"median {median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}"
    )


def resident_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory(options: Namespace) -> str:
    """Resident memory at every twelfth of one run, checkpoints and sample grids among it."""
    with tempfile.TemporaryDirectory() as folder:
        intervals = ["checkpoint.interval=25", "log.visual_interval=50", "log.interval=10"]
        trainer = build(options, folder, [f"total_iters={options.steps + 1}", *intervals])
        if device.on_cpu():
            device.keep_memory()  # as launch does
        watch = trainer.watcher = Watch(every=options.steps // 12)
        trainer.run()
    later = [value for step, value in watch.seen.items() if step > options.steps / 3]
    return (
        " ".join(f"{step}:{value:.0f}" for step, value in watch.seen.items()) + " MiB\n"
        f"after a third of the run: from {min(later):.1f} to {max(later):.1f} MiB, "
        f"last minus first {later[-1] - later[0]:+.1f} MiB"
    )


def rate(options: Namespace, processes: int) -> tuple[float, float]:
    """(images/s, share of waiting for data) of the second half of a training in so many processes of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        train(options, folder, ["log.interval=1"], single_threaded(), "--nproc", str(processes))
        rows = [row for row in read_log(next(Path(folder).glob("*/log.jsonl"))) if "images_per_second" in row]
    rows = rows[options.steps // 2 :]
    return median(row["images_per_second"] for row in rows), median(row["wait_share"] for row in rows)


def train(options: Namespace, folder: str, extra: list[str], environment: dict[str, str], *flags: str) -> os.PathLike:
    """What a whole training used, as os.wait4 says; PPGenError where it fails."""
    overrides = [*QUIET, *options.overrides, f"total_iters={options.steps}", "validate.metric={}", *extra]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    child = start_training(options.config, Path(folder), overrides, *flags, **quiet)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise PPGenError(f"the training ended with {os.waitstatus_to_exitcode(status)}")
    return used


def processes(options: Namespace) -> str:
    """One process against two, in turns."""
    ratios = []
    for number in range(options.rounds):
        (one, wait_one), (two, wait_two) = rate(options, 1), rate(options, 2)
        ratios.append(two / one)
        print(f"round {number + 1}: one process {one:.2f} images/s (waiting {wait_one:.1%}), "
              f"two {two:.2f} ({wait_two:.1%}), ratio {two / one:.2f}", flush=True)  # fmt: skip
    return f"two processes over one: median {median(ratios):.2f}"


def spent(options: Namespace, keep: bool) -> tuple[float, int, float]:
    """(processor seconds, page faults, peak MiB) of a training in one process of one thread."""
    own = {name: text for name, text in single_threaded().items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    # Any MALLOC_ variable makes ppgen leave the allocator alone; this one is set to what it is anyway.
    setting = {} if keep else {"MALLOC_ARENA_TEST": "8"}
    with tempfile.TemporaryDirectory() as folder:
        used = train(options, folder, [], own | setting)
    return used.ru_utime + used.ru_stime, used.ru_minflt, used.ru_maxrss / 1024


def kept(options: Namespace) -> str:
    """Freed memory given back and kept, in turns."""
    ratios = []
    for number in range(options.rounds):
        (given, faults, peak), (held, fewer, higher) = spent(options, keep=False), spent(options, keep=True)
        ratios.append(held / given)
        print(f"round {number + 1}: processor {given:.1f} s and {held:.1f} s, ratio {held / given:.3f}; page faults "
              f"{faults:,} and {fewer:,}; peak memory {peak:.0f} and {higher:.0f} MiB", flush=True)  # fmt: skip
    return f"kept over given back: median {median(ratios):.3f}"


def convolutions(options: Namespace) -> str:
    """Blocks of steps with Paddle's convolutions, with oneDNN's and with these in bfloat16, in turns."""
    wide, half = Precision(), Precision("O1")
    rounds: dict[str, list[float]] = {"paddle": [], "onednn": [], **({"bfloat16": []} if half.products else {})}
    with tempfile.TemporaryDirectory() as folder:
        trainer = build(options, folder, [f"total_iters={len(rounds) * options.steps * (options.rounds + 1) + 1}"])
        for _ in range(options.rounds + 1):
            for kind, times in rounds.items():
                trainer.watcher = Watch(limit=trainer.step + options.steps)
                trainer.updater.precision = half if kind == "bfloat16" else wide
                with device.environment({VARIABLE: kind}):
                    started = time.process_time()
                    trainer.run()
                    times.append((time.process_time() - started) / options.steps)
    seconds = {kind: median(times[1:]) for kind, times in rounds.items()}  # the first round warms up
    lines = [f"{options.config}: processor seconds a step, {', '.join(f'{k} {s:.3f}' for k, s in seconds.items())}"]
    for ours, theirs in pairwise(reversed(rounds)):
        ratios = [a / b for a, b in zip(rounds[ours][1:], rounds[theirs][1:], strict=True)]
        lines.append(
            f"{ours} over {theirs}, {options.rounds} blocks of {options.steps} steps: "
            f"median {median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}"
        )
    return "\n".join(lines)


#: what to run, with how many steps and rounds where none are given
COMMANDS = {
    "overhead": (overhead, 10, 10),
    "memory": (memory, 300, 1),
    "processes": (processes, 40, 2),
    "kept": (kept, 40, 2),
    "convolutions": (convolutions, 4, 5),
}


@benchmark(
    __doc__,
    argument("what", choices=COMMANDS),
    argument("-c", "--config", default="configs/photo2cartoon_paired_128.yaml"),
    OVERRIDES,
    argument("--steps", type=int),
    argument("--rounds", type=int),
)
def main(options: Namespace) -> Result:
    command, steps, rounds = COMMANDS[options.what]
    options.steps, options.rounds = options.steps or steps, options.rounds or rounds
    return Result(text=command(options))
