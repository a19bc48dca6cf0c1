"""What predictors share: inputs of every kind become a list of items, and a batch finishes whatever fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ppgen.errors import DataError, OutputError, PPGenError
from ppgen.io.image import list_images, source_name
from ppgen.io.names import short_name

_MAX_STEM = 160  # bytes; with what is appended, a file name has to stay below 255


Identities = frozenset[tuple[int, int]]  # device and inode of files


@dataclass(frozen=True)
class Item:
    """One picture to work on.

    source: a path, an array or a PIL image; name: how messages call it; stem: how its results are called,
    unique in its batch. failure: why it cannot even be tried (a folder without images). batch: which files the items
    of its batch read, none of which its results may overwrite; see `identities`.
    """

    source: Any
    name: str
    stem: str
    failure: PPGenError | None = None
    batch: Identities = frozenset()


@dataclass(frozen=True)
class Failure:
    """An input that gave no result, and the error that says why."""

    name: str
    error: PPGenError


@dataclass
class Report:
    """Outcome of a batch: `results` in the order of the inputs, and `failures`; `verb`: what was done to each face."""

    results: list[Any] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    tried: int = 0  # pictures, the failed ones included
    verb: str = "drawn"

    def __str__(self) -> str:
        done = self.tried - len(self.failures)
        faces = f"{len(self.results)} face{'' if len(self.results) == 1 else 's'}"
        lines = [f"{done} of {self.tried} pictures done, {faces} {self.verb}"]
        lines += [f"warning: {one.name}: {text}" for one in self.results for text in one.warnings]
        lines += [f"failed: {failure.error}" for failure in self.failures]
        return "\n".join(lines)

    def raise_first(self) -> None:
        """Raise the first failure's error, with the count where there was more than one picture."""
        if not self.failures:
            return
        error = self.failures[0].error
        if self.tried == 1:
            raise error
        raise type(error)(
            f"{len(self.failures)} of {self.tried} pictures failed, the others are done "
            f"(run_many returns both); the first: {error}"
        ) from error


def is_batch(inputs: Any) -> bool:
    """Whether `inputs` is a list, a tuple or a folder, as opposed to one picture."""
    if isinstance(inputs, (list, tuple)):
        return True
    return isinstance(inputs, (str, os.PathLike)) and os.path.isdir(os.path.expanduser(inputs))


def list_items(inputs: Any) -> list[Item]:
    """Items of one picture, of a folder, or of a list of both; an unusable folder in it is a failed item.

    Raises DataError for an empty list.
    """
    sources = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    if not len(sources):
        raise DataError("an empty list was given: give paths, arrays, PIL images or folders")
    found: list[tuple[Any, PPGenError | None]] = []
    for source in sources:
        if not is_batch(source) or isinstance(source, (list, tuple)):
            found.append((source, None))  # a nested list is refused by load_image, by name
            continue
        try:
            found += [(path, None) for path in list_images(source)]
        except DataError as error:
            found.append((source, error))
    stems = _unique([_stem(source, index) for index, (source, _) in enumerate(found)])
    batch = identities(source for source, _ in found)
    return [
        Item(source, source_name(source), stem, failure, batch)
        for (source, failure), stem in zip(found, stems, strict=True)
    ]


def _stem(source: Any, index: int) -> str:
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "filename", "")
    return short_name(Path(path).stem if path else "", _MAX_STEM) or f"image{index}"


def _unique(stems: list[str]) -> list[str]:
    """Stems made different, case aside: a second 'a' becomes 'a-2', or the next that is free."""
    taken = {stem.casefold() for stem in stems}
    seen: set[str] = set()
    result = []
    for stem in stems:
        new, number = stem, 1
        while new.casefold() in seen or (number > 1 and new.casefold() in taken):
            number += 1
            new = f"{stem}-{number}"
        seen.add(new.casefold())
        result.append(new)
    return result


def check_not_input(outputs: Iterable[Path], *sources: Any, batch: Identities = frozenset()) -> None:
    """OutputError where one of `outputs` is a file that is read: one of `sources`, or of a batch's."""
    read = identities(sources) | batch
    for path in outputs:
        if read and not read.isdisjoint(identities([path])):
            what = "the input" if max(len(sources), len(batch)) == 1 else "one of the inputs"
            raise OutputError(f"{path}: is {what} and would be overwritten; choose another output folder")


def identities(sources: Iterable[Any]) -> Identities:
    """Which files these are, whatever they are called; arrays, pictures and files that are not there do not count."""
    found = set()
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            with suppress(OSError, ValueError):  # no such file, or no such name: whoever reads it says so
                facts = os.stat(os.path.expanduser(source))
                found.add((facts.st_dev, facts.st_ino))
    return frozenset(found)


def run_batch(items: list[Item], work: Callable[[Item], list[Any]], label: str, verb: str = "drawn") -> Report:
    """Do `work` on every item, with a progress bar on a terminal; what fails is reported, the rest finished.

    Only what is wrong with one picture or its files counts as its failure (DataError, OutputError); missing
    weights, say, stop the batch.
    """
    from tqdm import tqdm

    report = Report(tried=len(items), verb=verb)
    quiet = True if len(items) < 2 else None  # None: quiet where stderr is not a terminal
    for item in tqdm(items, desc=label, unit="picture", disable=quiet):
        try:
            if item.failure is not None:
                raise item.failure
            report.results += work(item)
        except (DataError, OutputError) as error:
            report.failures.append(Failure(item.name, error))
    return report
