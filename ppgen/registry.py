"""The one registry: a YAML names a part, the registry builds it.

Every registered class records the arguments it was built with (`constructor_args`), so that a weights
file can say how to build its network again.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from ppgen.errors import ConfigError


def nearest(name: str, candidates: list[str]) -> str:
    """ ", did you mean 'x'?" for the closest candidate, or an empty string."""
    match = difflib.get_close_matches(str(name), candidates, n=1, cutoff=0.5)
    return f", did you mean '{match[0]}'?" if match else ""


def _record_arguments(cls: type) -> None:
    original = cls.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        original(self, *args, **kwargs)
        if type(self) is cls:  # a subclass records its own arguments, not its parent's
            given = dict(list(bound.arguments.items())[1:])
            object.__setattr__(self, "constructor_args", given)

    cls.__init__ = init


class Registry:
    """Names -> classes of one kind.

    Args:
        kind: what the names stand for ("network", "dataset" …); used in error messages.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._classes: dict[str, type] = {}

    def register(self, name: str | None = None) -> Callable[[type], type]:
        """Class decorator; `name` defaults to the class name."""

        def add(cls: type) -> type:
            key = name or cls.__name__
            if key in self._classes:
                raise ConfigError(f"the {self.kind} '{key}' is registered twice")
            _record_arguments(cls)
            self._classes[key] = cls
            return cls

        return add

    def names(self) -> list[str]:
        """All registered names, sorted."""
        return sorted(self._classes)

    def get(self, name: str) -> type:
        """The class registered under `name`; ConfigError with the nearest name if there is none."""
        if name not in self._classes:
            hint = nearest(name, self.names())
            raise ConfigError(
                f"no {self.kind} is called '{name}'{hint} (there are: {', '.join(self.names())})"
            )
        return self._classes[name]

    def build(self, config: dict[str, Any], **extra: Any) -> Any:
        """Build `{'name': N, **arguments}`; `extra` adds arguments that a YAML cannot hold."""
        arguments = {k: v for k, v in config.items() if k != "name"}
        if "name" not in config:
            raise ConfigError(f"a {self.kind} needs a 'name' (there are: {', '.join(self.names())})")
        return self.get(config["name"])(**arguments, **extra)


NETWORKS = Registry("network")
MODELS = Registry("model")
DATASETS = Registry("dataset")
TRANSFORMS = Registry("transform")
LOSSES = Registry("loss")
METRICS = Registry("metric")
