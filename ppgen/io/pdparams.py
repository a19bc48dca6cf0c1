"""Read Paddle's `.pdparams` (a pickle) without running anything that is in it.

A pickle names functions to call. This reader knows seven names, all answered by classes and functions of
this module that check what they are given; no function named in a file is ever imported or called.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np

from ppgen.errors import WeightsError

_KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
_MAX_DEPTH = 16
# What a damaged file can raise inside the unpickler.
_DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    MemoryError,
    OverflowError,
    ImportError,
)


class _DType:
    """Stands in for numpy.dtype: numbers and booleans only."""

    def __init__(self, kind: Any = None, *_flags: Any) -> None:
        kind = kind.decode("latin1") if isinstance(kind, bytes) else kind
        if kind not in _KINDS:
            raise WeightsError(f"holds an array of type {str(kind)[:40]!r}, which is no plain number")
        self.kind, self.order = kind, "<"

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        self.order = ">" if order == ">" else "<"

    def numpy(self) -> np.dtype:
        return np.dtype(self.order + self.kind)


class _Array:
    """Stands in for numpy.ndarray while the pickle is read: (version, shape, dtype, column-major, bytes)."""

    def __init__(self, *_arguments: Any) -> None:
        self.value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        shape, dtype, column_major, data = state[-4:]
        data = data.encode("latin1") if isinstance(data, str) else data
        if not isinstance(dtype, _DType) or not isinstance(data, (bytes, bytearray)):
            raise WeightsError("holds an array that is not made of plain numbers")
        self.value = _array(data, dtype, tuple(shape), "F" if column_major else "C")


def _array(data: bytes, dtype: _DType, shape: tuple[int, ...], order: str) -> np.ndarray:
    values = np.frombuffer(data, dtype.numpy()).reshape(shape, order=order)
    return np.array(values, dtype=values.dtype.newbyteorder("="), order="C")


def _reconstruct(*_arguments: Any) -> _Array:
    return _Array()


def _scalar(dtype: Any, data: Any = b"") -> np.ndarray:
    if not isinstance(dtype, _DType):
        raise WeightsError("holds a scalar that is not a plain number")
    return _array(data.encode("latin1") if isinstance(data, str) else data, dtype, (), "C")


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray:
    if not isinstance(dtype, _DType) or order not in ("C", "F"):
        raise WeightsError("holds an array that is not made of plain numbers")
    return _array(bytes(data), dtype, tuple(shape), order)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise WeightsError("holds text in an unexpected encoding")
    return text.encode("latin1")


def _bytes(data: Any = b"", *_encoding: Any) -> bytes:
    return bytes(data) if isinstance(data, (bytes, bytearray)) else _encode(data)


def _tuple(values: Any = ()) -> tuple:
    return tuple(values) if isinstance(values, (list, tuple)) else (values,)


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _encode,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ADMITTED[_module, "_reconstruct"] = _reconstruct
    _ADMITTED[_module, "scalar"] = _scalar
for _module in ("numpy.core.numeric", "numpy._core.numeric"):
    _ADMITTED[_module, "_frombuffer"] = _frombuffer
for _module in ("builtins", "__builtin__"):
    _ADMITTED[_module, "tuple"] = _tuple
    _ADMITTED[_module, "bytearray"] = _ADMITTED[_module, "bytes"] = _bytes


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise WeightsError(
                f"asks to run {module[:40]}.{name[:40]}: it may harm this computer "
                "and was not opened; get the weights from another source"
            ) from None


def _plain(value: Any, depth: int, known: dict[int, Any]) -> Any:
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


def _rebuilt(value: Any, depth: int, known: dict[int, Any]) -> Any:
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
        if (
            isinstance(value, tuple)
            and len(items) == 2
            and isinstance(items[0], str)
            and isinstance(items[1], np.ndarray)
        ):
            return items[1]  # paddle.save writes a nested parameter as (its generated name, array)
        return items
    if value is None or isinstance(value, (bool, int, float, str, bytes, np.ndarray)):
        return value
    raise WeightsError(f"holds a {type(value).__name__}, which is neither an array nor a container")


def read_pdparams(data: bytes, name: str) -> Any:
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
