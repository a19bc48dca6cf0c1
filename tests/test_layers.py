"""Which package may import which (see docs/architecture.md), no circles, and what no committed file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.measure_code import circles, imported_names, imports_between_files

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ppgen"

# Bottom to top. A package may import every package of the layers below its own.
LAYERS: list[set[str]] = [
    {"errors", "registry", "device", "io", "config", "runtime", "compat"},
    {"networks", "losses", "datasets", "hub", "faces"},
    {"models", "engine", "metrics", "latent", "prepare", "tree"},
    {"apps", "app", "serve", "export", "cli", "__main__"},  # the entry points
]
# And in its own layer only these.
_FOUNDATION = {"registry", "errors", "device", "compat"}
WITHIN_LAYER: dict[str, set[str]] = {
    "registry": {"errors", "compat"},  # which knows what networks were called once
    "device": {"errors"},
    "compat": {"registry", "errors"},
    "io": _FOUNDATION,
    "config": _FOUNDATION,
    "runtime": {*_FOUNDATION, "io"},  # where graphs are kept
    "hub": {"networks"},
    "faces": {"networks", "hub"},
    "metrics": {"latent"},  # path lengths are walks, and a generator is scored on latents of a seed
    "prepare": {"latent"},  # starter data moves faces along directions
    "engine": {"models", "metrics"},
    "tree": {"engine", "models", "metrics"},  # and nothing but entry points imports it
    "app": {"apps"},
    "serve": {"apps", "app"},
    "cli": {"apps", "app", "serve", "export"},  # a command calls one function, and predictors are such functions
    "__main__": {"cli"},
}
PACKAGES = set().union(*LAYERS)
# `import ppgen` (its version) is open to all; ppgen/__init__.py itself may import this much:
TOP_MAY_IMPORT = {"errors", "device"}


def layer_of(package: str) -> int:
    return next(i for i, packages in enumerate(LAYERS) if package in packages)


def package_of(path: Path) -> str:
    """'networks' for ppgen/networks/x.py, 'device' for ppgen/device.py, '' for ppgen/__init__.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def may_import(package: str, other: str) -> bool:
    """Whether code of `package` may import `other` ('' is ppgen/__init__.py)."""
    if other == "" or other == package:
        return True
    if package == "":
        return other in TOP_MAY_IMPORT
    return layer_of(other) < layer_of(package) or other in WITHIN_LAYER.get(package, set())


def violations(path: Path, text: str) -> list[str]:
    """The forbidden imports of one file of the package."""
    package, forbidden = package_of(path), []
    if package and package not in PACKAGES:
        return [f"{path.relative_to(ROOT)}: '{package}' stands in no layer"]
    for line, name in imported_names(ast.parse(text), ("ppgen", *path.relative_to(PACKAGE).parts[:-1])):
        parts = name.split(".")
        if parts[0] != "ppgen":
            continue
        other = parts[1] if len(parts) > 1 and parts[1] in PACKAGES else ""
        if not may_import(package, other):
            forbidden.append(f"{path.relative_to(ROOT)}:{line} {package or 'ppgen'} imports {other}")
    return forbidden


SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_no_package_imports_from_above():
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
        ("apps/x.py", "def f():\n    from ppgen.tree.routing import Router", True),
        ("engine/x.py", "from ppgen.tree import stages", False),
        ("tree/x.py", "from ppgen.engine.trainer import Trainer", True),
        ("compat/x.py", "import importlib; importlib.import_module('ppgen.networks')", False),
        ("__init__.py", "from ppgen import networks", False),
        ("attic/x.py", "", False),
    ],
)
def test_the_rule_itself(file, code, allowed):
    assert (violations(PACKAGE / file, code) == []) is allowed


def test_no_files_import_each_other():
    assert circles(imports_between_files(PACKAGE)) == []


@pytest.mark.parametrize(
    ("files", "rings"),
    [
        ({"a.py": "from toy import b", "b.py": "import os"}, []),
        ({"a.py": "from toy import b", "b.py": "def f():\n    from toy.a import g"}, [["a", "b"]]),
        ({"a.py": "import toy.b", "b.py": "from .c.d import e", "c/d.py": "from ..a import x"}, [["a", "b", "c.d"]]),
        ({"a.py": "from toy import c", "c/__init__.py": "from toy.c import d", "c/d.py": "from toy import a"},
         [["a", "c", "c.d"]]),
        ({"c/__init__.py": "from toy.c.d import e", "c/d.py": "e = 1"}, []),  # a package knows its files
    ],
)  # fmt: skip
def test_the_search_for_circles_itself(tmp_path, files, rings):
    for name, text in {"__init__.py": "", **files}.items():
        (tmp_path / "toy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "toy" / name).write_text(text)
    assert circles(imports_between_files(tmp_path / "toy")) == rings


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
    assert [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in SOURCES
        for line, name in unsafe_calls(ast.parse(path.read_text(encoding="utf-8")))
    ] == []


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
    r"py" + r"pi\.|python" + r"hosted|anaconda\." + "org"  # Paddle's own index is what its GPU users are told
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
    assert [
        f"{path.relative_to(ROOT)}:{number} {line.strip()[:90]}"
        for path in project_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ] == []


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
