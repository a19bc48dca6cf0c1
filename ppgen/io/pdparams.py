"""Read Paddle's `.pdparams` (a pickle) without running anything that is in it.

A pickle names functions to call. This reader knows a few names, all answered by classes and functions of
this module that check what they are given; no function named in a file is ever imported or called.
"""

from collections.abc import Callable

import numpy as np

from ppgen.errors import WeightsError, short
from ppgen.io.pickles import Admitted, Restored, filled, read_pickle

_KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
_MAX_DEPTH = 16
_SHARED = 4  # how often, on average, each byte of a file may be named
# What a damaged file can raise inside the reader.
_DAMAGE = (EOFError, ValueError, TypeError, AttributeError, LookupError, MemoryError, OverflowError)


class _DType(Restored):
    """Stands in for numpy.dtype: numbers and booleans only."""

    def __init__(self, kind: object = None, *_flags: object) -> None:
        self.kind, self.order = _text(kind), "<"
        if self.kind not in _KINDS:
            raise WeightsError(f"holds an array of type '{short(self.kind, 40)}', which is no plain number")

    def restore(self, state: tuple) -> None:
        self.order = ">" if _text(state[1]) == ">" else "<"


class _Array(Restored):
    """Stands in for numpy.ndarray while the pickle is read: (version, shape, dtype, column-major, bytes)."""

    def __init__(self, *_arguments: object) -> None:
        self.value: np.ndarray | None = None

    def restore(self, state: tuple) -> None:
        shape, dtype, column_major, data = state[-4:]
        self.value = _frombuffer(data, dtype, shape, "F" if column_major else "C")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin1")
    return value if isinstance(value, str) else type(value).__name__  # the text of nested lists may be endless


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


def _dict(items: object = ()) -> dict:
    return filled({}, items)


def _admitted() -> dict[tuple[str, str], Callable[..., object]]:
    numpy: dict[tuple[str, str], Callable[..., object]] = {
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _DType,
        ("collections", "OrderedDict"): _dict,
        ("_codecs", "encode"): _encode,
    }
    for core in ("numpy.core", "numpy._core"):
        numpy[f"{core}.multiarray", "_reconstruct"] = _Array
        numpy[f"{core}.multiarray", "scalar"] = _scalar
        numpy[f"{core}.numeric", "_frombuffer"] = _frombuffer
    for module in ("builtins", "__builtin__"):
        numpy[module, "tuple"] = _tuple
        numpy[module, "bytearray"] = numpy[module, "bytes"] = _bytes
    return numpy


_ADMITTED = {name: Admitted(call) for name, call in _admitted().items()}


def _find(module: str, name: str) -> Admitted:
    if (module, name) not in _ADMITTED:
        asks = f"asks to run {short(f'{module}.{name}', 80)}"
        raise WeightsError(f"{asks}: it may harm this computer and was not opened; get other weights")
    return _ADMITTED[module, name]


class _Plain:
    """Arrays for the stand-ins, and Paddle's (name, array) pairs as arrays; containers rebuilt.

    Each container is rebuilt once, however often it is named, as a list of lists of lists that names each a hundred
    times would never end; and arrays may not be named so often that who copies them would need far more than the file.

    Args:
        most: bytes of all arrays, each counted as often as it is named.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._known: dict[int, object] = {}  # what became of containers met before, by identity

    def of(self, value: object, depth: int = 0) -> object:
        if id(value) in self._known:
            return self._known[id(value)]
        result = self._rebuilt(value, depth)
        if isinstance(value, (dict, list, tuple)):
            self._known[id(value)] = result
        return result

    def _rebuilt(self, value: object, depth: int) -> object:
        if depth > _MAX_DEPTH:
            raise WeightsError("is nested too deeply to hold weights")
        if isinstance(value, _Array):
            if value.value is None:
                raise WeightsError("holds an array without values")
            value = value.value
        if isinstance(value, np.ndarray):
            self._left -= value.nbytes
            if self._left < 0:
                raise WeightsError("names the same arrays again and again, which no weights do")
        if isinstance(value, dict):
            return {key: self.of(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            items = [self.of(item, depth + 1) for item in value]
            if isinstance(value, tuple) and [type(item) for item in items] == [str, np.ndarray]:
                return items[1]  # paddle.save writes a nested parameter as (its generated name, array)
            return items
        if value is None or isinstance(value, (bool, int, float, str, bytes, np.ndarray)):
            return value
        raise WeightsError(f"holds a {short(type(value).__name__)}, which is neither an array nor a container")


def read_pdparams(data: bytes, name: str) -> object:
    """The content of a `.pdparams` file: nested dicts and lists of NumPy arrays, numbers and strings.

    Args:
        data: the file's bytes.
        name: what errors call the file.
    Raises:
        WeightsError: the pickle is damaged, or asks for anything but arrays and containers.
    """
    try:
        return _Plain(_SHARED * len(data)).of(read_pickle(data, _find))
    except WeightsError as error:
        raise WeightsError(f"{name}: {error}") from None
    except _DAMAGE as error:
        raise WeightsError(f"{name}: is damaged or not a weights file ({type(error).__name__}); get it again") from None
