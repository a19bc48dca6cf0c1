"""Entries of the cache folder: bytes under a name that says what they were made of, and a digest that proves them.

The name is a digest of all that the content depends on, so a stale entry is never found, and one that is damaged is
as good as absent. What nobody used for long is removed when something is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ppgen.errors import OutputError
from ppgen.io.atomic import write_bytes
from ppgen.io.download import cache_folder

_SUFFIX = ".graph"
_KEPT = 60 * 24 * 3600.0  # seconds since the last use
_PROOF = 64  # bytes before the content: its SHA-256 in hexadecimal


def name_of(facts: object) -> str:
    """The name for content that depends on these JSON-able facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:40]


def folder() -> Path:
    """Where entries lie."""
    return cache_folder() / "graphs"


def read(name: str) -> memoryview | None:
    """The content; None: there is none, or it is damaged."""
    path = folder() / f"{name}{_SUFFIX}"
    try:
        data = path.read_bytes()
    except OSError:
        return None
    content = memoryview(data)[_PROOF:]
    if hashlib.sha256(content).hexdigest().encode() != data[:_PROOF]:
        return None
    with suppress(OSError):  # a cache that others own can be read
        os.utime(path)
    return content


def write(name: str, content: bytes) -> None:
    """Keep the content; a cache that cannot be written is a warning."""
    try:
        write_bytes(folder() / f"{name}{_SUFFIX}", hashlib.sha256(content).hexdigest().encode() + content)
    except OutputError as error:
        advice = "PPGEN_CACHE names another folder"
        warnings.warn(f"the graph of a network cannot be kept ({error}); {advice}", stacklevel=2)
        return
    _forget_old()


@contextmanager
def alone() -> Iterator[None]:
    """Only one process at a time makes entries: several workers that start together would all export the same."""
    with ExitStack() as stack:
        with suppress(ImportError, OSError):  # Windows has no such lock, and a cache may not be writable
            import fcntl

            cache_folder().mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context((cache_folder() / ".graphs.lock").open("a")), fcntl.LOCK_EX)
        yield


def _forget_old() -> None:
    before = time.time() - _KEPT
    for path in folder().glob(f"*{_SUFFIX}"):
        with suppress(OSError):  # another process was first
            if path.stat().st_mtime < before:
                path.unlink()
