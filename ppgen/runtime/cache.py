"""Entries of the cache folder: bytes under a name that says what they were made of, and a digest that proves them.

The name is a digest of all that the content depends on, so a stale entry is never found, and one that is damaged is
as good as absent. What nobody used for long is removed when something is written.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

from ppgen.errors import OutputError
from ppgen.io.atomic import write_bytes
from ppgen.io.download import cache_folder

_SUFFIX = ".graph"
_KEPT = 60 * 24 * 3600.0  # seconds since the last use
_PROOF = 64  # bytes before the content: its SHA-256 in hexadecimal
_LINE = 64  # bytes; arrays begin at multiples of it


def name_of(facts: object) -> str:
    """The name for content that depends on these JSON-able facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:40]


def folder() -> Path:
    """Where entries lie."""
    return cache_folder() / "graphs"


def read(name: str) -> memoryview | None:
    """The content, mapped from the file, so that processes share its memory; None: there is none, or it is damaged."""
    path = folder() / f"{name}{_SUFFIX}"
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # ValueError: an empty file
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


def read_arrays(name: str) -> dict[str, np.ndarray] | None:
    """What `write_arrays` kept, as arrays that cannot be written; None: there is nothing, or it is damaged."""
    content = read(name)
    if content is None:
        return None
    arrays, at = {}, _LINE * int.from_bytes(content[:8], "little")
    for key, kind, shape in json.loads(bytes(content[8:at])):
        count = int(np.prod(shape))
        arrays[key] = np.frombuffer(content, np.dtype(kind), count, at).reshape(shape)
        at += -(-arrays[key].nbytes // _LINE) * _LINE
    return arrays


def write_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep named arrays; a cache that cannot be written is a warning."""
    header = json.dumps([(key, array.dtype.str, array.shape) for key, array in arrays.items()]).encode()
    lines = -(-(8 + len(header)) // _LINE)
    parts = [lines.to_bytes(8, "little") + header.ljust(lines * _LINE - 8)]
    for array in arrays.values():
        parts.append(array.tobytes().ljust(-(-array.nbytes // _LINE) * _LINE, b"\0"))
    write(name, b"".join(parts))


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
