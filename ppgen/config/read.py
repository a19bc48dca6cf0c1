"""YAML with `_base_` inheritance and `-o key.path=value` overrides."""

import copy
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from ppgen.config import shipped
from ppgen.errors import ConfigError
from ppgen.registry import nearest

Settings = dict[str, Any]  # what a YAML says of one thing, by key


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads 1e-4 as a number and refuses a key given twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Settings:
    seen: set[str] = set()
    for key_node, _ in node.value:
        key = str(key_node.value)
        if key in seen:
            raise ConfigError(f"{node.start_mark.name}: line {key_node.start_mark.line + 1}: '{key}' is given twice")
        seen.add(key)
    loader.flatten_mapping(node)  # `<<: *anchor`
    return loader.construct_mapping(node, deep=True)


def _number_or_text(loader: _Loader, node: yaml.ScalarNode) -> float | str:
    """YAML 1.1 reads `1e-4` as text because it has no dot; people mean a number."""
    text = loader.construct_scalar(node)
    if node.style is None and text[:1] in "+-.0123456789" and "e" in text.lower():
        with suppress(ValueError):
            return float(text)
    return text


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:str", _number_or_text)
# A date stays as it was written: cards and tables hold text.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def _parse(text: str, origin: str) -> object:
    try:
        loader = _Loader(text)
        loader.name = origin
        return loader.get_single_data()
    except yaml.YAMLError as error:
        where, problem = "", str(error)
        if isinstance(error, yaml.MarkedYAMLError):
            where, problem = f" line {error.problem_mark.line + 1}" if error.problem_mark else "", str(error.problem)
        raise ConfigError(f"{origin}:{where} is not valid YAML ({problem})") from error


def merge(base: Settings, change: Settings) -> Settings:
    """`change` over `base`, dicts merged key by key, everything else replaced.

    A dict that names another class than its base replaces it whole: arguments of one class mean
    nothing to another.
    """
    result = copy.deepcopy(base)
    for key, value in change.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and value.get("name", old.get("name")) == old.get("name"):
            result[key] = merge(old, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def read_yaml(path: str | Path, _chain: tuple[Path, ...] = ()) -> Settings:
    """The mapping in a YAML file, `_base_` files (one or a list, relative to the file) merged under it.

    A bare name with no such file is that of a shipped config.
    """
    path = shipped.find(Path(path))
    if path.resolve() in _chain:
        raise ConfigError(f"{path}: its _base_ files lead back to itself")
    if not path.is_file():
        siblings = [p.name for p in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) or nearest(path.name.removesuffix(".yaml"), shipped.names())
        raise ConfigError(f"no config file {path}{hint or '; `ppgen list configs` shows those that come with ppgen'}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    config = _parse(text, str(path))
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: expected `key: value` lines at the top level")
    bases = config.pop("_base_", [])
    bases = [bases] if isinstance(bases, str) else bases
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise ConfigError(f"{path}: _base_: expected a file name or a list of them, found {bases!r}")
    merged: Settings = {}
    for base in bases:
        merged = merge(merged, read_yaml(path.parent / base, (*_chain, path.resolve())))
    return merge(merged, config)


def apply_overrides(config: Settings, overrides: Iterable[str]) -> Settings:
    """`a.b.0.c=value` items applied to a copy; values are read as YAML, never evaluated.

    `total_iters=` takes the place of `epochs` and the other way round.
    """
    config = copy.deepcopy(config)
    for item in overrides:
        path, equals, value = item.partition("=")
        if not equals or not path:
            raise ConfigError(f"-o {item}: expected key.path=value")
        _assign(config, path, _parse(value, f"-o {path}"))
        config.pop({"total_iters": "epochs", "epochs": "total_iters"}.get(path, ""), None)
    return config


def _assign(config: Settings, path: str, value: object) -> None:
    node: object = config
    keys = path.split(".")
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(node, list):
            place = _index(node, key, path)
            node[place] = value if last else node[place]
            node = node[place]
        elif isinstance(node, dict):
            node[key] = value if last else node.get(key, {})
            node = node[key]
        else:
            raise ConfigError(f"-o {path}: '{'.'.join(keys[:depth])}' is {node!r}, it has no '{key}'")


def _index(node: list, key: str, path: str) -> int:
    if not key.isdigit() or int(key) >= len(node):
        raise ConfigError(f"-o {path}: '{key}' is not a position in a list of {len(node)}")
    return int(key)
