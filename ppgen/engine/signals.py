"""SIGINT, SIGTERM and SIGHUP end a training between two steps, with a checkpoint."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any

# SIGHUP: the terminal was closed, the connection to it lost; Windows has none
_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class StopSignals:
    """Within, the first signal is noted in `received`; a second SIGINT interrupts at once.

    Only the main thread of a program can listen; elsewhere nothing changes.

    Args:
        watch_parent: the end of the parent process counts as SIGTERM: Paddle's launcher, told to stop, may leave its
            workers behind (`--backend gloo` does), and nobody would ever stop them.
    """

    def __init__(self, watch_parent: bool = False) -> None:
        self._received: signal.Signals | None = None
        self._parent = os.getppid() if watch_parent else None
        self._earlier: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in _STOPPING:
                if signal.getsignal(number) is signal.SIG_IGN:  # nohup: the training outlives its terminal
                    continue
                self._earlier[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        self._earlier.clear()

    @property
    def received(self) -> signal.Signals | None:
        """The first signal that came, or None."""
        if self._received is None and self._parent is not None and os.getppid() != self._parent:
            self._received = signal.SIGTERM
        return self._received

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = signal.Signals(number)
