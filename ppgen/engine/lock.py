"""One training a run folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from ppgen.errors import OutputError


class FolderLock:
    """Held by the process that writes into a run folder; given up by the system when that process ends.

    Args:
        folder: of the run; it must exist.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._file: TextIO | None = None

    def __enter__(self) -> FolderLock:
        try:
            import fcntl
        except ImportError:  # Windows: no such lock, the rest works
            return self
        try:
            file = self._file = self.path.open("a+")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())  # unbuffered: nothing is left for close()
        except BlockingIOError:
            file.seek(0)
            other = file.read().strip() or "unknown"
            self.__exit__()
            raise OutputError(
                f"{self.path.parent}: another training (process {other}) writes into this run folder; "
                "wait for it, stop it, or start a run of its own without --resume"
            ) from None
        except OSError as error:  # a full disk, say
            self.__exit__()
            raise OutputError(f"{self.path}: cannot be written ({error.strerror or error})") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
