"""Reading idx files, the format of MNIST (http://yann.lecun.com/exdb/mnist/): plain or gzipped."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from ppgen.errors import DataError

_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTES = 0x08
_MOST = 700_000_000  # bytes of the pictures of a file; EMNIST, the largest of the kind, has 547 million


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array of an idx file.

    The header is big-endian: two zero bytes, the type (0x08: unsigned bytes), the number of dimensions, then
    each dimension as 32 bits.

    Args:
        dimensions: expected: 3 for pictures, 1 for labels.
    Raises:
        DataError: not an idx file of that kind, or cut short.
    """
    expected = bytes([0, 0, _UNSIGNED_BYTES, dimensions])
    header = 4 + 4 * dimensions
    start = _beginning(path, header)
    if not start:
        raise DataError(f"{path}: is empty (0 bytes); copy or download it again")
    if start[:4] != expected or len(start) < header:
        kind = "pictures" if dimensions == 3 else "labels"
        raise DataError(f"{path}: starts with {start[:4].hex(' ')}, an idx file of {kind} with {expected.hex(' ')}")
    shape = tuple(int(n) for n in np.frombuffer(start, ">u4", dimensions, offset=4))
    wanted = math.prod(shape)
    said = f"{path}: its header says {'x'.join(map(str, shape))}, which makes {wanted} bytes"
    if wanted > _MOST:
        raise DataError(f"{said}, more than the {_MOST} that are read")
    content = _beginning(path, header + wanted + 1)
    there = len(content) - header
    if there != wanted:
        raise DataError(f"{said}; it holds {'more' if there > wanted else there}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _beginning(path: Path, count: int) -> bytes:
    """So many bytes of a file, unpacked, or all where there are fewer: what else it unpacks to takes no memory."""
    try:
        with path.open("rb") as file:
            if file.read(2) != _GZIP:
                file.seek(0)
                return file.read(count)
        with gzip.open(path) as unpacked:
            return unpacked.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: is damaged or cut short ({error}); copy or download it again") from error


def read_labelled(images: Path, labels: Path, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (n, height, width) and their labels int64 (n,); DataError where they do not match."""
    pictures, numbers = read_idx(images, 3), read_idx(labels, 1)
    if len(pictures) != len(numbers):
        raise DataError(f"{labels}: holds {len(numbers)} labels for the {len(pictures)} pictures of {images.name}")
    if len(numbers) == 0:
        raise DataError(f"{images}: holds no picture")
    if numbers.max() >= classes:
        raise DataError(f"{labels}: holds the label {numbers.max()}; labels run from 0 to {classes - 1}")
    return pictures, numbers.astype(np.int64)
