"""Which files of a folder are pictures that can be read, and what else lies there."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import features

from ppgen.errors import DataError
from ppgen.io.places import MARK

_ALWAYS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".ppm", ".pgm", ".pbm", ".pnm", ".gif", ".tif", ".tiff",
)  # fmt: skip
_HEIC, _AVIF = (".heic", ".heif"), (".avif",)
#: suffixes of pictures, whether they can be read here or not
IMAGE_SUFFIXES = (*_ALWAYS, *_HEIC, *_AVIF)
_BESIDE = (".csv", ".tsv", ".json", ".jsonl", ".txt", ".md", ".html", ".xml", ".npz", ".npy", ".log", ".yaml")
READABLE = "JPEG, PNG, WebP, TIFF, BMP, PPM, GIF, HEIC or AVIF"
_ADVICE = dict.fromkeys(_HEIC, "pip install pillow-heif") | dict.fromkeys(_AVIF, "pip install 'pillow>=11.3'")


@cache
def readable_suffixes() -> tuple[str, ...]:
    """The suffixes that are listed: HEIC where pillow-heif is installed, AVIF where Pillow reads it."""
    heic = _HEIC if find_spec("pillow_heif") else ()
    return (*_ALWAYS, *heic, *(_AVIF if features.check("avif") else ()))


def list_images(folder: str | os.PathLike, recursive: bool = False) -> list[Path]:
    """Image files of a folder by suffix, sorted by path; linked files and folders count.

    Left out is what a computer put there by itself: hidden files and folders (`.ipynb_checkpoints`), `__MACOSX`.
    A folder that several links lead to counts once.
    Raises DataError when the folder is missing, is a file, cannot be listed, or holds no image.
    """
    root, suffixes = _checked(folder), readable_suffixes()
    images = sorted(path for path in _files(root, recursive) if path.suffix.lower() in suffixes and path.is_file())
    if not images:
        others = left_out(root, recursive)
        found = f" ({others})" if others else ""
        raise DataError(f"{folder}: this folder holds no image{found}; put {READABLE} files into it")
    return images


def left_out(folder: str | os.PathLike, recursive: bool = False) -> str:
    """What `list_images` passes over, by type: "not read: 3 .heic (pip install pillow-heif), 3 .psd"; "": nothing.

    Tables and texts, which often lie beside pictures, do not count.
    Raises DataError as `list_images`, but for a folder without images.
    """
    root = _checked(folder)
    counts = Counter(map(_kind_left_out, _files(root, recursive)))
    if not recursive:
        counts["subfolders"] = sum(path.is_dir() and not _is_litter(path.name) for path in root.iterdir())
    counts = +Counter({kind: count for kind, count in counts.items() if kind})
    each = [f"{n} {kind}{f' ({_ADVICE[kind]})' if kind in _ADVICE else ''}" for kind, n in counts.most_common()]
    return f"not read: {', '.join(each)}" if each else ""


def _kind_left_out(path: Path) -> str:
    """The type of a file that is not listed; "" for one that is."""
    suffix = path.suffix.lower()
    if path.name == MARK:
        return ""
    if suffix not in readable_suffixes():
        return "" if suffix in _BESIDE else suffix or "without suffix"
    return "" if path.is_file() else "broken links"


def _checked(folder: str | os.PathLike) -> Path:
    root = Path(os.path.expanduser(folder))
    if not root.exists():
        raise DataError(f"{folder}: no such folder; check the path")
    if not root.is_dir():
        raise DataError(f"{folder}: is a file, not a folder; give the folder that holds the images")
    return root


def _files(root: Path, recursive: bool) -> Iterator[Path]:
    """All that is no folder, of linked folders too, each folder once (links may lead in circles); no litter."""

    def refuse(error: OSError) -> None:
        place, reason = error.filename or root, error.strerror or error
        raise DataError(f"{place}: cannot be listed ({reason}); check its permissions") from error

    seen: set[tuple[int, int]] = set()
    pending = [root]
    while pending:  # real folders first, so that a picture is called by where it lies
        tops, pending = pending, []
        for top in tops:
            for folder, names, files in os.walk(top, onerror=refuse):
                facts = os.stat(folder)
                if (facts.st_dev, facts.st_ino) in seen:
                    names.clear()
                    continue
                seen.add((facts.st_dev, facts.st_ino))
                names[:] = sorted(name for name in names if recursive and not _is_litter(name))
                pending += [Path(folder, name) for name in names if os.path.islink(os.path.join(folder, name))]
                yield from (Path(folder, name) for name in files if not _is_litter(name))


def _is_litter(name: str) -> bool:
    """Whether a name within the folder that was asked for is hidden, or what macOS adds to its zip archives."""
    return name.startswith(".") or name == "__MACOSX"
