"""File names that file systems take, a number that follows from a name, and a file that names a step."""

import os
import re
import zlib
from pathlib import Path


def number_of(name: str) -> int:
    """crc32 of a name; one that is no UTF-8, as file systems may hold, counts as its bytes."""
    return zlib.crc32(name.encode(errors="surrogateescape"))


def short_name(name: str, size: int) -> str:
    """The beginning of a file name, at most `size` bytes of it: file systems count bytes, not letters."""
    whole = os.fsencode(name)
    return whole[:size].decode(errors="ignore") if len(whole) > size else name


def read_pointer(path: Path) -> str | None:
    """The folder of a checkpoint, such as step_00001234, that a file such as `latest` names; None where it does not."""
    try:
        if not path.is_file():  # a device may never end
            return None
        with path.open(encoding="ascii") as file:
            word = file.read(80).strip()
    except (OSError, ValueError):  # damaged
        return None
    return word if re.fullmatch(r"step_\d{1,20}", word) else None
