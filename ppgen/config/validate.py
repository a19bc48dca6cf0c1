"""Hold a config against the signatures of what it names, and report every fault at once."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from ppgen.errors import ConfigError
from ppgen.registry import Registry, nearest


def _type_name(expected: Any) -> str:
    if isinstance(expected, types.UnionType) or typing.get_origin(expected) is typing.Union:
        return " or ".join(_type_name(part) for part in typing.get_args(expected))
    if expected is type(None):
        return "null"
    if typing.get_origin(expected) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(expected)))
    if typing.get_origin(expected) is list and typing.get_args(expected):
        return f"list of {_type_name(typing.get_args(expected)[0])}"
    return getattr(typing.get_origin(expected) or expected, "__name__", str(expected))


def _fits(value: Any, expected: Any) -> bool:
    if expected in (inspect.Parameter.empty, Any):
        return True
    origin = typing.get_origin(expected)
    if isinstance(expected, types.UnionType) or origin is typing.Union:
        return any(_fits(value, part) for part in typing.get_args(expected))
    if origin is typing.Literal:
        return value in typing.get_args(expected)
    plain = origin or expected
    if plain is list and isinstance(value, list) and typing.get_args(expected):
        return all(_fits(item, typing.get_args(expected)[0]) for item in value)
    if plain is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if plain is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if plain is tuple:
        inside = typing.get_args(expected)
        each = inside[0] if len(inside) == 2 and inside[1] is Ellipsis else Any
        return isinstance(value, (list, tuple)) and all(_fits(item, each) for item in value)
    return isinstance(value, plain) if plain in (bool, str, list, dict, type(None)) else True


def check_call(target: Callable, arguments: Any, where: str, supplied: tuple[str, ...] = ()) -> list[str]:
    """Faults of calling `target(**arguments)`: unknown keys, missing keys, wrong types.

    Args:
        target: a class or function with type hints.
        where: the YAML path, used in messages.
        supplied: parameters that the program adds itself.
    """
    if not isinstance(arguments, dict):
        return [f"{where}: expected `key: value` lines, found {arguments!r}"]
    function = inspect.unwrap(target.__init__) if inspect.isclass(target) else target
    hints = typing.get_type_hints(function)
    parameters = {k: p for k, p in inspect.signature(target).parameters.items() if p.kind is not p.VAR_KEYWORD}
    accepted = [k for k in parameters if k not in supplied]
    faults = []
    for key, value in arguments.items():
        if key == "name" and key not in parameters:
            continue
        expected = hints.get(key, inspect.Parameter.empty)
        if key not in accepted:
            faults.append(f"{where}.{key}: unknown key{nearest(key, accepted)} (accepted: {', '.join(accepted)})")
        elif not _fits(value, expected):
            faults.append(f"{where}.{key}: expected {_type_name(expected)}, found {value!r}")
    for key in accepted:
        if parameters[key].default is inspect.Parameter.empty and key not in arguments:
            faults.append(f"{where}.{key}: is missing")
    return faults


def check_named(registry: Registry, config: Any, where: str, nested: Registry | None = None) -> list[str]:
    """Faults of `registry.build(config)`; dicts with a 'name' inside are held against `nested`."""
    if not isinstance(config, dict) or "name" not in config:
        return [f"{where}: expected a mapping with 'name' (one of {', '.join(registry.names())})"]
    try:
        config = registry.current(config)
        target = registry.get(config["name"])
    except ConfigError as error:
        return [f"{where}.name: {error}"]
    faults = check_call(target, config, where)
    for key, value in config.items():
        if nested is not None and isinstance(value, dict) and "name" in value:
            faults += check_named(nested, value, f"{where}.{key}", nested)
    return faults
