"""A folder of photos: one process, several, and Ray; what workers keep in memory; what kills leave.

    python benchmarks/folders.py PHOTOS [--count 300] [--parts loop,jobs,memory,kills,ray] [--kills 10]

PHOTOS is a folder of portraits, of which the first `--count` are used, each again under another name where there are
fewer. All ways draw the same photos, each in processes of its own that start with graphs in the cache, so only ratios
between them count:

loop    one process draws all by `Photo2CartoonPredictor.run_many`, the way of a folder before there were jobs
jobs    `ppgen cartoon PHOTOS --jobs 1` and `--jobs N`
memory  the peak memory of each worker of `--jobs N` when it has drawn 10 photos, and in the end, from the log
kills   `--jobs N` gets SIGKILL at random moments and is run again, until it ends by itself: the files have to equal
        those of `--jobs N` undisturbed, and no photo may be drawn again that the log said was done
ray     `--ray --actors N` on a local cluster, whose start and first actors count ("ray_start_s" says what they took)
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from harness import JSON, ROOT, SEED, Figures, Namespace, Result, argument, at_least, benchmark, judged

from ppgen.errors import ConfigError, DataError
from ppgen.io.listing import list_images

PARTS = ("loop", "jobs", "memory", "kills", "ray")
_FIRST = 10  # photos after which a worker's memory is compared

LOOP = """
import sys
from ppgen.apps import Photo2CartoonPredictor
report = Photo2CartoonPredictor(output_path=sys.argv[2]).run_many(sys.argv[1], keep_pictures=False)
print(report.tried - len(report.failures))
"""


def parts(text: str) -> list[str]:
    """An argument's `type`: names of parts."""
    names = text.split(",")
    if not set(names) <= set(PARTS):
        raise ConfigError(f"--parts {text}: give some of {', '.join(PARTS)}")
    return names


def copies(photos: Path, count: int, folder: Path) -> Path:
    """`count` photos under names of their own."""
    found = list_images(photos, recursive=True)
    folder.mkdir()
    for number in range(count):
        source = found[number % len(found)]
        shutil.copyfile(source, folder / f"{number:06d}{source.suffix}")
    return folder


def command(photos: Path, out: Path, *flags: str) -> list[str]:
    """`ppgen cartoon` as a user types it."""
    return [sys.executable, "-m", "ppgen", "cartoon", str(photos), "-o", str(out), *flags]


def timed(arguments: list[str]) -> float:
    """Seconds that a child process takes."""
    start = time.perf_counter()
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
    if result.returncode not in (0, 1):  # 1: some photos show no face
        raise DataError(f"{' '.join(arguments[:4])} …: exit code {result.returncode}: {result.stderr[-500:]}")
    return time.perf_counter() - start


def log_of(out: Path) -> list[dict]:
    """The lines of the log that are whole."""
    lines = (out / "cartoon.log.jsonl").read_bytes().split(b"\n")[:-1] if out.is_dir() else []
    return [json.loads(line) for line in lines]


def memory(entries: list[dict]) -> Figures:
    """MiB of each worker: the peak after its first photos and in the end; the largest ratio of the two."""
    peaks: dict[str, list[float]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one["finished"]):
        peaks[entry["worker"]].append(entry["peak_mib"])
    rows = [{"photos": len(each), "first_mib": each[_FIRST - 1], "last_mib": each[-1]}
            for each in peaks.values() if len(each) > _FIRST]  # fmt: skip
    if not rows:
        raise DataError(f"no worker drew more than {_FIRST} photos: give a larger --count")
    return {"workers": rows, "memory_ratio": max(row["last_mib"] / row["first_mib"] for row in rows)}


def drawings(out: Path) -> dict[str, bytes]:
    """Everything in an output folder but the log."""
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.name != "cartoon.log.jsonl"}


def kill_and_go_on(arguments: list[str], out: Path, kills: int, longest: float, rng: random.Random) -> Figures:
    """Kill the command `kills` times, then let it end. What was lost, drawn twice, or logged twice."""
    again, in_hand, reached = 0, 0, []
    for _ in range(kills):
        process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = {entry["path"]: entry["finished"] for entry in log_of(out)} if out.is_dir() else {}
        try:
            process.wait(timeout=rng.uniform(0.0, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        after = log_of(out) if (out / "cartoon.log.jsonl").exists() else []
        again += sum(entry["path"] in before and entry["finished"] != before[entry["path"]] for entry in after)
        reached.append(len(after))
        time.sleep(1.0)  # workers end with their parent
        if out.is_dir():
            logged = {Path(entry["path"]).stem for entry in log_of(out)}
            in_hand += len({name[:6] for name in drawings(out) if name[0] != "."} - logged)
    timed(arguments)
    counts = {"drawn_twice_though_logged": again, "in_hand_when_killed": in_hand}
    return {"kills": kills, "logged_when_killed": " ".join(map(str, reached)), **counts}


def targets(figures: Figures, seconds: dict[str, float], options: Namespace) -> list[Figures]:
    """What was to be reached, of what was measured."""
    rows = []
    if "loop" in seconds:
        rows.append(judged(f"--jobs {options.jobs} / loop, photos a second", seconds["loop"] / seconds["jobs_n"], 1.0))
    if "memory_ratio" in figures:
        rows.append(judged("memory of a worker, end / 10 photos", figures["memory_ratio"], at_most=1.1))
    if "kills" in figures:
        wrong = figures["drawn_twice_though_logged"] + figures["logged_twice"] + (not figures["same_files"])
        rows.append(judged("kills: drawn twice, logged twice, other files", wrong, at_most=0))
    if "ray" in seconds:
        rows.append(judged(f"Ray / --jobs {options.jobs}, time", seconds["ray"] / seconds["jobs_n"], at_most=1.5))
    return rows


@benchmark(
    __doc__, argument("photos", type=Path, metavar="PHOTOS"), argument("--count", type=at_least(1), default=300),
    argument("--parts", type=parts, default=list(PARTS), help=f"some of {','.join(PARTS)}"),
    argument("--jobs", type=at_least(2), default=2), argument("--kills", type=at_least(1), default=10), SEED, JSON,
)  # fmt: skip
def main(options: Namespace) -> Result:
    """Each part in a folder of its own, one after another."""
    wanted, figures = options.parts, {"photos": options.count, "jobs": options.jobs}
    jobs = ("--jobs", str(options.jobs))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        photos = copies(options.photos, options.count, root / "photos")
        timed(command(next(photos.iterdir()), root / "first"))  # graphs into the cache
        seconds = {}
        if "loop" in wanted:
            seconds["loop"] = timed([sys.executable, "-c", LOOP, str(photos), str(root / "loop")])
        if "jobs" in wanted:
            seconds["jobs_1"] = timed(command(photos, root / "one", "--jobs", "1"))
        seconds["jobs_n"] = timed(command(photos, root / "many", *jobs))
        figures["done"] = sum(entry["status"] == "done" for entry in log_of(root / "many"))
        if "memory" in wanted:
            figures |= memory(log_of(root / "many"))
        if "kills" in wanted:
            rng, longest = random.Random(options.seed), seconds["jobs_n"] * 2 / options.kills
            figures |= kill_and_go_on(
                command(photos, root / "killed", *jobs), root / "killed", options.kills, max(longest, 4.0), rng
            )
            paths = [entry["path"] for entry in log_of(root / "killed")]
            figures["same_files"] = drawings(root / "killed") == drawings(root / "many")
            figures["log_lines"], figures["logged_twice"] = len(paths), len(paths) - len(set(paths))
        if "ray" in wanted:
            seconds["ray"] = timed(command(photos, root / "ray", "--ray", "--actors", str(options.jobs)))
            first = min(entry["finished"] - entry["seconds"] for entry in log_of(root / "ray"))
            last = max(entry["finished"] for entry in log_of(root / "ray"))
            figures["ray_start_s"] = seconds["ray"] - (last - first)
            figures["ray_same_files"] = drawings(root / "ray").keys() == drawings(root / "many").keys()
    figures |= {f"{name}_per_s": options.count / took for name, took in seconds.items()}
    figures["targets"] = targets(figures, seconds, options)
    return Result(figures, reached=all(row["pass"] for row in figures["targets"]))
