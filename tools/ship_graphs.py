"""Make the graphs without weights that come with ppgen: python tools/ship_graphs.py [NAME ...].

To be run when a test says that a graph is out of date: the code of its network has changed, or the weights file holds
another network. Without names: all networks on a photo's way to its cartoon. A graph is written when, filled with the
weights and with others, it computes what eager Paddle does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

import numpy as np  # noqa: E402

from ppgen import hub  # noqa: E402
from ppgen.cli import guarded  # noqa: E402
from ppgen.errors import ConfigError  # noqa: E402
from ppgen.hub.compiled import traits_of  # noqa: E402
from ppgen.hub.graphs import ShippedGraph, code_files, file_of, files_digest  # noqa: E402
from ppgen.io.atomic import write_bytes  # noqa: E402
from ppgen.io.weights import description  # noqa: E402
from ppgen.networks.protocols import Translator  # noqa: E402
from ppgen.runtime.compiled import signature  # noqa: E402
from ppgen.runtime.convert import TOLERANCE, compare, eager, exported  # noqa: E402
from ppgen.runtime.graph import Graph, Session  # noqa: E402
from ppgen.runtime.skeleton import with_weights, without_weights  # noqa: E402
from ppgen.runtime.trees import flatten  # noqa: E402

#: shapes of what they are asked with; of translators it follows from the network
SHIPPED: dict[str, tuple[int, ...]] = {
    "photo2cartoon": (), "photo2cartoon-lite": (), "segmentation": (1, 3, 256, 256), "face_id": (1, 3, 150, 150),
    "skin_tone": (1, 137), "blazeface": (1, 3, 256, 256), "face_mesh": (1, 3, 192, 192),
}  # fmt: skip
_OTHER = 0.05  # by how much the weights are changed that are not those in the file


def call_of(network: Any, name: str) -> tuple[str, list[np.ndarray]]:
    """The method that predictors call, and inputs."""
    rng = np.random.default_rng(0)
    if not isinstance(network, Translator):
        return "forward", [rng.uniform(-1, 1, SHIPPED[name]).astype(np.float32)]
    picture = rng.uniform(-1, 1, (1, 3, network.image_size, network.image_size)).astype(np.float32)
    skin = [np.zeros((1, 3), np.float32)] if network.takes_skin else [None]
    return "translate", [picture, *skin]


def check(graph: Graph, network: Any, method: str, arrays: list[np.ndarray]) -> None:
    """ExportError where the graph computes something else than the network, for one input or two at once."""
    for inputs in (arrays, [np.concatenate([array, array]) for array in arrays]):
        compare(Session(graph).run(inputs), eager(network, method, graph.inputs, inputs)[0], TOLERANCE)


def ship(name: str) -> Path:
    """Write the graph of a shipped network; returns the file."""
    import paddle

    path = hub.path_of(name)
    network, told = hub.load(path), description(path)
    if told is None:
        raise ConfigError(f"{path}: does not say which network it holds")
    method, inputs = call_of(network, name)
    arrays, shape = flatten(tuple(inputs), lambda value: isinstance(value, np.ndarray))
    onnx = exported(network, method, shape, arrays, any_batch=True)
    skeleton, missing = without_weights(onnx, {tensor.name: key for key, tensor in network.state_dict().items()})
    outputs = eager(network, method, shape, arrays)[1]
    files = code_files(type(network).__module__)
    about = ShippedGraph(
        told.network, told.arguments, signature(method, shape, arrays, True), list(traits_of(network)), shape, outputs,
        missing, files, files_digest(files),
    )  # fmt: skip
    paddle.seed(0)
    for factor in (0.0, _OTHER):
        for tensor in network.state_dict().values():
            tensor.set_value(tensor * (1 + factor * paddle.rand(tensor.shape)).astype(tensor.dtype))
        state = {key: tensor.numpy() for key, tensor in network.state_dict().items() if key in missing}
        check(Graph(shape, outputs, with_weights(skeleton, state)), network, method, arrays)
    target = file_of(told.network, told.arguments)
    write_bytes(target, about.to_bytes(skeleton))
    return target


def run(names: list[str]) -> int:
    """Ship each, and say what was written."""
    if unknown := set(names) - set(SHIPPED):
        raise ConfigError(f"{', '.join(sorted(unknown))}: graphs come with {', '.join(SHIPPED)}")
    for name in names or SHIPPED:
        path = ship(name)
        print(f"{path}  {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the graphs without weights that come with ppgen.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(SHIPPED)}; default: all")
    options = parser.parse_args()
    sys.exit(guarded(lambda: run(options.names), debug=True))
