"""The network a weights file describes; what it claims is held against what the file holds before memory is taken."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ppgen.config.validate import check_named
from ppgen.errors import ConfigError, PPGenError, WeightsError
from ppgen.io.weights import Description
from ppgen.registry import NETWORKS

if TYPE_CHECKING:
    from paddle import nn

_SLACK = 2**20  # elements beyond the file's that are let through: loading then names the arrays that are missing
_LAYER = 2**10  # elements that a parameter counts for besides its own: the work of making a layer
_LARGEST = 2**20  # that a size may be; some are exponents, or lengths of lists that are made before any layer
_SHOWN = 300  # characters of a message that quotes the file
_building = threading.Lock()


def construct(described: Description, path: Path) -> nn.Layer:
    """The network that a file describes, without its weights.

    Raises:
        WeightsError: the class is unknown, takes no such arguments, or makes more parameters than the file fills.
    """
    try:
        config = {**described.arguments, "name": described.network}
        faults = check_named(NETWORKS, config, "args")
        if faults:
            raise ConfigError(faults[0])
        json.dumps(described.arguments, allow_nan=False)  # a ValueError for NaN and infinity
        if largest := next((number for number in _numbers(described.arguments) if abs(number) > _LARGEST), None):
            raise ConfigError(f"its arguments hold {largest:.4g}, and no layer is so wide and no network so deep")
        with _no_larger_than(described.shapes):
            return NETWORKS.build(config)
    except Exception as error:  # whatever a constructor makes of arguments that nobody meant
        reason = " ".join(str(error).split())[:_SHOWN] if isinstance(error, (PPGenError, ValueError)) else repr(error)
        what = f"{path}: its network cannot be built ({reason[:_SHOWN]})"
        raise WeightsError(f"{what}; the file may be damaged, or come from another version of ppgen") from error


def _numbers(value: object) -> Iterator[float]:
    """All numbers within lists and mappings."""
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)


@contextmanager
def _no_larger_than(shapes: dict[str, tuple[int, ...]]) -> Iterator[None]:
    """ConfigError, within, as soon as this thread's layers ask for more parameters than arrays of `shapes` fill."""
    from paddle import nn

    original, thread = nn.Layer.create_parameter, threading.get_ident()
    left = _SLACK + sum(math.prod(shape) + _LAYER for shape in shapes.values())

    def create_parameter(layer: nn.Layer, shape: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if threading.get_ident() == thread:
            if not all(isinstance(side, int) and side > 0 for side in shape):
                raise ConfigError(f"a {type(layer).__name__} of shape {list(shape)}")
            left -= math.prod(shape) + _LAYER
            if left < 0:
                raise ConfigError("it is larger than the arrays of the file")
        return original(layer, shape, *args, **kwargs)

    with _building:
        nn.Layer.create_parameter = create_parameter  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            nn.Layer.create_parameter = original  # type: ignore[method-assign]
