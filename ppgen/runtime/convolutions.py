"""Trainings whose convolutions on a CPU are oneDNN's: the same sums, in a third to nine tenths of the time.

    with fast_convolutions():
        ...  # paddle.nn.Conv2D and paddle.nn.functional.conv2d in float32 use oneDNN, first and second derivatives too

Within `bfloat16_products()` their factors are rounded to bfloat16, which a processor that has it multiplies twice as
fast; everything else stays float32. `benchmarks/engine.py convolutions` measures both. `PPGEN_CONVOLUTIONS=paddle`
leaves Paddle's own.
"""

import inspect
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer
from paddle.nn import functional
from paddle.nn.functional import conv as paddle_convolutions

from ppgen.runtime import onednn
from ppgen.runtime.onednn import Geometry

VARIABLE = "PPGEN_CONVOLUTIONS"
# Paddle's own convolution is as quick for kernels of one pixel, for fewer input channels of a group than these, and for
# fewer output pixels than these.
_FEW_CHANNELS, _FEW_PIXELS = 4, 64


class _State:
    """Whether oneDNN is in use, whether in bfloat16, and whether gradients are asked for pictures alone."""

    users = 0  # blocks of `fast_convolutions` that have begun and not ended, in all threads
    half = False
    pictures_only = False


_lock = threading.Lock()
_own: list[Callable[..., paddle.Tensor]] = [paddle_convolutions._conv_nd, functional.conv2d]  # Paddle's


def active() -> bool:
    """Whether convolutions go through oneDNN at the moment."""
    return _State.users > 0


@contextmanager
def fast_convolutions() -> Iterator[None]:
    """Let Paddle's two-dimensional convolutions in float32 on a CPU use oneDNN; nothing changes where it is not there.

    What oneDNN does not do (other types, dilation, a GPU, kernels of one pixel, graphs) stays with Paddle. While a
    block runs, other threads' convolutions use it too.
    """
    if os.environ.get(VARIABLE) == "paddle" or not _works():
        yield
        return
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    """A block begins or ends; the first brings oneDNN, the last Paddle's own back."""
    with _lock:
        _State.users += change
        used = [_either(own) if _State.users else own for own in _own]
        paddle_convolutions._conv_nd, functional.conv2d = used


def multiplies_bfloat16() -> bool:
    """Whether `bfloat16_products` changes something: oneDNN works here, on a processor that has the instructions."""
    return os.environ.get(VARIABLE) != "paddle" and _works() and onednn.has_bfloat16()


@contextmanager
def bfloat16_products() -> Iterator[None]:
    """Within, convolutions of oneDNN and, wherever they are computed, their gradients round their factors to bfloat16.

    Sums, and all arrays outside, are float32. Convolutions in groups are left alone: they filter.
    """
    before, _State.half = _State.half, True
    try:
        yield
    finally:
        _State.half = before


@contextmanager
def gradients_of_pictures() -> Iterator[None]:
    """Around `paddle.grad(outputs, pictures, create_graph=True)`: no convolution's weights are among its inputs.

    Paddle refuses a layer that then gives gradients for its weights, and does not tell the layer.
    """
    before, _State.pictures_only = _State.pictures_only, True
    try:
        yield
    finally:
        _State.pictures_only = before


@lru_cache(maxsize=1)
def _works() -> bool:
    """Whether oneDNN gives Paddle's own results here; a difference is warned of, once."""
    if paddle.get_device() != "cpu":
        return False
    try:
        return _agrees()
    except (onednn.OneDNNError, AttributeError, TypeError) as error:
        if not isinstance(error, onednn.OneDNNError):  # a Paddle that is built otherwise
            warnings.warn(f"trainings use Paddle's own convolutions, as oneDNN's failed: {error}", stacklevel=2)
        return False


def _agrees() -> bool:
    image = paddle.linspace(-1, 1, 2 * 4 * 6 * 6).reshape([2, 4, 6, 6])
    weights = paddle.linspace(1, -1, 3 * 4 * 3 * 3).reshape([3, 4, 3, 3])
    with paddle.no_grad():
        ours = _convolved(image, weights, None, Geometry((2, 4, 6, 6), (3, 4, 3, 3), (2, 2), (1, 1), (1, 1)))
        difference = float((ours - paddle.nn.functional.conv2d(image, weights, stride=2, padding=1)).abs().max())
    if difference > 1e-4:
        warnings.warn(f"trainings use Paddle's own convolutions: oneDNN's differ by {difference:.2g}", stacklevel=2)
    return difference <= 1e-4


def _either(original: Callable[..., paddle.Tensor]) -> Callable[..., paddle.Tensor]:
    """Paddle's `conv2d`, or what stands behind its layers, with oneDNN's convolution where that fits."""
    signature = inspect.signature(original)

    def convolution(*arguments: Any, **options: Any) -> paddle.Tensor:
        given = signature.bind(*arguments, **options).arguments
        geometry = _geometry(**given)
        if geometry is None:
            return original(*arguments, **options)
        return _convolved(given["x"], given["weight"], given.get("bias"), geometry)

    return convolution


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _geometry(
    x: paddle.Tensor,
    weight: paddle.Tensor,
    bias: paddle.Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    padding_algorithm: str = "EXPLICIT",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    data_format: str = "NCHW",
    op_type: str = "conv2d",
    **_: object,
) -> Geometry | None:
    """The geometry of a convolution that oneDNN is to do, else None."""
    tensors = [x, weight] if bias is None else [x, weight, bias]
    if not all(isinstance(each, paddle.Tensor) and each.dtype == paddle.float32 for each in tensors):
        return None
    if op_type not in ("conv2d", "depthwise_conv2d") or data_format != "NCHW" or padding_algorithm != "EXPLICIT":
        return None
    shape, kernel = tuple(x.shape), tuple(weight.shape)
    if isinstance(padding, str) or kernel[2] * kernel[3] == 1 or kernel[1] < _FEW_CHANNELS or 0 in shape:
        return None
    if set(_pair(dilation)) != {1}:
        return None
    if isinstance(padding, int) or len(padding) == 2:
        before = after = _pair(padding)
    elif len(padding) == 4 and all(isinstance(side, int) for side in padding):  # top, bottom, left, right
        before, after = (padding[0], padding[2]), (padding[1], padding[3])
    else:
        return None
    half = _State.half and groups == 1
    geometry = Geometry(shape, kernel, _pair(stride), before, after, groups, bias is not None, half)
    return geometry if geometry.output[2] * geometry.output[3] >= _FEW_PIXELS else None


def fits(x: paddle.Tensor, pixels: int) -> bool:
    """Whether oneDNN is in use and takes these features, for a result of so many pixels."""
    return active() and isinstance(x, paddle.Tensor) and x.dtype == paddle.float32 and pixels >= _FEW_PIXELS


def filtered_channels(x: paddle.Tensor, kernel: np.ndarray, before: int, after: int, stride: int = 1) -> paddle.Tensor:
    """Every channel of (N, C, H, W) with one kernel, zeros around, by oneDNN; where `fits`."""
    shape, sides = tuple(x.shape), kernel.shape
    weights = paddle.to_tensor(np.broadcast_to(kernel, (shape[1], 1, *sides)).astype(np.float32))
    geometry = Geometry(shape, (shape[1], 1, *sides), (stride, stride), (before, before), (after, after), shape[1])
    return _convolved(x, weights, None, geometry)


def transposed(x: paddle.Tensor, weight: paddle.Tensor, stride: int) -> paddle.Tensor:
    """Transposed convolution, (N, I, H, W) and (O, I, k, k) -> (N, O, (H - 1) stride + k, …), by oneDNN; where `fits`.

    It is the gradient of a convolution towards its image.
    """
    (batch, inside, height, width), (out, _, kernel, _) = x.shape, weight.shape
    image = (batch, out, (height - 1) * stride + kernel, (width - 1) * stride + kernel)
    sides = (inside, out, kernel, kernel)
    geometry = Geometry(image, sides, (stride, stride), (0, 0), (0, 0), half=_State.half)
    return _image_gradient(weight.transpose([1, 0, 2, 3]), x, geometry)


# ---- a convolution and its gradients: each one's derivatives are the other two ------------------------------------


def _dense(tensor: paddle.Tensor) -> paddle.Tensor:
    return tensor if tensor.is_contiguous() else tensor.contiguous()


def _tracked(*tensors: paddle.Tensor | None) -> tuple[bool, ...]:
    """Whose gradients are wanted, to be kept for the way back: there the tensors no longer tell."""
    return tuple(each is not None and not each.stop_gradient for each in tensors)


def _convolved(
    x: paddle.Tensor, weights: paddle.Tensor, bias: paddle.Tensor | None, geometry: Geometry
) -> paddle.Tensor:
    wanted = _tracked(x, weights, bias)
    if paddle.is_grad_enabled() and any(wanted):
        tensors = (x, weights) if bias is None else (x, weights, bias)
        return _Convolution.apply(*tensors, geometry=geometry, wanted=wanted)
    return _forward(x, weights, bias, geometry)


def _forward(x: paddle.Tensor, weights: paddle.Tensor, bias: paddle.Tensor | None, geometry: Geometry) -> paddle.Tensor:
    output = paddle.empty(geometry.output)
    arrays = [_dense(x), _dense(weights), output] + ([] if bias is None else [_dense(bias)])
    onednn.primitive("forward", geometry)(*(each.data_ptr() for each in arrays))
    return output


def _image_gradient(weights: paddle.Tensor, slope: paddle.Tensor, geometry: Geometry) -> paddle.Tensor:
    geometry = geometry._replace(bias=False)
    wanted = _tracked(weights, slope)
    if paddle.is_grad_enabled() and any(wanted):
        return _ImageGradient.apply(weights, slope, geometry=geometry, wanted=wanted)
    return _towards_image(weights, slope, geometry)


def _towards_image(weights: paddle.Tensor, slope: paddle.Tensor, geometry: Geometry) -> paddle.Tensor:
    result = paddle.empty(geometry.image)
    arrays = (result, _dense(weights), _dense(slope))
    onednn.primitive("data", geometry)(*(each.data_ptr() for each in arrays))
    return result


def _weight_gradient(x: paddle.Tensor, slope: paddle.Tensor, geometry: Geometry) -> paddle.Tensor:
    geometry = geometry._replace(bias=False)
    wanted = _tracked(x, slope)
    if paddle.is_grad_enabled() and any(wanted):
        return _WeightGradient.apply(x, slope, geometry=geometry, wanted=wanted)
    return _towards_weights(x, slope, geometry)[0]


def _towards_weights(x: paddle.Tensor, slope: paddle.Tensor, geometry: Geometry) -> tuple[paddle.Tensor, ...]:
    """The weights' gradient, and the bias's where there is one."""
    results = [paddle.empty(geometry.weights)] + ([paddle.empty(geometry.weights[:1])] if geometry.bias else [])
    arrays = (_dense(x), results[0], _dense(slope), *results[1:])
    onednn.primitive("weights", geometry)(*(each.data_ptr() for each in arrays))
    return tuple(results)


class _Convolution(PyLayer):
    @staticmethod
    def forward(
        ctx: Any, x: paddle.Tensor, weights: paddle.Tensor, bias: paddle.Tensor | None = None, *,
        geometry: Geometry, wanted: tuple[bool, ...],
    ) -> paddle.Tensor:  # fmt: skip
        ctx.save_for_backward(x, weights)
        ctx.geometry, ctx.wanted = geometry, wanted
        return _forward(x, weights, bias, geometry)

    @staticmethod
    def backward(ctx: Any, slope: paddle.Tensor) -> Any:  # a gradient or None for each tensor
        x, weights = ctx.saved_tensor()
        geometry = ctx.geometry
        of_image, of_weights, of_bias = ctx.wanted if not _State.pictures_only else (ctx.wanted[0], False, False)
        image = _image_gradient(weights, slope, geometry) if of_image else None
        rest: list[paddle.Tensor | None] = [None, None]
        if paddle.is_grad_enabled():
            rest = [
                _weight_gradient(x, slope, geometry) if of_weights else None,
                slope.sum([0, 2, 3]) if of_bias else None,
            ]
        elif of_weights or of_bias:
            made = _towards_weights(x, slope, geometry._replace(bias=of_bias))
            rest = [made[0] if of_weights else None, made[1] if of_bias else None]
        return (image, *rest) if geometry.bias else (image, rest[0])


class _ImageGradient(PyLayer):
    @staticmethod
    def forward(
        ctx: Any, weights: paddle.Tensor, slope: paddle.Tensor, *, geometry: Geometry, wanted: tuple[bool, ...]
    ) -> paddle.Tensor:
        ctx.save_for_backward(weights, slope)
        ctx.geometry, ctx.wanted = geometry, wanted
        return _towards_image(weights, slope, geometry)

    @staticmethod
    def backward(ctx: Any, twice: paddle.Tensor) -> Any:  # a gradient or None for each tensor
        weights, slope = ctx.saved_tensor()
        return (
            _weight_gradient(twice, slope, ctx.geometry) if ctx.wanted[0] and not _State.pictures_only else None,
            _convolved(twice, weights, None, ctx.geometry) if ctx.wanted[1] else None,
        )


class _WeightGradient(PyLayer):
    @staticmethod
    def forward(
        ctx: Any, x: paddle.Tensor, slope: paddle.Tensor, *, geometry: Geometry, wanted: tuple[bool, ...]
    ) -> paddle.Tensor:
        ctx.save_for_backward(x, slope)
        ctx.geometry, ctx.wanted = geometry, wanted
        return _towards_weights(x, slope, geometry)[0]

    @staticmethod
    def backward(ctx: Any, twice: paddle.Tensor) -> Any:  # a gradient or None for each tensor
        x, slope = ctx.saved_tensor()
        return (
            _image_gradient(twice, slope, ctx.geometry) if ctx.wanted[0] else None,
            _convolved(x, twice, None, ctx.geometry) if ctx.wanted[1] else None,
        )
