"""One training a run folder."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ppgen.errors import OutputError


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Held by the process that writes into a run folder; given up by the system when that process ends.

    Args:
        folder: of the run; it must exist.
    Raises:
        OutputError: another training holds it, or the folder cannot be written.
    """
    path = folder / ".lock"
    with ExitStack() as stack:
        try:
            import fcntl

            file = stack.enter_context(path.open("a+"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())  # unbuffered: nothing is left for close()
        except ImportError:  # Windows: no such lock, the rest works
            pass
        except BlockingIOError:
            file.seek(0)
            what = f"another training (process {file.read().strip() or 'unknown'}) writes into this run folder"
            raise OutputError(f"{folder}: {what}; wait for it, stop it, or start without --resume") from None
        except OSError as error:  # a full disk, say
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
        yield
