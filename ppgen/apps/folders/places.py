"""Paths of this machine, and addresses of other storage (`s3://…`, `memory://…`) by fsspec."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen.errors import ConfigError, DataError, OutputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


def is_remote(path: str) -> bool:
    """Whether this is an address that fsspec opens, and no path of this machine."""
    return "://" in path and not path.startswith("file://")


def absolute(path: str) -> str:
    """The same place whatever folder a later run is started in."""
    if is_remote(path):
        return path.rstrip("/")
    return os.path.abspath(os.path.expanduser(path.removeprefix("file://")))


def join(folder: str, name: str) -> str:
    """A name in a folder."""
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else os.path.join(folder, name)


def storage(address: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and the path in it. Raises ConfigError where it cannot be opened."""
    try:
        import fsspec
    except ImportError as error:
        raise ConfigError(f"{address}: addresses are read by fsspec; run pip install 'paddle-ppgen[ray]'") from error
    try:
        return fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:  # a protocol without its package, or none at all
        raise ConfigError(f"{address}: cannot be opened ({error})") from error


def list_remote(folder: str) -> list[str]:
    """Addresses of the files in a folder, sorted. Raises DataError where there is none."""
    system, path = storage(folder)
    try:
        files = [each["name"].rsplit("/", 1)[-1] for each in system.ls(path, detail=True) if each["type"] == "file"]
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}: cannot be listed ({error}); check the address") from error
    return sorted(join(folder, name) for name in files)


def is_remote_folder(address: str) -> bool:
    """Whether files lie below an address."""
    system, path = storage(address)
    return bool(system.isdir(path))


def read_text(path: str) -> str:
    """A text file in UTF-8, wherever it is; bytes that are none become lone surrogates. Raises DataError."""
    try:
        if is_remote(path):
            system, inner = storage(path)
            return system.cat_file(inner).decode("utf-8", "surrogateescape")
        return Path(absolute(path)).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def stamp(path: str) -> str:
    """What changes when a file does, without reading it: size and time; "" where there is no such file."""
    try:
        if is_remote(path):
            system, inner = storage(path)
            return str(system.ukey(inner))
        facts = os.stat(path)
        return f"{facts.st_size}-{facts.st_mtime_ns}"
    except (OSError, ValueError):
        return ""


@contextmanager
def local_copy(path: str) -> Iterator[str]:
    """A path of this machine under which the file can be read; a copy while the block runs where it lies elsewhere.

    Raises DataError where it cannot be fetched.
    """
    if not is_remote(path):
        yield os.path.expanduser(path.removeprefix("file://"))
        return
    system, inner = storage(path)
    with tempfile.TemporaryDirectory(prefix="ppgen-") as folder:
        copy = os.path.join(folder, os.path.basename(inner))
        try:
            system.get_file(inner, copy)
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the address") from error
        yield copy


def upload(files: list[Path], folder: str) -> None:
    """Move files of this machine into a remote folder. Raises OutputError."""
    system, inner = storage(folder)
    try:
        system.makedirs(inner, exist_ok=True)
        for file in files:
            system.put_file(str(file), f"{inner.rstrip('/')}/{file.name}")
            file.unlink()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error


def names_in(folder: str) -> set[str]:
    """Names of what lies in a folder; none where it does not exist."""
    try:
        if is_remote(folder):
            return {address.rsplit("/", 1)[-1] for address in list_remote(folder)}
        return set(os.listdir(folder))
    except (OSError, DataError):
        return set()
