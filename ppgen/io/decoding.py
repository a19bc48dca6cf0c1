"""Image files opened within limits: what decoding one takes is known from its header and its length before it begins.

Time and memory are worked out from pixels, bytes and passes with the costs of a slow processor, so the same file is
taken or refused everywhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image

from ppgen.errors import DataError
from ppgen.io import jpeg, tiff, webp

MAX_PIXELS = 100_000_000
_LONGEST = 1_000_000  # pixels of a side: decoders keep a pointer to each row
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "PPM", "GIF", "TIFF")  # what Pillow may try; MPO photos open as JPEG
_MOST_SECONDS, _MOST_MEMORY = 5.0, 8e8  # with what a process needs besides, about 1 GB
_MOST_LENGTH = 400 * 2**20  # bytes of a file: 100 megapixels as they are, and some more
_MOST_SCANS = 500  # encoders write about 10
_MOST_READS = 300_000  # some of Pillow's readers take single bytes
_UNLIMITED = 2**62
_HEADERS = {b"GIF8": 2**20}  # bytes before the pixels, where their reader's time grows with the square
_PLAIN, _MOST_PLAIN = (b"P1", b"P2", b"P3"), 2**23  # PPM as text, and bytes that it may have
_START = 2**20  # bytes in which the header of a JPEG ends
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EMBEDDED = re.compile(b"|".join(map(re.escape, _TIFF)))
_SMALL_PROFILE, _LARGEST_PROFILE = 4096, 2**22  # bytes; larger ones hold tables, the largest are passed over


class _Cost(NamedTuple):
    """Of a format: nanoseconds a pixel and a byte of the file, and bytes of memory a pixel, the result's aside."""

    pixel: float
    byte: float
    memory: float


# `benchmarks/decoding.py` measures them
_COSTS = {
    "JPEG": _Cost(9, 8, 4), "PNG": _Cost(35, 3, 4), "WEBP": _Cost(25, 80, 14), "BMP": _Cost(5, 2, 4),
    "PPM": _Cost(5, 2, 4), "GIF": _Cost(16, 2, 4), "TIFF": _Cost(36, 2, 7), "AVIF": _Cost(25, 85, 9),
    "HEIF": _Cost(40, 120, 8),
}  # fmt: skip
_SCAN = _Cost(4, 0, 6)  # of a JPEG in several passes, each; the memory once
_PROFILE_COSTS, _ALPHA_COST = (36, 60), 25  # nanoseconds a pixel; profiles by curves and by tables
_RESULT = 3  # bytes a pixel


class _Watched:
    """A file that ends where a reader reads it over and over."""

    def __init__(self, file: BinaryIO, name: str, length: int) -> None:
        self._file, self._name = file, name
        self.reads, self.bytes, self.header = _MOST_READS, 4 * length + 2**24, _UNLIMITED  # that are left

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.reads, self.bytes, self.header = self.reads - 1, self.bytes - len(data), self.header - len(data)
        if min(self.reads, self.bytes, self.header) < 0:
            raise DataError(f"{self._name}: takes far more reading than its pixels need; save it anew")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def open_image(path: Path, name: str = "", max_pixels: int | None = None) -> Iterator[Image.Image]:
    """A file as Pillow opens it, its header read and its pixels not.

    Args:
        name: what messages call it; default: its path.
        max_pixels: so many may be asked for, and what they take is checked; None: the header is all that is wanted.
    Raises:
        DataError: it is too large, or would take too long. Pillow's errors where it is no picture.
    """
    name, length = name or str(path), path.stat().st_size
    if length > _MOST_LENGTH:
        raise DataError(f"{name}: {length >> 20} MB is over the limit of {_MOST_LENGTH >> 20}; scale it down first")
    with open(path, "rb") as file:
        start = file.read(webp.HEADER)
        file.seek(0)
        is_boxed = start[4:8] == b"ftyp"
        if start[:2] in _PLAIN and length > _MOST_PLAIN:
            raise DataError(
                f"{name}: {length >> 20} MB of pixels written as text take too long to read; save it as PNG"
            )
        if (size := webp.size_of(start)) is not None:
            check_pixels(*size, name, max_pixels or MAX_PIXELS)
            pixels = size[0] * size[1]
            needed = pixels * (_COSTS["WEBP"].memory + _RESULT)
            _check_memory(needed, f"{pixels / 1e6:.1f} megapixels as WEBP", name, _scale(max_pixels))
        source, scans = _checked(file, start, name, max_pixels is not None)
        watched = _Watched(source, name, length)
        watched.header = _HEADERS.get(start[:4], _UNLIMITED)
        with Image.open(watched, formats=_boxed_formats() if is_boxed else _FORMATS) as image:  # type: ignore[arg-type]
            watched.header = _UNLIMITED
            if max_pixels is not None:
                check_pixels(*image.size, name, max_pixels)
                _check_work(image, name, length, scans, _scale(max_pixels))
            yield image


def _checked(file: BinaryIO, start: bytes, name: str, pixels: bool) -> tuple[BinaryIO, int]:
    """(the file as it may be read, how many passes over the pixels it has; 1: the usual way)."""
    if start.startswith(jpeg.START):
        data = file.read(-1 if pixels else _START)
        found = jpeg.outline(data)
        if not (found.scans or pixels):
            data += file.read()
            found = jpeg.outline(data)
        file.seek(0)
        source = io.BytesIO(jpeg.without(file.read(), found.blocks)) if found.blocks else file
        return source, max(found.scans, 1 + found.progressive)
    if start[4:8] == b"ftyp":
        data = file.read()
        places = _EMBEDDED.finditer(data)
        if any(n > 20 or not tiff.is_modest(data[place.start() :]) for n, place in enumerate(places)):
            raise DataError(f"{name}: the image is damaged (its EXIF block claims too much); save it anew")
        return io.BytesIO(data), 1
    if start[:4] in _TIFF:
        data = file.read()
        return io.BytesIO(data), tiff.check_tiles(data, name)
    return file, 1


def check_pixels(width: int, height: int, name: str, max_pixels: int) -> None:
    """DataError where there are more, or none, or one side is absurdly long."""
    if max(width, height) > _LONGEST:
        raise DataError(f"{name}: {width}x{height} has a side of more than {_LONGEST} pixels; cut it into pieces first")
    if width * height > max_pixels:
        size = f"{width}x{height} is {width * height / 1e6:.1f} megapixels"
        raise DataError(f"{name}: {size}, over the limit of {max_pixels / 1e6:g}; scale it down first")
    if width * height == 0:
        raise DataError(f"{name}: has no pixels ({width}x{height}); give another image")


def _scale(max_pixels: int | None) -> float:
    """How much more work than usual is allowed."""
    return max(1.0, (max_pixels or 0) / MAX_PIXELS)


def _check_memory(needed: float, what: str, name: str, scale: float) -> None:
    """DataError where decoding takes more bytes than a photo is worth; `scale`: how much more the caller allows."""
    if needed > _MOST_MEMORY * scale:
        raise DataError(f"{name}: {what} need {needed / 1e9:.1f} GB of memory to read, over the limit of "
                        f"{_MOST_MEMORY / 1e9:g}; scale it down first")  # fmt: skip


def _check_work(image: Image.Image, name: str, length: int, scans: int, scale: float) -> None:
    """DataError where decoding takes more than a photo is worth; `scale`: how much more the caller allows."""
    # MPO: a JPEG that others follow
    cost, pixels = _COSTS.get(image.format or "", _COSTS["JPEG"]), image.width * image.height
    each, memory = cost.pixel, cost.memory + _RESULT
    if scans > 1:
        each, memory = each + _SCAN.pixel * scans, memory + _SCAN.memory
    if usable_profile(image):
        each += _PROFILE_COSTS[len(image.info["icc_profile"]) > _SMALL_PROFILE]
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        each += _ALPHA_COST
    if image.mode == "F":
        memory += 16
    if scans > _MOST_SCANS:
        raise DataError(f"{name}: its pixels come in {scans} passes, the limit is {_MOST_SCANS}; save it as PNG")
    seconds = (pixels * each + length * cost.byte) / 1e9
    what = f"{pixels / 1e6:.1f} megapixels" + (f" in {scans} passes" if scans > 1 else "")
    if seconds > _MOST_SECONDS * scale:
        raise DataError(f"{name}: {what} may take {seconds:.0f} s to read, over the limit of {_MOST_SECONDS:g}; "
                        f"save it as an ordinary JPEG or PNG, or scale it down")  # fmt: skip
    _check_memory(pixels * memory, f"{what} as {image.format}", name, scale)


def usable_profile(image: Image.Image) -> bytes | None:
    """The colour profile of an image, where it has one of a size that profiles have."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and 0 < len(profile) <= _LARGEST_PROFILE else None


@cache
def _boxed_formats() -> list[str]:
    """Those of HEIC and AVIF that can be read here."""
    if find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.init()
    return [name for name in ("AVIF", "HEIF") if name in Image.OPEN]
