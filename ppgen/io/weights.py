"""Weights files that describe themselves, and the one door for arrays into a network.

Ours are safetensors whose metadata hold the network's class, its constructor arguments, the value range of
its images and its card. Beside the network's own arrays a file may hold others (`add_extra`), such as directions in
its latent space; they are no part of the network and `load_into` never sees them. PaddleGAN's `.pdparams` are read
by `ppgen.io.pdparams`, which runs nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen.compat.names import network_config
from ppgen.errors import ConfigError, OtherWeightsError, WeightsError
from ppgen.io.atomic import write_bytes
from ppgen.io.pdparams import read_pdparams

FORMAT = "ppgen-1"
_JSON_FIELDS = ("args", "value_range", "card", "extra")
_EXTRA = "extra/"  # before the names of arrays that are no part of the network, whose own names hold no slash
_SHOWN = 4  # keys of a kind that an error lists before it only counts
_LARGE = 4096  # elements of a matrix that is worth eight bits
_SCALE = "@scale"
_PADDLE_NAMES = "StructuredToParameterName@@"  # a table of names that paddle.save adds to a state


class Description(NamedTuple):
    """What a weights file says about itself: the network it fills, and the facts on its card."""

    network: str  # class name; this and the arguments are today's, whatever they were when the file was written
    arguments: dict[str, Any]  # of its constructor
    value_range: tuple[float, float]  # of the images the network takes and gives
    card: dict[str, Any]
    extra: dict[str, Any]  # facts of `add_extra`
    shapes: dict[str, tuple[int, ...]]  # of the arrays in the file


class LoadReport(NamedTuple):
    """What `load_into` did: keys written, keys the file lacks, keys the network has no place for."""

    loaded: list[str]
    missing: list[str]
    unexpected: list[str]


def network_arrays(network: Any, half: bool = False, eight_bit: bool = False) -> dict[str, np.ndarray]:
    """A network's state as NumPy arrays, as a file holds them.

    Args:
        half: matrices and kernels in float16; vectors (biases) stay exact.
        eight_bit: the large matrices of linear layers as int8 `key` and float32 `key@scale`, one a column:
            the value is their product, off by at most half a step of 1/127 of the column's largest.
    """
    arrays = {}
    for key, value in network.state_dict().items():
        array = value.numpy()
        if array.dtype == np.float32 and eight_bit and array.ndim == 2 and array.size >= _LARGE:
            scale = np.maximum(np.abs(array).max(axis=0, keepdims=True), 1e-12) / 127
            arrays[key + _SCALE], array = scale.astype(np.float32), np.rint(array / scale).astype(np.int8)
        elif array.dtype == np.float32 and half and array.ndim > 1:
            array = _to_half(key, array)
        arrays[key] = array
    return arrays


def _from_eight_bit(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`key` and `key@scale` back to one float32 array each."""
    scales = {key[: -len(_SCALE)]: value for key, value in arrays.items() if key.endswith(_SCALE)}
    return {
        key: value.astype(np.float32) * scales[key] if key in scales else value
        for key, value in arrays.items()
        if not key.endswith(_SCALE)
    }


def save_network(
    network: Any,
    path: str | os.PathLike,
    card: Mapping[str, Any] | None = None,
    half: bool = False,
    value_range: tuple[float, float] = (-1, 1),
    eight_bit: bool = False,
) -> Path:
    """Write a registered network as a safetensors file that says how to build it again; atomic.

    Args:
        network: built from a class in `NETWORKS` (its `constructor_args` are recorded).
        card: JSON-able facts about the weights: data, licence, command, scores, limits.
        half: float16 for arrays of two or more dimensions.
        eight_bit: int8 for large matrices; see `network_arrays`.
        value_range: of the images the network takes and gives.
    Raises:
        WeightsError: the network is not registered, or its arguments or card are not JSON-able, or a value
            does not fit float16. OutputError: the file cannot be written.
    """
    if not hasattr(network, "constructor_args"):
        raise WeightsError(
            f"{type(network).__name__} is not registered in NETWORKS, so its file "
            "could not say how to build it: add @NETWORKS.register()"
        )
    described = {"args": network.constructor_args, "value_range": list(value_range), "card": dict(card or {})}
    try:
        fields = {key: json.dumps(value, ensure_ascii=False) for key, value in described.items()}
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{path}: arguments and card must be JSON-able ({error})") from error
    metadata = {"format": FORMAT, "class": type(network).__name__, **fields}
    return write_arrays(path, network_arrays(network, half, eight_bit), metadata)


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


def description(path: str | os.PathLike) -> Description | None:
    """What a weights file says about itself, from its header; None where it does not say which network it fills.

    Raises WeightsError: missing, or damaged.
    """
    if _looks_like_pickle(_read_start(path, 9)):
        return None
    metadata, shapes = _read_header(path)
    if "class" not in metadata:
        return None
    arguments, card, extra = (metadata.get(field, {}) for field in ("args", "card", "extra"))
    try:
        low, high = metadata.get("value_range", (-1, 1))
        config = network_config({**arguments, "name": metadata["class"]})
        return Description(config.pop("name"), config, (float(low), float(high)), dict(card), dict(extra), shapes)
    except (TypeError, ValueError, ConfigError) as error:
        raise WeightsError(f"{path}: what it says of itself is no description of a network ({error})") from error


def read_metadata(path: str | os.PathLike) -> dict[str, Any]:
    """What a safetensors file says about itself; only the header is read.

    Returns:
        'format' and 'class' (str), 'args' and 'card' (dict), 'value_range' (list), where present.
    Raises:
        WeightsError: missing, damaged, or not safetensors.
    """
    if _looks_like_pickle(_read_start(path, 9)):
        raise WeightsError(
            f"{path}: is a .pdparams file, which does not describe itself; build its network and use load_into"
        )
    return _read_header(path)[0]


def _read_header(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Metadata and shapes of a safetensors file, which the library holds against the file's length."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "numpy") as file:
            metadata: dict[str, Any] = dict(file.metadata() or {})
            shapes = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}
        for field in _JSON_FIELDS:
            if field in metadata:
                metadata[field] = json.loads(metadata[field])
    except (SafetensorError, ValueError, TypeError, RecursionError, OSError) as error:
        raise _damaged(path) from error
    return metadata, shapes


def read_arrays(path: str | os.PathLike, key: str | None = None) -> dict[str, np.ndarray]:
    """Named arrays of a safetensors or `.pdparams` file (told apart by content, not by name).

    Args:
        key: the part wanted, of a file that holds several networks: `netG` takes what lies in a `.pdparams`
            under 'netG', or in a safetensors file behind the prefix 'netG.'.
    Returns:
        name -> array; float16 and float64 as float32. Without what `add_extra` wrote.
    Raises:
        WeightsError: missing, damaged or unsafe, or there is no such key.
    """
    return select_arrays(read_content(path), key, str(path))


def read_content(path: str | os.PathLike) -> Any:
    """All that a weights file holds, for `select_arrays`; raises WeightsError as `read_arrays`."""
    if _looks_like_pickle(_read_start(path, 9)):
        return read_pdparams(_read_start(path), str(path))
    return _without_extra(_read_safetensors(path))


def select_arrays(content: Any, key: str | None, name: str) -> dict[str, np.ndarray]:
    """The arrays of a file's content, or of its part `key`; see `read_arrays`. `name`: the file's, for messages."""
    return _flat(content if key is None else _part(content, key, name), name)


def parts_of(path: str | os.PathLike) -> list[str]:
    """Names of the networks a `.pdparams` of PaddleGAN's holds, as its trainings write them; [] for a single one.

    Raises WeightsError as `read_arrays`.
    """
    return nested(read_content(path)) if _looks_like_pickle(_read_start(path, 9)) else []


def read_extra(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """What `add_extra` wrote, by name, as float32; empty for a file without any, or of PaddleGAN's.

    Raises WeightsError as `read_arrays`.
    """
    if _looks_like_pickle(_read_start(path, 9)):
        return {}
    arrays = _read_safetensors(path)
    return {key[len(_EXTRA) :]: value.astype(np.float32) for key, value in arrays.items() if key.startswith(_EXTRA)}


def add_extra(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    facts: Mapping[str, Any] | None = None,
    target: str | os.PathLike | None = None,
) -> Path:
    """Put arrays that are no part of the network beside its own, which stay as they are bit for bit; atomic.

    Args:
        path: a safetensors file of ours.
        arrays: by name; they take the place of those with the same names, the others stay.
        facts: JSON-able; added to the file's metadata under 'extra', for its card.
        target: the file to write; None: `path` itself.
    Raises:
        WeightsError: missing, damaged, not ours. OutputError: cannot be written.
    """
    from safetensors.numpy import load

    described = read_metadata(path)
    if "class" not in described:
        raise WeightsError(f"{path}: does not say which network it belongs to, so nothing can be added to it")
    data = _read_start(path)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = dict(header["__metadata__"])
    metadata["extra"] = json.dumps({**described.get("extra", {}), **(facts or {})}, ensure_ascii=False)
    added = {_EXTRA + name: np.asarray(value, np.float32) for name, value in arrays.items()}
    return write_arrays(target or path, {**load(data), **added}, metadata)


def load_into(
    network: Any,
    source: str | os.PathLike | Mapping[str, Any],
    strict: bool = True,
    key: str | None = None,
    name: str = "the given arrays",
) -> LoadReport:
    """Put arrays into a network, all or nothing; PaddleGAN's names are translated.

    Args:
        network: a Paddle layer.
        source: a weights file, or a dict of arrays.
        strict: every array of the network must be there, and none besides. Otherwise what fits by name is
            loaded and the rest is reported; a wrong shape is an error in both cases.
        key: see `read_arrays`.
        name: what messages call a dict of arrays.
    Raises:
        WeightsError: lists missing, unexpected and mis-shaped keys; the network is then unchanged.
    """
    if isinstance(source, Mapping):
        arrays = select_arrays(source, key, name)
    else:
        name, arrays = str(source), read_arrays(source, key)
    state = network.state_dict()
    if set(arrays) != set(state):
        from ppgen.compat.state_keys import translate

        arrays = translate(type(network).__name__, arrays)
    report, misshaped = _compare(state, arrays)
    optional = getattr(network, "optional_keys", ())  # what the network can find out by itself
    report = report._replace(missing=[key for key in report.missing if key not in optional])
    if misshaped or not report.loaded or (strict and (report.missing or report.unexpected)):
        raise WeightsError(_mismatch(name, type(network).__name__, report, misshaped))
    for found in report.loaded:
        tensor = state[found]
        tensor.set_value(_fitted(arrays[found], tensor))
    return report


def _compare(state: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> tuple[LoadReport, list[str]]:
    misshaped = []
    for key in state.keys() & arrays.keys():
        wanted, given = tuple(state[key].shape), arrays[key].shape
        # one number has shape () or (1,), depending on the Paddle that saved it
        one_number = arrays[key].size == 1 and int(np.prod(wanted)) == 1
        if wanted != given and not one_number:
            misshaped.append(f"{key} is {given}, should be {wanted}")
    report = LoadReport(
        loaded=[key for key in state if key in arrays],
        missing=[key for key in state if key not in arrays],
        unexpected=[key for key in arrays if key not in state],
    )
    return report, sorted(misshaped)


def _fitted(array: np.ndarray, tensor: Any) -> np.ndarray:
    dtype = str(tensor.dtype).rsplit(".", 1)[-1]
    return array.reshape(tuple(tensor.shape)).astype(dtype)


def _mismatch(name: str, network: str, report: LoadReport, misshaped: list[str]) -> str:
    problems = []
    for kind, keys in (("missing", report.missing), ("unexpected", report.unexpected), ("of another shape", misshaped)):
        if keys:
            more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
            problems.append(f"{len(keys)} {kind}: {', '.join(keys[:_SHOWN])}{more}")
    what = "; ".join(problems) or "it holds no arrays"
    return f"{name}: does not fit {network} ({what}); nothing was loaded"


def _read_start(path: str | os.PathLike, count: int = -1) -> bytes:
    try:
        with open(path, "rb") as handle:
            return handle.read(count)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from error


def _looks_like_pickle(head: bytes) -> bool:
    # Protocols 2 to 5 open with 0x80 and their number; safetensors with a length, then '{' at the ninth byte.
    return len(head) >= 2 and head[0] == 0x80 and head[1] in (2, 3, 4, 5) and head[8:9] != b"{"


def _damaged(path: str | os.PathLike) -> WeightsError:
    return WeightsError(f"{path}: is damaged or not a weights file; give .safetensors or .pdparams")


def _read_safetensors(path: str | os.PathLike) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return _from_eight_bit(load_file(str(path)))
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise _damaged(path) from error


def _without_extra(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key: value for key, value in arrays.items() if not key.startswith(_EXTRA)}


def _part(content: Any, key: str, name: Any) -> Any:
    """The entry `key` of a nested content, or what has the prefix `key.` in a flat one."""
    if isinstance(content, Mapping):
        if isinstance(content.get(key), Mapping):
            return content[key]
        part = {k[len(key) + 1 :]: v for k, v in content.items() if str(k).startswith(f"{key}.")}
        if part:
            return part
    raise WeightsError(f"{name}: holds no '{key}' (it holds: {_parts(content)})")


def _parts(content: Any) -> str:
    names = sorted({str(k).split(".")[0] for k in content}) if isinstance(content, Mapping) else []
    return ", ".join(names[:12]) or "nothing that has a name"


def nested(content: Any) -> list[str]:
    """Names of the networks in a file's content; [] for a single one."""
    entries = content.items() if isinstance(content, Mapping) else ()
    return [str(key) for key, value in entries if isinstance(value, Mapping) and key != _PADDLE_NAMES]


def _flat(content: Any, name: Any) -> dict[str, np.ndarray]:
    if not isinstance(content, Mapping):
        raise WeightsError(f"{name}: holds no named arrays")
    content = {k: v for k, v in content.items() if k != _PADDLE_NAMES}
    if parts := nested(content):
        raise OtherWeightsError(
            f"{name}: holds networks by name; choose one with key= ({', '.join(parts)}), or take it out with "
            "`ppgen convert FILE -o W.safetensors --network CLASS --key NAME`"
        )
    arrays = {}
    for key, value in content.items():
        if isinstance(value, (list, tuple)) and any(isinstance(item, (list, tuple, dict)) for item in value):
            raise WeightsError(f"{name}: '{key}' is not an array of numbers")  # which numpy would first walk through
        array = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise WeightsError(f"{name}: '{key}' is not an array of numbers")
        arrays[str(key)] = array.astype(np.float32) if array.dtype in (np.float16, np.float64) else array
    return arrays


def _to_half(key: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if np.isfinite(array).all() and not np.isfinite(half).all():
        raise WeightsError(f"'{key}' has values beyond float16 (65504): save with half=False")
    return half
