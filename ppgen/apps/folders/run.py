"""A run over many photos: skip what is done, log what gets done, tell the results in the order of the photos."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm.auto import tqdm

from ppgen.apps.batch import identities
from ppgen.apps.folders import places
from ppgen.apps.folders.log import Entry, Log, log_name, open_log, read_logs, stems_of
from ppgen.apps.folders.photos import Photo, Shard, list_photos, named
from ppgen.apps.folders.work import Work
from ppgen.errors import in_lines
from ppgen.io.atomic import TEMPORARY
from ppgen.io.brief import short
from ppgen.io.download import digest

#: draws photos, and gives an entry for each as it gets done
Runner = Callable[[Work, Sequence[Photo]], Iterator[Entry]]
#: is told the entry of each photo that was tried, in the order of the photos
Tell = Callable[[Entry], None]

_SHOWN = 20  # failures that the report names


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM; says how far the run got and how to go on."""


@short
@dataclass
class FolderReport:
    """How a run went.

    total: photos it was asked for, of which `skipped` had been seen to before, `done` are drawn now, and `failures`
    says why others are not, those that were refused before among them. faces: drawn, now and before.
    notes: about the inputs as a whole.
    """

    total: int
    log: str
    done: int = 0
    skipped: int = 0
    faces: int = 0
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        faces = f"{self.faces} face{'' if self.faces == 1 else 's'}"
        lines = [f"{self.done + self.skipped} of {self.total} pictures done, {faces} drawn"]
        if self.skipped:
            lines[0] += f"; {self.skipped} of them before, so skipped now (--overwrite draws them again)"
        lines += [f"warning: {text}" for text in self.warnings]
        lines += [f"failed: {error}" for error in self.failures[:_SHOWN]]
        if len(self.failures) > _SHOWN:
            lines.append(f"… and {len(self.failures) - _SHOWN} more, see {self.log}")
        return in_lines(lines + self.notes)

    def count(self, photo: Photo, entry: Entry, before: bool = False) -> None:
        """Add what became of a photo, in this run or before it."""
        self.faces += entry.faces
        self.skipped += before and entry.status == "done"
        self.done += not before and entry.status == "done"
        if entry.status != "done":
            self.failures.append(f"{entry.error}{' (refused before; --overwrite tries again)' if before else ''}")
        if not before:
            self.warnings += [f"{photo.name}: {text}" for text in entry.warnings]


def serial(work: Work, photos: Sequence[Photo]) -> Iterator[Entry]:
    """Draw in this process, one after another."""
    return map(work.open(), photos)


def run_folder(
    work: Work, inputs: Sequence[str], runner: Runner = serial, *, command: str = "cartoon",
    overwrite: bool = False, shard: Shard | None = None, tell: Tell = lambda entry: None,
) -> FolderReport:  # fmt: skip
    """Draw every photo that has not been drawn, and log each in `<command>.log.jsonl` in the output folder.

    Args:
        work: what becomes of a photo; its `settings` and `protected` are filled in here.
        inputs: pictures, folders, manifests, addresses; see `list_photos`.
        runner: who draws: `serial`, `Processes(…)`, `RayActors(…)`.
        overwrite: draw also what the log says is done with the same settings.
        shard: only this part of the photos, with a log of its own; what other shards' logs say is done is skipped.
    Raises:
        Interrupted: by Ctrl-C or SIGTERM; the log is complete but for the photos in hand.
        DataError: nothing to do. ConfigError, WeightsError: what concerns every photo. OutputError: the folder or
        the log cannot be written, or another run writes it.
    """
    listed, notes = list_photos(inputs)
    work = replace(work, output=places.absolute(work.output), settings=work.open().settings())
    known = read_logs(work.output, command)
    photos = named(listed, stems_of(known))
    photos = [replace(photo, stamp=places.stamp(photo.path)) for photo in (shard.of_list(photos) if shard else photos)]
    work = replace(work, protected=_inputs_in(work.output, photos))
    name = log_name(command, shard)
    report = FolderReport(len(photos), places.join(work.output, name), notes=notes)
    pending = list(photos)
    if not overwrite:
        pending = _not_yet_seen_to(photos, known, work, report)
    if not pending:
        return report
    log = open_log(work.output, name)
    with closing(log), _interruptible():
        _remove_leftovers(work.output, pending)
        try:
            bar = tqdm(total=len(photos), initial=len(photos) - len(pending), desc=command, unit="picture",
                       disable=True if len(photos) < 2 else None)  # fmt: skip
            logged = _Logged(log, bar)
            with bar, closing(_closable(runner(work, pending))) as entries:
                for photo, entry in _in_order(map(logged, entries), pending):
                    report.count(photo, entry)
                    tell(entry)
            log.arrange([photo.path for photo in photos])
        except KeyboardInterrupt as stop:
            raise Interrupted(_how_far(report, len(pending) - logged.count)) from stop
    return report


def _closable(entries: Iterator[Entry]) -> Generator[Entry, None, None]:
    yield from entries


class _Logged:
    """Entries pass through it: each is in the log before anybody hears of it. count: so far."""

    def __init__(self, log: Log, bar: tqdm) -> None:
        self.log, self.bar, self.count = log, bar, 0

    def __call__(self, entry: Entry) -> Entry:
        self.log.append(entry)
        self.bar.update()
        self.count += 1
        return entry


def _in_order(entries: Iterable[Entry], photos: Sequence[Photo]) -> Iterator[tuple[Photo, Entry]]:
    """Entries in the order of their photos, each as soon as those before it are there."""
    early: dict[str, Entry] = {}
    turn = 0
    for entry in entries:
        early[entry.path] = entry
        while turn < len(photos) and photos[turn].path in early:
            yield photos[turn], early.pop(photos[turn].path)
            turn += 1


def _not_yet_seen_to(
    photos: Sequence[Photo], known: Mapping[str, Entry], work: Work, report: FolderReport
) -> list[Photo]:
    """The photos that no run with these settings has drawn or refused; the others are counted."""
    there, pending = places.names_in(work.output), []
    for photo in photos:
        entry = known.get(photo.path)
        if entry is None or not _is_seen_to(photo, entry, work.settings, there):
            pending.append(photo)
        else:
            report.count(photo, entry, before=True)
    return pending


def _is_seen_to(photo: Photo, entry: Entry, settings: str, there: set[str]) -> bool:
    """Whether the entry is about this very photo and these settings, and its files are still there."""
    if entry.settings != settings or entry.status == "failed" or not there.issuperset(entry.files) or not photo.stamp:
        return False
    if photo.stamp == entry.stamp:
        return True
    with places.local_copy(photo.path) as source:  # touched, or copied: perhaps the same
        return os.path.isfile(source) and digest(source) == entry.input


def _inputs_in(output: str, photos: Sequence[Photo]) -> frozenset[tuple[int, int]]:
    """Which files of the output folder are photos to be read."""
    if places.is_remote(output):
        return frozenset()
    return identities(Path(output, name) for name in places.names_in(output)) & identities(p.path for p in photos)


def _remove_leftovers(output: str, pending: Sequence[Photo]) -> None:
    """What a killed run was writing for a photo that is now done anew."""
    if places.is_remote(output):
        return
    stems = {photo.stem for photo in pending}
    for name in places.names_in(output):
        match = TEMPORARY.fullmatch(name)
        if match and re.sub(r"_\d+_\w+$", "", match["stem"]) in stems:
            Path(output, name).unlink(missing_ok=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM, by which schedulers end a job, is as Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _how_far(report: FolderReport, pending: int) -> str:
    """For whoever interrupted the run."""
    done = f"{report.total - pending} of {report.total} pictures have had their turn"
    return f"interrupted: {done}; run the same command again to go on ({report.log} says what was done)"
