"""Kill a training at random moments, resume it each time, and compare with one that nobody disturbed.

    python benchmarks/kill_test.py [--kills 50] [--config configs/dcgan_mnist.yaml] [-o KEY=VALUE ...]

A child process trains; SIGKILL comes after a random time, also while a checkpoint is being written. Each time the
newest checkpoint must load, and in the end every array of the last checkpoint must equal the undisturbed run's.
"""

import random
import subprocess
import tempfile
import time
from pathlib import Path

from harness import OVERRIDES, SEED, Namespace, Result, argument, benchmark, start_training

import numpy as np

from ppgen.engine import checkpoint
from ppgen.errors import PPGenError

SMALL = ["total_iters=1500", "checkpoint.interval=5", "log.interval=50", "log.visual_interval=500",
         "loader.batch_size=4"]  # fmt: skip


def log_of(folder: Path) -> Path:
    """What the trainings into `folder` print."""
    return folder.with_suffix(".log")


def start(options: Namespace, folder: Path, *flags: str) -> subprocess.Popen:
    """The training as a user starts it, small."""
    with log_of(folder).open("a") as log:
        overrides = [*SMALL, *options.overrides]
        return start_training(options.config, folder, overrides, *flags, stdout=log, stderr=log)


def checkpoints(folder: Path) -> Path | None:
    """The checkpoint folder of the one run below `folder`."""
    return next(iter(sorted(folder.glob("*/checkpoints"))), None)


def check_newest(folder: Path) -> int:
    """Load the newest checkpoint; its step, 0 where there is none yet."""
    root = checkpoints(folder)
    if root is None or checkpoint.newest(root) is None:
        return 0
    return checkpoint.load(checkpoint.newest(root)).facts["step"]


def wait_for_training(process: subprocess.Popen, folder: Path, seconds: float, before: int) -> None:
    """Let it train for `seconds` after its first new checkpoint (start-up takes longer than a training step)."""
    limit = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < limit:
        root = checkpoints(folder)
        latest = root / "latest" if root else None
        if latest is not None and latest.is_file() and latest.read_text().strip() > f"step_{before:08d}":
            break
        time.sleep(0.01)
    limit = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < limit:
        time.sleep(0.002)


def equal(x: dict[str, np.ndarray], y: dict[str, np.ndarray]) -> bool:
    """Whether two sets of named arrays are the same, bit for bit."""
    return x.keys() == y.keys() and all(np.array_equal(x[key], y[key]) for key in x)


def disturbed(options: Namespace, folder: Path) -> tuple[int, int]:
    """Train into `folder`, killed and resumed; returns (kills, those that fell into a checkpoint's writing)."""
    rng, kills, inside = random.Random(options.seed), 0, 0
    while True:
        before = check_newest(folder)
        process = start(options, folder, "--resume")
        if kills < options.kills:
            wait_for_training(process, folder, rng.uniform(0, 0.5), before)
        else:
            process.wait()
        if process.poll() is not None:
            if process.returncode:
                raise PPGenError(log_of(folder).read_text()[-2000:])
            return kills, inside
        process.kill()
        process.wait()
        kills += 1
        root = checkpoints(folder)
        inside += bool(root and list(root.glob(".step_*")))
        print(f"kill {kills}: the newest checkpoint, step {check_newest(folder)}, loads", flush=True)


@benchmark(
    __doc__,
    argument("--kills", type=int, default=50),
    argument("--config", default="configs/dcgan_mnist.yaml"),
    SEED,
    OVERRIDES,
)
def main(options: Namespace) -> Result:
    with tempfile.TemporaryDirectory() as temporary:
        whole, killed = Path(temporary) / "whole", Path(temporary) / "killed"
        start(options, whole).wait()
        kills, inside = disturbed(options, killed)
        ends = [checkpoint.load(checkpoint.newest(checkpoints(folder))) for folder in (whole, killed)]
    steps = [end.facts["step"] for end in ends]
    same = steps[0] == steps[1] and all(equal(x, y) for x, y in zip(*(end[:2] for end in ends)))
    text = (
        f"{kills}/{kills} newest checkpoints loaded ({inside} kills fell into a checkpoint's writing); "
        f"final state at step {steps[1]} equal to the undisturbed run's, bit for bit: {same}"
    )
    return Result(reached=same, text=text)
