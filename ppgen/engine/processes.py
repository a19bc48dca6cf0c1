"""Several training processes on one machine, started through Paddle's launcher."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from ppgen.device import cpu_count
from ppgen.errors import ConfigError
from ppgen.io.terminal import say

STOPPED = "stopped by"  # how a training's farewell begins


def process_count(wanted: str, batch_size: int, accumulate: int = 1) -> int:
    """`--nproc` as a number: auto takes one process a core, lowered until the batch can be shared.

    Args:
        batch_size: over all processes; 0 where every process has its own.
        accumulate: pieces into which each process cuts its share.
    Raises:
        ConfigError: not a number, or one that does not divide the batch.
    """
    if wanted == "auto":
        return max(n for n in range(1, cpu_count() + 1) if n == 1 or batch_size % (n * accumulate) == 0)
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ConfigError(f"--nproc {wanted}: expected a number from 1 up, or auto")
    if batch_size % (int(wanted) * accumulate):
        pieces = f" in {accumulate} pieces each" if accumulate > 1 else ""
        shared = f"cannot be shared by {wanted} processes{pieces}"
        raise ConfigError(f"--nproc {wanted}: loader.batch_size {batch_size} {shared}")
    return int(wanted)


def start_processes(worker: Path, count: int, argv: list[str]) -> int:
    """Run the script `worker` with arguments `argv` in `count` processes; the exit code is 0, or 2 where one failed."""
    threads = str(max(1, cpu_count() // count))  # ppgen's own choice for one process would fight over the cores
    search = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "FLAGS_paddle_num_threads": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": search}
    # the launcher imports Paddle without ppgen, which hides this warning
    environment["PYTHONWARNINGS"] = ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), "ignore:No ccache found"]))
    with tempfile.TemporaryDirectory(prefix="ppgen-launch-") as logs:
        command = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", str(count)]
        command += ["--log_level", "ERROR", "--log_dir", logs, str(worker), *argv]  # not its 35 lines of settings
        # its older form, which --backend would choose, leaves the workers alone when it is told to stop
        code = _wait(subprocess.Popen(command, env=environment))
        if code > 128:
            _print_last_words(Path(logs) / "workerlog.0")
        return code


def _print_last_words(log: Path) -> None:
    """What the writing process said when it was stopped: the launcher no longer passes it on then."""
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    for line in lines:
        if line.startswith(STOPPED):
            say(line)


def _wait(launcher: subprocess.Popen) -> int:
    """Its exit code, made one of ours; SIGTERM is handed on, so that the workers can write a checkpoint."""
    asked_to_stop: list[int] = []

    def hand_on(number: int, _frame: FrameType | None) -> None:
        asked_to_stop.append(number)
        if number == signal.SIGTERM:  # SIGINT reaches the whole group by itself
            launcher.terminate()

    earlier = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        failed = launcher.wait() != 0
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    if asked_to_stop:
        return 128 + asked_to_stop[0]
    return 2 if failed else 0
