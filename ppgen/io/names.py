"""File names that file systems take, and a number that follows from a name."""

import os
import zlib


def number_of(name: str) -> int:
    """crc32 of a name; one that is no UTF-8, as file systems may hold, counts as its bytes."""
    return zlib.crc32(name.encode(errors="surrogateescape"))


def short_name(name: str, size: int) -> str:
    """The beginning of a file name, at most `size` bytes of it: file systems count bytes, not letters."""
    whole = os.fsencode(name)
    return whole[:size].decode(errors="ignore") if len(whole) > size else name
