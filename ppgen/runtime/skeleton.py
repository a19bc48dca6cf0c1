"""Graphs without weights: exported once, and filled with the arrays of any weights file of the same network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# Fields of ONNX's messages (onnx.proto): the graph in a model, the arrays in a graph; of an array its sizes, type, name
# and bytes. _FLOAT is its type of float32.
_GRAPH, _ARRAY = 7, 5
_SIZE, _TYPE, _NAME, _BYTES = 1, 2, 8, 9
_FLOAT = 1


def without_weights(onnx: bytes, names: Mapping[str, str]) -> tuple[bytes, dict[str, list[int]]]:
    """A model without the constants that are weights, and the names and sizes of what is missing.

    names: of those constants -> of the arrays that belong there.
    """
    import onnx as format

    model, missing, kept = format.load_from_string(onnx), {}, []
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in names:
            missing[names[node.output[0]]] = list(node.attribute[0].t.dims)
            continue
        for index, name in enumerate(node.input):
            node.input[index] = names.get(name, name)
        kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model.SerializeToString(), missing


def with_weights(onnx: bytes, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The model that `without_weights` left, with float32 arrays by name.

    Written without the package onnx: messages of protobuf one behind the other are one message, whose lists add up.
    """
    parts = [onnx]
    for name, array in arrays.items():
        sizes = b"".join(_number(_SIZE, size) for size in array.shape)
        content = np.ascontiguousarray(array, "<f4").tobytes()
        tensor = sizes + _number(_TYPE, _FLOAT) + _field(_NAME, name.encode()) + _field(_BYTES, content)
        parts.append(_field(_GRAPH, _field(_ARRAY, tensor)))
    return b"".join(parts)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the top bit of all but the last set."""
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
