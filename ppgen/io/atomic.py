"""Files that are either whole or absent: written beside their place, synced, then renamed."""

import errno
import json
import os
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ppgen.errors import OutputError
from ppgen.io.terminal import say

_STORAGE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}

#: names of the temporary files that a killed process may leave; `stem`: of the file to be written, at most 64 letters
TEMPORARY = re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{12}(\.\w+)?")


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; on success it becomes `path`, on failure it goes.

    Missing parent folders are made. The temporary name keeps the suffix, so writers that choose a
    format by it work. A symbolic link is written through, not replaced.
    Raises OutputError when the folder cannot be written, the disk is full, or nothing was written.
    """
    with atomic_paths([path]) as (temporary,):
        yield temporary


@contextmanager
def atomic_paths(paths: Iterable[str | os.PathLike]) -> Iterator[list[Path]]:
    """As `atomic_path` for files that belong together: a temporary path for each, and all become files or none.

    All places are checked before the first is written, and all files are whole before the first is renamed.
    """
    pairs = [_prepared(Path(path).expanduser()) for path in paths]
    try:
        yield [temporary for _, temporary in pairs]
        for target, temporary in pairs:
            _flush(temporary, target)
        for target, temporary in pairs:
            os.replace(temporary, target)
        for folder in {target.parent for target, _ in pairs}:
            sync_folder(folder)
    except OSError as error:
        # other files' errors inside the block (a missing input, say) are not ours to rename
        at = None if error.filename is None else Path(os.fsdecode(error.filename))
        failed = next((target for target, temporary in pairs if temporary == at), None)
        if failed is None and error.errno not in _STORAGE_ERRNOS:
            raise
        what = f"{failed or pairs[0][0]}: cannot be written ({error.strerror or error})"
        raise OutputError(f"{what}; choose another place or free some space") from error
    finally:
        for _, temporary in pairs:
            temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Write `data` to `path` atomically; raises OutputError."""
    write_files({Path(path): data})


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write several files, all of them or none; raises OutputError."""
    with atomic_paths(files) as temporaries:
        for temporary, data in zip(temporaries, files.values()):
            temporary.write_bytes(data)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write `text` as UTF-8 to `path` atomically, line ends unchanged; raises OutputError.

    Bytes of file names that are no UTF-8 are written as \\udc80 to \\udcff, which JSON reads back as they were.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: str | os.PathLike, value: object, indent: int | None = 2) -> None:
    """Write `value` as JSON with a final newline; a NaN becomes no invalid JSON but a ValueError."""
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def say_replaced(*paths: Path) -> None:
    """Before results are written: say on stderr which files of before they take the place of."""
    there = [str(path) for path in paths if path.exists()]
    if there:
        say(f"replaced: {', '.join(there)}", aside=True)


def check_output(folder: Path) -> None:
    """Make sure that files can be written into `folder`, which may not exist yet; writes and makes nothing.

    Raises OutputError.
    """
    nearest = _nearest_existing(folder)
    if not nearest.is_dir():
        raise _no_folder(folder)
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{folder}: cannot be written ({reason}); choose another output folder") from error


def _nearest_existing(path: Path) -> Path:
    """`path`, or the folder above it that is there; a dead link is there."""
    while not os.path.lexists(path) and path.parent != path:
        path = path.parent
    return path


def _no_folder(folder: Path) -> OutputError:
    """The error for a folder in whose place, or above it, something else stands."""
    nearest = _nearest_existing(folder)
    what = "" if nearest == folder else f"{nearest} "
    return OutputError(f"{folder}: {what}is not a folder; choose another output folder")


def sync_folder(folder: str | os.PathLike) -> None:
    """Flush a folder's entries to disk, where the system can (not on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems refuse; the file itself is synced already
    finally:
        os.close(handle)


def _prepared(path: Path) -> tuple[Path, Path]:
    """(the file to write, a temporary one beside it): the folder is made, and is known to take files.

    Raises OutputError.
    """
    target = path  # a link is replaced: in a shared folder somebody else may say what it leads to
    # stem first, so that a long name is cut and the suffix survives; the random part keeps processes apart
    temporary = target.with_name(f".{target.stem[:64]}.{uuid.uuid4().hex[:12]}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            what = "a folder" if target.is_dir() else "not a regular file"
            raise OutputError(f"{target}: is {what} and cannot be replaced; choose another file name")
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        temporary.unlink()
    except (FileExistsError, NotADirectoryError) as error:
        raise _no_folder(target.parent) from error
    except OSError as error:
        what = f"{target.parent}: this folder cannot be written ({error.strerror or error})"
        raise OutputError(f"{what}; choose another output folder") from error
    return target, temporary


def _flush(temporary: Path, target: Path) -> None:
    if not temporary.exists():
        raise OutputError(f"{target}: nothing was written; the writer produced no file")
    with open(temporary, "rb+") as handle:
        os.fsync(handle.fileno())
