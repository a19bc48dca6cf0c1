"""YAML with `_base_` inheritance and `-o key.path=value` overrides."""

import copy
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from ppgen.config import shipped
from ppgen.errors import ConfigError, short
from ppgen.registry import nearest

Settings = dict[str, Any]  # what a YAML says of one thing, by key


_MOST_BASES = 20  # one below the other
_DEEPEST = 50  # levels of lists and mappings
_LARGEST = 10**30  # that a whole number may be; sizes and seeds have limits of their own
_MOST_BYTES = 150_000  # of a file and its bases; reading YAML takes seconds for so much
_MOST_VALUES = 100_000  # of a file, its anchors written out


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads 1e-4 as a number and refuses a key given twice, and brackets in brackets without end."""

    flow_level: int

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """A bracket opens; PyYAML looks at all open ones for each token."""
        if self.flow_level > 2 * _DEEPEST:
            raise yaml.scanner.ScannerError(None, None, "too many brackets in one another", self.get_mark())
        super().fetch_flow_collection_start(token)


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


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    number = loader.construct_yaml_int(node)
    if abs(number) >= _LARGEST:
        raise ValueError(f"a number of {number.bit_length() * 3 // 10} digits, which no setting is")
    return number


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:str", _number_or_text)
# A date stays as it was written: cards and tables hold text.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def parse_yaml(text: str, origin: str) -> object:
    """What a text holds, None: nothing; ConfigError, which calls it `origin`, where it is no YAML or multiplies."""
    try:
        loader = _Loader(text)
        loader.name = origin
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > _MOST_VALUES:
            raise ConfigError(f"{origin}: its anchors make more than {_MOST_VALUES} values; write it without them")
        _check_node(node, origin)
        return loader.construct_document(node)
    except (ValueError, TypeError, OverflowError, RecursionError, AttributeError, LookupError) as error:
        what = "too many brackets in one another" if isinstance(error, RecursionError) else short(str(error))
        raise ConfigError(f"{origin}: is not valid YAML ({what})") from error
    except yaml.YAMLError as error:
        where, problem = "", str(error)
        if isinstance(error, yaml.MarkedYAMLError):
            where, problem = f" line {error.problem_mark.line + 1}" if error.problem_mark else "", str(error.problem)
        raise ConfigError(f"{origin}:{where} is not valid YAML ({short(problem)})") from error


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Values that a node makes once its anchors are written out; ConfigError where it holds itself."""
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1  # what comes back here while it is counted never ends
        known[id(node)] = 1 + sum(_size(child, known) for child in _children(node))
    return known[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_node(node: yaml.Node, origin: str, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise ConfigError(f"{origin}: is more than {_DEEPEST} levels deep")
    if isinstance(node, yaml.ScalarNode) and "\0" in node.value:
        raise ConfigError(f"{origin}: holds a NUL character, which no name or path has")
    for child in _children(node):
        _check_node(child, origin, depth + 1)


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


def read_yaml(path: str | Path) -> Settings:
    """The mapping in a YAML file, `_base_` files (one or a list, relative to the file) merged under it.

    A bare name with no such file is that of a shipped config.
    """
    try:
        return _Files().read(Path(path), ())
    except (OSError, ValueError) as error:  # a path that is too long, or that no file system takes
        raise ConfigError(f"no config file {short(str(path))} ({short(str(error))})") from error


class _Files:
    """A config file and the bases it is made of, each read once, as bases may share bases."""

    def __init__(self) -> None:
        self.known: dict[Path, Settings] = {}
        self.bytes = 0

    def read(self, path: Path, chain: tuple[Path, ...]) -> Settings:
        """One file over its bases; `chain`: the files that led here."""
        path = shipped.find(path)
        place = path.resolve()
        if place in self.known:
            return self.known[place]
        if place in chain or len(chain) > _MOST_BASES:
            raise ConfigError(f"{path}: its _base_ files lead back to itself, or through over {_MOST_BASES} others")
        config = parse_yaml(self._text(path), str(path))
        if not isinstance(config, dict):
            raise ConfigError(f"{path}: expected `key: value` lines at the top level")
        bases = config.pop("_base_", [])
        bases = [bases] if isinstance(bases, str) else bases
        if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
            raise ConfigError(f"{path}: _base_: expected a file name or a list of them, found {short(repr(bases))}")
        merged: Settings = {}
        for base in bases:
            merged = merge(merged, self.read(path.parent / base, (*chain, place)))
        self.known[place] = merge(merged, config)
        return self.known[place]

    def _text(self, path: Path) -> str:
        if not path.is_file():
            siblings = [p.name for p in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
            hint = nearest(path.name, siblings) or nearest(path.name.removesuffix(".yaml"), shipped.names())
            hint = hint or "; `ppgen list configs` shows those that come with ppgen"
            raise ConfigError(f"no config file {path}{hint}")
        self.bytes += path.stat().st_size
        if self.bytes > _MOST_BYTES:
            raise ConfigError(f"{path}: is larger than {_MOST_BYTES // 1000} kB, with its bases, which no config is")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error})") from error


def apply_overrides(config: Settings, overrides: Iterable[str]) -> Settings:
    """`a.b.0.c=value` items applied to a copy; values are read as YAML, never evaluated.

    `total_iters=` takes the place of `epochs` and the other way round.
    """
    config = copy.deepcopy(config)
    for item in overrides:
        path, equals, value = item.partition("=")
        if not equals or not path:
            raise ConfigError(f"-o {item}: expected key.path=value")
        _assign(config, path, parse_yaml(value, f"-o {path}"))
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
            raise ConfigError(f"-o {path}: '{'.'.join(keys[:depth])}' is {short(repr(node))}, it has no '{key}'")


def _index(node: list, key: str, path: str) -> int:
    if not key.isdigit() or int(key) >= len(node):
        raise ConfigError(f"-o {path}: '{key}' is not a position in a list of {len(node)}")
    return int(key)
