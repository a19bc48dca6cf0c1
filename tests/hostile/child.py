"""The process that cases run in: `python child.py ROOT` reads their names as JSON and writes a line for each.

An audit hook sees what no file may cause: programs that are started, connections to other machines, files that are
written outside of the case's folder.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from hostile.case import Case, Outcome, when_written  # noqa: E402
from hostile.corpus import find  # noqa: E402

CANARY = "canary"  # what payloads write, beside the cases' folders
VICTIM = "victim.txt"  # where links lead
_KEPT = b"this file is nobody's business\n"
_STARTS = (
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "subprocess.Popen",
    "pickle.find_class",
    "os.startfile",
)
_OURS = ("git", "fc-list")  # a run's commit; the fonts that matplotlib finds
_CHANGES = ("os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.mkdir", "os.utime", "os.symlink", "os.link")
_MOST = 4 * 2**30  # bytes beyond those it starts with, for the sake of the machine


class Watch:
    """Notes what happens while a case runs; `allowed` are the folders that may be written into."""

    def __init__(self, allowed: list[Path]) -> None:
        self.allowed, self.seen, self.on = allowed, [], False
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        if event == "subprocess.Popen" and arguments[0] in _OURS:
            return
        if event in _STARTS:
            self.seen.append(f"{event} {arguments[:2]!r}"[:200])
        elif (
            event == "socket.connect"
            and isinstance(arguments[1], tuple)
            and arguments[1][0] not in ("127.0.0.1", "::1")
        ):
            self.seen.append(f"{event} {arguments[1]!r}")
        elif (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            self._changes(event, arguments[0])
        elif event in _CHANGES:
            self._changes(event, arguments[1] if event in ("os.symlink", "os.link") else arguments[0])
        elif event == "os.rename":
            self._changes(event, arguments[1])

    def _changes(self, event: str, path: object) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)) or os.fsdecode(path) == os.devnull:
            return
        place = (
            Path(os.path.realpath(os.fsdecode(path))) if event == "open" else Path(os.path.abspath(os.fsdecode(path)))
        )
        if not any(place.is_relative_to(folder) for folder in self.allowed):
            self.seen.append(f"{event} {place}"[:200])


def peak_mib() -> float:
    """The most memory this process had since `forget_peak`, MiB."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Begin to measure anew, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def limit_memory() -> None:
    """What asks for tens of gigabytes gets a MemoryError, and the machine stays up."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        now = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
        resource.setrlimit(resource.RLIMIT_DATA, (now + _MOST, now + _MOST))


def ended(run: Callable[[], object]) -> tuple[str, str]:
    """(status, what a user reads) of a case."""
    from ppgen.errors import PPGenError

    out, err = io.StringIO(), io.StringIO()
    status = "done"
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if run() == 2:
                status = "refused"
    except PPGenError as error:
        status = "refused"
        err.write(str(error))
    except SystemExit as error:
        status = "refused" if error.code else "done"
    except BaseException as error:
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else ""
        return "traceback", f"{type(error).__name__}: {str(error)[:300]!r} at {place}"
    said = out.getvalue() + err.getvalue()
    return ("traceback" if "Traceback (most recent" in said else status), said


def one(case: Case, folder: Path, watch: Watch) -> Outcome:
    """Run a case in a folder of its own, which is removed."""
    root = folder.parent
    (root / VICTIM).write_bytes(_KEPT)
    folder.mkdir()
    os.chdir(folder)
    watch.allowed[0] = folder
    watch.seen.clear()
    clock = time.monotonic if case.waits else time.process_time
    began: list[float] = []

    def begin() -> None:
        watch.on = False
        forget_peak()
        watch.on = True
        began.append(clock())

    when_written[:] = [begin]
    begin()
    status, said = ended(case.run)
    watch.on = False
    seconds, peak = clock() - began[-1], peak_mib()
    executed = "; ".join(dict.fromkeys(watch.seen))
    if (root / CANARY).exists():
        executed += " the payload ran"
        (root / CANARY).unlink()
    if not (root / VICTIM).exists() or (root / VICTIM).read_bytes() != _KEPT:
        executed += " a file elsewhere was changed"
    os.chdir(root)
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome(case.name, status, executed, seconds, peak, said[:20_000])


def prepare(root: Path) -> None:
    """Import what cases use, so that no case pays for it."""
    warnings.simplefilter("ignore")
    os.environ.update(PPGEN_CACHE=str(root / "cache"), PPGEN_DATA=str(root / "data"), TMPDIR=str(root / "tmp"))
    os.environ.update(PPGEN_RUNTIME="eager", MPLCONFIGDIR=str(root / "tmp"), CANARY=str(root / CANARY))
    for name in ("cache", "data", "tmp"):
        (root / name).mkdir(exist_ok=True)
    import paddle  # noqa: F401

    import ppgen.hub
    from ppgen.registry import NETWORKS

    NETWORKS.names()
    ppgen.hub.load("face_id")


def main() -> None:
    """Run the cases that stdin names."""
    root = Path(sys.argv[1]).resolve()
    names = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print themselves is no answer
    prepare(root)
    watch = Watch([root, root / "cache", root / "tmp"])
    limit_memory()
    for number, case in enumerate(find(names)):
        answers.write(json.dumps({"begins": case.name}) + "\n")
        answers.write(json.dumps(one(case, root / f"case-{os.getpid()}-{number}", watch)._asdict()) + "\n")


if __name__ == "__main__":
    main()
