"""What a JPEG file holds before its pixels, and how many scans they come in; nothing is decoded."""

import re
from typing import NamedTuple

from ppgen.io.tiff import is_modest

START = b"\xff\xd8"
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # neither a byte of the pixels nor a restart
_END, _SCAN, _ALONE = 0xD9, 0xDA, (0x01, 0xD8)
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_EXIF, _PICTURES = b"Exif\0\0", b"MPF\0"  # the signatures of a block, and of a list of further pictures
_MOST_SEGMENTS = 20_000


class Outline(NamedTuple):
    """scans: passes over the pixels, 0: their beginning was not found. blocks: where the signatures of EXIF blocks and
    lists of pictures are that must not be read."""

    scans: int
    progressive: bool
    blocks: list[int]


def outline(data: bytes) -> Outline:
    """Of a file's first picture, from its bytes or the beginning of them."""
    at, scans, exifs, progressive = len(START), 0, 0, False
    blocks: list[int] = []
    for _ in range(_MOST_SEGMENTS):
        match = _MARKER.search(data, at)
        if match is None or match[1][0] == _END:
            break
        marker, at = match[1][0], match.end()
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        progressive |= marker in _PROGRESSIVE
        scans += marker == _SCAN
        if marker in (0xE1, 0xE2) and not scans:
            payload = data[at + 2 : at + length]
            exifs += payload.startswith(_EXIF)
            odd = payload.startswith(_EXIF) and (exifs > 1 or not is_modest(payload))
            if odd or (payload.startswith(_PICTURES) and not is_modest(payload[len(_PICTURES) :])):
                blocks.append(at + 2)
        at += max(length, 2)
    else:
        scans = max(scans, _MOST_SEGMENTS)
    return Outline(scans, progressive, blocks)


def without(data: bytes, blocks: list[int]) -> bytes:
    """The file with the signatures at these places made unreadable."""
    copy = bytearray(data)
    for at in blocks:
        copy[at : at + 4] = b"none"
    return bytes(copy)
