"""How many threads a network runs with: all cores the process may use, or what it was told.

Several worker processes on one machine are each told 1, by `set_threads` or by `PPGEN_THREADS` in their environment:
two processes of one thread draw more pictures than one process of two.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from ppgen.device import cpu_count
from ppgen.errors import ConfigError
from ppgen.runtime.backend import backend

VARIABLE = "PPGEN_THREADS"
T = TypeVar("T")
_told: int | None = None


def threads() -> int:
    """Threads of networks that are opened from now on; ConfigError for a `PPGEN_THREADS` that is no number from 1."""
    if _told is not None:
        return _told
    wanted = os.environ.get(VARIABLE, "")
    if not wanted:
        return cpu_count()
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ConfigError(f"{VARIABLE}={wanted}: give a whole number from 1, or leave it out")
    return int(wanted)


def set_threads(count: int | None) -> None:
    """For networks that are opened after it; None: as the environment and the machine say. ConfigError below 1."""
    global _told
    if count is not None and count < 1:
        raise ConfigError(f"threads: expected 1 or more, found {count}")
    _told = count


def later(work: Callable[..., T], *arguments: Any) -> Callable[[], T]:
    """What gives the result of `work(*arguments)`, which is begun in a thread where that saves time.

    Networks do not fill all cores, least of all what stands between them. Eager Paddle is not asked by two threads.
    """
    if backend() == "eager" or threads() < 2:
        return partial(work, *arguments)
    pool = ThreadPoolExecutor(1)
    result = pool.submit(work, *arguments).result
    pool.shutdown(wait=False)
    return result
