"""Who is in the photos: the table of `ppgen data portraits --meta TABLE.csv`, checked before any work."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ppgen.datasets.files import read_table
from ppgen.errors import DataError
from ppgen.prepare.artist.style import AGE_GROUPS, GENDERS
from ppgen.prepare.drawers import Person
from ppgen.registry import nearest

COLUMNS = ("gender", "age_group", "approx_age", "has_glasses")
_GLASSES = {"0": False, "1": True}
_OLDEST = 150.0  # years

Row = Mapping[str, str]


@dataclass(frozen=True)
class People:
    """The people of a table by their ids; `table` None: none was given.

    columns: those of COLUMNS that the table has. misspelt: others that look like one of COLUMNS it has not, each with
    the nearest name.
    """

    table: Path | None = None
    known: dict[str, Person] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    misspelt: tuple[str, ...] = ()

    def find(self, *ids: str) -> Person | None:
        """The person listed under the first of `ids` that is in the table."""
        return next((self.known[one] for one in ids if one in self.known), None)

    def check_unambiguous(self, photos: Sequence[tuple[str, str]]) -> None:
        """DataError where an id of the table is the name of several photos; `photos`: (name, longer id) of each."""
        names = Counter(name for name, _ in photos)
        for name, longer in photos:
            if names[name] > 1 and name in self.known and longer not in self.known:
                others = ", ".join(f"'{one}'" for other, one in photos if other == name)
                what = f"the id '{name}' fits {names[name]} photos in different folders"
                raise DataError(f"{self.table}: {what}; list each by its own: {others}")

    def notes(self, photos: Sequence[tuple[str, ...]]) -> list[str]:
        """What a report says of the table; `photos`: the ids of each, any of which may be listed."""
        if self.table is None:
            return []
        listed = sum(self.find(*ids) is not None for ids in photos)
        lines = [f"{listed} of {len(photos)} photos are in {self.table} (columns read: {', '.join(self.columns)})"]
        if not listed:
            ids = f"'{next(iter(self.known))}', where '{photos[0][0]}' is wanted (a file name without extension)"
            lines.append(f"warning: no id of {self.table} is a photo's, so nobody is known; its ids are such as {ids}")
        lines += [f"warning: {self.table}: not read is the column {text}" for text in self.misspelt]
        return lines


def read_people(table: str | Path | None) -> People:
    """The people of a CSV with a column `id` (file name without extension) and any of COLUMNS; None: nobody.

    Raises:
        DataError: no such table, no id, none of COLUMNS, no row, or a value that is none; with table and id.
    """
    if table is None:
        return People()
    path = Path(table).expanduser()
    rows = read_table(path)
    if not rows:
        raise DataError(f"{path}: has no row; give one a photo, with its id and any of {', '.join(COLUMNS)}")
    columns = tuple(column for column in COLUMNS if column in rows[0])
    absent = [column for column in COLUMNS if column not in columns]
    others = [column for column in rows[0] if column not in (*COLUMNS, "id")]
    misspelt = tuple(f"'{column}'{hint}" for column in others if (hint := nearest(column, absent)))
    if not columns:
        there = "; ".join(misspelt) or ", ".join(others) or "nothing but ids"
        raise DataError(f"{path}: has none of the columns {', '.join(COLUMNS)}, which say who is who (it has {there})")
    return People(path, {row["id"]: _person(row, path) for row in rows}, columns, misspelt)


def _person(row: Row, table: Path) -> Person:
    return Person(
        _word(row, "gender", GENDERS, table),
        _word(row, "age_group", AGE_GROUPS, table),
        _GLASSES.get(_word(row, "has_glasses", tuple(_GLASSES), table) or ""),
        _years(row, table),
    )


def _word(row: Row, column: str, words: Sequence[str], table: Path) -> str | None:
    """One of `words`; None where the field is empty or the table has no such column."""
    text = row.get(column) or None
    if text is not None and text not in words:
        raise _fault(row, column, f"{', '.join(words[:-1])} or {words[-1]}", table)
    return text


def _years(row: Row, table: Path) -> float | None:
    text = row.get("approx_age")
    if not text:
        return None
    try:
        years = float(text)
    except ValueError as error:
        raise _fault(row, "approx_age", "years as a number", table) from error
    if not 0 <= years <= _OLDEST:  # NaN neither
        raise _fault(row, "approx_age", f"years from 0 to {_OLDEST:g}", table)
    return years


def _fault(row: Row, column: str, wanted: str, table: Path) -> DataError:
    known = f"{column} of {row['id']} is '{row[column]}'"
    return DataError(f"{table}: {known}; give {wanted}, or leave it empty for unknown")
