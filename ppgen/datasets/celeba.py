"""CelebA in the layout it is distributed in."""

import os
import re
from pathlib import Path
from typing import Literal

from ppgen.datasets.attributes import Table
from ppgen.datasets.files import Filter, Row, Wanted, check_at_least_one, data_root, select
from ppgen.datasets.image_folder import Pictures, Reading
from ppgen.errors import DataError
from ppgen.io.places import start
from ppgen.registry import DATASETS

_PARTITIONS = {"train": "0", "validation": "1", "test": "2"}


def read_attributes(path: Path) -> list[Row]:
    """Rows of list_attr_celeba.txt: `id` (file name) and "1" or "0" for each attribute.

    Its first line is the number of pictures, the second the names; then one line a picture with 1 and -1.
    """
    lines = _lines(path)
    if len(lines) < 2 or not re.fullmatch(r"[0-9]{1,9}", lines[0]):
        raise DataError(f"{path}: its first line should be the number of pictures, its second the attributes' names")
    names = lines[1].split()
    if int(lines[0]) != len(lines) - 2:
        raise DataError(f"{path}: announces {lines[0]} pictures and lists {len(lines) - 2}; it is cut short or edited")
    rows = []
    for number, line in enumerate(lines[2:], start=3):
        file, *values = line.split()
        if len(values) != len(names) or not set(values) <= {"1", "-1"}:
            raise DataError(f"{path}: line {number} should be a file name and {len(names)} values 1 or -1")
        rows.append({"id": file, **dict(zip(names, ("1" if value == "1" else "0" for value in values)))})
    return rows


def read_partition(path: Path) -> dict[str, str]:
    """File name -> "0" train, "1" validation, "2" test, from list_eval_partition.txt."""
    partition = {}
    for number, line in enumerate(_lines(path), start=1):
        parts = line.split()
        if len(parts) != 2 or parts[1] not in _PARTITIONS.values():
            raise DataError(f"{path}: line {number} should be a file name and 0, 1 or 2")
        partition[parts[0]] = parts[1]
    return partition


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; {start('celeba')}CelebA comes with it, beside img_align_celeba/")
    try:
        # an editor may have put a byte order mark in front
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error})") from error


def _rows_of(split: str, rows: list[Row], table: Path) -> list[Row]:
    """The rows of one split, by the partition's file beside `table`."""
    path = table.with_name("list_eval_partition.txt")
    partition = read_partition(path)
    for row in rows:
        if row["id"] not in partition:
            raise DataError(f"{path}: does not list {row['id']}, which {table.name} does")
    kept = [row for row in rows if partition[row["id"]] == _PARTITIONS[split]]
    if not kept:
        raise DataError(f"{path}: no picture belongs to the split '{split}'")
    return kept


@DATASETS.register()
class CelebA(Pictures):
    """CelebA's aligned faces (Liu et al. 2015).

    Args:
        dataroot: holds `img_align_celeba/`, `list_attr_celeba.txt` and, unless all are wanted,
            `list_eval_partition.txt`.
        size: side of the squares returned.
        where: attribute -> 1 or 0, such as {Male: 1, Smiling: 0}.
        split: the authors' own partition.
        crop: side of the centred square that is cut from the 178x218 pictures first.
        label, groups_by: an attribute.
        flip, filter, grayscale, most, memory_mb: as in `ImageFolder`.

    Samples as those of `ImageFolder`; `has('Smiling')` gives an attribute by index.

    Raises:
        DataError: a file missing, or the lists and the pictures do not match.
        ConfigError: `size` or `most` below 1.
    """

    def __init__(
        self,
        dataroot: str = "celeba",
        size: int = 64,
        where: Wanted | None = None,
        split: Literal["train", "validation", "test", "all"] = "train",
        crop: int = 178,
        flip: bool = False,
        filter: Filter = "area",  # noqa: A002  (the word of the YAML)
        grayscale: bool = False,
        label: str | None = None,
        groups_by: str | None = None,
        most: int | None = None,
        memory_mb: float = 512,
    ) -> None:
        check_at_least_one(most=most)
        root = data_root(dataroot)
        table, folder = root / "list_attr_celeba.txt", root / "img_align_celeba"
        rows = read_attributes(table)
        if not rows:
            raise DataError(f"{table}: lists no picture")
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; CelebA's aligned pictures belong there, 000001.jpg and so on")
        there = {entry.name for entry in os.scandir(folder)}  # 200,000 files: one listing, no look at each
        for row in rows:
            if row["id"] not in there:
                raise DataError(f"{table}: lists {row['id']}, which is not in {folder}")
        classes = Table(table, rows).classes(label) if label else []
        if split != "all":
            rows = _rows_of(split, rows, table)
        rows = select(rows, where or {}, table)[:most]
        paths = [folder / row["id"] for row in rows]
        reading = Reading(size, filter, crop, grayscale, memory_mb)
        ids, attributes = [path.stem for path in paths], Table(table, rows)
        super().__init__(paths, ids, attributes, reading, flip, label, groups_by, classes)
