"""A dataset's table."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from ppgen.io.atomic import write_text


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """A CSV file with a header line, atomic; what a row lacks is empty, what `columns` does not name is left out."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
