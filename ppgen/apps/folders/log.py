"""The log of a folder: a JSON line for every photo, written when it is done; what a later run skips by."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from io import BufferedRandom
from pathlib import Path
from typing import Any, Literal, Protocol

from ppgen.apps.folders import places
from ppgen.apps.folders.photos import Photo, Shard
from ppgen.errors import OutputError
from ppgen.io.atomic import write_bytes

Status = Literal["done", "refused", "failed"]
_SECONDS, _LINES = 5.0, 100  # of remote storage: how long lines wait for others, and how many do


@dataclass(frozen=True)
class Entry:
    """A line of the log.

    path: of the photo, absolute. status: "done"; "refused": the picture cannot be used, which trying again would not
    change; "failed": by circumstances, such as the time limit. error: why. faces: drawn. seconds: it took.
    input: SHA-256 of the photo. stamp: see `places.stamp`. settings: digest of all that decides how drawings look.
    stem: how its files are called; files: their names in the output folder. by: with routing, the leaf that drew each
    face. warnings: sentences for the user. worker: host and process. peak_mib: the most memory that the process has
    held so far. finished: Unix time.
    """

    path: str
    status: Status
    error: str | None = None
    faces: int = 0
    seconds: float = 0.0
    input: str | None = None
    stamp: str = ""
    settings: str = ""
    stem: str = ""
    files: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    worker: str = ""
    peak_mib: float = 0.0
    finished: float = 0.0

    def line(self) -> str:
        """As JSON in ASCII: bytes of names that are no UTF-8 survive as escapes."""
        return json.dumps(asdict(self))

    @staticmethod
    def of_line(line: str | bytes) -> Entry | None:
        """What `line` gave; None for anything else, such as a line that a crash cut short."""
        try:
            told = json.loads(line)
            known: dict[str, Any] = {field.name: told[field.name] for field in fields(Entry) if field.name in told}
            known.update((name, tuple(value)) for name, value in known.items() if isinstance(value, list))
            entry = Entry(**known)
        except (ValueError, TypeError, RecursionError):
            return None
        texts = (entry.path, entry.status, entry.stem, entry.stamp, entry.settings, *entry.files)
        numbers = (entry.faces, entry.finished)
        if not all(isinstance(text, str) for text in texts) or not all(isinstance(one, int | float) for one in numbers):
            return None
        inside = all(re.fullmatch(r"[^/\\\0]*", name) for name in (entry.stem, *entry.files))  # a log may lie
        return entry if inside else None

    @staticmethod
    def failed(photo: Photo, error: str, seconds: float = 0.0) -> Entry:
        """A photo that circumstances kept from being done."""
        return Entry(photo.path, "failed", error, seconds=round(seconds, 3), stem=photo.stem, finished=time.time())


class Log(Protocol):
    """Where entries go, one after another; `close` ends it, after `arrange` if every photo has had its turn."""

    def append(self, entry: Entry) -> None: ...

    def arrange(self, order: Sequence[str]) -> None:
        """One line for each path: those of other runs first, then `order`."""

    def close(self) -> None: ...


def log_name(command: str, shard: Shard | None = None) -> str:
    """The file in the output folder."""
    part = f".shard-{shard.number}-of-{shard.of}" if shard else ""
    return f"{command}{part}.log.jsonl"


def open_log(folder: str, name: str) -> Log:
    """Raises OutputError: it cannot be written, or another run writes it."""
    return RemoteLog(folder, name) if places.is_remote(folder) else LocalLog(Path(folder, name))


def read_logs(folder: str, command: str) -> dict[str, Entry]:
    """The newest entry of each path, in the order they were first logged, over a command's logs in a folder."""
    pattern = re.compile(rf"{re.escape(command)}(\.shard-\d+-of-\d+)?\.log(\.\d+-\d+)?\.jsonl")
    known: dict[str, Entry] = {}
    for name in sorted(filter(pattern.fullmatch, places.names_in(folder))):
        for entry in _entries(_lines(places.join(folder, name))):
            if entry.path not in known or known[entry.path].finished <= entry.finished:
                known[entry.path] = entry
    return known


def _lines(path: str) -> Iterable[bytes]:
    if places.is_remote(path):
        yield from places.read_text(path).encode("ascii", "replace").splitlines()
        return
    with open(path, "rb") as file:
        yield from file


def _entries(lines: Iterable[bytes]) -> Iterable[Entry]:
    return (entry for line in lines if (entry := Entry.of_line(line)) is not None)


def _arranged(lines: Iterable[bytes], order: Sequence[str]) -> bytes:
    newest: dict[str, bytes] = {entry.path: entry.line().encode() for entry in _entries(lines)}
    ours = [newest.pop(path) for path in order if path in newest]
    return b"".join(line + b"\n" for line in [*newest.values(), *ours])


class LocalLog:
    """A file, of which each line is on the disk before the next photo's is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _locked(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
        self._cut_torn_line()

    def append(self, entry: Entry) -> None:
        """Raises OutputError."""
        try:
            self._file.write(entry.line().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            what = f"{self.path}: cannot be written ({error.strerror or error})"
            raise OutputError(f"{what}; free some space, and the same command goes on") from error

    def arrange(self, order: Sequence[str]) -> None:
        """See `Log`."""
        self._file.seek(0)
        before = self._file.read()
        after = _arranged(before.splitlines(), order)
        if after != before:
            write_bytes(self.path, after)

    def close(self) -> None:
        """Give it up for other runs."""
        self._file.close()

    def _cut_torn_line(self) -> None:
        """A crash may have left the beginning of a line: what is appended must not continue it."""
        end = self._file.seek(0, os.SEEK_END)
        if not end:
            return
        self._file.seek(-1, os.SEEK_END)
        if self._file.read(1) != b"\n":
            self._file.seek(0)
            self._file.truncate(self._file.read().rfind(b"\n") + 1)
        self._file.seek(0, os.SEEK_END)


def _locked(path: Path) -> BufferedRandom:
    """The file, opened to append, held by this process; OutputError where another one holds it."""
    while True:
        if path.is_symlink():
            raise OutputError(f"{path}: is a link, and what it leads to would be written; remove it")
        file = path.open("a+b")
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: no such lock, the rest works
            return file
        except BlockingIOError:
            file.close()
            what = "another run writes into this folder; wait for it, choose another, or share the work by --shard"
            raise OutputError(f"{path}: {what}") from None
        if os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(file.fileno())):
            return file
        file.close()  # the run that held it has just put another file in its place


class RemoteLog:
    """Small files beside the log, as storage elsewhere cannot append; one file in the end.

    A crash loses the lines of the last few seconds, whose photos are done again.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.folder, self.name = folder, name
        self.system, self.inner = places.storage(folder)
        self.stem = name.removesuffix(".jsonl")
        self._waiting: list[bytes] = []
        self._since = 0.0

    def append(self, entry: Entry) -> None:
        """Raises OutputError."""
        self._since = self._since if self._waiting else time.monotonic()
        self._waiting.append(entry.line().encode() + b"\n")
        if len(self._waiting) >= _LINES or time.monotonic() - self._since >= _SECONDS:
            self._flush()

    def arrange(self, order: Sequence[str]) -> None:
        """See `Log`."""
        self._flush()
        parts = sorted(filter(re.compile(rf"{re.escape(self.stem)}\.\d+-\d+\.jsonl").fullmatch, self._names()))
        whole = [self.name] if self.name in self._names() else []
        lines = b"".join(self.system.cat_file(f"{self.inner}/{name}") for name in [*whole, *parts]).splitlines()
        self._write(self.name, _arranged(lines, order))
        for name in parts:
            self.system.rm_file(f"{self.inner}/{name}")

    def close(self) -> None:
        """Write what waits."""
        self._flush()

    def _names(self) -> set[str]:
        return places.names_in(self.folder)

    def _flush(self) -> None:
        if self._waiting:
            self._write(f"{self.stem}.{time.time_ns()}-{os.getpid()}.jsonl", b"".join(self._waiting))
            self._waiting = []

    def _write(self, name: str, data: bytes) -> None:
        try:
            self.system.makedirs(self.inner, exist_ok=True)
            self.system.pipe_file(f"{self.inner}/{name}", data)
        except OSError as error:
            raise OutputError(f"{self.folder}/{name}: cannot be written ({error.strerror or error})") from error


def stems_of(known: Mapping[str, Entry]) -> dict[str, str]:
    """path -> stem of the photos that were named before."""
    return {path: entry.stem for path, entry in known.items() if entry.stem}
