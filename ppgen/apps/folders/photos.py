"""The photos of a run: from pictures, folders, manifests and addresses to a list with names that never collide."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import NamedTuple

from ppgen.apps.batch import is_batch, stem_of, unique_stems, unread
from ppgen.apps.folders import places
from ppgen.errors import ConfigError, DataError
from ppgen.io.listing import list_images, readable_suffixes

MANIFESTS = (".txt", ".jsonl")


@dataclass(frozen=True)
class Photo:
    """One input.

    path: absolute, or an address; the log knows it by it. name: how messages call it. stem: how its results are
    called. stamp: see `places.stamp`. failure: why it cannot even be tried. again: the log has seen it before.
    """

    path: str
    name: str
    stem: str = ""
    stamp: str = ""
    failure: str | None = None
    again: bool = False


class Shard(NamedTuple):
    """Every `of`-th photo, beginning with the `number`-th, from 1."""

    number: int
    of: int

    @staticmethod
    def parsed(text: str) -> Shard:
        """'3/64'; ConfigError for anything else."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ConfigError(f"--shard {text}: give NUMBER/OF, such as 1/4, 2/4, 3/4 and 4/4")
        return Shard(int(match[1]), int(match[2]))

    def of_list(self, photos: Sequence[Photo]) -> list[Photo]:
        """Its part of all photos; the list has to be the same for every shard."""
        return list(photos[self.number - 1 :: self.of])


def is_manifest(path: str) -> bool:
    """Whether this names a list of photos: a text file with a path in each line, or JSON lines with "path"."""
    return path.lower().endswith(MANIFESTS)


def is_list(inputs: Sequence[str]) -> bool:
    """Whether these inputs are several photos, as opposed to the path of one."""
    return len(inputs) > 1 or is_manifest(inputs[0]) or places.is_remote(inputs[0]) or is_batch(inputs[0])


def list_photos(inputs: Sequence[str]) -> tuple[list[Photo], list[str]]:
    """(photos in order, each path once; sentences about what was left out), their stems and stamps still empty.

    Raises DataError for a manifest that cannot be read, and where nothing is in the lists.
    """
    notes = unread([path for path in inputs if not places.is_remote(path)])
    photos: dict[str, Photo] = {}
    repeated = 0
    for name, failure in _names(inputs):
        path = places.absolute(name)
        repeated += path in photos
        photos.setdefault(path, Photo(path, name, failure=failure))
    if not photos:
        raise DataError(f"{', '.join(inputs)}: names no picture")
    if repeated:
        notes.append(f"{repeated} given more than once")
    return list(photos.values()), notes


def named(photos: Sequence[Photo], known: Mapping[str, str]) -> list[Photo]:
    """The photos with stems; known: path -> stem of those that were named before, which keep theirs."""
    new = [index for index, photo in enumerate(photos) if photo.path not in known]
    stems = unique_stems([stem_of(photos[index].path, index) for index in new], known.values())
    stem_at = dict(zip(new, stems))
    return [
        replace(photo, stem=stem_at.get(index) or known[photo.path], again=photo.path in known)
        for index, photo in enumerate(photos)
    ]


def _names(inputs: Iterable[str]) -> Iterable[tuple[str, str | None]]:
    """(path as given or listed, why it cannot be tried) of everything."""
    for path in inputs:
        if is_manifest(path):
            yield from ((name, None) for name in _in_manifest(path))
            continue
        try:
            if places.is_remote(path):
                names = _in_remote_folder(path) if places.is_remote_folder(path) else [path]
            else:
                names = [os.fspath(each) for each in list_images(path)] if is_batch(path) else [path]
        except DataError as error:
            yield path, str(error)
            continue
        yield from ((name, None) for name in names)


def _in_remote_folder(folder: str) -> list[str]:
    found = [one for one in places.list_remote(folder) if PurePosixPath(one).suffix.lower() in readable_suffixes()]
    if not found:
        raise DataError(f"{folder}: this folder holds no image")
    return found


def _in_manifest(path: str) -> list[str]:
    """The paths that a manifest lists; relative ones are relative to its folder."""
    remote = places.is_remote(path)
    folder = path[: path.rindex("/") + 1] if remote else os.path.dirname(path)
    lines = places.read_text(path).splitlines() if path.lower().endswith(".jsonl") else _text_lines(path)
    names = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name = _path_in(line, f"{path}, line {number}") if path.lower().endswith(".jsonl") else line
        if not places.is_remote(name):
            name = folder + name if remote else os.path.join(folder, os.path.expanduser(name))
        names.append(name)
    return names


def _text_lines(path: str) -> list[str]:
    """Lines as a shell's tools write them: a file's name may hold what Python also calls a line's end."""
    return [line.removesuffix("\r") for line in places.read_text(path).split("\n")]


def _path_in(line: str, where: str) -> str:
    """The path in a line of JSON: a string, or an object's "path"."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    name = value.get("path") if isinstance(value, dict) else value
    if not isinstance(name, str) or not name:
        raise DataError(f'{where}: expected a path in quotation marks, or an object such as {{"path": "a.jpg"}}')
    return name
