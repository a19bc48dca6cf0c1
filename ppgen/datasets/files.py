"""What datasets of files share: where data lie, which ids are held back, tables, sizes, decoded pictures."""

import csv
import math
import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from ppgen.config import shipped
from ppgen.errors import ConfigError, DataError, short
from ppgen.io.decoding import open_image
from ppgen.io.listing import left_out, list_images
from ppgen.io.names import number_of
from ppgen.io.npz import load_npz
from ppgen.io.places import MARK, start
from ppgen.io.terminal import say
from ppgen.io.tiff import SIDEWAYS, orientation
from ppgen.registry import nearest

VALIDATION = 2  # which of ten parts is held back

Split = Literal["train", "validation", "all"]
Row = dict[str, str]  #: of a table: column -> cell
Wanted = dict[str, object]  #: column -> value, list of values, or range; see `matches`
Filter = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]


def data_root(folder: str) -> Path:
    """`folder` under `data/` of the working directory (or PPGEN_DATA); an absolute path stays, and so does ~."""
    return Path(os.environ.get("PPGEN_DATA", "data")) / Path(folder).expanduser()


def is_starter(folder: str) -> bool:
    """Whether `ppgen data starter` made it."""
    return (data_root(Path(folder).parts[0]) / MARK).is_file() if folder else False


def how_to_get(folder: Path) -> str:
    """For messages: how to get something into a folder of the data folder that is not there."""
    root = data_root("")
    name = folder.relative_to(root).parts[0] if folder != root and folder.is_relative_to(root) else ""
    advice = f"`{shipped.how_to_link()}` links what is on this machine, PPGEN_DATA names another data folder"
    return f"{start(name)}{advice}{shipped.where_layouts_are()}"


def fold_of(identifier: str) -> int:
    """Which of ten parts an id belongs to, by its name alone: crc32 modulo 10."""
    return number_of(identifier) % 10


def is_held_back(identifier: str) -> bool:
    """Whether an id belongs to validation: the part `VALIDATION` of ten."""
    return fold_of(identifier) == VALIDATION


def in_split(identifier: str, split: Split) -> bool:
    """Whether `identifier` belongs to "train", "validation" or "all"."""
    return split == "all" or is_held_back(identifier) == (split == "validation")


def check_at_least_one(**arguments: int | None) -> None:
    """ConfigError for the first argument below 1, or so large that nothing is; None, "not given", passes."""
    for name, value in arguments.items():
        if value is not None and value < 1:
            raise ConfigError(f"{name}: expected 1 or more, found {value}")
        if value is not None and value >= 2**31:
            raise ConfigError(f"{name}: expected less than 2**31, found {value}")


def pictures_under(folder: Path) -> list[Path]:
    """The pictures of a dataset's folder and of its subfolders, sorted; DataError where there are none.

    What lies there and cannot be read is counted on stderr.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; {how_to_get(folder)}")
    images = list_images(folder, recursive=True)
    if others := left_out(folder, recursive=True):
        say(f"{folder}: {others}", aside=True)
    return images


def ids_of(paths: Sequence[Path], root: Path) -> list[str]:
    """A name for each picture below `root`, no two alike: an id is a seed, and equal seeds would be equal drawings.

    The file's name without extension; with its folders where two have one name; with its extension where that is not
    enough.
    """
    below = [path.relative_to(root) for path in paths]
    longer = [path.with_suffix("").as_posix() for path in below]
    for names in ([path.stem for path in below], longer):
        if len(set(names)) == len(names):
            return names
    return [path.as_posix() for path in below]


def read_table(path: Path, needed: Iterable[str] = ("id",)) -> list[Row]:
    """The rows of a CSV file with a header line and a column `id`.

    Raises:
        DataError: no such file, a column missing, a row of another length, an id given twice.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; it should list the pictures, one row an id")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error})") from error
    check_columns(path, columns, needed)
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise DataError(f"{path}: row {line} has not {len(columns)} fields as its header")
        if row["id"] in seen:
            raise DataError(f"{path}: the id '{row['id']}' is listed twice, the second time in row {line}")
        seen.add(row["id"])
    return rows


def check_columns(path: Path, columns: Sequence[str], needed: Iterable[str]) -> None:
    """DataError for the first of `needed` that is not among `columns`."""
    for name in needed:
        if name not in columns:
            hint = f"{nearest(name, columns)} (there are: {', '.join(columns)})"
            raise DataError(f"{path}: has no column '{name}'{hint}")


def matches(row: Row, where: Wanted) -> bool:
    """Whether a row has what is wanted in every column of `where`: a value, one of a list of values, or a number
    in a range such as {from: 50, below: 65} (either end may be left out; a field that is no number is outside).
    """
    return all(_is_wanted(row[column], wanted) for column, wanted in where.items())


def read_landmarks(path: Path, ids: list[str]) -> list[np.ndarray]:
    """float32 (68, 2) for each id, of an archive with `ids` and `p68` (n, 68, 2).

    Raises:
        DataError: no such file, damaged, or without one of the ids.
    """
    if not path.is_file():
        raise DataError(f"{path}: is missing; it holds `ids` and `p68` (n, 68, 2), 68 landmarks in dlib's order")
    try:
        archive = load_npz(path)
        names, points = archive["ids"], archive["p68"]
        if names.ndim != 1 or points.shape != (len(names), 68, 2) or points.dtype.kind not in "fiu":
            raise ValueError(f"ids of shape {names.shape}, p68 of {points.dtype} {points.shape}")
        known = dict(zip(names.tolist(), points.astype(np.float32), strict=True))
    except (OSError, ValueError, KeyError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({short(str(error))}); it holds `ids` and `p68` (n, 68, 2)") from error
    missing = [name for name in ids if name not in known]
    if missing:
        raise DataError(f"{path}: has no landmarks of {len(missing)} portraits in meta.csv, {missing[0]} for one")
    return [known[name] for name in ids]


def _is_wanted(text: str, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return _in_range(text, wanted)
    return text in [_as_written(v) for v in (wanted if isinstance(wanted, (list, tuple)) else [wanted])]


def _in_range(text: str, ends: dict[str, float]) -> bool:
    if not ends or not set(ends) <= {"from", "below"}:
        raise DataError(f"where: a range is written {{from: A, below: B}}, with one of them at least, not {ends}")
    if not all(isinstance(end, (int, float)) for end in ends.values()):
        raise DataError(f"where: the ends of a range are numbers, not {ends}; leave one out where it has no end")
    try:
        number = float(text)
    except ValueError:
        return False
    return ends.get("from", -math.inf) <= number < ends.get("below", math.inf)


def _as_written(value: object) -> str:
    """A YAML value as a CSV holds it: `true` and 1 are "1"."""
    return str(int(value)) if isinstance(value, bool) else str(value)


class NothingSelected(DataError):
    """No row has what is wanted; `empty`: the columns asked for that are empty in every row."""

    def __init__(self, text: str, empty: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.empty = tuple(empty)


def select(rows: list[Row], where: Wanted, path: Path) -> list[Row]:
    """The rows that match; NothingSelected, a DataError, where none does, with the values that there are."""
    if rows:
        check_columns(path, list(rows[0]), where)
    selected = [row for row in rows if matches(row, where)]
    if not selected:
        values = {c: sorted({row[c] for row in rows})[:8] for c in where}
        empty = [column for column, there in values.items() if there == [""]]
        raise NothingSelected(f"{path}: no picture has {where} (values there: {values})", empty)
    return selected


def picture_size(path: Path) -> tuple[int, int] | None:
    """(height, width) from the file's header, turned as its EXIF says; None where the header is damaged.

    A damaged file is reported when it is read, so that one bad picture does not keep a training from starting.
    """
    try:
        with open_image(path) as image:
            width, height = image.size
            turned = orientation(image) in SIDEWAYS
    except Exception:  # Pillow's parsers raise nearly anything on damaged bytes
        return None
    return (width, height) if turned else (height, width)


def resize(image: np.ndarray, size: int | tuple[int, int], method: Filter = "area") -> np.ndarray:
    """uint8 (H, W, C) or (H, W) to (height, width); shrinking averages, so that thin lines do not come and go.

    `area` enlarges bilinearly, as there is nothing to average.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if image.shape[:2] == (height, width):
        return image
    if method == "area":
        shrinks = image.shape[0] >= height and image.shape[1] >= width
        if not shrinks:
            method = "bilinear"
        elif image.shape[0] % height == 0 and image.shape[1] % width == 0:
            return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)  # exact means of whole pixels
    pillows = Image.Resampling["BOX" if method == "area" else method.upper()]
    return np.asarray(Image.fromarray(image).resize((width, height), pillows))


def centre_square(image: np.ndarray, side: int | None = None) -> np.ndarray:
    """The square of `side` pixels in the middle (at most the shorter side, which is the default)."""
    height, width = image.shape[:2]
    side = min(height, width, side or max(height, width))
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


class Decoded:
    """Decoded pictures of one shape kept in memory, so that only their first epoch decodes files.

    Args:
        count: of the pictures.
        shape: of one, uint8.
        megabytes: the bound; when all do not fit, the first so many are kept. 0 keeps none.
    """

    def __init__(self, count: int, shape: tuple[int, ...], megabytes: float) -> None:
        kept = min(count, int(megabytes * 2**20 // int(np.prod(shape))))
        self._pictures = np.empty((kept, *shape), np.uint8)  # pages are taken only as they are written
        self._known = np.zeros(kept, bool)

    def get(self, index: int, read: Callable[[], np.ndarray]) -> np.ndarray:
        """The picture of `index`, made by `read` at first; not to be written into."""
        if index < len(self._known) and self._known[index]:
            return self._pictures[index]
        picture = read()
        if index < len(self._known):
            self._pictures[index] = picture
            self._known[index] = True  # last: another thread may look
        return picture
