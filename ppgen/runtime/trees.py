"""Nested inputs and outputs of networks as flat lists of arrays, and back."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# JSON-able: "x" an array, None, or {"type": "tuple", "list" or "module:class" of a NamedTuple, "items": [...]}
Shape = Any


def flatten(value: object, is_leaf: Callable[[object], bool]) -> tuple[list[Any], Shape]:
    """The leaves of nested tuples, lists and NamedTuples in order, and how they were nested.

    Raises TypeError for anything else than these, leaves and None.
    """
    if value is None or is_leaf(value):
        return ([] if value is None else [value]), (None if value is None else "x")
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"expected arrays in tuples and lists, found a {type(value).__name__}")
    kind = type(value)
    name = kind.__name__ if kind in (tuple, list) else f"{kind.__module__}:{kind.__qualname__}"
    parts = [flatten(item, is_leaf) for item in value]
    return [leaf for leaves, _ in parts for leaf in leaves], {"type": name, "items": [shape for _, shape in parts]}


def rebuild(shape: Shape, leaves: Iterator[Any], plain: bool = False) -> Any:
    """What `flatten` took apart; plain: NamedTuples as tuples, whose modules need not be imported then."""
    if not isinstance(shape, Mapping):
        return None if shape is None else next(leaves)
    items = [rebuild(item, leaves, plain) for item in shape["items"]]
    if shape["type"] == "list":
        return items
    if shape["type"] == "tuple" or plain:
        return tuple(items)
    module, name = shape["type"].split(":")
    kind = importlib.import_module(module)
    for part in name.split("."):
        kind = getattr(kind, part)
    return kind(*items)  # type: ignore[operator]
