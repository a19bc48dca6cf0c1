"""One training a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ppgen.errors import OutputError


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
        what = "another training writes into this run folder"
        raise OutputError(f"{folder}: {what}; wait for it, stop it, or start without --resume") from None
    except OSError as error:  # a full disk, say
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        yield
    finally:
        lock.release()
