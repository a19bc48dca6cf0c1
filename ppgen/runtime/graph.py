"""A graph in memory, and ONNX Runtime that runs it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ppgen.runtime.threads import threads
from ppgen.runtime.trees import Shape

if TYPE_CHECKING:
    import onnxruntime

_PROVIDERS = ["CPUExecutionProvider"]
_ERRORS_ONLY = 3  # ONNX Runtime's level; its warnings are about constants that the exporter left over


@dataclass(frozen=True)
class Graph:
    """A method of a network as ONNX.

    inputs, outputs: how the arrays are nested, see `ppgen.runtime.trees`. onnx: the model, with its weights.
    """

    inputs: Shape
    outputs: Shape
    onnx: bytes | memoryview

    def to_bytes(self) -> bytes:
        """As the cache keeps it."""
        header = json.dumps({"inputs": self.inputs, "outputs": self.outputs}).encode()
        return header + b"\n" + self.onnx

    @staticmethod
    def of_bytes(content: memoryview) -> Graph:
        """What `to_bytes` gave; ValueError for anything else."""
        header, _, _ = bytes(content[:65536]).partition(b"\n")
        told = json.loads(header)
        return Graph(told["inputs"], told["outputs"], content[len(header) + 1 :])


def optimized(graph: Graph) -> Graph:
    """The same with what ONNX Runtime can compute and join beforehand, for any processor: opened in half the time."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimized.onnx"
        options = _options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(bytes(graph.onnx), options, providers=_PROVIDERS)
        return replace(graph, onnx=path.read_bytes())


def _options() -> onnxruntime.SessionOptions:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads(), 1
    options.log_severity_level = _ERRORS_ONLY
    # Threads that wait in a loop take the cores from what stands between two networks, and from other processes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


class Session:
    """A graph that is ready to run, with `ppgen.runtime.threads()` threads.

    Raises what ONNX Runtime raises for a graph that it cannot run.
    """

    def __init__(self, graph: Graph) -> None:
        import onnxruntime

        self.graph = graph
        self._session = onnxruntime.InferenceSession(bytes(graph.onnx), _options(), providers=_PROVIDERS)
        # Named by their place among the flat inputs; those that the method does not read are not there.
        self._inputs = {item.name: int(item.name.rsplit("_", 1)[1]) for item in self._session.get_inputs()}

    def run(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The flat inputs, as the example was -> the flat outputs."""
        feed = {name: np.ascontiguousarray(arrays[index]) for name, index in self._inputs.items()}
        return self._session.run(None, feed)
