"""Read Paddle's `.pdparams` (a pickle) without running anything that is in it.

A pickle names functions to call. This reader knows seven names, all answered by classes and functions of
this module that check what they are given; no function named in a file is ever imported or called.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from ppgen.errors import WeightsError

_KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
_MAX_DEPTH = 16
# What a damaged file can raise inside the unpickler.
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, MemoryError, OverflowError,
    ImportError,
)  # fmt: skip


class _DType:
    """Stands in for numpy.dtype: numbers and booleans only."""

    def __init__(self, kind: object = None, *_flags: object) -> None:
        self.kind, self.order = _text(kind), "<"
        if self.kind not in _KINDS:
            raise WeightsError(f"holds an array of type {self.kind[:40]!r}, which is no plain number")

    def __setstate__(self, state: Sequence[object]) -> None:
        self.order = ">" if _text(state[1]) == ">" else "<"


class _Array:
    """Stands in for numpy.ndarray while the pickle is read: (version, shape, dtype, column-major, bytes)."""

    def __init__(self, *_arguments: object) -> None:
        self.value: np.ndarray | None = None

    def __setstate__(self, state: Sequence[object]) -> None:
        shape, dtype, column_major, data = state[-4:]
        self.value = _frombuffer(data, dtype, shape, "F" if column_major else "C")


def _text(value: object) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _scalar(dtype: object, data: object = b"") -> np.ndarray:
    return _frombuffer(data, dtype, ())


def _frombuffer(data: object, dtype: object, shape: object, order: object = "C") -> np.ndarray:
    data = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(dtype, _DType) or not isinstance(data, (bytes, bytearray)) or not isinstance(shape, tuple):
        raise WeightsError("holds an array that is not made of plain numbers")
    values = np.frombuffer(data, dtype.order + dtype.kind).reshape(shape, order="F" if order == "F" else "C")
    return np.array(values, dtype=values.dtype.newbyteorder("="), order="C")


def _encode(text: object, encoding: object = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise WeightsError("holds text in an unexpected encoding")
    return text.encode("latin1")


def _bytes(data: object = b"", *_encoding: object) -> bytes:
    return bytes(data) if isinstance(data, (bytes, bytearray)) else _encode(data)


def _tuple(values: object = ()) -> tuple:
    return tuple(values) if isinstance(values, (list, tuple)) else (values,)


_ADMITTED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _encode,
}
for _numpy in ("numpy.core", "numpy._core"):
    _ADMITTED[f"{_numpy}.multiarray", "_reconstruct"] = _Array
    _ADMITTED[f"{_numpy}.multiarray", "scalar"] = _scalar
    _ADMITTED[f"{_numpy}.numeric", "_frombuffer"] = _frombuffer
for _module in ("builtins", "__builtin__"):
    _ADMITTED[_module, "tuple"] = _tuple
    _ADMITTED[_module, "bytearray"] = _ADMITTED[_module, "bytes"] = _bytes


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            asks = f"asks to run {module[:40]}.{name[:40]}"
            raise WeightsError(f"{asks}: it may harm this computer and was not opened; get other weights") from None


def _plain(value: object, depth: int, known: dict[int, object]) -> object:
    """Arrays for the stand-ins, and Paddle's (name, array) pairs as arrays; containers rebuilt.

    `known`: what became of containers met before, by identity: each is rebuilt once, however often it is named, as a
    list of lists of lists that names each a hundred times would never end.
    """
    if id(value) in known:
        return known[id(value)]
    result = _rebuilt(value, depth, known)
    if isinstance(value, (dict, list, tuple)):
        known[id(value)] = result
    return result


def _rebuilt(value: object, depth: int, known: dict[int, object]) -> object:
    if depth > _MAX_DEPTH:
        raise WeightsError("is nested too deeply to hold weights")
    if isinstance(value, _Array):
        if value.value is None:
            raise WeightsError("holds an array without values")
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_plain(item, depth + 1, known) for item in value]
        if isinstance(value, tuple) and [type(item) for item in items] == [str, np.ndarray]:
            return items[1]  # paddle.save writes a nested parameter as (its generated name, array)
        return items
    if value is None or isinstance(value, (bool, int, float, str, bytes, np.ndarray)):
        return value
    raise WeightsError(f"holds a {type(value).__name__}, which is neither an array nor a container")


def read_pdparams(data: bytes, name: str) -> object:
    """The content of a `.pdparams` file: nested dicts and lists of NumPy arrays, numbers and strings.

    Args:
        data: the file's bytes.
        name: what errors call the file.
    Raises:
        WeightsError: the pickle is damaged, or asks for anything but arrays and containers.
    """
    try:
        return _plain(_Reader(io.BytesIO(data), encoding="latin1").load(), 0, {})
    except WeightsError as error:
        raise WeightsError(f"{name}: {error}") from None
    except _DAMAGE as error:
        raise WeightsError(f"{name}: is damaged or not a weights file ({type(error).__name__}); get it again") from None
