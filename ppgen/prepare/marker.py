"""The file that marks a folder as made by `ppgen data starter`, so that a real dataset may take its place.

Standard library only, as `link` and `unpack` are.
"""

import os
from pathlib import Path, PurePosixPath

from ppgen.errors import OutputError
from ppgen.io.places import MARK

_TEXT = """This folder was made by `ppgen data starter`: a start, not a dataset.
{about}
A network that is trained on it shows that its training works, not what it could learn from photos.
`make data`, `ppgen data unpack`, `ppgen data portraits` and `ppgen data download` put a dataset in its place. They
remove the files that are listed below, and no others.

"""


def mark(folder: Path, about: str) -> None:
    """Mark a folder with all that is in it now; about: a sentence on where it is from."""
    made = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    (folder / MARK).write_text(_TEXT.format(about=about) + "".join(f"{name}\n" for name in made), encoding="utf-8")


def is_marked(folder: Path) -> bool:
    """Whether `ppgen data starter` made this folder; a link is somebody's own, whatever it leads to."""
    return not folder.is_symlink() and (folder / MARK).is_file()


def made(folder: Path) -> set[Path]:
    """The files of a folder that `ppgen data starter` made; none where it is not marked."""
    if not is_marked(folder):
        return set()
    names = (folder / MARK).read_text(encoding="utf-8").split("\n\n", 1)[-1].splitlines()
    inside = (name for name in names if ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute())
    return {folder / name for name in inside}


def remove(folder: Path) -> None:
    """Remove a marked folder. Raises OutputError where it holds files that were put in later: then all stays."""
    ours = made(folder)
    try:
        known = {*ours, folder / MARK}
        left = [path for path in folder.rglob("*") if not path.is_dir() and path not in known]
        if left:
            what = f"holds files that `ppgen data starter` did not make, such as {left[0].relative_to(folder)}"
            raise OutputError(f"{folder}: {what}; move them elsewhere")
        for path in ours:
            path.unlink(missing_ok=True)
        (folder / MARK).unlink()
        for place, _, _ in os.walk(folder, topdown=False):
            os.rmdir(place)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be removed ({error.strerror or error})") from error
