"""What must not happen, done on purpose: tests of the runner itself see whether it would see it."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from hostile.case import Case


def _linked() -> None:
    os.symlink("../victim.txt", "x")
    Path("x").write_text("changed")


def _hangs() -> None:
    while True:
        time.sleep(1)


def cases() -> Iterator[Case]:
    """One for each fault, and a good one."""
    yield Case("bad/nothing", lambda: None)
    yield Case("bad/starts a program", lambda: subprocess.run(["true"], check=True))
    yield Case("bad/runs a payload", lambda: Path(os.environ["CANARY"]).touch())
    yield Case("bad/writes elsewhere", _linked)
    yield Case("bad/raises", lambda: 1 // 0)
    yield Case("bad/crashes", os.abort)
    yield Case("bad/takes memory", lambda: bytes(b"x" * 2**30 + b"y").count(b"y"))
    yield Case("bad/moves the cursor", lambda: print("\x1b[2J"))
    yield Case("bad/never ends", _hangs, waits=True)
    yield Case("bad/nothing more", lambda: None)
