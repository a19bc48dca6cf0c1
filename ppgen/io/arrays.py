"""Named arrays in files: safetensors, and PaddleGAN's `.pdparams`, told apart by their first bytes.

`.pdparams` are read by `ppgen.io.pdparams`, which runs nothing.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ppgen.errors import OtherWeightsError, WeightsError
from ppgen.io.atomic import write_bytes
from ppgen.io.pdparams import read_pdparams

EXTRA = "extra/"  # before the names of arrays that are no part of a network, whose own names hold no slash
SCALE = "@scale"  # behind the names of what int8 matrices are multiplied with
TAKE_OUT = "take one out with `ppgen convert FILE -o W.safetensors --network CLASS --key NAME`"
_MOST_ARRAYS = 20_000  # of a file; a training's checkpoint holds some thousands
_PADDLE_NAMES = "StructuredToParameterName@@"  # a table of names that paddle.save adds to a state
T = TypeVar("T")


class Header(NamedTuple):
    """What stands before the arrays of a safetensors file."""

    metadata: dict[str, str]
    shapes: dict[str, tuple[int, ...]]


def read_header(path: str | os.PathLike) -> Header | None:
    """Of a safetensors file, held against the file's length; None for a `.pdparams`. Raises WeightsError."""
    if _is_pickle(path):
        return None
    shapes = _opened(path, lambda file: {key: tuple(file.get_slice(key).get_shape()) for key in _keys(file, path)})
    return Header(_opened(path, lambda file: file.metadata() or {}), shapes)


def read_arrays(path: str | os.PathLike, key: str | None = None) -> dict[str, np.ndarray]:
    """Named arrays of a safetensors or `.pdparams` file (told apart by content, not by name).

    Args:
        key: the part wanted, of a file that holds several networks: `netG` takes what lies in a `.pdparams`
            under 'netG', or in a safetensors file behind the prefix 'netG.'.
    Returns:
        name -> array; float16 and float64 as float32. Without what `ppgen.io.weights.add_extra` wrote.
    Raises:
        WeightsError: missing, damaged or unsafe, or there is no such key.
    """
    return select_arrays(read_content(path), key, str(path))


def read_content(path: str | os.PathLike) -> object:
    """All that a weights file holds, for `select_arrays`; raises WeightsError as `read_arrays`."""
    if _is_pickle(path):
        return read_pdparams(_read_start(path), str(path))
    arrays = {key: value for key, value in raw_arrays(path).items() if not key.startswith(EXTRA)}
    scales = {key: value for key, value in arrays.items() if key.endswith(SCALE)}
    for key, scale in scales.items():
        matrix = arrays.get(key.removesuffix(SCALE), scale)
        if matrix is not scale and scale.shape != (1, *matrix.shape[1:]):
            what = f"'{key}' is {scale.shape}, which does not fit a matrix {matrix.shape}"
            raise WeightsError(f"{path}: is damaged ({what}); get it again")
    return {
        key: value.astype(np.float32) * scales[key + SCALE] if key + SCALE in scales else value
        for key, value in arrays.items()
        if key not in scales
    }


def raw_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """A safetensors file's arrays as they are stored; raises WeightsError as `read_arrays`."""
    return _opened(path, lambda file: {key: file.get_tensor(key) for key in _keys(file, path)})


def parts_of(content: object) -> list[str]:
    """Names of the networks in a file's content, as PaddleGAN's trainings write them; [] for a single one."""
    entries = content.items() if isinstance(content, Mapping) else ()
    return [str(key) for key, value in entries if isinstance(value, Mapping) and key != _PADDLE_NAMES]


def select_arrays(content: object, key: str | None, name: str) -> dict[str, np.ndarray]:
    """The arrays of a file's content, or of its part `key`; see `read_arrays`. `name`: the file's, for messages."""
    content = content if key is None else _part(content, key, name)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{name}: holds no named arrays")
    if parts := parts_of(content):
        raise OtherWeightsError(f"{name}: holds networks by name; give key= ({', '.join(parts)}), or {TAKE_OUT}")
    return {str(k): _array(value, f"{name}: '{k}'") for k, value in content.items() if k != _PADDLE_NAMES}


def write_arrays(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> Path:
    """Write arrays as safetensors, atomic; raises OutputError."""
    from safetensors.numpy import save

    # np.require rather than ascontiguousarray, which makes a () array one of shape (1,)
    data = save({key: np.require(value, requirements="C") for key, value in arrays.items()}, dict(metadata or {}))
    write_bytes(path, _in_order(data))
    return Path(path)


def _in_order(data: bytes) -> bytes:
    """The same safetensors with sorted metadata: the library's order changes from run to run."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    header = {"__metadata__": dict(sorted(metadata.items())), **header}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)  # the arrays start at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def _opened(path: str | os.PathLike, read: Callable[..., T]) -> T:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "numpy") as file:
            return read(file)
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise WeightsError(f"{path}: is damaged or not a weights file; give .safetensors or .pdparams") from error


def _keys(file: Any, path: str | os.PathLike) -> list[str]:
    """Names of the arrays of an open safetensors file; WeightsError where they are more than any network has."""
    keys = file.keys()
    if len(keys) > _MOST_ARRAYS:
        raise WeightsError(f"{path}: lists {len(keys)} arrays, more than any network has; give another file")
    return keys


def _read_start(path: str | os.PathLike, count: int = -1) -> bytes:
    try:
        with open(path, "rb") as handle:
            return handle.read(count)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from error


def _is_pickle(path: str | os.PathLike) -> bool:
    # Protocols 2 to 5 open with 0x80 and their number; safetensors with a length, then '{' at the ninth byte.
    head = _read_start(path, 9)
    return len(head) >= 2 and head[0] == 0x80 and head[1] in (2, 3, 4, 5) and head[8:9] != b"{"


def _part(content: object, key: str, name: str) -> Mapping[str, object]:
    """The entry `key` of a nested content, or what has the prefix `key.` in a flat one."""
    content = content if isinstance(content, Mapping) else {}
    if isinstance(content.get(key), Mapping):
        return content[key]
    if part := {k[len(key) + 1 :]: v for k, v in content.items() if str(k).startswith(f"{key}.")}:
        return part
    names = sorted({str(k).split(".")[0] for k in content})
    raise WeightsError(f"{name}: holds no '{key}' (it holds: {', '.join(names[:12]) or 'nothing that has a name'})")


def _array(value: object, name: str) -> np.ndarray:
    # numpy would walk through lists of lists, and copy each array that a list names, before it refused
    plain = not isinstance(value, (list, tuple)) or all(isinstance(item, (bool, int, float)) for item in value)
    array = np.asarray(value if plain else None)
    if array.dtype.kind not in "fiub":
        raise WeightsError(f"{name} is not an array of numbers")
    return array.astype(np.float32) if array.dtype in (np.float16, np.float64) else array
