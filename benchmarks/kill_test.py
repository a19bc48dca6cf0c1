"""Kill a training at random moments, resume it each time, and compare with one that nobody disturbed.

    python benchmarks/kill_test.py [--kills 50] [--config configs/dcgan_mnist.yaml] [-o KEY=VALUE ...]

A child process trains; SIGKILL comes after a random time, also while a checkpoint is being written. Each time the
newest checkpoint must load, and in the end every array of the last checkpoint must equal the undisturbed run's.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SMALL = ["total_iters=1500", "checkpoint.interval=5", "log.interval=50", "log.visual_interval=500",
         "loader.batch_size=4"]  # fmt: skip


def start(config: str, folder: Path, overrides: list[str], resume: bool) -> subprocess.Popen:
    """The training as a user starts it."""
    command = [sys.executable, str(ROOT / "tools/main.py"), "-c", config, "-o", *overrides, f"output_dir={folder}"]
    log = (folder.parent / f"{folder.name}.log").open("a")
    return subprocess.Popen([*command, *(["--resume"] if resume else [])], stdout=log, stderr=log, cwd=ROOT)


def checkpoints(folder: Path) -> Path | None:
    """The checkpoint folder of the one run below `folder`."""
    return next(iter(sorted(folder.glob("*/checkpoints"))), None)


def check_newest(folder: Path) -> int:
    """Load the newest checkpoint; its step, 0 where there is none yet."""
    from ppgen.engine import checkpoint

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


def disturbed(options: argparse.Namespace, folder: Path, overrides: list[str]) -> tuple[int, int]:
    """Train into `folder`, killed and resumed; returns (kills, those that fell into a checkpoint's writing)."""
    rng, kills, inside = random.Random(options.seed), 0, 0
    while True:
        before = check_newest(folder)
        process = start(options.config, folder, overrides, resume=True)
        if kills < options.kills:
            wait_for_training(process, folder, rng.uniform(0, 0.5), before)
        else:
            process.wait()
        if process.poll() is not None:
            if process.returncode:
                raise SystemExit((folder.parent / f"{folder.name}.log").read_text()[-2000:])
            return kills, inside
        process.kill()
        process.wait()
        kills += 1
        root = checkpoints(folder)
        inside += bool(root and list(root.glob(".step_*")))
        print(f"kill {kills}: the newest checkpoint, step {check_newest(folder)}, loads", flush=True)


def main() -> int:
    """Run the test; exit code 1 where the end differs (a checkpoint that does not load is an error before that)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--config", default="configs/dcgan_mnist.yaml")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", nargs="+", default=[], dest="overrides", metavar="KEY=VALUE")
    options = parser.parse_args()
    overrides = [*SMALL, *options.overrides]
    from ppgen.engine import checkpoint

    with tempfile.TemporaryDirectory() as temporary:
        whole, killed = Path(temporary) / "whole", Path(temporary) / "killed"
        start(options.config, whole, overrides, resume=False).wait()
        kills, inside = disturbed(options, killed, overrides)
        ends = [checkpoint.load(checkpoint.newest(checkpoints(folder))) for folder in (whole, killed)]
    steps = [end.facts["step"] for end in ends]
    same = steps[0] == steps[1] and all(equal(x, y) for x, y in zip(*(end[:2] for end in ends)))
    print(
        f"{kills}/{kills} newest checkpoints loaded ({inside} kills fell into a checkpoint's writing); "
        f"final state at step {steps[1]} equal to the undisturbed run's, bit for bit: {same}"
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
