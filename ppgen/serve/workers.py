"""Worker processes that serve whoever asks, and a bounded queue before them."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from contextlib import closing
from typing import Generic

from ppgen.apps.folders.job import Job, R, T
from ppgen.apps.folders.pool import Crew
from ppgen.device import cpu_count
from ppgen.errors import PPGenError

_FAREWELL = 5.0  # seconds that work in hand may take when the server has ended


class Busy(PPGenError):
    """As many wait already as may."""


class Workers(Generic[T, R]):
    """`jobs` processes, each with a thread of this process that hands it one item after another.

    waiting: items that may wait. timeout: seconds an item may take in its process, which is ended then and replaced.
    """

    def __init__(self, job: Job[T, R], jobs: int, waiting: int, timeout: float) -> None:
        self.jobs, self.waiting = jobs, waiting
        self.idle = 0  #: processes that wait for work
        self.busy = 0  #: that work
        self.failure = ""  #: why a process cannot start
        self._items: queue.SimpleQueue[tuple[T, Future[R]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        crews = [Crew(job, 1, timeout, threads=max(1, cpu_count() // jobs)) for _ in range(jobs)]
        self._threads = [threading.Thread(target=self._serve, args=(crew,), daemon=True) for crew in crews]

    @property
    def queued(self) -> int:
        """Items that no process has begun."""
        return self._items.qsize()

    def start(self) -> None:
        """Start the processes; whoever asks before they are ready waits."""
        for thread in self._threads:
            thread.start()

    def submit(self, item: T) -> Future[R]:
        """What will become of an item. Raises Busy."""
        with self._lock:
            if self.queued >= self.waiting + self.idle:
                raise Busy(f"{self.queued} others wait already, which is the limit; try again in some seconds")
            future: Future[R] = Future()
            self._items.put((item, future))
            return future

    def close(self) -> None:
        """End; who still waits is told so by a cancelled future."""
        while True:
            try:
                entry = self._items.get_nowait()
            except queue.Empty:
                break
            if entry is not None:
                entry[1].cancel()
        for _ in self._threads:
            self._items.put(None)
        for thread in self._threads:
            thread.join(_FAREWELL)

    def _serve(self, crew: Crew[T, R]) -> None:
        with closing(crew):
            while True:
                failure = self._started(crew)
                entry = self._items.get()
                self._count(-1, 0)
                if entry is None:
                    return
                item, future = entry
                if not future.set_running_or_notify_cancel():
                    continue  # whoever asked has gone
                self._count(0, 1)
                try:
                    if failure is not None:
                        raise failure
                    future.set_result(next(crew.run([item])))
                except PPGenError as error:
                    future.set_exception(error)
                finally:
                    self._count(0, -1)

    def _started(self, crew: Crew[T, R]) -> PPGenError | None:
        """Wait until its process is ready, a new one after one that was ended; why it cannot start."""
        failure = None
        try:
            crew.start()
        except PPGenError as error:
            failure = error
        with self._lock:
            self.failure = str(failure or "")
            self.idle += 1
        return failure

    def _count(self, idle: int, busy: int) -> None:
        with self._lock:
            self.idle += idle
            self.busy += busy
