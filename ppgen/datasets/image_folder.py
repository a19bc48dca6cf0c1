"""A folder of pictures, with a table of attributes where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from ppgen.datasets.attributes import OUR_COLUMNS, numbers, yes_or_no
from ppgen.datasets.files import (
    Decoded,
    Filter,
    Split,
    centre_square,
    check_at_least_one,
    check_columns,
    data_root,
    ids_of,
    in_split,
    pictures_under,
    read_table,
    resize,
    select,
)
from ppgen.errors import DataError
from ppgen.io.image import load_image, to_tensor_array
from ppgen.registry import DATASETS, nearest


class Pictures:
    """Single pictures with a row of text attributes each: the base of `ImageFolder` and `CelebA`.

    Attributes:
        paths: the files; ids: their names without extension.
        groups: the value of the column `groups_by`, or "all".
        classes: the labels' meanings in order, empty without labels.
        labels: int64 (n,) or None.
    """

    def __init__(
        self,
        paths: list[Path],
        rows: list[dict[str, str]],
        table: Path,
        size: int,
        *,
        flip: bool,
        resize_filter: Filter,
        square: int | None | Literal[False],
        grayscale: bool = False,
        label: str | None = None,
        groups_by: str | None = None,
        memory_mb: float = 512,
    ) -> None:
        check_at_least_one(size=size)
        self.paths, self.rows, self.table, self.size = paths, rows, table, size
        self.ids = [path.stem for path in paths]
        self._flip, self._filter, self._square, self._grey = flip, resize_filter, square, grayscale
        self.groups = self._column(groups_by) if groups_by else ["all"] * len(paths)
        self.classes: list[str] = []
        self.labels: np.ndarray | None = None
        if label is not None:
            values = self._column(label)
            if "" in values:
                raise DataError(
                    f"{table}: column '{label}' is empty for {self.ids[values.index('')]}, so it has no label"
                )
            self.classes = sorted(set(values))
            self.labels = np.array([self.classes.index(value) for value in values], np.int64)
        self._memory = Decoded(len(paths), (size, size, 1 if grayscale else 3), memory_mb)

    def __len__(self) -> int:
        return len(self.paths)

    def _column(self, name: str) -> list[str]:
        if not self.rows:
            raise DataError(f"{self.table}: there is no table of attributes, so no column '{name}'")
        check_columns(self.table, list(self.rows[0]), [name])
        return [row[name] for row in self.rows]

    def attribute(self, name: str) -> np.ndarray:
        """A column of the table by index: float32 with NaN for empty cells, or text where it is not numbers."""
        values = self._column(name)
        found = numbers(values)
        return np.array(values) if found is None else found

    def has(self, name: str) -> np.ndarray:
        """One of CelebA's yes/no attributes by index, float32 (n,): 1 yes, 0 no, NaN unknown.

        Our tables answer those of `attributes.OUR_COLUMNS`; any other column must hold 0 and 1.
        """
        rule = OUR_COLUMNS.get(name)
        known = list(self.rows[0]) if self.rows else []
        if rule and name not in known:
            try:
                return yes_or_no(rule, self._column(rule.column))
            except ValueError as error:
                raise DataError(
                    f"{self.table}: column '{rule.column}' has a cell that is no number ({error})"
                ) from None
        if name not in known:
            answers = [key for key, value in OUR_COLUMNS.items() if value.column in known]
            raise DataError(
                f"{self.table}: does not say who is '{name}'{nearest(name, answers + known)} "
                f"(it answers: {', '.join(answers + known)})"
            )
        values = numbers(self._column(name))
        if values is None or not np.isin(values[~np.isnan(values)], (0, 1)).all():
            raise DataError(f"{self.table}: column '{name}' holds more than 0 and 1")
        return values

    def picture(self, index: int) -> np.ndarray:
        """The resized picture, uint8 (size, size, 3), or (size, size, 1) in grey; not to be written into."""
        return self._memory.get(index, lambda: self._read(index))

    def _read(self, index: int) -> np.ndarray:
        image = load_image(self.paths[index])
        if self._square is not False:
            image = centre_square(image, self._square)
        image = resize(image, self.size, self._filter)
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] if self._grey else image

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """`image` float32 (C, size, size) in [-1, 1], `id`, `group`, and `label` where there are labels.

        Raises:
            DataError: the file is damaged; it is named.
        """
        image = self.picture(index)
        if rng is not None and self._flip and rng.random() < 0.5:
            image = image[:, ::-1]
        found = {"image": to_tensor_array(image), "id": self.ids[index], "group": self.groups[index]}
        if self.labels is not None:
            found["label"] = self.labels[index : index + 1].reshape(())
        return found


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
        label: column that becomes `label`, or "folder" for the name of the picture's own folder.
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
        where: dict | None = None,
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
        check_at_least_one(most=most)
        root = data_root(dataroot)
        paths = pictures_under(root)
        table = root / (attributes or "meta.csv")
        rows: list[dict[str, str]] = []
        if attributes:
            rows = _rows_of(paths, table)
            kept = select(rows, where or {}, table)
            by_id = {path.stem: path for path in paths}
            rows = [row for row in kept if in_split(row["id"], split)]
            paths = [by_id[row["id"]] for row in rows]
        elif where:
            raise DataError(f"{root}: `where` needs `attributes`, the CSV file whose columns it asks for")
        else:
            paths = [path for path in paths if in_split(path.stem, split)]
        if not paths:
            raise DataError(f"{root}: none of its pictures belongs to the split '{split}'")
        paths, rows = paths[:most], rows[:most]
        if label == "folder":
            label = "folder of the picture"
            rows = [{**(rows[i] if rows else {}), label: path.parent.name} for i, path in enumerate(paths)]
        super().__init__(
            paths,
            rows,
            table,
            size,
            flip=flip,
            resize_filter=filter,
            square=None if center_crop else False,
            grayscale=grayscale,
            label=label,
            groups_by=groups_by,
            memory_mb=memory_mb,
        )
        self.ids = ids_of(paths, root)


def _rows_of(paths: list[Path], table: Path) -> list[dict[str, str]]:
    """The table's rows in its order, after checking that rows and pictures are the same set."""
    rows = read_table(table)
    ids = [path.stem for path in paths]
    if len(set(ids)) != len(ids):
        double = next(name for name in ids if ids.count(name) > 1)
        raise DataError(f"{table}: two pictures are called '{double}', so the table cannot tell them apart")
    listed = {row["id"] for row in rows}
    without_row = sorted(set(ids) - listed)
    without_picture = sorted(listed - set(ids))
    if without_row or without_picture:
        raise DataError(
            f"{table}: does not match the pictures: {len(without_row)} pictures without a row"
            f"{_such_as(without_row)}, {len(without_picture)} rows without a picture{_such_as(without_picture)}"
        )
    return rows


def _such_as(names: list[str]) -> str:
    return f" ('{names[0]}' for one)" if names else ""
