"""Methods of networks that run by the chosen backend."""

from __future__ import annotations

import hashlib
import inspect
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ppgen
from ppgen.errors import PPGenError
from ppgen.runtime import cache
from ppgen.runtime.backend import backend, version
from ppgen.runtime.graph import Graph, Session, optimized
from ppgen.runtime.trees import Shape, flatten, rebuild

if TYPE_CHECKING:
    from paddle import nn

_VERSIONED = ("paddlepaddle", "paddlepaddle-gpu", "paddle2onnx", "onnxruntime")
_PACKAGE = Path(ppgen.__file__).parent
# Code that decides what a graph computes.
_CODE = ("networks/**/*.py", "runtime/*.py")


def compiled(network: nn.Layer, example: Sequence[Any], method: str = "forward") -> Callable[..., Any]:
    """A network's method with the same inputs and outputs, exported now where its graph is not in the cache.

    Args:
        network: in evaluation mode; its weights as they are now are what is run from here on.
        example: inputs, arrays or tensors, in tuples, lists or None as the method takes them. Other lengths of the
            first axis (of all of them alike) are welcome later; other shapes are exported when they come.
    Returns:
        takes arrays or tensors and gives the same, nested as the method gives them, within 1e-4 of eager Paddle.
    Raises:
        PPGenError: the network is in training mode.
    """
    methods = Methods(network)
    methods.prepare(method, *example)
    return lambda *inputs: methods(method, *inputs)


class Methods:
    """All methods of a network in evaluation mode, each exported when it is first called with a shape.

    network: a Paddle layer; or a function that gives it, called when the network itself is needed: graphs are looked
    up without it, if `weights` are known.
    weights: a digest of what the network is made of; None: of its arrays.
    known: gives the graph for a call's `signature` where there is one that needs no export.
    """

    def __init__(
        self, network: object, weights: str | None = None, known: Callable[[str], Graph | None] = lambda _: None
    ) -> None:
        self._network, self._weights, self._known = network, weights, known
        self._sessions: dict[str, Session | None] = {}
        self._lock, self._warned = threading.Lock(), False

    def __call__(self, method: str, *inputs: Any) -> Any:
        """As `network.method(*inputs)`: tensors where one is given, else arrays."""
        leaves, shape = flatten(inputs, _is_array)
        tensors = any(not isinstance(leaf, np.ndarray) for leaf in leaves)
        found, outputs = self._flat(method, shape, [np.asarray(leaf) for leaf in leaves])
        if tensors:
            import paddle

            return rebuild(outputs, iter([paddle.to_tensor(array) for array in found]))
        return rebuild(outputs, iter(found))

    def arrays(self, method: str, *inputs: Any) -> list[np.ndarray | None]:
        """The method's arrays in order, None where it gives None; imports no Paddle where the graph is known."""
        leaves, shape = flatten(inputs, _is_array)
        found, outputs = self._flat(method, shape, leaves)
        plain = rebuild(outputs, iter(found), plain=True)
        return list(plain) if isinstance(plain, (tuple, list)) else [plain]

    def prepare(self, method: str, *example: Any) -> bool:
        """Look a graph up, or export it; whether there is one."""
        leaves, shape = flatten(example, _is_array)
        return self._session(method, shape, [np.asarray(leaf) for leaf in leaves]) is not None

    @property
    def network(self) -> nn.Layer:
        """The network itself; PPGenError where it is in training mode."""
        from paddle import nn

        if not isinstance(self._network, nn.Layer) and callable(self._network):
            self._network = self._network()
        if not isinstance(self._network, nn.Layer):
            raise PPGenError(f"{type(self._network).__name__}: is no network; give a Paddle layer")
        if self._network.training:
            raise PPGenError(f"{type(self._network).__name__}: is in training mode; call eval() on it first")
        return self._network

    def _flat(self, method: str, shape: Shape, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], Shape]:
        session = self._session(method, shape, arrays)
        if session is not None:
            return session.run(arrays), session.graph.outputs
        from ppgen.runtime.convert import eager

        return eager(self.network, method, shape, arrays)

    def _session(self, method: str, shape: Shape, arrays: list[np.ndarray]) -> Session | None:
        """None: this is run by eager Paddle."""
        if backend() == "eager":
            return None
        lengths = {array.shape[0] if array.ndim else None for array in arrays}
        ways = [True, False] if len(lengths) == 1 and None not in lengths else [False]
        signatures = [signature(method, shape, arrays, any_batch) for any_batch in ways]
        with self._lock:
            for each in signatures:
                if each in self._sessions:
                    return self._sessions[each]
            if (session := self._kept(signatures)) is not None:
                return session
            with cache.alone():
                found = self._kept(signatures) or self._given(signatures)
                return found or self._export(method, shape, arrays, ways, signatures)

    def _kept(self, signatures: list[str]) -> Session | None:
        """Of the first that the cache holds."""
        for each in signatures:
            content = cache.read(self._entry(each))
            if content is None:
                continue
            try:
                self._sessions[each] = Session(Graph.of_bytes(content))
            except Exception as error:  # whatever ONNX Runtime makes of it: the graph is exported anew
                self._warn_of("a kept graph", error)
                continue
            return self._sessions[each]
        return None

    def _warn_of(self, graph: str, error: Exception) -> None:
        """Once: the export that follows takes seconds."""
        if not self._warned:
            reason = str(error).strip().partition("\n")[0]
            warnings.warn(f"{graph} cannot be opened ({reason}); its network is exported anew", stacklevel=2)
        self._warned = True

    def _given(self, signatures: list[str]) -> Session | None:
        """Of the first that is known without an export."""
        for each in signatures:
            if (graph := self._known(each)) is None:
                continue
            try:
                graph = optimized(graph)
                self._sessions[each] = Session(graph)
            except Exception as error:  # another version of ONNX Runtime may not run it: it is exported
                self._warn_of("the graph that comes with ppgen", error)
                continue
            cache.write(self._entry(each), graph.to_bytes())
            return self._sessions[each]
        return None

    def _export(
        self, method: str, shape: Shape, arrays: list[np.ndarray], ways: list[bool], signatures: list[str]
    ) -> Session | None:
        network = self.network
        from ppgen.runtime.convert import ExportError, to_graph

        reason: object = ""
        for any_batch, each in zip(ways, signatures):
            try:
                graph = optimized(to_graph(network, method, shape, arrays, any_batch))
            except ExportError as error:
                reason = error
                continue
            cache.write(self._entry(each), graph.to_bytes())
            self._sessions[each] = Session(graph)
            return self._sessions[each]
        self._sessions[signatures[0]] = None
        what = f"{type(network).__name__}.{method} could not be exported ({reason})"
        warnings.warn(f"{what}; it runs in eager Paddle, which is slower", stacklevel=2)
        return None

    def _entry(self, signature: str) -> str:
        if self._weights is None:
            self._weights = _digest_of(self.network)
        versions = {name: version(name) for name in _VERSIONED}
        return cache.name_of([self._weights, code_digest(), versions, signature])


def eager_arrays(network: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """What a network, or a function of tensors, makes of arrays, run by Paddle: the arrays of its output in order."""
    from ppgen.runtime.convert import eager

    leaves, shape = flatten(arrays, _is_array)
    return eager(network, "__call__", shape, leaves)[0]


def _is_array(value: object) -> bool:
    return hasattr(value, "shape")


def signature(method: str, shape: Shape, arrays: Sequence[np.ndarray], any_batch: bool) -> str:
    """What a call is known by: the method, how its inputs are nested, their types and sizes."""
    sizes = [(str(a.dtype), ["N", *a.shape[1:]] if any_batch else list(a.shape)) for a in arrays]
    return repr((method, shape, sizes))


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Of the code of all networks, and of what exports and runs them."""
    digest = hashlib.sha256()
    for pattern in _CODE:
        for path in sorted(_PACKAGE.glob(pattern)):
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _digest_of(network: nn.Layer) -> str:
    """Of a network in hand: the code of its layers that is not ppgen's, what it was built with, and its arrays."""
    digest = hashlib.sha256()
    for kind in sorted({type(layer) for layer in network.sublayers(include_self=True)}, key=repr):
        if not kind.__module__.startswith(("ppgen.networks.", "paddle.")):
            digest.update(_source(kind).encode())
    digest.update(repr(network).encode() + repr(getattr(network, "constructor_args", "")).encode())
    for key, value in sorted(network.state_dict().items()):
        digest.update(f"{key} {tuple(value.shape)} {value.dtype}".encode() + value.numpy().tobytes())
    return digest.hexdigest()


def _source(kind: type) -> str:
    try:
        return inspect.getsource(inspect.getmodule(kind) or kind)
    except (OSError, TypeError):  # typed into an interpreter
        return repr(kind)
