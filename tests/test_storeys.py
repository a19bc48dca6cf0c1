"""The house stands: who may import whom (DESIGN.md's table), and what no committed file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ppgen"

# Bottom to top. A room may import every room of the storeys below its own.
STOREYS: list[set[str]] = [
    {"errors", "registry", "device", "io", "config", "runtime", "compat"},
    {"networks", "losses", "datasets", "hub", "faces"},
    {"models", "engine", "metrics", "latent", "prepare"},
    {"apps", "export", "cli", "__main__"},
]
# And on its own storey only these.
_FOUNDATION = {"registry", "errors", "device", "compat"}
ARROWS: dict[str, set[str]] = {
    "registry": {"errors"},
    "device": {"errors"},
    "compat": {"registry", "errors"},
    "io": _FOUNDATION,
    "config": _FOUNDATION,
    "runtime": _FOUNDATION,
    "hub": {"networks"},
    "faces": {"networks", "hub"},
    "engine": {"models", "metrics"},
    "cli": {"apps", "export"},  # a command calls one function, and predictors are such functions
    "__main__": {"cli"},
}
ROOMS = set().union(*STOREYS)
# `import ppgen` (its version) is open to all; ppgen/__init__.py itself may import this much:
TOP_MAY_IMPORT = {"errors", "device"}


def storey_of(room: str) -> int:
    return next(i for i, rooms in enumerate(STOREYS) if room in rooms)


def room_of(path: Path) -> str:
    """'networks' for ppgen/networks/x.py, 'cli' for ppgen/cli.py, '' for ppgen/__init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def imported_modules(path: Path, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import, those inside functions too; relative ones made absolute."""
    package = ("ppgen", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
        ):
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def may_import(room: str, other: str) -> bool:
    """Whether code of `room` may import `other`, both names of rooms ('' is ppgen/__init__.py)."""
    if other == "" or other == room:
        return True
    if room == "":
        return other in TOP_MAY_IMPORT
    return storey_of(other) < storey_of(room) or other in ARROWS.get(room, set())


def violations(path: Path, text: str) -> list[str]:
    """The forbidden imports of one file of the package."""
    room, found = room_of(path), []
    if room and room not in ROOMS:
        return [f"{path.relative_to(ROOT)}: '{room}' is no room of the house"]
    for line, name in imported_modules(path, ast.parse(text)):
        parts = name.split(".")
        if parts[0] != "ppgen":
            continue
        other = parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""
        if not may_import(room, other):
            found.append(f"{path.relative_to(ROOT)}:{line} {room or 'ppgen'} imports {other}")
    return found


SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_no_room_imports_from_above():
    assert SOURCES
    assert [v for path in SOURCES for v in violations(path, path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("file", "code", "allowed"),
    [
        ("networks/x.py", "from ppgen.io import weights", True),
        ("networks/x.py", "from ppgen import device as _device", True),
        ("networks/x.py", "from ppgen.networks.blocks import ada", True),
        ("networks/x.py", "import ppgen", True),
        ("networks/x.py", "from ppgen.losses.gan import hinge", False),
        ("networks/x.py", "def f():\n    from ppgen import models", False),
        ("networks/blocks/x.py", "from ...engine import loop", False),
        ("networks/blocks/x.py", "from ..photo2cartoon import G", True),
        ("io/x.py", "from ppgen.compat import state_keys", True),
        ("io/x.py", "from ppgen.config import read", False),
        ("faces/x.py", "from ppgen import hub", True),
        ("hub/x.py", "from ppgen import faces", False),
        ("engine/x.py", "import ppgen.models.photo2cartoon", True),
        ("models/x.py", "import ppgen.engine", False),
        ("apps/x.py", "from ppgen import cli", False),
        ("compat/x.py", "import importlib; importlib.import_module('ppgen.networks')", False),
        ("__init__.py", "from ppgen import networks", False),
        ("attic/x.py", "", False),
    ],
)
def test_the_rule_itself(file, code, allowed):
    assert (violations(PACKAGE / file, code) == []) is allowed


def unsafe_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that run or trust what they read: eval, exec, pickle.load(s), paddle.load, yaml.load …"""
    modules = {"pickle", "cPickle", "dill", "paddle", "torch", "yaml", "marshal"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in ("eval", "exec"):
            yield node.lineno, function.id
        if isinstance(function, ast.Attribute) and function.attr in ("load", "loads"):
            if isinstance(function.value, ast.Name) and function.value.id in modules:
                yield node.lineno, f"{function.value.id}.{function.attr}"
        for keyword in node.keywords:
            if keyword.arg == "allow_pickle" and getattr(keyword.value, "value", True) is not False:
                yield node.lineno, "allow_pickle"


def test_nothing_trusts_what_it_reads():
    found = []
    for path in SOURCES:
        for line, name in unsafe_calls(ast.parse(path.read_text(encoding="utf-8"))):
            found.append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert found == []


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("eval('1')", 1), ("exec(x)", 1), ("pickle.load(f)", 1), ("paddle.load('w')", 1), ("yaml.load(f)", 1),
        ("np.load(f, allow_pickle=True)", 1), ("np.load(f, allow_pickle=False)", 0), ("network.eval()", 0),
        ("yaml.safe_load(f)", 0), ("hub.load('w')", 0),
    ],
)  # fmt: skip
def test_the_check_for_trust_itself(code, count):
    assert len(list(unsafe_calls(ast.parse(code)))) == count


# Written in pieces so that this file passes its own check.
MACHINE_PATH = re.compile(r"(?<![\w.~)}-])/" + r"(?:work|tmp|opt|root|home)/\w")
REGISTRY_HOST = re.compile(
    r"py" + r"pi\.|python" + r"hosted|paddlepaddle\.org\.cn/pack" + r"ages|anaconda\." + "org"
)
BINARY = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".npz", ".npy", ".safetensors", ".dat"}


def project_files() -> list[Path]:
    """What is committed or would be: git's list; skipped where this is no clone."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git clone, so what is committed is unknown")
    files = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in files if path.is_file() and path.suffix.lower() not in BINARY]


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry host"])
def test_no_committed_text_names_a_machine_or_a_registry(pattern):
    found = []
    for path in project_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:90]}")
    assert found == []


@pytest.mark.parametrize(
    ("text", "pattern", "hit"),
    [
        ("cd " + "/wo" + "rk/main", MACHINE_PATH, True),
        ("'/tm" + "p/x'", MACHINE_PATH, True),
        ("docs/tmp/x, ../opt/x, $HOME/work/x", MACHINE_PATH, False),
        ("https://py" + "pi.org/simple", REGISTRY_HOST, True),
        ("https://www.paddlepaddle.org.cn/en/install", REGISTRY_HOST, False),
    ],
)
def test_the_patterns_themselves(text, pattern, hit):
    assert bool(pattern.search(text)) is hit
