"""The server under load: `ppgen serve` asked by several clients at once, beside `ppgen cartoon --jobs` on such photos.

    python benchmarks/server.py PHOTOS [--clients 8] [--seconds 60] [--jobs 2] [--app]

Every client sends one photo after another and waits for its cartoon; status 429 makes it wait a tenth of a second.
Any other status than 200, and 422 for a photo without a face, is an error. Memory is that of the server and its
processes together, after a third of the time and in the end.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from harness import JSON, ROOT, Figures, Namespace, Result, argument, at_least, benchmark, judged

from folders import command, copies, timed
from ppgen.errors import DataError
from ppgen.io.listing import list_images

_FINE = (200, 422, 429)
_ENDED = (0, 128 + signal.SIGTERM)  # exit codes of a server that was told to end
_START = 300.0  # seconds that the server may take until it is ready


def ask(address: str, photo: bytes) -> int:
    """The status of an answer; 0: there was none."""
    request = urllib.request.Request(f"{address}/v1/cartoon", photo, {"Content-Type": "image/jpeg"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def load(address: str, photos: list[bytes], clients: int, seconds: float) -> Counter[int]:
    """How often each status came, in so many seconds."""
    statuses: Counter[int] = Counter()
    end, lock = time.monotonic() + seconds, threading.Lock()

    def client(number: int) -> None:
        turn = number
        while time.monotonic() < end:
            status = ask(address, photos[turn % len(photos)])
            turn += clients
            with lock:
                statuses[status] += 1
            if status == 429:
                time.sleep(0.1)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def memory(process: int) -> float:
    """MiB that a process and those that it started hold."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0.0, [process]
    while waiting:
        each = waiting.pop()
        waiting += children.get(each, [])
        try:
            pages = int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except OSError:
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return total


def started(jobs: int, app: bool, log: Path) -> tuple[subprocess.Popen, str]:
    """The server in a process of its own, and its address once it draws."""
    arguments = [sys.executable, "-m", "ppgen", "serve", "--port", "0", "--jobs", str(jobs)]
    arguments += ["--app"] if app else []
    with log.open("w") as file:
        process = subprocess.Popen(arguments, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        words = log.read_text().split()
        address = next((word for word in words if word.startswith("http://")), None)
        if address is not None:
            with urllib.request.urlopen(f"{address}/v1/health") as answer:
                if f'"idle":{jobs}' in answer.read().decode():
                    return process, address
        time.sleep(0.2)
    raise DataError(f"the server did not start: {log.read_text()[-500:]}")


@benchmark(
    __doc__, argument("photos", type=Path, metavar="PHOTOS"), argument("--clients", type=at_least(1), default=8),
    argument("--seconds", type=at_least(3), default=60), argument("--jobs", type=at_least(1), default=2),
    argument("--count", type=at_least(10), default=100, help="photos that `ppgen cartoon --jobs` draws"),
    argument("--app", action="store_true", help="serve the page in the browser too"), JSON,
)  # fmt: skip
def main(options: Namespace) -> Result:
    """The server first, then the command."""
    photos = [path.read_bytes() for path in list_images(options.photos, recursive=True)[: options.count]]
    with tempfile.TemporaryDirectory() as folder:
        process, address = started(options.jobs, options.app, Path(folder, "log"))
        try:
            first = load(address, photos, options.clients, options.seconds / 3)
            early = memory(process.pid)
            then = load(address, photos, options.clients, options.seconds * 2 / 3)
            late = memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=120)
        statuses = first + then
        many = copies(options.photos, options.count, Path(folder, "photos"))
        alone = copies(options.photos, options.jobs, Path(folder, "alone"))
        jobs = ("--jobs", str(options.jobs))
        start = timed(command(alone, Path(folder, "out-alone"), *jobs))  # what starting takes
        seconds = timed(command(many, Path(folder, "out"), *jobs)) - start
    server, batch = (statuses[200] + statuses[422]) / options.seconds, (options.count - options.jobs) / seconds
    errors = sum(count for status, count in statuses.items() if status not in _FINE) + (code not in _ENDED)
    figures: Figures = {
        "clients": options.clients, "seconds": options.seconds, "jobs": options.jobs,
        "page": "served" if options.app else "not served",
        "statuses": ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())), "errors": errors,
        "server_per_s": server, "jobs_per_s": batch, "memory_third_mib": early, "memory_end_mib": late,
        "targets": [
            judged("errors but 429", errors, at_most=0),
            judged(f"server / --jobs {options.jobs}, photos a second", server / batch, 0.9),
            judged("memory, end / a third", late / early, at_most=1.1),
        ],
    }  # fmt: skip
    return Result(figures, reached=all(row["pass"] for row in figures["targets"]))

