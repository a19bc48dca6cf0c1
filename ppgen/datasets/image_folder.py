"""A folder of pictures, with a table of attributes where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from ppgen.datasets import files
from ppgen.datasets.attributes import Table
from ppgen.datasets.base import SinglePictures
from ppgen.datasets.files import Decoded, Filter, Row, Split, Wanted, data_root
from ppgen.errors import DataError
from ppgen.io.image import load_image
from ppgen.registry import DATASETS


@dataclass(frozen=True)
class Reading:
    """How files become pictures.

    Attributes:
        size: side of the squares.
        filter: how they are resized.
        square: side of the centred square that is cut first; None: the largest, False: none.
        grayscale: one channel.
        memory_mb: bound of the decoded pictures kept in memory; 0 decodes every time.
    """

    size: int
    filter: Filter
    square: int | None | Literal[False]
    grayscale: bool
    memory_mb: float

    def memory(self, count: int) -> Decoded:
        """Room for `count` pictures; ConfigError for a size below 1."""
        files.check_at_least_one(size=self.size)
        return Decoded(count, (self.size, self.size, 1 if self.grayscale else 3), self.memory_mb)

    def read(self, path: Path) -> np.ndarray:
        """uint8 (size, size, 3), or (size, size, 1) in grey; DataError naming the file where it is damaged."""
        image = load_image(path)
        if self.square is not False:
            image = files.centre_square(image, self.square)
        image = files.resize(image, self.size, self.filter)
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] if self.grayscale else image


class Pictures(SinglePictures):
    """Files of single pictures with a row of text attributes each: the base of `ImageFolder` and `CelebA`.

    Args:
        label, groups_by: columns of the table, whose values become labels and groups.
        classes: what the labels are numbered by: all that the dataset has, not only those of this split.

    Attributes:
        paths: the files.
        rows: their attributes by column; empty where there is no table.
        table: the file these are from.
    """

    def __init__(
        self,
        paths: list[Path],
        ids: list[str],
        table: Table,
        reading: Reading,
        flip: bool,
        label: str | None,
        groups_by: str | None,
        classes: Sequence[str] = (),
    ) -> None:
        groups = table.column(groups_by) if groups_by else None
        labels = table.labels(label, classes) if label else None
        super().__init__(ids, groups, classes, labels, flip)
        self.paths, self.rows, self.table, self._attributes = paths, table.rows, table.path, table
        self._reading, self._memory = reading, reading.memory(len(paths))
        self.attribute, self.has = table.attribute, table.has

    def picture(self, index: int) -> np.ndarray:
        """See the base."""
        return self._memory.get(index, lambda: self._reading.read(self.paths[index]))


@DATASETS.register()
class ImageFolder(Pictures):
    """All pictures of a folder and its subfolders.

    Args:
        dataroot: the folder, relative to `data/` (or PPGEN_DATA).
        size: side of the squares returned.
        attributes: CSV file in `dataroot` with a column `id` (file name without extension) and one row a picture.
        where: column -> wanted value, or list of values, such as {colour: 1}; needs `attributes`.
        split: by crc32 of the id: one in ten is validation.
        flip: mirror every second one in training.
        filter: how pictures are resized; `area` averages when shrinking.
        center_crop: cut the largest centred square first; otherwise pictures that are not square are squeezed.
        grayscale: one channel.
        label: column that becomes `label`, or "folder" for the name of the picture's own folder. Labels are numbered in
            natural order over all pictures, whatever `where` and `split` leave.
        groups_by: column whose values take turns in a balanced stream.
        most: use the first so many only.
        memory_mb: bound of the decoded pictures kept in memory; 0 decodes every time.

    A sample holds `image` float32 (3 or 1, size, size) in [-1, 1], `id` (file name without extension, with its folders
    where that is not unique), `group`, with `label` also int64 ().
    `attribute(column)` and `has(CelebA's name)` give values by index.

    Raises:
        DataError: no such folder, no picture, a table that does not match the pictures, an id given twice.
        ConfigError: `size` or `most` below 1.
    """

    def __init__(
        self,
        dataroot: str,
        size: int = 64,
        attributes: str | None = None,
        where: Wanted | None = None,
        split: Split = "all",
        flip: bool = False,
        filter: Filter = "area",  # noqa: A002  (the word of the YAML)
        center_crop: bool = False,
        grayscale: bool = False,
        label: str | None = None,
        groups_by: str | None = None,
        most: int | None = None,
        memory_mb: float = 512,
    ) -> None:
        files.check_at_least_one(most=most)
        root = data_root(dataroot)
        paths, table = _everything(root, attributes)
        if label == "folder":
            label = "folder of the picture"
            rows = table.rows or [{} for _ in paths]
            table.rows = [{**row, label: path.parent.name} for row, path in zip(rows, paths)]
        classes = table.classes(label) if label else []
        if where and not attributes:
            raise DataError(f"{root}: `where` needs `attributes`, the CSV file whose columns it asks for")
        paths, table.rows = _selected(paths, table, where or {}, split, most)
        if not paths:
            raise DataError(f"{root}: none of its pictures belongs to the split '{split}'")
        reading = Reading(size, filter, None if center_crop else False, grayscale, memory_mb)
        super().__init__(paths, files.ids_of(paths, root), table, reading, flip, label, groups_by, classes)


def _everything(root: Path, attributes: str | None) -> tuple[list[Path], Table]:
    """All pictures of a folder, and their rows where there is a table, in its order."""
    paths, table = files.pictures_under(root), root / (attributes or "meta.csv")
    if not attributes:
        return paths, Table(table, [])
    rows, by_id = _rows_of(paths, table), {path.stem: path for path in paths}
    return [by_id[row["id"]] for row in rows], Table(table, rows)


def _selected(
    paths: list[Path], table: Table, where: Wanted, split: Split, most: int | None
) -> tuple[list[Path], list[Row]]:
    """The first `most` pictures of a split that have what is wanted, and their rows, where there are any."""
    wanted = {id(row) for row in files.select(table.rows, where, table.path)} if where else None
    rows: Sequence[Row | None] = table.rows or [None] * len(paths)
    chosen = [
        (path, row)
        for path, row in zip(paths, rows)
        if (wanted is None or id(row) in wanted) and files.in_split(path.stem, split)
    ]
    return [path for path, _ in chosen[:most]], [row for _, row in chosen[:most] if row is not None]


def _rows_of(paths: list[Path], table: Path) -> list[Row]:
    """The table's rows in its order, after checking that rows and pictures are the same set."""
    rows = files.read_table(table)
    ids = [path.stem for path in paths]
    if len(set(ids)) != len(ids):
        double = next(name for name in ids if ids.count(name) > 1)
        raise DataError(f"{table}: two pictures are called '{double}', so the table cannot tell them apart")
    listed = {row["id"] for row in rows}
    without_row = sorted(set(ids) - listed)
    without_picture = sorted(listed - set(ids))
    if without_row or without_picture:
        faults = ((without_row, "pictures without a row"), (without_picture, "rows without a picture"))
        counted = [f"{len(names)} {what}" + (f" ('{names[0]}' for one)" if names else "") for names, what in faults]
        raise DataError(f"{table}: does not match the pictures: {', '.join(counted)}")
    return rows
