"""A start without a network: every dataset of faces that the configs name, made by what comes with ppgen.

Faces of nobody by the shipped generator, their cartoons by the artist, in the layouts of data/README.md. A start, not a
dataset: each folder says so in its file STARTER, and a real one takes its place.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

from ppgen import hub
from ppgen.datasets.files import is_held_back
from ppgen.datasets.portraits import split_of
from ppgen.device import cpu_count, environment, threads_environment
from ppgen.errors import ConfigError, DataError, OutputError
from ppgen.io.atomic import check_output, sync_folder
from ppgen.io.places import STARTED
from ppgen.prepare import marker, starter_faces, starter_layouts
from ppgen.prepare.link import default_data
from ppgen.prepare.starter_faces import Face, Task, spread_years

COUNT = 240  # faces, of which a tenth is for validation
LEAST = 20
_DRAWN = {"F": 3, "M": 2}  # pictures for each face that is wanted: fewer women look like it
_ABOUT = "Its faces are of nobody: {network} drew them at {size}x{size} pixels; the cartoons are by ppgen's artist."


class Started(NamedTuple):
    """What happened to one dataset: `outcome` is 'made', or 'kept' where something was there."""

    name: str
    outcome: str
    path: Path


def make_starter(data: str | Path | None = None, count: int = COUNT, jobs: int | None = None) -> list[Started]:
    """Make what is missing of `STARTED` in the data folder; each folder is put there whole.

    Args:
        data: None: PPGEN_DATA, or `data`.
        count: faces.
        jobs: processes; None: as many as cores.
    Raises:
        ConfigError: too few faces. OutputError: the folder cannot be written.
    """
    if count < LEAST:
        raise ConfigError(f"--count {count}: give {LEAST} faces or more, so that every split has some")
    target = Path(data).expanduser() if data is not None else default_data()
    check_output(target)
    missing = [name for name in STARTED if not (target / name).exists()]
    if missing:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".starter-", dir=target, ignore_cleanup_errors=True) as temporary:
            _make(Path(temporary), missing, count, jobs or cpu_count())
            for name in missing:
                _put(Path(temporary, name), target / name)
        sync_folder(target)
    return [Started(name, "made" if name in missing else "kept", target / name) for name in STARTED]


def _make(folder: Path, names: Sequence[str], count: int, jobs: int) -> None:
    """The datasets `names` below `folder`: as many women as men, in training and in validation."""
    halves = {gender: starter_faces.pictures(gender, _DRAWN[gender] * (count // 2 + 1)) for gender in _DRAWN}
    ids = iter(_ids(sum(map(len, halves.values()))))
    tasks = [Task(next(ids), picture, gender, folder / "all") for gender, half in halves.items() for picture in half]
    faces = _faces(tasks, count, jobs)
    for name in names:
        starter_layouts.lay_out(name, faces, folder / "all", folder / name)
        marker.mark(folder / name, _ABOUT.format(network=hub.FACES, size=tasks[0].picture.shape[0]))


def _faces(tasks: Sequence[Task], count: int, jobs: int) -> list[Face]:
    """`count` of them, a tenth of them held back, half of both F and half M."""
    faces: list[Face] = []
    groups = [(held, gender) for held in (False, True) for gender in ("F", "M")]
    context = multiprocessing.get_context("spawn")  # a fork of a process that has loaded Paddle may hang
    with environment(threads_environment(max(1, cpu_count() // jobs))):
        pool = ProcessPoolExecutor(jobs, mp_context=context)
        with pool, tqdm(total=count, desc="portraits and cartoons", unit="face", disable=None) as bar:
            for held, gender in groups:
                wanted = count // 10 if held else count - count // 10
                mine = [task for task in tasks if task.gender == gender and is_held_back(task.id) == held]
                found = []
                for face in _portraits(pool, mine, wanted // 2 if gender == "F" else wanted - wanted // 2):
                    found.append(face)
                    bar.update()
                faces += spread_years(found, 0.75 if gender == "F" else 0.25)
    return faces


def _ids(count: int) -> list[str]:
    """Names of which exactly every fifth is held back for validation, and none for measuring skin tones."""
    names = [f"nobody_{number:04d}" for number in range(20 * count)]
    train, held = (
        iter([name for name in names if split_of(name, "deep") == split]) for split in ("train", "validation")
    )
    return [next(held if index % 5 == 4 else train) for index in range(count)]


def _portraits(pool: Executor, tasks: Sequence[Task], wanted: int) -> Iterator[Face]:
    """The first `wanted` faces that can be drawn: not every picture shows what it should."""
    found, waiting = 0, list(tasks)
    while waiting and found < wanted:
        some, waiting = waiting[: wanted - found], waiting[wanted - found :]
        for face in filter(None, pool.map(starter_faces.draw, some)):
            found += 1
            yield face
    if found < wanted:
        raise DataError(f"{hub.FACES}: of {len(tasks)} faces that it drew only {found} can be used, not {wanted}")


def _put(made: Path, place: Path) -> None:
    try:
        if place.is_symlink():  # it is missing, so its target is gone
            place.unlink()
        os.rename(made, place)
    except OSError as error:
        raise OutputError(f"{place}: cannot be put there ({error.strerror or error})") from error
