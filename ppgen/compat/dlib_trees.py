"""Read dlib's landmark predictor, a cascade of regression trees, from its `.dat` file.

Layout, as found in the file: nothing but integers of variable length, as in `ppgen.compat.dlib_dat`. A float is two of
them, mantissa and exponent of two. In order: version; the mean shape; for each level of the cascade its trees, each
with its splits (two pixels and a threshold) and the shift of each leaf; for each level the landmark that each pixel
belongs to; for each level the pixels' offsets from it. Lists lead with their length, matrices with minus their sizes.
"""

from __future__ import annotations

import os

import numpy as np

from ppgen.errors import WeightsError

# Where integers begin is found in lanes, all side by side, integer by integer.
_LANE = 16384  # bytes
_LEAD = 512  # bytes before a lane's; reading that starts anywhere falls into step within a few integers
_ROUNDS = 8  # how often the starts of lanes are put right
_BYTES = 3  # of an integer, at most
_UNUSED = np.array([24, 16, 8, 0], np.int32)  # bits of these, by the bytes that an integer has
_PIECE = 1 << 20  # integers that are put together at once, which bounds the memory
_LARGEST_EXPONENT = 1000  # beyond are dlib's marks of infinity and NaN


def read_trees(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The cascade of L levels of T trees with K leaves, on P pixels and M landmarks.

    Returns:
        initial float32 (M, 2); splits int32 (L, 2, T, K - 1), which two pixels are compared; thresholds float32
        (L, T, K - 1); leaves float32 (L, T, K, M * 2), how far each moves the landmarks; anchors int32 (L, P); deltas
        float32 (L, P, 2).
    Raises:
        WeightsError: unreadable, damaged, or another layout.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        return _cascade(_integers(data))
    except (ValueError, IndexError) as error:
        raise WeightsError(f"{path}: is damaged, or no landmark predictor of dlib's ({error})") from error


def _integers(data: np.ndarray) -> np.ndarray:
    """All integers of the file, int32; ValueError where it holds something else.

    Where a lane's first integer starts is a guess at first. The lane before ends where it has to start, which proves
    all guesses, from the first lane on.
    """
    borders = np.arange(0, len(data), _LANE)
    limits = np.append(borders[1:], len(data))
    starts, _ = _walk(data, np.maximum(borders - _LEAD, 0), borders)
    for _ in range(_ROUNDS):
        ends, heads = _walk(data, starts, limits)
        if np.array_equal(ends[:-1], starts[1:]) and ends[-1] == len(data):
            return _values(data, heads)
        starts[1:] = ends[:-1]
    raise ValueError("it holds more than numbers")


def _walk(data: np.ndarray, starts: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From each start to the first integer at or behind the limit: where that is; the first bytes of all on the way."""
    at, rows = starts.copy(), []
    while (going := at < limits).any():
        # an integer has a byte at least, so 0 is free to say that a lane has ended
        rows.append(data.take(at, mode="clip") * going)
        at += ((rows[-1] & 15) + np.uint8(1)) * going
    heads = np.stack(rows, axis=1).ravel() if rows else np.zeros(0, np.uint8)
    return at, heads[heads > 0]


def _values(data: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """The integers that follow one another and have these first bytes."""
    values, at = np.empty(len(heads), np.int32), 0
    for first in range(0, len(heads), _PIECE):
        head = heads[first : first + _PIECE]
        size = head & 15
        if size.max() > _BYTES:
            raise ValueError("it holds larger numbers")
        ends = at + np.cumsum(size + np.uint8(1), dtype=np.int32)
        last = [data.take(ends - 1 - byte, mode="wrap").astype(np.int32) for byte in range(_BYTES)]
        found = values[first : first + _PIECE]
        found[:] = (last[0] << 16 | last[1] << 8 | last[2]) >> _UNUSED[size]
        np.negative(found, out=found, where=head > 127)
        at = int(ends[-1])
    return values


class _Cursor:
    """Takes integers from the front."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.at = values, 0

    def take(self, *shape: int) -> np.ndarray:
        start, self.at = self.at, self.at + int(np.prod(shape))
        return self.values[start : self.at].reshape(shape)  # ValueError where there are not as many

    def peek(self, ahead: int = 0) -> int:
        return int(self.values[self.at + ahead])


def _cascade(values: np.ndarray) -> dict[str, np.ndarray]:
    cursor = _Cursor(values)
    cursor.take(1)  # the version
    coordinates = -int(_equal(cursor.take(1, 2), column=1, expected=-1)[0, 0])
    initial = _floats(cursor.take(coordinates, 2))
    levels, trees, splits = cursor.peek(), cursor.peek(1), cursor.peek(2)
    leaves = cursor.peek(3 + 4 * splits)
    cursor.take(1)
    width = 1 + 4 * splits + 1 + leaves * (2 + 2 * coordinates)
    comparisons, thresholds, shifts = [], [], []
    for _ in range(levels):
        _equal(cursor.take(1, 1), 0, trees)
        level = _equal(_equal(cursor.take(trees, width), 0, splits), 1 + 4 * splits, leaves)
        nodes = level[:, 1 : 1 + 4 * splits].reshape(trees, splits, 4)
        comparisons.append(nodes[..., :2])
        thresholds.append(_floats(nodes[..., 2:]))
        matrices = level[:, 2 + 4 * splits :].reshape(trees * leaves, 2 + 2 * coordinates)
        _equal(_equal(matrices, 0, -coordinates), 1, -1)
        shifts.append(_floats(matrices[:, 2:].reshape(trees, leaves, coordinates, 2)))
    anchors = _lists(cursor, levels, 1)[..., 0]
    deltas = _floats(_lists(cursor, levels, 4).reshape(levels, -1, 2, 2))
    if cursor.at != len(values) or leaves != splits + 1 or leaves & (leaves - 1):
        raise ValueError("its trees are not complete")
    return {
        "initial": initial.reshape(-1, 2),
        "splits": np.ascontiguousarray(np.moveaxis(np.stack(comparisons), 3, 1)),
        "thresholds": np.stack(thresholds),
        "leaves": np.stack(shifts),
        "anchors": anchors,
        "deltas": deltas,
    }


def _lists(cursor: _Cursor, levels: int, each: int) -> np.ndarray:
    """(levels, P, each): a list of as many lists, all of P items."""
    _equal(cursor.take(1, 1), 0, levels)
    count = cursor.peek()
    rows = _equal(cursor.take(levels, 1 + count * each), 0, count)
    return rows[:, 1:].reshape(levels, count, each)


def _equal(rows: np.ndarray, column: int, expected: int) -> np.ndarray:
    """The rows, which hold in a column what was expected; else ValueError."""
    if (rows[:, column] != expected).any():
        raise ValueError("its trees are not all alike")
    return rows


def _floats(pairs: np.ndarray) -> np.ndarray:
    """(…, 2) mantissas and exponents -> (…) float32."""
    if np.abs(pairs[..., 1]).max(initial=0) > _LARGEST_EXPONENT:
        raise ValueError("it holds numbers that are none")
    return np.ldexp(pairs[..., 0].astype(np.float32), pairs[..., 1])
