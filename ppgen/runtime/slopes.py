"""The slopes of leaky ReLUs in exported graphs, put right.

Since Paddle 3.3 a program holds the slope in double precision (Paddle pull request 75547), and paddle2onnx 2.1 reads it
in single: what it writes into the graph is whatever lay in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


def with_slopes(onnx: bytes, program: Path) -> bytes:
    """The model with the slopes of a saved program (.json), whose operators it holds in the same order.

    Raises ValueError where they are not as many.
    """
    slopes = list(_slopes(json.loads(program.read_text(encoding="utf-8"))))
    if not slopes:
        return onnx
    import onnx as format

    model = format.load_from_string(onnx)
    nodes = [node for node in model.graph.node if node.op_type == "LeakyRelu"]
    if len(nodes) != len(slopes):
        raise ValueError(f"its graph has {len(nodes)} leaky ReLUs and Paddle's program {len(slopes)}")
    for node, slope in zip(nodes, slopes):
        del node.attribute[:]
        node.attribute.append(format.helper.make_attribute("alpha", slope))
    return model.SerializeToString()


def _slopes(part: object) -> Iterator[float]:
    """Of the leaky ReLUs within a part of the program, in order."""
    if isinstance(part, list):
        for item in part:
            yield from _slopes(item)
    elif isinstance(part, dict):
        if str(part.get("#", "")).endswith(".leaky_relu"):
            yield next(float(each["AT"]["D"]) for each in part["A"] if each["N"] == "negative_slope")
        else:
            yield from _slopes(list(part.values()))
