"""Runs cases in child processes; what ends a child, or goes on for too long, is known by its name."""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hostile.case import Outcome

# Seconds of the clock after which a child hangs. Both are long, as other programs may have the machine's processors;
# what a case took of them is in its outcome.
_START, _CASE = 900.0, 600.0
_BATCH = 2000  # cases a child, so that what one leaves behind does not add up over twenty thousand


def outcomes(names: Sequence[str], limit: float = _CASE) -> Iterator[Outcome]:
    """What becomes of cases, by name; `limit`: seconds after which a case is stopped."""
    left = list(names)
    with tempfile.TemporaryDirectory(prefix="hostile-") as root:
        while left:
            for outcome in _of_child(left[:_BATCH], Path(root), limit):
                left.remove(outcome.name)
                yield outcome


def _of_child(names: Sequence[str], root: Path, limit: float) -> Iterator[Outcome]:
    """Outcomes up to the one that ended the child, if one did."""
    threads = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    script = str(Path(__file__).with_name("child.py"))
    log = root / "child.log"
    with log.open("wb") as said, subprocess.Popen(
        [sys.executable, script, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
        env={**os.environ, **threads}, cwd=root,
    ) as child:  # fmt: skip
        try:
            assert child.stdin is not None
            child.stdin.write(json.dumps(list(names)).encode())
            child.stdin.close()
            begun = None
            for line in _lines(child, limit):
                told = json.loads(line)
                begun = told.get("begins")
                if begun is None:
                    yield Outcome(**told)
            if begun is not None:
                yield Outcome(begun, "ended", "", limit, 0.0, f"exit code {child.poll()}: {_tail(log)}")
            elif child.wait() != 0:
                raise RuntimeError(f"the child of cases ended by itself: {_tail(log)}")
        finally:
            child.kill()


def _lines(child: subprocess.Popen, limit: float) -> Iterator[bytes]:
    """Whole lines of a child's stdout, until it ends, or says nothing for so long."""
    assert child.stdout is not None
    stream, patience, rest = child.stdout.fileno(), _START, b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(patience):
            piece = os.read(stream, 1 << 16)
            if not piece:
                return
            patience = limit
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-1500:]
