"""Yes/no attributes of faces under CelebA's names, and where our own tables say the same."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ppgen.datasets.base import natural
from ppgen.datasets.files import Row, check_columns
from ppgen.errors import DataError
from ppgen.registry import nearest

# The 40 names of list_attr_celeba.txt (Liu et al. 2015, "Deep Learning Face Attributes in the Wild").
CELEBA_NAMES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache",
    "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks",
    "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick",
    "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip


class Rule(NamedTuple):
    """How a column of our CSV files answers one of CelebA's questions.

    `yes` takes the cell's text and returns None where that says neither yes nor no; an empty cell never reaches it
    (the answer is unknown).
    """

    column: str
    yes: Callable[[str], bool | None]


_GENDERS = {"M": True, "MALE": True, "1": True, "F": False, "FEMALE": False, "0": False}


# CelebA's name -> our column. CelebA's "Young" has no age; under 50 is our tables' youngest group.
OUR_COLUMNS: dict[str, Rule] = {
    "Male": Rule("gender", lambda text: _GENDERS.get(text.upper())),
    "Eyeglasses": Rule("has_glasses", lambda text: float(text) > 0),
    "Smiling": Rule("smile", lambda text: float(text) > 0),
    "Young": Rule("approx_age", lambda text: float(text) < 50),
}


def numbers(values: list[str]) -> np.ndarray | None:
    """The values as float32 with NaN for empty ones; None where one is not a number."""
    try:
        return np.array([float(value) if value.strip() else np.nan for value in values], np.float32)
    except ValueError:
        return None


def yes_or_no(rule: Rule, values: list[str]) -> np.ndarray:
    """1 for yes, 0 for no, NaN where the cell is empty or says neither: float32 (n,).

    Raises:
        ValueError: a cell that the rule cannot read.
    """
    answers = [rule.yes(value.strip()) if value.strip() else None for value in values]
    return np.array([np.nan if answer is None else float(answer) for answer in answers], np.float32)


class Table:
    """A row of text attributes for each picture of a dataset.

    Args:
        path: the file it is from, for messages.
        rows: column -> cell; none at all where there is no table.
    """

    def __init__(self, path: Path, rows: list[Row]) -> None:
        self.path, self.rows = path, rows

    def column(self, name: str) -> list[str]:
        """The cells of a column as they are written; DataError where there is none of that name."""
        if not self.rows:
            raise DataError(f"{self.path}: there is no table of attributes, so no column '{name}'")
        check_columns(self.path, list(self.rows[0]), [name])
        return [row[name] for row in self.rows]

    def classes(self, name: str) -> list[str]:
        """The values of a column in natural order, empty cells left out."""
        return sorted(set(self.column(name)) - {""}, key=natural)

    def labels(self, name: str, classes: Sequence[str]) -> np.ndarray:
        """A column as places in `classes`, int64 (n,) by picture; DataError for an empty cell."""
        cells = self.column(name)
        if "" in cells:
            empty = self.rows[cells.index("")]["id"]
            raise DataError(f"{self.path}: column '{name}' is empty for {empty}, so it has no label")
        return np.array([classes.index(cell) for cell in cells], np.int64)

    def attribute(self, name: str) -> np.ndarray:
        """A column by index: float32 with NaN for empty cells, or text where it is not numbers."""
        cells = self.column(name)
        values = numbers(cells)
        return np.array(cells) if values is None else values

    def has(self, name: str) -> np.ndarray:
        """One of CelebA's yes/no attributes by index, float32 (n,): 1 yes, 0 no, NaN unknown.

        Our tables answer those of `OUR_COLUMNS`; any other column must hold 0 and 1.
        """
        rule = OUR_COLUMNS.get(name)
        known = list(self.rows[0]) if self.rows else []
        if rule and name not in known:
            try:
                return yes_or_no(rule, self.column(rule.column))
            except ValueError as error:
                raise DataError(f"{self.path}: column '{rule.column}' has a cell that is no number ({error})") from None
        if name not in known:
            answers = [key for key, value in OUR_COLUMNS.items() if value.column in known] + known
            hint = f"{nearest(name, answers)} (it answers: {', '.join(answers)})"
            raise DataError(f"{self.path}: does not say who is '{name}'{hint}")
        values = numbers(self.column(name))
        if values is None or not np.isin(values[~np.isnan(values)], (0, 1)).all():
            raise DataError(f"{self.path}: column '{name}' holds more than 0 and 1")
        return values
