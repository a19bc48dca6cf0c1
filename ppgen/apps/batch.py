"""What predictors share: inputs of every kind become a list of items, and a batch finishes whatever fails."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from PIL import ImageFile
from tqdm.auto import tqdm

from ppgen.errors import DataError, OutputError, PPGenError, in_lines
from ppgen.io.atomic import say_replaced
from ppgen.io.brief import as_html, brief, short
from ppgen.io.image import ImageSource, save_images, source_name
from ppgen.io.listing import left_out, list_images
from ppgen.io.names import short_name

#: what predictors take: a picture, a folder of pictures, or a list of both
Inputs = ImageSource | Sequence[ImageSource]
Identities = frozenset[tuple[int, int]]  # device and inode of files

_LINES = 40  # of a report in a notebook
_MAX_STEM = 160  # bytes; with what is appended, a file name has to stay below 255


@short
@dataclass(frozen=True)
class Item:
    """One picture to work on.

    source: a path, an array or a PIL image; name: how messages call it; stem: how its results are called,
    unique in its batch. failure: why it cannot even be tried (a folder without images). batch: which files the items
    of its batch read, none of which its results may overwrite; see `identities`. again: whoever asked for it knows that
    its results may replace those of before.
    """

    source: ImageSource
    name: str
    stem: str
    failure: PPGenError | None = None
    batch: Identities = frozenset()
    again: bool = False


class Result(Protocol):
    """What is known of one face: the name of the input, and sentences for the user."""

    @property
    def name(self) -> str: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...


R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Failure:
    """An input that gave no result, and the error that says why."""

    name: str
    error: PPGenError


@dataclass(repr=False)
class Report(Generic[R]):
    """Outcome of a batch: `results` in the order of the inputs, and `failures`; `verb`: what was done to each face.

    notes: sentences about the inputs as a whole, such as how many files of a folder are none that can be read.
    """

    results: list[R] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    tried: int = 0  # pictures, the failed ones included
    verb: str = "drawn"
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return brief("Report", {"results": f"{len(self.results)} {self.verb}", "failures": len(self.failures)})

    def _repr_html_(self) -> str:
        lines = str(self).splitlines()
        more = [f"… and {len(lines) - _LINES} lines more: print it"] if len(lines) > _LINES else []
        return as_html([*lines[:_LINES], *more])

    def __str__(self) -> str:
        done = self.tried - len(self.failures)
        faces = f"{len(self.results)} face{'' if len(self.results) == 1 else 's'}"
        lines = [f"{done} of {self.tried} pictures done, {faces} {self.verb}"]
        lines += [f"warning: {one.name}: {text}" for one in self.results for text in one.warnings]
        lines += [f"failed: {failure.error}" for failure in self.failures] + self.notes
        return in_lines(lines)

    def raise_first(self) -> None:
        """Raise the first failure's error, with the count where there was more than one picture."""
        if not self.failures:
            return
        error = self.failures[0].error
        if self.tried == 1:
            raise error
        failed = f"{len(self.failures)} of {self.tried} pictures failed, the others are done (run_many returns both)"
        raise type(error)(f"{failed}; the first: {error}") from error

    def outcome(self, several: bool) -> R | list[R]:
        """What `run` returns: the result, or all where there may be several; a failure is raised."""
        self.raise_first()
        return self.results if several else self.results[0]


def is_batch(inputs: Inputs) -> bool:
    """Whether `inputs` is a list, a tuple or a folder, as opposed to one picture."""
    if isinstance(inputs, Sequence) and not isinstance(inputs, str):
        return True
    return isinstance(inputs, (str, os.PathLike)) and os.path.isdir(os.path.expanduser(inputs))


def list_items(inputs: Inputs) -> list[Item]:
    """Items of one picture, of a folder, or of a list of both; an unusable folder in it is a failed item.

    Raises DataError for an empty list.
    """
    given = inputs if isinstance(inputs, Sequence) and not isinstance(inputs, str) else [inputs]
    if not len(given):
        raise DataError("an empty list was given: give paths, arrays, PIL images or folders")
    sources: list[tuple[ImageSource, PPGenError | None]] = []
    for source in given:
        if not isinstance(source, (str, os.PathLike)) or not is_batch(source):
            sources.append((source, None))  # a nested list is refused by load_image, by name
            continue
        try:
            sources += [(path, None) for path in list_images(source)]
        except DataError as error:
            sources.append((source, error))
    stems = unique_stems([stem_of(source, index) for index, (source, _) in enumerate(sources)])
    batch = identities(source for source, _ in sources)
    return [
        Item(source, source_name(source), stem, failure, batch)
        for (source, failure), stem in zip(sources, stems, strict=True)
    ]


def unread(inputs: Inputs) -> list[str]:
    """A sentence for each folder among `inputs` in which files lie that cannot be read."""
    given = inputs if isinstance(inputs, Sequence) and not isinstance(inputs, str) else [inputs]
    folders = [source for source in given if isinstance(source, (str, os.PathLike)) and is_batch(source)]
    return [f"{source_name(folder)}: {others}" for folder in folders if (others := left_out(folder))]


def stem_of(source: ImageSource, index: int) -> str:
    """What the results of a source are called; index: its place, for sources without a name."""
    path = source.filename if isinstance(source, ImageFile.ImageFile) else source
    stem = Path(os.fsdecode(path)).stem if isinstance(path, (str, bytes, os.PathLike)) else ""
    return short_name(stem, _MAX_STEM) or f"image{index}"


def unique_stems(stems: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Stems made different, case aside: a second 'a', or one that is taken, becomes 'a-2', or the next that is free."""
    given, result = {stem.casefold() for stem in stems}, []
    used = {stem.casefold() for stem in taken}
    numbers: dict[str, Iterator[int]] = {}
    for stem in stems:
        base = stem
        while stem.casefold() in used or (stem != base and stem.casefold() in given):
            stem = f"{base}-{next(numbers.setdefault(base, itertools.count(2)))}"
        used.add(stem.casefold())
        result.append(stem)
    return result


def write_pictures(
    folder: Path, prefix: str, pictures: Mapping[str, np.ndarray], batch: Identities = frozenset(), again: bool = False
) -> tuple[Path, ...]:
    """Write PREFIX_NAME.png for each picture by name, all of them or none, and never over one of a batch's inputs.

    Says which files it replaces, unless `again`. Returns the paths. Raises OutputError.
    """
    paths = tuple(folder / f"{prefix}_{name}.png" for name in pictures)
    check_not_input(paths, batch=batch)
    if not again:
        say_replaced(*paths)
    save_images(dict(zip(paths, pictures.values())))
    return paths


def check_not_input(outputs: Iterable[Path], *sources: object, batch: Identities = frozenset()) -> None:
    """OutputError where one of `outputs` is a file that is read: one of `sources`, or of a batch's."""
    read = identities(sources) | batch
    for path in outputs:
        if read and not read.isdisjoint(identities([path])):
            what = "the input" if max(len(sources), len(batch)) == 1 else "one of the inputs"
            raise OutputError(f"{path}: is {what} and would be overwritten; choose another output folder")


def identities(sources: Iterable[object]) -> Identities:
    """Which files these are, whatever they are called; arrays, pictures and files that are not there do not count."""
    files = set()
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            with suppress(OSError, ValueError):  # no such file, or no such name: whoever reads it says so
                facts = os.stat(os.path.expanduser(source))
                files.add((facts.st_dev, facts.st_ino))
    return frozenset(files)


def run_batch(
    items: list[Item], work: Callable[[Item], list[R]], label: str, verb: str = "drawn", notes: Iterable[str] = ()
) -> Report[R]:
    """Do `work` on every item, with a progress bar on a terminal; what fails is reported, the rest finished.

    Only what is wrong with one picture or its files counts as its failure (DataError, OutputError); missing
    weights, say, stop the batch.
    """
    report: Report[R] = Report(tried=len(items), verb=verb, notes=list(notes))
    quiet = True if len(items) < 2 else None  # None: quiet where stderr is not a terminal
    for item in tqdm(items, desc=label, unit="picture", disable=quiet):
        try:
            if item.failure is not None:
                raise item.failure
            report.results += work(item)
        except (DataError, OutputError) as error:
            report.failures.append(Failure(item.name, error))
    return report
