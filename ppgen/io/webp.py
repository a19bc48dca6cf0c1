"""The size of a WebP picture from its first bytes: its decoder takes memory for all pixels before it tells how many.

The layout: https://developers.google.com/speed/webp/docs/riff_container
"""

from __future__ import annotations

import struct

HEADER = 30  # bytes that hold it


def size_of(start: bytes) -> tuple[int, int] | None:
    """(width, height) that a file claims; None: it is no WebP picture."""
    if len(start) < HEADER or start[:4] != b"RIFF" or start[8:12] != b"WEBP":
        return None
    kind = start[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(start[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", start[26:30])  # VP8; two bits above each say how it is to be scaled
    return width & 0x3FFF, height & 0x3FFF
