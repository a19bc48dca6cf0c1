"""Link datasets that already lie on this machine into the data folder.

Uses the standard library only, so that `make data` works before anything is installed.
"""

import os
from pathlib import Path
from typing import NamedTuple

from ppgen.errors import DataError, OutputError
from ppgen.io.atomic import check_output
from ppgen.io.places import LINKED
from ppgen.prepare import marker


class Linked(NamedTuple):
    """What happened to one dataset: `outcome` is 'linked', 'kept' (something was there) or 'absent'."""

    name: str
    outcome: str
    path: Path


def default_data() -> Path:
    """The data folder: the environment variable PPGEN_DATA, or `data` in the working directory."""
    return Path(os.environ.get("PPGEN_DATA") or "data")


def default_shared() -> Path:
    """Where datasets lie: the environment variable PPGEN_SHARED, or `shared` beside the working directory."""
    return Path(os.environ.get("PPGEN_SHARED") or Path.cwd().parent / "shared")


def link_datasets(data: str | Path | None = None, shared: str | Path | None = None) -> list[Linked]:
    """Make `data/<dataset>` a link to its folder below `shared` for each known dataset that exists there.

    What is already in `data` is kept, except a link whose target is gone and what `ppgen data starter` made. Where
    `shared` holds none of the datasets, nothing is written, not even the data folder.

    Raises:
        DataError: `shared` was given and is not a folder.
        OutputError: the data folder or a link in it cannot be written.
    """
    if shared is not None and not Path(shared).is_dir():
        raise DataError(f"{shared} is not a folder: give the folder that holds {', '.join(LINKED)}")
    source = Path(shared) if shared is not None else default_shared()
    target = Path(data) if data is not None else default_data()
    return [_link_one(name, source / folder, target / name) for name, folder in LINKED.items()]


def _link_one(name: str, source: Path, link: Path) -> Linked:
    starter = marker.is_marked(link)
    if link.exists() and not (starter and source.is_dir()):
        return Linked(name, "kept", link)
    if not source.is_dir():
        return Linked(name, "absent", source)
    check_output(link.parent)
    if starter:
        marker.remove(link)
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink():  # exists() was false: its target is gone
            link.unlink()
        link.symlink_to(source.resolve(), target_is_directory=True)
    except OSError as error:
        raise OutputError(f"{link} cannot be linked to {source}: {error.strerror or error}") from error
    return Linked(name, "linked", link)
