"""Unpack a downloaded dataset, trusting nothing in the archive. Standard library only.

Everything that can be known from the archive's listing is checked before a byte is written; what is written goes
into a temporary folder beside the target and is renamed when it is complete, so a refusal leaves nothing behind.
"""

import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, NamedTuple

from ppgen.errors import DataError, OutputError, short
from ppgen.io.atomic import check_output, sync_folder
from ppgen.prepare import marker

_CHUNK = 1 << 20
_DAMAGE = (  # what a damaged listing raises; ValueError: among others, a name that is not what its flag says
    zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, ValueError,
    LookupError, TypeError, AttributeError, OverflowError, RecursionError, struct.error,
)  # fmt: skip
_HEADER = 2**18  # bytes before a file in a tar archive; 512 is usual, long names take some hundreds more
_LISTED = 96  # bytes a file in the listing of a zip archive, on average
_DEEPEST, _LONGEST = 32, 500  # folders in each other, and letters of a name with its folders
_IGNORED_TOPS, _IGNORED_NAMES = {"__MACOSX"}, {".DS_Store", "Thumbs.db", "desktop.ini"}
_DRIVE = re.compile(r"^[A-Za-z]:")
_NO_NAMES = {"data", "dataset", "datasets"}  # a folder called so says nothing of what lies in it
_SUFFIX = re.compile(r"(?<=.)[_-]dataset$", re.IGNORECASE)  # photo2cartoon_dataset.zip is data/photo2cartoon
_ZIP_START = b"PK\x03\x04"
_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: files, bytes in all, and bytes for each byte of the archive (a bomb has thousands;
    pictures have about 1, text up to 20)."""

    files: int = 500_000
    size: int = 50 * 2**30
    ratio: float = 100.0


class Unpacked(NamedTuple):
    """Where the archive's content lies now, and how much it is."""

    path: Path
    files: int
    size: int


class _Entry(NamedTuple):
    """is_folder: it is made where a file lies in it. told: unpacked bytes of the archive that told of it."""

    name: PurePosixPath
    size: int
    open: Callable[[], IO[bytes] | None]
    is_folder: bool
    told: int = 0


class _Bounded:
    """A file of which so many bytes may be read; None: any number."""

    def __init__(self, file: IO[bytes], left: int | None) -> None:
        self._file, self.left = file, left

    def read(self, size: int = -1) -> bytes:
        if self.left is None:
            return self._file.read(size)
        data = self._file.read(size if 0 <= size <= self.left else self.left + 1)
        if max(size, len(data)) > self.left:
            raise DataError("its listing claims too much, which no pictures need; do not trust this archive")
        self.left -= len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()


class _Tar(tarfile.TarFile):
    """What is read of an archive, unpacked if it was packed, is counted."""

    def __init__(self, name: str | None = None, mode: Literal["r"] = "r", fileobj: Any = None, **settings: Any) -> None:
        self.bounded = _Bounded(fileobj, _HEADER)
        super().__init__(name, mode, self.bounded, **settings)  # type: ignore[arg-type]


def unpack(archive: str | Path, data: str | Path, limits: Limits | None = None, name: str = "") -> Unpacked:
    """Unpack a zip or tar archive into the folder `data`.

    An archive with one folder at its top becomes that folder in `data`; any other is put into a folder called
    like the archive. `_dataset` at the name's end is left out, as configs call datasets by what they hold, and so
    is a folder around all that is called `data` or `dataset`. Nothing that exists is touched, but for what
    `ppgen data starter` made. `name`: of the folder, if neither is to say it.

    Raises:
        DataError: no such archive, neither zip nor tar, damaged, encrypted; an entry that leaves the target, is a
            link or a device, or collides with another; more than `limits` allow.
        OutputError: the result exists already, or cannot be written.
    """
    source, target, limits = Path(archive).expanduser(), Path(data).expanduser(), limits or Limits()
    if not source.is_file():
        raise DataError(f"{archive}: no such file; give the archive that was downloaded")
    check_output(target)
    with _opened(source, limits.files) as entries:
        listed = _checked(source, entries, limits)
        place, strip = _place(source, target, listed)
        place = target / name if name else place
        if os.path.lexists(place) and not marker.is_marked(place):
            raise OutputError(f"{place}: exists already; remove it or choose another folder with -d")
        size = sum(entry.size for entry in listed)
        try:
            target.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(target).free
            if size > free:
                raise OutputError(f"{target}: {size / 2**30:.1f} GB are needed and {free / 2**30:.1f} GB are free")
            with tempfile.TemporaryDirectory(prefix=".unpack-", dir=target, ignore_cleanup_errors=True) as temporary:
                _write_all(source, listed, Path(temporary, "content"), strip)
                if marker.is_marked(place):
                    marker.remove(place)
                os.rename(Path(temporary, "content"), place)
        except OSError as error:
            if error.errno is None:  # gzip's and bz2's own errors, not the disk's
                raise
            raise OutputError(f"{place}: cannot be written ({error.strerror or error})") from error
    sync_folder(target)
    return Unpacked(place, len(listed), size)


@contextmanager
def _opened(source: Path, files: int) -> Iterator[Iterator[_Entry]]:
    """The entries of an archive, whatever its kind; what goes wrong while reading becomes a DataError."""
    try:
        with source.open("rb") as file, _archive(source, file, files) as archive:
            yield _tar_entries(source, archive) if isinstance(archive, _Tar) else _zip_entries(source, archive)
    except _DAMAGE as error:
        reason = short(str(error)) or type(error).__name__
        raise DataError(f"{source}: the archive is damaged or of an unknown kind ({reason}); get it again") from error
    except OSError as error:
        raise DataError(f"{source}: cannot be read ({error.strerror or error}); get it again") from error


def _archive(source: Path, file: IO[bytes], files: int) -> _Tar | zipfile.ZipFile:
    """The archive in a file, with a listing of about so many files at most."""
    try:
        if zipfile.is_zipfile(file):
            bounded = _Bounded(file, max(2**20, files * _LISTED))
            archive = zipfile.ZipFile(bounded)
            bounded.left = None
            return archive
        file.seek(0)
        return _Tar.open(fileobj=file)
    except DataError as error:
        raise DataError(f"{source}: {error}") from None
    except tarfile.ReadError:
        file.seek(0)
        if file.read(len(_ZIP_START)) == _ZIP_START:
            raise DataError(f"{source}: the zip archive is cut short, its listing is missing; get it again") from None
        raise DataError(f"{source}: is neither a zip nor a tar archive; download it again") from None


def _zip_entries(source: Path, archive: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in archive.infolist():
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DataError(f"{source}: '{info.filename}' is a link or a device, which is not unpacked")
        if info.flag_bits & 1:
            raise DataError(f"{source}: '{info.filename}' is encrypted; unpack it with its password by hand")
        is_folder = info.orig_filename.endswith("/")
        name = PurePosixPath() if is_folder else _safe(source, info.orig_filename)
        yield _Entry(name, 0 if is_folder else info.file_size, partial(archive.open, info), is_folder)


def _tar_entries(source: Path, archive: _Tar) -> Iterator[_Entry]:
    bounded = archive.bounded
    while True:
        bounded.left = _HEADER
        try:
            info = archive.next()
        except DataError as error:
            raise DataError(f"{source}: {error}") from None
        if info is None:
            break
        # nothing of it is needed any more, and a small archive can tell gigabytes of it
        vars(archive).update(members=[], pax_headers={})
        info.pax_headers = {}
        if not (info.isdir() or info.isreg()):
            raise DataError(f"{source}: '{info.name}' is a link or a device, which is not unpacked")
        told = _HEADER - bounded.left
        yield _Entry(_safe(source, info.name), info.size, partial(archive.extractfile, info), info.isdir(), told)
    bounded.left = None


def _safe(source: Path, name: str) -> PurePosixPath:
    """The entry's path, relative and inside, valid on every system."""
    plain = name.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    leaves = plain.startswith("/") or _DRIVE.match(plain) or ".." in parts
    if leaves or not parts:
        raise DataError(f"{source}: the entry '{name[:120]}' leaves the target folder; do not trust this archive")
    if len(parts) > _DEEPEST or len(plain) > _LONGEST:
        raise DataError(f"{source}: the entry '{short(name, 120)}' lies in too many folders, or its name is too long")
    for part in parts:
        if "\0" in part or ":" in part or len(part) > 200 or part.split(".")[0].lower() in _DEVICES:
            raise DataError(f"{source}: the entry {name[:120]!r} has a name that is not allowed for a file")
    return PurePosixPath(*parts)


def _checked(source: Path, entries: Iterator[_Entry], limits: Limits) -> list[_Entry]:
    """The entries to write; DataError as soon as they are too many, too large, or collide."""
    listed: dict[str, _Entry] = {}
    total, packed = 0, max(1, source.stat().st_size)
    for count, entry in enumerate(entries, start=1):
        total += entry.size + entry.told
        if count > limits.files:
            raise DataError(f"{source}: holds more than {limits.files} files, the limit")
        if total > limits.size:
            raise DataError(f"{source}: would unpack to more than {limits.size / 2**30:.3g} GB, the limit")
        if total > limits.ratio * packed + _CHUNK:
            raise DataError(f"{source}: would grow more than {limits.ratio:g}-fold, which pictures do not: a bomb")
        if entry.is_folder or entry.name.parts[0] in _IGNORED_TOPS or entry.name.name in _IGNORED_NAMES:
            continue
        key = str(entry.name).casefold()
        if key in listed:
            raise DataError(f"{source}: two entries are called '{entry.name}' (case aside)")
        listed[key] = entry
    for key in listed:
        end = len(key)
        while (end := key.rfind("/", 0, end)) > 0:
            if key[:end] in listed:
                raise DataError(f"{source}: '{listed[key[:end]].name}' is a file and a folder at once")
    if not listed:
        raise DataError(f"{source}: holds no file")
    return list(listed.values())


def _place(source: Path, target: Path, entries: list[_Entry]) -> tuple[Path, int]:
    """The folder that will be made, and how many leading parts of the names it replaces."""
    depth = 0
    while name := _common_folder(entries, depth):
        depth += 1
        if name.lower() not in _NO_NAMES:
            return target / _SUFFIX.sub("", name), depth
    stem = source.name
    for suffix in reversed(source.suffixes):
        if suffix.lower() in (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz"):
            stem = stem[: -len(suffix)]
    return target / (_SUFFIX.sub("", stem) or "dataset"), depth


def _common_folder(entries: list[_Entry], depth: int) -> str | None:
    """The one folder at this depth that all entries lie in."""
    names = {entry.name.parts[depth] for entry in entries}
    deeper = all(len(entry.name.parts) > depth + 1 for entry in entries)
    return names.pop() if len(names) == 1 and deeper else None


def _write_all(source: Path, entries: list[_Entry], folder: Path, strip: int) -> None:
    from tqdm.auto import tqdm

    for entry in tqdm(entries, desc="unpacking", unit="file", delay=2, disable=None):
        path = folder.joinpath(*entry.name.parts[strip:])
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = entry.open()
        if stream is None:
            raise DataError(f"{source}: '{entry.name}' cannot be read")
        with stream, path.open("xb") as file:
            # both libraries read no more than the declared sizes, which are what the limits were checked with
            shutil.copyfileobj(stream, file, _CHUNK)
            if file.tell() != entry.size:
                raise DataError(f"{source}: '{entry.name}' does not have the size its listing says; it is damaged")
