"""Weights files that describe themselves, and the one way of arrays into a network.

Ours are safetensors whose metadata hold the network's class, its constructor arguments, the value range of
its images and its card. Beside the network's own arrays a file may hold others (`add_extra`), such as directions in
its latent space; they are no part of the network and `load_into` never sees them.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from ppgen.compat.names import Arguments, network_config
from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, WeightsError, short
from ppgen.io.arrays import EXTRA, SCALE, raw_arrays, read_arrays, read_header, select_arrays, write_arrays
from ppgen.registry import Recorded

if TYPE_CHECKING:
    import paddle
    from paddle import nn

Facts = dict[str, Any]  # JSON-able, by name
FORMAT = "ppgen-1"
_SHOWN = 4  # keys of a kind that an error lists before it only counts
_LARGE = 4096  # elements of a matrix that is worth eight bits


@runtime_checkable
class _FindsOut(Protocol):
    """A network that can find some of its arrays out by itself, where a file has none."""

    optional_keys: tuple[str, ...]


class Description(NamedTuple):
    """What a weights file says about itself: the network it fills, and the facts on its card."""

    network: str  # class name; this and the arguments are today's, whatever they were when the file was written
    arguments: Arguments  # of its constructor
    value_range: tuple[float, float]  # of the images the network takes and gives
    card: Facts
    extra: Facts  # facts of `add_extra`
    shapes: dict[str, tuple[int, ...]]  # of the arrays in the file


class LoadReport(NamedTuple):
    """What `load_into` did: keys written, keys the file lacks, keys the network has no place for."""

    loaded: list[str]
    missing: list[str]
    unexpected: list[str]


def network_arrays(network: nn.Layer, half: bool = False, eight_bit: bool = False) -> dict[str, np.ndarray]:
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
            arrays[key + SCALE], array = scale.astype(np.float32), np.rint(array / scale).astype(np.int8)
        elif array.dtype == np.float32 and half and array.ndim > 1:
            array = _to_half(key, array)
        arrays[key] = array
    return arrays


def save_network(
    network: nn.Layer,
    path: str | os.PathLike,
    card: Facts | None = None,
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
    if not isinstance(network, Recorded):
        kind = type(network).__name__
        raise WeightsError(f"{kind}: add @NETWORKS.register(), or its file cannot say how to build it")
    described = {"args": network.constructor_args, "value_range": list(value_range), "card": dict(card or {})}
    try:
        fields = {key: json.dumps(value, ensure_ascii=False) for key, value in described.items()}
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{path}: arguments and card must be JSON-able ({error})") from error
    metadata = {"format": FORMAT, "class": type(network).__name__, **fields}
    return write_arrays(path, network_arrays(network, half, eight_bit), metadata)


def description(path: str | os.PathLike) -> Description | None:
    """What a weights file says about itself, from its header; None where it does not say which network it fills.

    Raises WeightsError: missing, or damaged.
    """
    header = read_header(path)
    if header is None or "class" not in header.metadata:
        return None
    try:
        told = {key: json.loads(header.metadata.get(key, "{}")) for key in ("args", "card", "extra")}
        low, high = map(float, json.loads(header.metadata.get("value_range", "[-1, 1]")))
        if not (low < high and math.isfinite(high - low)):
            raise ValueError(f"images in [{low}, {high}]")
        config = network_config({**told["args"], "name": header.metadata["class"]})
        facts = dict(told["card"]), dict(told["extra"])
        return Description(config.pop("name"), config, (low, high), *facts, header.shapes)
    except (TypeError, ValueError, OverflowError, RecursionError, ConfigError) as error:
        reason = short(str(error))
        raise WeightsError(f"{path}: what it says of itself is no description of a network ({reason})") from error


def card_of(path: str | os.PathLike) -> Facts:
    """The card in a weights file; {} where the file does not describe itself. Raises WeightsError as `description`."""
    described = description(path)
    return {} if described is None else described.card


def read_extra(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """What `add_extra` wrote, by name, as float32; empty for a file without any, or of PaddleGAN's.

    Raises WeightsError as `read_arrays`.
    """
    arrays = {} if read_header(path) is None else raw_arrays(path)
    return {key.removeprefix(EXTRA): value.astype(np.float32) for key, value in arrays.items() if key.startswith(EXTRA)}


def add_extra(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    facts: Facts | None = None,
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
    described, header = description(path), read_header(path)
    if described is None or header is None:
        raise WeightsError(f"{path}: does not say which network it belongs to, so nothing can be added to it")
    extra = json.dumps({**described.extra, **(facts or {})}, ensure_ascii=False)
    added = {EXTRA + name: np.asarray(value, np.float32) for name, value in arrays.items()}
    return write_arrays(target or path, {**raw_arrays(path), **added}, {**header.metadata, "extra": extra})


def load_into(
    network: nn.Layer,
    source: str | os.PathLike | Mapping[str, object],
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
        arrays = translate(type(network).__name__, arrays)
    report, misshaped = _compare(state, arrays)
    optional = network.optional_keys if isinstance(network, _FindsOut) else ()
    report = report._replace(missing=[key for key in report.missing if key not in optional])
    if misshaped or not report.loaded or (strict and (report.missing or report.unexpected)):
        raise WeightsError(_mismatch(name, type(network).__name__, report, misshaped))
    for loaded in report.loaded:
        state[loaded].set_value(_fitted(arrays[loaded], state[loaded]))
    return report


def _compare(state: Mapping[str, paddle.Tensor], arrays: Mapping[str, np.ndarray]) -> tuple[LoadReport, list[str]]:
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


def _fitted(array: np.ndarray, tensor: paddle.Tensor) -> np.ndarray:
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


def _to_half(key: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if np.isfinite(array).all() and not np.isfinite(half).all():
        raise WeightsError(f"'{key}' has values beyond float16 (65504): save with half=False")
    return half
