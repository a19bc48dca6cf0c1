"""Convolutions of the oneDNN library that lies in Paddle's CPU wheel, called through its C interface.

Paddle's own eager convolution on a CPU copies every pixel's neighbourhood into a matrix and multiplies. That is quick
where channels are many and pixels few, and slow elsewhere. oneDNN needs no copy; Paddle ships it, but calls it in
inference only. Function names and numbers are those of oneDNN 3 (include/oneapi/dnnl/dnnl.h and dnnl_types.h).
`convolutions.py` makes Paddle's layers use this.
"""

import ctypes
import threading
from collections.abc import Sequence
from ctypes import byref, c_int, c_int64, c_size_t, c_void_p
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import paddle

_CPU, _IN_ORDER, _BFLOAT16, _FLOAT32, _ANY_LAYOUT, _DIRECT, _TRAINING = 1, 1, 2, 3, 1, 1, 64
_SRC, _DST, _WEIGHTS, _BIAS, _DIFF = 1, 17, 33, 41, 128  # arguments; a gradient's is its tensor's plus _DIFF
_QUERY = {_SRC: 129, _DIFF + _SRC: 130, _WEIGHTS: 131, _DIFF + _WEIGHTS: 132, _DST: 133, _DIFF + _DST: 134}
_ALIGNMENT = 64  # bytes: a cache line
_BFLOAT16_ISA = 0xE7  # bits of dnnl_cpu_isa_avx512_core_bf16, which all that can more have too
_NO_DATA = c_void_p(None)

Kind = Literal["forward", "data", "weights"]


class Geometry(NamedTuple):
    """What one convolution is made for.

    Attributes:
        image: (N, in, H, W).
        weights: (out, in / groups, kernel height, kernel width).
        stride: down, across.
        before, after: rows above and columns to the left that are zero; below and to the right.
        groups: of channels.
        bias: whether a bias is added, and whether `weights` gives its gradient.
        half: whether factors are rounded to bfloat16; arrays and sums stay float32.
    """

    image: tuple[int, int, int, int]
    weights: tuple[int, int, int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]
    groups: int = 1
    bias: bool = False
    half: bool = False

    @property
    def output(self) -> tuple[int, int, int, int]:
        """(N, out, H', W')."""
        sides = [
            (side + first + last - kernel) // step + 1
            for side, first, last, kernel, step in zip(
                self.image[2:], self.before, self.after, self.weights[2:], self.stride, strict=True
            )
        ]
        return (self.image[0], self.weights[0], sides[0], sides[1])


class OneDNNError(RuntimeError):
    """oneDNN is not there, or refused what it was asked for."""


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    path = Path(paddle.__file__).parent / "libs" / "libdnnl.so.3"
    try:
        library = ctypes.CDLL(str(path))
        library.dnnl_primitive_desc_query_md.restype = c_void_p
        library.dnnl_primitive_desc_query_md.argtypes = [c_void_p, c_int, c_int]
        library.dnnl_memory_desc_get_size.restype = c_size_t
    except (OSError, AttributeError) as error:
        raise OneDNNError(f"no oneDNN 3 in this build of Paddle: {error}") from error
    return library


def _call(function: str, *arguments: object) -> None:
    status = getattr(_library(), function)(*arguments)
    if status:
        raise OneDNNError(f"{function} ended with status {status}")


class _Engine(NamedTuple):
    engine: c_void_p
    stream: c_void_p


@lru_cache(maxsize=1)
def _engine() -> _Engine:
    engine, stream = c_void_p(), c_void_p()
    _call("dnnl_engine_create", byref(engine), _CPU, c_size_t(0))
    _call("dnnl_stream_create", byref(stream), engine, _IN_ORDER)
    return _Engine(engine, stream)


def _dims(values: Sequence[int]) -> ctypes.Array[c_int64]:
    return (c_int64 * 12)(*values)


def _dense(shape: Sequence[int]) -> c_void_p:
    """The description of a dense array, as Paddle and NumPy lay it out."""
    strides = [1] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        strides[i] = strides[i + 1] * shape[i + 1]
    made, rank = c_void_p(), len(shape)
    _call("dnnl_memory_desc_create_with_strides", byref(made), rank, _dims(shape), _FLOAT32, _dims(strides))
    return made


def _any(shape: Sequence[int], half: bool = False) -> c_void_p:
    """The description of an array whose layout oneDNN may choose; `half`: in bfloat16."""
    made, kind = c_void_p(), _BFLOAT16 if half else _FLOAT32
    _call("dnnl_memory_desc_create_with_tag", byref(made), len(shape), _dims(shape), kind, _ANY_LAYOUT)
    return made


class _Argument(ctypes.Structure):
    _fields_ = (("number", c_int), ("memory", c_void_p))


class _Workspace:
    """Memory for arrays in oneDNN's own layouts: one for all convolutions, as only one runs at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._array = np.empty(0, np.uint8)

    def address(self, size: int) -> int:
        if self._array.size < size + _ALIGNMENT:
            self._array = np.empty(size + _ALIGNMENT, np.uint8)
        return -(-self._array.ctypes.data // _ALIGNMENT) * _ALIGNMENT


_workspace = _Workspace()


class _Primitive:
    """One of oneDNN's operations, with the changes of layout and type before and after it.

    Args:
        description: oneDNN's primitive descriptor.
        arguments: number and dense description of each array, in the order of the addresses that a call gives.
        results: the numbers of those that are written.
    """

    def __init__(self, description: c_void_p, arguments: Sequence[tuple[int, c_void_p]], results: set[int]) -> None:
        library, engine = _library(), _engine().engine
        self._library = library  # at Python's end the module's names may be gone before this object
        self._primitive = c_void_p()
        _call("dnnl_primitive_create", byref(self._primitive), description)
        self._arguments = (_Argument * len(arguments))()
        self._dense: list[c_void_p] = []
        self._inner: list[tuple[c_void_p, int]] = []  # memory in oneDNN's layout, and where in the workspace
        self._before: list[tuple[c_void_p, ctypes.Array[_Argument]]] = []
        self._after: list[tuple[c_void_p, ctypes.Array[_Argument]]] = []
        self._size = 0
        for i, (number, dense) in enumerate(arguments):
            outer = self._memory(dense)
            self._dense.append(outer)
            self._arguments[i] = _Argument(number, outer)
            if number not in _QUERY:  # a bias is always dense
                continue
            wanted = c_void_p(library.dnnl_primitive_desc_query_md(description, _QUERY[number], 0))
            if not library.dnnl_memory_desc_equal(wanted, dense):
                inner = self._memory(wanted)
                self._arguments[i] = _Argument(number, inner)
                self._inner.append((inner, self._size))
                self._size += -(-library.dnnl_memory_desc_get_size(wanted) // _ALIGNMENT) * _ALIGNMENT
                (a, x), (b, y) = ((wanted, inner), (dense, outer)) if number in results else (
                    (dense, outer), (wanted, inner),
                )  # fmt: skip
                made, reorder = c_void_p(), c_void_p()
                _call("dnnl_reorder_primitive_desc_create", byref(made), a, engine, b, engine, _NO_DATA)
                _call("dnnl_primitive_create", byref(reorder), made)
                _call("dnnl_primitive_desc_destroy", made)
                pair = (_Argument * 2)(_Argument(_SRC, x), _Argument(_DST, y))
                (self._after if number in results else self._before).append((reorder, pair))

    def _memory(self, description: c_void_p) -> c_void_p:
        made = c_void_p()
        _call("dnnl_memory_create", byref(made), description, _engine().engine, _NO_DATA)
        return made

    def __call__(self, *addresses: int) -> None:
        """Run on arrays at these addresses."""
        stream = _engine().stream
        with _workspace.lock:
            start = _workspace.address(self._size) if self._size else 0
            for memory, offset in self._inner:
                _call("dnnl_memory_set_data_handle", memory, c_void_p(start + offset))
            for memory, address in zip(self._dense, addresses, strict=True):
                _call("dnnl_memory_set_data_handle", memory, c_void_p(address))
            for reorder, pair in self._before:
                _call("dnnl_primitive_execute", reorder, stream, 2, pair)
            _call("dnnl_primitive_execute", self._primitive, stream, len(self._arguments), self._arguments)
            for reorder, pair in self._after:
                _call("dnnl_primitive_execute", reorder, stream, 2, pair)
            _call("dnnl_stream_wait", stream)

    def __del__(self) -> None:
        for primitive in (self._primitive, *(reorder for reorder, _ in self._before + self._after)):
            self._library.dnnl_primitive_destroy(primitive)
        for memory in (*self._dense, *(memory for memory, _ in self._inner)):
            self._library.dnnl_memory_destroy(memory)


@lru_cache(maxsize=1)
def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; False where oneDNN is not there."""
    try:
        return _library().dnnl_get_effective_cpu_isa() & _BFLOAT16_ISA == _BFLOAT16_ISA
    except (OneDNNError, AttributeError):
        return False


def array_of(tensor: paddle.Tensor) -> np.ndarray:
    """The very values of a dense float32 tensor on a CPU; only as long as the tensor lives."""
    shape = tuple(tensor.shape)
    values = (ctypes.c_float * int(np.prod(shape))).from_address(tensor.data_ptr())
    return np.ctypeslib.as_array(values).reshape(shape)


@lru_cache(maxsize=2048)
def primitive(kind: Kind, geometry: Geometry) -> _Primitive:
    """A convolution, or its gradient towards its image or its weights; called with addresses of dense float32 arrays.

    "forward": image, weights, output, and the bias where there is one. "data": the image's gradient, weights, the
    output's gradient. "weights": image, the weights' gradient, the output's gradient, the bias's where there is
    one.

    Raises OneDNNError.
    """
    out, per_group, *kernel = geometry.weights
    groups = geometry.groups
    weights = geometry.weights if groups == 1 else (groups, out // groups, per_group, *kernel)
    engine, steps = _engine().engine, (_dims(geometry.stride), _dims((0, 0)))
    borders = (_dims(geometry.before), _dims(geometry.after))
    shapes = {_SRC: geometry.image, _WEIGHTS: weights, _DST: geometry.output}
    result = {"forward": _DST, "data": _SRC, "weights": _WEIGHTS}[kind]
    bias = _dense((out,)) if geometry.bias else _NO_DATA
    forward = c_void_p()
    # what is written is float32; the convolution that a gradient's description names is never run
    x, w, y = (_any(shape, geometry.half and number != _DST * (kind == "forward")) for number, shape in shapes.items())
    _call(
        "dnnl_convolution_forward_primitive_desc_create",
        byref(forward), engine, _TRAINING, _DIRECT, x, w, bias, y, *steps, *borders, _NO_DATA,
    )  # fmt: skip
    made, ends = forward, c_void_p()
    if kind != "forward":
        x, w, y = (_any(shape, geometry.half and number != result) for number, shape in shapes.items())
        middle = (x, w) if kind == "data" else (x, w, bias)
        _call(
            f"dnnl_convolution_backward_{kind}_primitive_desc_create",
            byref(ends), engine, _DIRECT, *middle, y, *steps, *borders, forward, _NO_DATA,
        )  # fmt: skip
        made = ends
    results = {result + _DIFF * (kind != "forward")}
    arguments = []
    for number, shape in shapes.items():
        is_gradient = kind != "forward" and number in (result, _DST)
        arguments.append((number + _DIFF * is_gradient, _dense(shape)))
    if geometry.bias and kind != "data":
        arguments.append((_BIAS + _DIFF * (kind == "weights"), _dense((out,))))
    try:
        return _Primitive(made, arguments, results)
    finally:
        for description in (forward, ends):
            if description:
                _library().dnnl_primitive_desc_destroy(description)
