"""Graphs without weights that come with ppgen, so that the first cartoon of a machine waits for no export.

Each is of one method of one network class with its arguments, and fits every weights file of that class and those
arguments. `tools/ship_graphs.py` makes them. A graph is out of date, and not used, when the code of its network has
changed since.
"""

from __future__ import annotations

import ast
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import ppgen
from ppgen.errors import WeightsError
from ppgen.hub.cards import ASSETS
from ppgen.io.arrays import read_arrays
from ppgen.io.weights import description
from ppgen.runtime.graph import Graph
from ppgen.runtime.skeleton import with_weights

FOLDER = ASSETS / "graphs"
_PACKAGE = Path(ppgen.__file__).parent


@dataclass(frozen=True)
class ShippedGraph:
    """What stands in a file of `FOLDER` before the graph.

    network, args: the class and how it is built. signature: of the call, see `ppgen.runtime.compiled.signature`.
    traits: the network's, see `ppgen.hub.compiled`. inputs, outputs: see `Graph`. missing: names and sizes of the
    arrays to fill in. code: files of ppgen that say what the network computes; digest: of them.
    """

    network: str
    args: dict[str, Any]
    signature: str
    traits: list[Any]
    inputs: Any
    outputs: Any
    missing: dict[str, list[int]]
    code: list[str]
    digest: str

    @property
    def is_current(self) -> bool:
        """Whether the code is that which was exported."""
        return files_digest(self.code) == self.digest

    def to_bytes(self, onnx: bytes) -> bytes:
        """The file's content."""
        return json.dumps(asdict(self)).encode() + b"\n" + zlib.compress(onnx, 9)


def shipped_for(path: Path) -> ShippedGraph | None:
    """That of the network in a weights file; None: there is none, or it is out of date."""
    told = description(path)
    if told is None or not (file := file_of(told.network, told.arguments)).is_file():
        return None
    found = _header(file)
    return found if found.args == told.arguments and found.is_current else None


def filled(path: Path, signature: str) -> Graph | None:
    """The graph for a call of the network in a weights file, with the file's weights; None: none comes with ppgen."""
    found = shipped_for(path)
    if found is None or found.signature != signature:
        return None
    try:
        stored = read_arrays(path)
    except WeightsError:  # who loads the network says so
        return None
    arrays = {name: stored[name] for name, sizes in found.missing.items()
              if name in stored and list(stored[name].shape) == sizes}  # fmt: skip
    if len(arrays) < len(found.missing):
        return None
    return Graph(found.inputs, found.outputs, with_weights(skeleton(found), arrays))


def file_of(network: str, arguments: Mapping[str, Any]) -> Path:
    """Where the graph of a network class with these arguments is kept."""
    told = json.dumps(arguments, sort_keys=True).encode()
    return FOLDER / f"{network}-{hashlib.sha256(told).hexdigest()[:8]}.graph"


def skeleton(graph: ShippedGraph) -> bytes:
    """The graph itself, without weights."""
    return zlib.decompress(file_of(graph.network, graph.args).read_bytes().partition(b"\n")[2])


def code_files(module: str) -> list[str]:
    """The files of `ppgen.networks` that a module of it imports, and itself, relative to the package."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        file = _PACKAGE / (waiting.pop().removeprefix("ppgen.").replace(".", "/") + ".py")
        name = file.relative_to(_PACKAGE).as_posix()
        if name in found or not file.is_file():
            continue
        found.add(name)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ppgen.networks"):
                waiting += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return sorted(found)


def files_digest(files: Iterable[str]) -> str:
    """SHA-256 of files of the package; whatever ends their lines."""
    digest = hashlib.sha256()
    for name in files:
        path = _PACKAGE / name
        content = path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else b""
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()


@lru_cache
def _header(file: Path) -> ShippedGraph:
    return ShippedGraph(**json.loads(file.read_bytes().partition(b"\n")[0]))
