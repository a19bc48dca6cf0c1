"""Files that commands write: checked before any work, then written as their suffix says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ppgen.errors import OutputError
from ppgen.io.terminal import say

if TYPE_CHECKING:
    from ppgen.apps.drawings import Drawings

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".ppm")  # that `save_image` writes


def check_output_file(output: str, film: bool = True) -> None:
    """OutputError, before any work, where `output` is a folder or ends in what is not written; `film`: may be one."""
    from ppgen.io.movie import SUFFIXES

    path = Path(output).expanduser()
    check_new_file(output)
    if path.suffix.lower() not in (*IMAGES, *(SUFFIXES if film else ())):
        films = f", or as a film that ends in {' or '.join(SUFFIXES)}" if film else ""
        kind = path.suffix or "a file without suffix"
        raise OutputError(f"{output}: is not written as {kind}; use a name that ends in {', '.join(IMAGES)}{films}")


def check_output_folder(output: str) -> None:
    """OutputError, before any work, where a folder that is not there yet is called like a file."""
    from ppgen.io.listing import IMAGE_SUFFIXES
    from ppgen.io.movie import SUFFIXES

    path = Path(output).expanduser()
    if path.suffix.lower() in (*IMAGE_SUFFIXES, *SUFFIXES, ".npz") and not path.is_dir():
        raise OutputError(f"{output}: several files are written, so -o names a folder; leave {path.suffix} away")


def keep_inputs(output: str, *sources: object) -> None:
    """OutputError where what is to be written is one of the files that are read."""
    from ppgen.apps.batch import check_not_input
    from ppgen.io.movie import written_as

    for source in sources:
        check_not_input(written_as(Path(output).expanduser()), source)


def check_new_file(output: str, *read: str) -> None:
    """OutputError, before any work, where a file cannot be written, or is a picture in a folder that is read."""
    from ppgen.io.atomic import check_output
    from ppgen.io.listing import IMAGE_SUFFIXES

    path = Path(output).expanduser()
    if path.is_dir():
        raise OutputError(f"{output}: is a folder; name a file in it")
    for place in (Path(os.path.expanduser(name)).resolve() for name in read):
        inside = path.suffix.lower() in IMAGE_SUFFIXES and path.resolve().is_relative_to(place)
        if path.exists() and (inside or path.resolve() == place):
            raise OutputError(f"{output}: is one of the files that are read and would be overwritten; choose another")
    check_output(path.parent)


def write(drawings: Drawings, output: str, fps: float = 12) -> None:
    """A sheet or, by the suffix, a film; says where, and where it is not quite what was asked for."""
    from ppgen.io.atomic import say_replaced
    from ppgen.io.movie import is_movie, save_movie, written_as

    say_replaced(written_as(Path(output).expanduser())[0])
    path, note = save_movie(output, drawings.frames(), fps) if is_movie(output) else (drawings.save(output), "")
    say(path)
    if note:
        say(f"note: {note}")
