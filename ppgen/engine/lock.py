"""One training a run folder."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ppgen.errors import OutputError, short
from ppgen.io.atomic import write_json

_OWNER = ".lock.owner"  # beside the lock: Windows lets nobody read a locked file
_MOST = 1000  # bytes of it


def is_held(folder: Path) -> bool:
    """Whether a training writes into a run folder now."""
    path = folder / ".lock"
    if not path.is_file() or path.is_symlink():
        return False
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # somebody else's, say
        return False


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Held by the process that writes into a run folder; given up by the system when that process ends.

    Args:
        folder: of the run; it must exist.
    Raises:
        OutputError: another training holds it, or the folder cannot be written.
    """
    path = folder / ".lock"
    if path.is_symlink():
        raise OutputError(f"{path}: is a link, and locking it would touch what it leads to; remove it")
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        what = f"another training{_owner(folder)} writes into this run folder"
        raise OutputError(f"{folder}: {what}; wait for it, stop it, or start without --resume") from None
    except OSError as error:  # a full disk, say
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        write_json(folder / _OWNER, {"process": os.getpid(), "host": platform.node()})
        yield
    finally:
        (folder / _OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(folder: Path) -> str:
    """Who holds the lock, as it says itself; "" where it does not."""
    path = folder / _OWNER
    if not path.is_file():  # opening a pipe would wait for who writes into it
        return ""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_MOST))
        return f" (process {int(told['process'])} on {short(str(told['host']), 60)})"
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""
