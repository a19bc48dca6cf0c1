"""File names that file systems take."""

import os


def short_name(name: str, size: int) -> str:
    """The beginning of a file name, at most `size` bytes of it: file systems count bytes, not letters."""
    whole = os.fsencode(name)
    return whole[:size].decode(errors="ignore") if len(whole) > size else name
