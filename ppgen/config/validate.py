"""Hold a config against the signatures of what it names, and report every fault at once."""

import inspect
import types
import typing
from collections.abc import Callable

from ppgen.errors import ConfigError, short
from ppgen.registry import Registry, nearest

_PLAIN = (bool, int, str, list, dict, type(None))


def _parts(expected: object) -> tuple[object, tuple[object, ...]]:
    """`list[int]` -> (list, (int,)); a type without brackets -> (itself, ())."""
    return typing.get_origin(expected) or expected, typing.get_args(expected)


def _type_name(expected: object) -> str:
    kind, inside = _parts(expected)
    if kind in (types.UnionType, typing.Union):
        return " or ".join(map(_type_name, inside))
    if kind is typing.Literal:
        return "one of " + ", ".join(map(repr, inside))
    if kind is list and inside:
        return f"list of {_type_name(inside[0])}"
    if kind is type(None):
        return "null"
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _fits(value: object, expected: object) -> bool:
    kind, inside = _parts(expected)
    if kind in (types.UnionType, typing.Union):
        return any(_fits(value, part) for part in inside)
    if kind is typing.Literal:
        return value in inside
    if kind in (int, float) and isinstance(value, bool):
        return False
    if kind is float:
        return isinstance(value, (int, float))
    if kind is tuple:  # tuple[float, ...]; of others the length alone is the constructor's matter
        each = inside[0] if len(inside) == 2 and inside[1] is Ellipsis else object
        return isinstance(value, (list, tuple)) and all(_fits(item, each) for item in value)
    if kind is list and inside:
        return isinstance(value, list) and all(_fits(item, inside[0]) for item in value)
    return isinstance(value, kind) if isinstance(kind, type) and kind in _PLAIN else True


def is_number(value: object) -> bool:
    """Whether a value of a YAML or JSON is a number: true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_call(
    target: Callable, arguments: object, where: str, supplied: tuple[str, ...] = (), settings: bool = False
) -> list[str]:
    """Faults of calling `target(**arguments)`: unknown keys, missing keys, wrong types.

    Args:
        target: a class or function with type hints.
        where: the YAML path, used in messages; "" for the whole file.
        supplied: parameters that the program adds itself.
        settings: whether it is a section of settings, whose class nobody names.
    """
    if not isinstance(arguments, dict):
        return [f"{where}: expected `key: value` lines, found {short(repr(arguments))}"]
    function = inspect.unwrap(target.__init__) if inspect.isclass(target) else target
    hints = typing.get_type_hints(function)
    parameters = {k: p for k, p in inspect.signature(target).parameters.items() if p.kind is not p.VAR_KEYWORD}
    accepted, faults, prefix = [k for k in parameters if k not in supplied], [], where and f"{where}."
    for key, value in arguments.items():
        if key == "name" and key not in parameters and not settings:
            continue
        expected = hints.get(key, inspect.Parameter.empty)
        if key not in accepted:
            known = f"(accepted: {', '.join(accepted)})"
            faults.append(f"{prefix}{short(str(key))}: unknown key{nearest(key, accepted)} {known}")
        elif not _fits(value, expected):
            faults.append(f"{prefix}{key}: expected {_type_name(expected)}, found {short(repr(value))}")
    for key in accepted:
        if parameters[key].default is inspect.Parameter.empty and key not in arguments:
            faults.append(f"{prefix}{key}: is missing")
    return faults


def check_named(registry: Registry, config: object, where: str, nested: Registry | None = None) -> list[str]:
    """Faults of `registry.build(config)`; dicts with a 'name' inside are held against `nested`."""
    if not isinstance(config, dict) or "name" not in config:
        return [f"{where}: expected a mapping with 'name' (one of {', '.join(registry.names())})"]
    if not isinstance(config["name"], str):
        return [f"{where}.name: expected a name, found {short(repr(config['name']))}"]
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
