"""The directories of TIFF, which EXIF blocks are made of too: read no further than a picture needs.

Pillow reads all values of a directory at once, and 65,535 entries may each claim the whole file.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from ppgen.errors import DataError

ORIENTATION = 0x0112
_POINTERS = (0x8769, 0x8825, 0xA005)  # to further directories of an EXIF block
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MOST_ENTRIES, _MOST_BYTES, _MOST_PLACES = 1000, 4 * 2**20, 8  # of an EXIF block; cameras write 50 entries, 64 KB
_MOST_TILES = 250_000
_SMALL = 2**22  # pixels that are always decoded
_JPEG = (6, 7)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


#: turns that exchange width and height
SIDEWAYS = {_TURNS[number] for number in (5, 6, 7, 8)}


class _Entry(NamedTuple):
    tag: int
    items: int
    size: int  # bytes of the value
    first: int  # the value's first number, or where the value is


class _Layout(NamedTuple):
    """How numbers are written: byte order, and the widths of BigTIFF or of TIFF."""

    order: str
    start: int  # where the first directory's place is written
    place: str
    counter: str
    entry: str


def _layout(data: bytes) -> _Layout | None:
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    if order is None or len(data) < 16:
        return None
    if 43 in data[2:4]:
        return _Layout(order, 8, "Q", "Q", "HHQQ")
    return _Layout(order, 4, "I", "H", "HHII")


def _entries(data: bytes, at: int, layout: _Layout) -> Iterator[_Entry]:
    """Of the directory at `at`, as far as the data reach."""
    order, entry = layout.order, struct.Struct(layout.order + layout.entry)
    if at + 8 > len(data):
        return
    (count,) = struct.unpack_from(order + layout.counter, data, at)
    at += struct.calcsize(layout.counter)
    for begin in range(at, min(at + count * entry.size, len(data) - entry.size + 1), entry.size):
        tag, kind, items, value = entry.unpack_from(data, begin)
        if kind == 3 and items == 1:
            (value,) = struct.unpack_from(order + "H", data, begin + entry.size - struct.calcsize(layout.place))
        yield _Entry(tag, items, _BYTES.get(kind, 0) * items, value)


def is_modest(exif: bytes) -> bool:
    """Whether reading an EXIF block takes no more than it is worth; also for what is no EXIF block at all."""
    while exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    layout = _layout(exif)
    if layout is None:
        return True
    if layout.place == "Q":
        return False  # no camera writes BigTIFF into a photo
    waiting = [struct.unpack_from(layout.order + layout.place, exif, layout.start)[0]]
    total = entries = places = 0
    while waiting:
        places += 1
        for entry in _entries(exif, waiting.pop(), layout):
            entries, total = entries + 1, total + min(entry.size, len(exif))
            if entry.tag in _POINTERS:
                waiting.append(entry.first)
            if entries > _MOST_ENTRIES or total > _MOST_BYTES or places > _MOST_PLACES:
                return False
    return True


def orientation(image: Image.Image) -> Image.Transpose | None:
    """How an image must be turned to be upright by its EXIF block or XMP; None: it is, or the block is broken."""
    try:
        exif = image.info.get("exif")
        if exif is None and isinstance(magick := image.info.get("Raw profile type exif"), str):
            exif = bytes.fromhex("".join(magick.split("\n")[3:]))  # as ImageMagick writes it into PNG files
        if exif is not None and not is_modest(exif):
            return None
        return _TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # a broken EXIF block says nothing about the pixels, which are fine
        return None


def check_tiles(data: bytes, name: str) -> int:
    """Hold a TIFF file's tiles or strips against its pixels; returns how many scans its JPEGs have on average, or 1.

    Raises DataError where decoding would take more than the pixels need.
    """
    layout = _layout(data)
    if layout is None:
        return 1
    (at,) = struct.unpack_from(layout.order + layout.place, data, layout.start)
    found = {entry.tag: entry for entry in _entries(data, at, layout)}
    value = {tag: entry.first for tag, entry in found.items() if entry.items == 1}
    width, height = value.get(256, 0), value.get(257, 0)
    tiles = max((found[tag].items for tag in (273, 324) if tag in found), default=0)
    if 322 in value and 323 in value:
        across, down = value[322], value[323]
        decoded = -(-width // max(across, 1)) * across * -(-height // max(down, 1)) * down
        if decoded > 2 * width * height + _SMALL:
            raise DataError(f"{name}: its tiles of {across}x{down} pixels hold far more than the picture; save it anew")
    if tiles > _MOST_TILES:
        raise DataError(f"{name}: is cut into {tiles} pieces, more than {_MOST_TILES}; save it anew")
    if value.get(259) not in _JPEG:
        return 1
    return -(-data.count(b"\xff\xda") // max(tiles, 1))
