"""Constraints for pip that hold each dependency of some extras to its lower bound in pyproject.toml.

    python .ci/oldest.py cpu digits movie > constraints.txt
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10; its pip brings the same
    from pip._vendor import tomli as tomllib

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(extras: Iterable[str]) -> Iterator[str]:
    """What the project and these extras ask for, extras of its own followed."""
    yield from PROJECT["dependencies"]
    for extra in extras:
        for line in PROJECT["optional-dependencies"][extra]:
            own = re.match(rf"{PROJECT['name']}\[(.*)\]", line)
            yield from requirements(own[1].split(",")) if own else [line]


def oldest(lines: Iterable[str]) -> dict[str, str]:
    """Name -> the highest lower bound among requirements; those without a bound are left out."""
    found: dict[str, str] = {}
    for line in lines:
        name, bound = re.match(r"[\w.-]+", line), re.search(r">=\s*([\w.]+)", line)
        if name and bound:
            found[name[0]] = max(found.get(name[0], "0"), bound[1], key=lambda text: [int(n) for n in text.split(".")])
    return found


if __name__ == "__main__":
    for package, version in sorted(oldest(requirements(sys.argv[1:])).items()):
        print(f"{package}=={version}")
