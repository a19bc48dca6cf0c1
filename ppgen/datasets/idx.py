"""Reading idx files, the format of MNIST (http://yann.lecun.com/exdb/mnist/): plain or gzipped."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from ppgen.errors import DataError

_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTES = 0x08
_MOST = 2**30  # bytes of a file


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array of an idx file.

    The header is big-endian: two zero bytes, the type (0x08: unsigned bytes), the number of dimensions, then
    each dimension as 32 bits.

    Args:
        dimensions: expected: 3 for pictures, 1 for labels.
    Raises:
        DataError: not an idx file of that kind, or cut short.
    """
    try:
        content = path.read_bytes()
        if content[:2] == _GZIP:
            with gzip.open(path) as file:
                content = file.read(_MOST + 1)
            if len(content) > _MOST:
                raise DataError(f"{path}: unpacks to more than {_MOST / 2**30:g} GB, which no such file does")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: is damaged or cut short ({error}); copy or download it again") from error
    if not content:
        raise DataError(f"{path}: is empty (0 bytes); copy or download it again")
    expected = bytes([0, 0, _UNSIGNED_BYTES, dimensions])
    header = 4 + 4 * dimensions
    if content[:4] != expected or len(content) < header:
        kind = "pictures" if dimensions == 3 else "labels"
        raise DataError(f"{path}: starts with {content[:4].hex(' ')}, an idx file of {kind} with {expected.hex(' ')}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, offset=4))
    wanted, there = math.prod(shape), len(content) - header
    if there != wanted:
        said = "x".join(map(str, shape))
        raise DataError(f"{path}: its header says {said}, which makes {wanted} bytes; it holds {there}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


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
