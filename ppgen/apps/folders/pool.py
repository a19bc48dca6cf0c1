"""Worker processes: one item at a time each, a time limit, and a new process for one that ends.

Built on `multiprocessing` with a pipe to each worker. Pools that share one queue, pebble's and that of
`concurrent.futures`, break as a whole when a worker is killed at the wrong moment.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Generic

from ppgen.apps.folders.job import Job, Lost, R, T
from ppgen.apps.folders.log import Entry
from ppgen.apps.folders.photos import Photo
from ppgen.apps.folders.work import Work
from ppgen.device import cpu_count, environment, threads_environment
from ppgen.errors import PPGenError

_GRACE = 2.0  # seconds in which a worker without work may end by itself
_LOADING = 60.0  # seconds; a shorter limit is for photos alone, so networks are loaded before the first
_STARTS = 3  # workers in a row that may end before they are ready
_SPAWN = multiprocessing.get_context("spawn")  # a fork of a process that has loaded Paddle or OpenCV may hang
_STARTING = threading.Lock()  # what a process inherits is this process's environment, which all threads share


@dataclass
class _Worker(Generic[T]):
    """A process; what it works on, since and until when."""

    process: BaseProcess
    pipe: Connection
    ready: bool = False
    item: T | None = None
    since: float = 0.0
    until: float = math.inf
    ended: bool = False
    code: int | None = None

    def give(self, item: T, timeout: float) -> None:
        with suppress(OSError):  # it has just ended, which is seen to when its turn comes
            self.pipe.send(item)
        self.item, self.since = item, time.monotonic()
        self.until = self.since + timeout

    def end(self) -> None:
        """Now, if it has not ended by itself."""
        self.pipe.close()
        self.process.join(_GRACE if self.item is None else 0.0)  # one without work sees that the pipe is closed
        self.process.kill()
        self.process.join()
        self.ended, self.code = True, self.process.exitcode


class Processes:
    """Draws with several processes of this machine.

    jobs: how many; None: as many as cores. timeout: seconds a photo may take, its worker being ready; 0: any time.
    """

    def __init__(self, jobs: int | None = None, timeout: float = 0.0) -> None:
        self.jobs, self.timeout = jobs or cpu_count(), timeout

    def __call__(self, work: Work, photos: Sequence[Photo]) -> Iterator[Entry]:
        """As `Crew.run`, of a crew that ends with the photos, or when the iterator is closed."""
        with closing(Crew(work, min(self.jobs, len(photos)), self.timeout)) as crew:
            yield from crew.run(photos)


class Crew(Generic[T, R]):
    """Worker processes that have opened the same work, started when there is something to do.

    jobs: how many. timeout: seconds an item may take, its worker being ready; 0: any time. threads: of each worker;
    None: a fair share of the cores.
    """

    def __init__(self, work: Job[T, R], jobs: int, timeout: float = 0.0, threads: int | None = None) -> None:
        self.work, self.jobs, self.timeout = work, jobs, timeout or math.inf
        self.threads = threads or max(1, cpu_count() // jobs)
        self._workers: list[_Worker[T]] = []
        self._fruitless = 0  # workers in a row that ended before they were ready

    def start(self) -> None:
        """Start the workers and wait until all are ready; PPGenError: workers that cannot start."""
        while len(self._workers) < self.jobs or not all(worker.ready for worker in self._workers):
            self._hire()
            self._wait()
            for _ in self._results():
                pass

    def run(self, items: Iterable[T]) -> Iterator[R]:
        """What becomes of each item, as they get done; each is handed out when a worker is free for it.

        Raises PPGenError: what concerns every item, or workers that cannot start.
        """
        waiting = iter(items)
        first = next(waiting, None)
        heard: list[R] = []
        while first is not None or any(worker.item is not None for worker in self._workers):
            if first is not None:
                self._hire()
            for worker in self._workers:
                if first is not None and worker.ready and worker.item is None:
                    worker.give(first, self.timeout)
                    first = next(waiting, None)
            yield from heard  # and is seen to while the workers are at the next items
            self._wait()
            heard = list(self._results())
        yield from heard

    def _hire(self) -> None:
        while len(self._workers) < self.jobs:
            self._workers.append(self._start())

    def _results(self) -> Iterator[R]:
        """What the workers have to say now; those that have ended are forgotten."""
        for worker in list(self._workers):
            result = self._heard(worker)
            if worker.ended:
                self._bury(worker)
            if result is not None:
                yield result

    def close(self) -> None:
        """End the workers, whatever they are at."""
        while self._workers:
            self._workers.pop().end()

    def _bury(self, worker: _Worker[T]) -> None:
        """Forget a worker that has ended; PPGenError where one after the other does before it is ready."""
        self._workers.remove(worker)
        self._fruitless = 0 if worker.ready else self._fruitless + 1
        if self._fruitless >= _STARTS:
            raise PPGenError(f"worker processes end before they can draw ({_how(worker)}); use fewer --jobs")

    def _start(self) -> _Worker[T]:
        ours, theirs = _SPAWN.Pipe()
        arguments = (theirs, self.work, self.timeout < _LOADING)
        process = _SPAWN.Process(target=_serve, args=arguments, name="ppgen worker", daemon=True)
        with _STARTING, environment(threads_environment(self.threads)):
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _wait(self) -> None:
        """Until a worker has something to say, ends, or is out of time."""
        busy = [worker for worker in self._workers if worker.item is not None or not worker.ready]
        left = min((worker.until for worker in busy), default=math.inf) - time.monotonic()
        connection.wait([worker.pipe for worker in busy], None if left == math.inf else max(0.0, left))

    def _heard(self, worker: _Worker[T]) -> R | None:
        """What became of a worker's item, if that is known now; the worker may have ended."""
        item, seconds = worker.item, time.monotonic() - worker.since
        try:
            said = worker.pipe.recv() if worker.pipe.poll() else None
        except (EOFError, OSError):
            worker.end()
            lost = Lost(False, f"its worker process ended ({_how(worker)})")
            return self.work.lost(item, lost, seconds) if item is not None else None
        if isinstance(said, Exception):
            raise said
        if said == _READY:
            worker.ready = True
        elif said is not None:
            worker.item, worker.until = None, math.inf
            return said
        elif item is not None and time.monotonic() >= worker.until:
            worker.end()
            lost = Lost(True, f"took more than {self.timeout:g} s, the limit, and was stopped")
            return self.work.lost(item, lost, seconds)
        return None


_READY = "ready"


def _how(worker: _Worker[T]) -> str:
    """How its process ended, in words."""
    code = worker.code or 0
    if code == -9:
        return "signal 9: killed, perhaps for lack of memory"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _serve(pipe: Connection, work: Job[T, R], warm_up: bool) -> None:
    """A worker: opens the work, then draws what it is sent until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        opened = work.open()
        if warm_up:
            opened.warm_up()
        pipe.send(_READY)
        while True:
            pipe.send(opened(pipe.recv()))
    except (EOFError, BrokenPipeError):  # the parent has ended, or needs it no more
        return
    except PPGenError as error:
        pipe.send(error)
    except Exception as error:
        pipe.send(PPGenError(f"a worker process failed: {type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    """Even in the middle of a photo: the files of a face are written whole or not at all."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
