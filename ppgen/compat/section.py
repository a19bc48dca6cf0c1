"""Reading one mapping of a foreign YAML key by key, collecting every fault instead of stopping at the first."""

from __future__ import annotations

from typing import Any

from ppgen.registry import nearest

Settings = dict[str, Any]  # what a YAML says of one part, by key
Kind = type | tuple[object, ...]  # a type, or the values that are accepted


def fits(value: object, kind: Kind) -> bool:
    """Whether a YAML value is of a kind; whole numbers are numbers, true and false are not."""
    if isinstance(kind, tuple):
        return any(value == accepted and isinstance(value, bool) == isinstance(accepted, bool) for accepted in kind)
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _called(kind: Kind) -> str:
    if isinstance(kind, tuple):
        return ("one of " if len(kind) > 1 else "") + ", ".join(map(repr, kind))
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", list: "a list"}
    return names.get(kind, "`key: value` lines")


class Section:
    """A mapping and where it stands.

    Args:
        value: of the YAML; None is an empty mapping.
        where: its YAML path, "" for the whole file.
        faults: sentences are added to this list.
    """

    def __init__(self, value: object, where: str, faults: list[str]) -> None:
        self.where, self.faults = where, faults
        self.accepted: list[str] = []
        if value is not None and not isinstance(value, dict):
            faults.append(f"{where}: expected {_called(dict)}, found {value!r}")
        self.values: Settings = value if isinstance(value, dict) else {}

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def path(self, key: str) -> str:
        """The YAML path of a key."""
        return f"{self.where}.{key}" if self.where else key

    def fault(self, key: str, problem: str) -> None:
        """Add a sentence about a key."""
        self.faults.append(f"{self.path(key)}: {problem}")

    def know(self, *keys: str) -> None:
        """These keys are accepted and say nothing that matters here."""
        self.accepted += [key for key in keys if key not in self.accepted]

    def take(
        self, key: str, kind: Kind, default: Any = None, required: bool = False, least: float | None = None
    ) -> Any:
        """The value of a key, or the default where it is absent or wrong, which is a fault."""
        self.know(key)
        if key not in self.values:
            if required:
                self.fault(key, "is missing")
            return default
        value = self.values[key]
        if not fits(value, kind) or (least is not None and value < least):
            bound = f" from {least:g} up" if least is not None else ""
            self.fault(key, f"expected {_called(kind)}{bound}, found {value!r}")
            return default
        return value

    def section(self, key: str, required: bool = False) -> Section:
        """The mapping under a key; an empty one where it is absent."""
        self.know(key)
        if required and self.values.get(key) is None:
            self.fault(key, "is missing")
        return Section(self.values.get(key), self.path(key), self.faults)

    def named(self, known: list[str], what: str) -> str | None:
        """The `name` of a part; a fault where there is no such."""
        name = self.take("name", str, required=True)
        if name is not None and name not in known:
            self.fault("name", f"there is no {what} '{name}'{nearest(name, known)} (there are: {', '.join(known)})")
            return None
        return name

    def close(self, tolerated: tuple[str, ...] = ()) -> None:
        """Name the keys that nobody knows; `tolerated` ones are let through but not offered."""
        for key in self.values:
            if key not in self.accepted and key not in tolerated:
                hint = nearest(key, self.accepted)
                self.fault(str(key), f"unknown key{hint} (accepted: {', '.join(self.accepted)})")
