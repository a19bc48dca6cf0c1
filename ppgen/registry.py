"""Registries, one for each kind of part: a YAML names a part, its registry builds it.

A part is registered by being there: the first question to a registry imports the modules of the package that its parts
live in. Every registered class records the arguments it was built with (`constructor_args`), so that a weights file can
say how to build its network again.
"""

import difflib
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from ppgen.compat.names import network_config
from ppgen.errors import ConfigError, short

Part = TypeVar("Part")


def nearest(name: str, candidates: Iterable[str]) -> str:
    """ ", did you mean 'x'?" for the closest candidate, or an empty string."""
    match = difflib.get_close_matches(str(name), candidates, n=1, cutoff=0.5)
    return f", did you mean '{match[0]}'?" if match else ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """ "no network is called 'x', did you mean 'y'? (there are: …)"."""
    known = list(known)
    return f"no {what} is called '{short(str(name))}'{nearest(name, known)} (there are: {', '.join(known) or 'none'})"


class NamedParts(Generic[Part]):
    """Names -> parts of one kind.

    Args:
        kind: what the names stand for ("network", "objective" …); used in error messages.
        package: imported with its modules when the first name is asked for, so that they add their parts; "": none is.
    """

    def __init__(self, kind: str, package: str = "") -> None:
        self.kind, self._package = kind, package
        self._parts: dict[str, Part] = {}

    def add(self, name: str, part: Part) -> Part:
        """Register a part, which is returned; ConfigError where there is one of this name."""
        if name in self._parts:
            raise ConfigError(f"the {self.kind} '{name}' is registered twice")
        self._parts[name] = part
        return part

    def names(self) -> list[str]:
        """All registered names, sorted."""
        if package := self._package:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                importlib.import_module(f"{package}.{module.name}")
            self._package = ""  # only now: a module that asks while it is imported finds all of them too
        return sorted(self._parts)

    def get(self, name: str) -> Part:
        """The part registered under `name`; ConfigError with the nearest name if there is none."""
        names = self.names()
        if not isinstance(name, str) or name not in self._parts:
            raise ConfigError(unknown(self.kind, name, names))
        return self._parts[name]


class Registry(NamedParts[type]):
    """Names -> classes of one kind.

    Args:
        current: a config in earlier names, of parts or of their arguments -> the same in today's.
    """

    def __init__(
        self, kind: str, package: str = "", current: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    ) -> None:
        super().__init__(kind, package)
        self.current = current

    def register(self, name: str | None = None) -> Callable[[type], type]:
        """Class decorator; `name` defaults to the class name."""

        def add(cls: type) -> type:
            _record_arguments(cls)
            return self.add(name or cls.__name__, cls)

        return add

    def build(self, config: Mapping[str, Any], **extra: Any) -> Any:
        """Build `{'name': N, **arguments}`; `extra` adds arguments that a YAML cannot hold."""
        if "name" not in config:
            raise ConfigError(f"a {self.kind} needs a 'name' (there are: {', '.join(self.names())})")
        config = self.current(config)
        return self.get(config["name"])(**{k: v for k, v in config.items() if k != "name"}, **extra)


@runtime_checkable
class Recorded(Protocol):
    """An object of a registered class, which knows what it was built with."""

    constructor_args: dict[str, Any]


def _record_arguments(cls: type) -> None:
    original = cls.__init__  # type: ignore[misc]
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: object, *args: object, **kwargs: object) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        original(self, *args, **kwargs)
        if type(self) is cls:  # a subclass records its own arguments, not its parent's
            given = dict(list(bound.arguments.items())[1:])
            object.__setattr__(self, "constructor_args", given)

    cls.__init__ = init  # type: ignore[misc]


NETWORKS = Registry("network", "ppgen.networks", network_config)
MODELS = Registry("model", "ppgen.models")
DATASETS = Registry("dataset", "ppgen.datasets")
TRANSFORMS = Registry("transform", "ppgen.datasets")
METRICS = Registry("metric", "ppgen.metrics")
