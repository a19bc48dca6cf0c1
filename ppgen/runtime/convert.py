"""A Paddle network's method -> ONNX, held against the network itself.

Nothing is installed on the way: paddle2onnx would by default run an optimizer that fetches packages with pip.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ppgen.errors import PPGenError
from ppgen.runtime.graph import Graph, Session
from ppgen.runtime.slopes import with_slopes
from ppgen.runtime.trees import Shape, flatten, rebuild

if TYPE_CHECKING:
    import paddle
    from paddle import nn

#: largest difference to eager Paddle, in units of the output's largest value where that is above 1
TOLERANCE = 1e-4
_OPSET = 17
os.environ.setdefault("POLYGRAPHY_AUTOINSTALL_DEPS", "0")


class ExportError(PPGenError):
    """A network that cannot be exported, or whose graph computes something else."""


def to_graph(
    network: nn.Layer, method: str, inputs: Shape, arrays: Sequence[np.ndarray], any_batch: bool,
    tolerance: float = TOLERANCE,
) -> Graph:  # fmt: skip
    """The graph of `network.method(*inputs)` with its weights as they are now.

    Args:
        network: in evaluation mode.
        inputs: how `arrays` are nested; arrays: an example, whose shapes the graph is made for.
        any_batch: the first axis of all of them may have any length.
        tolerance: see `TOLERANCE`.
    Raises:
        ExportError: with the reason.
    """
    expected, outputs = eager(network, method, inputs, arrays)
    try:
        onnx = exported(network, method, inputs, arrays, any_batch)
        graph = Graph(inputs, outputs, onnx)
        session = Session(graph)
        compare(session.run(arrays), expected, tolerance)
        if any_batch:
            longer = [np.concatenate([array, array[:1]]) for array in arrays]
            compare(session.run(longer), eager(network, method, inputs, longer)[0], tolerance)
    except ExportError:
        raise
    except Exception as error:  # what Paddle, the exporter and ONNX Runtime raise has no common base
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise ExportError(f"{type(error).__name__}: {lines[-1][:200]}") from error
    return graph


def eager(
    network: nn.Layer | Callable[..., Any], method: str, inputs: Shape, arrays: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], Shape]:
    """The method run by Paddle itself: flat outputs, and how they are nested."""
    import paddle

    with paddle.no_grad():
        given = rebuild(inputs, iter([paddle.to_tensor(array) for array in arrays]))
        leaves, outputs = flatten(getattr(network, method)(*given), lambda value: isinstance(value, paddle.Tensor))
    return [leaf.numpy() for leaf in leaves], outputs


def saved_program(
    network: nn.Layer, method: str, inputs: Shape, arrays: Sequence[np.ndarray], any_batch: bool, path: Path
) -> Path:
    """Write the method as Paddle's program and parameters, `path` with .json and .pdiparams behind; returns `path`."""
    import paddle
    from paddle.static import InputSpec

    specs = [
        InputSpec([None if any_batch else a.shape[0], *a.shape[1:]], a.dtype.name, f"input_{i}")  # type: ignore[arg-type]
        for i, a in enumerate(arrays)
    ]
    with _quiet():
        layer = paddle.jit.to_static(_method_layer(network, method, inputs), input_spec=[specs], full_graph=True)
        paddle.jit.save(layer, str(path), input_spec=[specs])
    return path


def exported(network: nn.Layer, method: str, inputs: Shape, arrays: Sequence[np.ndarray], any_batch: bool) -> bytes:
    """The method as ONNX, its weights as constants called as Paddle calls its tensors; arguments as `to_graph`.

    Raises ExportError, and what Paddle and the exporter raise.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = saved_program(network, method, inputs, arrays, any_batch, Path(folder) / "network")
        onnx = path.with_suffix(".onnx")
        with _quiet():
            import paddle2onnx

            paddle2onnx.export(
                f"{path}.json", f"{path}.pdiparams", str(onnx),
                opset_version=_OPSET, verbose=False, optimize_tool="None",
            )  # fmt: skip
        if not onnx.is_file():
            raise ExportError("paddle2onnx wrote no graph")
        return with_slopes(onnx.read_bytes(), path.with_suffix(".json"))


def _method_layer(network: nn.Layer, method: str, inputs: Shape) -> nn.Layer:
    """A layer whose forward takes the flat inputs and gives the flat outputs, as the exporter wants it."""
    import paddle
    from paddle import nn

    @paddle.jit.not_to_static  # traced as it runs, not translated: the networks branch on shapes alone
    def run(arrays: list[paddle.Tensor]) -> Any:
        return flatten(getattr(network, method)(*rebuild(inputs, iter(arrays))), _is_tensor)[0]

    class Method(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.network = network  # whose weights are saved

        def forward(self, arrays: list[paddle.Tensor]) -> Any:
            return run(arrays)

    layer = Method()
    layer.eval()
    return layer


def _is_tensor(value: object) -> bool:
    return not isinstance(value, (tuple, list))


def compare(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float) -> None:
    """ExportError unless both are the same up to rounding; NaN is not."""
    if [a.shape for a in found] != [a.shape for a in expected]:
        raise ExportError(f"its graph gives {[a.shape for a in found]}, Paddle {[a.shape for a in expected]}")
    for ours, theirs in zip(found, expected):
        scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
        apart = float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0))
        if not np.issubdtype(ours.dtype, np.floating):
            apart = max(0.0, apart - 1)  # whole numbers may be rounded the other way
        if not apart / scale <= tolerance:
            raise ExportError(f"its graph is {apart / scale:.2g} away from Paddle, more than {tolerance:g}")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What Paddle and the exporter say of their progress goes nowhere; they write to the streams below Python's too."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _no_output():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(before)


@contextlib.contextmanager
def _no_output() -> Iterator[None]:
    """File descriptors 1 and 2 closed to C++ code for a while."""
    saved = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        for handle in (*saved, nowhere):
            os.close(handle)
