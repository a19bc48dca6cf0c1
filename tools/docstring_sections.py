"""An extension of griffe, which reads docstrings for the site: what they say of arguments becomes sections.

The docstrings of ppgen are written to be read where they stand: arguments follow the text as `name: what it is`, two on
a line where they are short, and sections follow each other without an empty line. Griffe would run all that together.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

import griffe

_TITLE = re.compile(r"(Args|Attributes|Returns|Yields|Raises):$")
_ENTRY = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (?=\S)")
_ITEM = re.compile(r"\w[\w*, ]*: ")  # how an argument or an error begins in a section


def sectioned(text: str, names: Collection[str], title: str) -> str:
    """A docstring whose lines on `names` have become a section `title`, before the sections that it has already."""
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if _TITLE.match(line)), len(lines))
    prose: list[str] = []
    made: list[str] = []
    inside = False  # a run of lines on names, which ends with an empty line or a sentence on errors
    for line in lines[:first]:
        entries = _entries(line, names)
        inside = bool(entries) or (inside and bool(line.strip()) and not line.startswith("Raises "))
        if inside:
            made += entries or [f"        {line.strip()}"]
        elif line.strip() or (prose and prose[-1]):
            prose.append(line)
    made = ["", f"{title}:", *made] if made else []
    return "\n".join([*prose, *made, *_apart(lines[first:], names)]).strip("\n")


def _apart(lines: Sequence[str], names: Collection[str]) -> list[str]:
    """Sections with an empty line above each, a line for each argument, and the further lines of each item indented."""
    result: list[str] = []
    for line in lines:
        text = line.removeprefix("    ")
        item = line != text and not text.startswith(" ")
        if _TITLE.match(line):
            result += ["", line]
        elif item and (entries := _entries(text, names)):
            result += entries
        elif item and not _TITLE.match(result[-1]) and not _ITEM.match(text):
            result.append(f"    {line}")
        else:
            result.append(line)
    return result


def _entries(line: str, names: Collection[str]) -> list[str]:
    """`a: first. b, c: second` as the lines of a section; none where the line does not begin with one of the names."""
    starts = [each for each in _ENTRY.finditer(line) if set(each[1].split(", ")) <= set(names)]
    starts = [each for each in starts if each.start() == 0 or line[: each.start()].endswith((". ", "; "))]
    if not starts or starts[0].start():
        return []
    ends = [each.start() for each in starts[1:]] + [len(line)]
    return [f"    {name}: {line[each.end() : end].strip()}" for each, end in zip(starts, ends)
            for name in each[1].split(", ")]  # fmt: skip


class Sections(griffe.Extension):
    """Applies `sectioned` to every class and function with a docstring."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """All of a package, when it has been read whole."""
        self._visit(pkg)

    def _visit(self, one: griffe.Object | griffe.Alias) -> None:
        if isinstance(one, griffe.Alias):
            return
        if one.docstring and isinstance(one, griffe.Function):
            names = [parameter.name for parameter in one.parameters]
            one.docstring.value = sectioned(one.docstring.value, names, "Args")
        elif one.docstring and isinstance(one, griffe.Class):
            fields = [name for name, member in one.members.items() if isinstance(member, griffe.Attribute)]
            made = [parameter.name for parameter in one.parameters] if "__init__" in one.members else []
            kept = made or fields
            one.docstring.value = sectioned(one.docstring.value, kept, "Args" if made else "Attributes")
        for member in one.members.values():
            self._visit(member)
