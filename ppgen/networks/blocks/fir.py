"""Resampling with the low-pass filter [1, 3, 3, 1], and 3x3 convolutions that resample, for StyleGAN2.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), after Zhang, "Making
Convolutional Networks Shift-Invariant Again" (ICML 2019). The filter is separable, so it is a product with one
banded matrix from the left and one from the right. On a CPU that is three times as fast as a one-channel
convolution, forward and backward, up to a few hundred pixels a side; beyond, the convolution is used. All of it
has second derivatives (paddle's conv2d_transpose and interpolate have none).
"""

from functools import lru_cache

import numpy as np
import paddle
import paddle.nn.functional as F

from ppgen.runtime.convolutions import filtered_channels, fits, transposed

TAPS = np.array([1, 3, 3, 1], np.float64) / 8
_LARGEST_MATRIX = 256  # pixels a side up to which a banded matrix is faster than a convolution


def _constant(array: np.ndarray, like: paddle.Tensor) -> paddle.Tensor:
    return paddle.to_tensor(array).astype(like.dtype)


def _taps(places: np.ndarray) -> np.ndarray:
    """The filter's tap at each place, 0 where it has none."""
    return np.where((places >= 0) & (places < len(TAPS)), TAPS.take(places, mode="clip"), 0)


@lru_cache(maxsize=256)
def _filter_matrix(size: int, before: int, after: int, stride: int, up: int) -> np.ndarray:
    """(out, size): insert up - 1 zeros after each pixel, pad, filter, keep every stride-th."""
    kept = (size * up + before + after - len(TAPS)) // stride + 1
    row, column = np.ogrid[:kept, :size]
    return (up * _taps(column * up + before - row * stride)).astype(np.float32)


def filtered(x: paddle.Tensor, before: int, after: int, stride: int = 1, up: int = 1) -> paddle.Tensor:
    """Filter (N, C, H, W) with zeros around: H -> (up * H + before + after - 4) // stride + 1, W alike.

    Args:
        before, after: pixels of zeros added on the left and top, and on the right and bottom.
        stride: keep every so many pixels of the result.
        up: insert up - 1 zeros after every pixel first; the brightness is kept.
    """
    _, channels, height, width = x.shape
    if up == 1 and fits(x, height * width // stride**2):
        return filtered_channels(x, np.outer(TAPS, TAPS), before, after, stride)
    if max(height, width) <= _LARGEST_MATRIX or up > 1:
        rows = _constant(_filter_matrix(height, before, after, stride, up), x)
        columns = _constant(_filter_matrix(width, before, after, stride, up).T.copy(), x)
        return paddle.matmul(rows, paddle.matmul(x, columns))
    kernel = _constant(np.outer(TAPS, TAPS)[None, None], x)
    flat = F.pad(x, [before, after, before, after]).reshape([-1, 1, height + before + after, width + before + after])
    flat = F.conv2d(flat, kernel, stride=stride)
    return flat.reshape([-1, channels, *flat.shape[2:]])


def upsample_filtered(x: paddle.Tensor) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C, 2H, 2W), smoothly."""
    return filtered(x, 2, 1, up=2)


def downsample_filtered(x: paddle.Tensor) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C, H / 2, W / 2), without aliasing."""
    return filtered(x, 1, 1, stride=2)


def conv_down(x: paddle.Tensor, weight: paddle.Tensor) -> paddle.Tensor:
    """Filter, then convolve with stride 2: x (N, I, H, W), weight (O, I, 3, 3) -> (N, O, H / 2, W / 2)."""
    return F.conv2d(filtered(x, 2, 2), weight, stride=2)


# ---- up ----------------------------------------------------------------------------------------------------
#
# Transposed convolution of stride 2, t[2i + k] += w[k] x[i], then the filter, y[o] = sum_j f[j] t[o + j - 1] (along
# one axis). `conv_up` makes t (or y) by one small convolution at the low resolution, whose outputs are the `parts`
# of t, and places them. Three ways to cut t into parts; which one is fastest depends on the shape:
#
# taps     t[2i + k] for each k: a 1x1 convolution with 9 O outputs, the fewest products. Wide and small images.
# parity   t at even and odd places: a 2x2 convolution with 4 O outputs. In between.
# phases   y itself at even and odd places, the filter put into the weights: a 3x3 convolution with 4 O outputs,
#          four times the products of `taps`, but nothing left to do than to interleave. Narrow and large images.


@lru_cache(maxsize=4)
def _parts(cut: str) -> np.ndarray:
    """(parts, taps of the small convolution, 3): how its kernel is made of w along one axis."""
    if cut == "taps":
        return np.eye(3)[:, None, :]
    if cut == "parity":
        kernel = np.zeros((2, 2, 3))  # even: w[2] x[m - 1] + w[0] x[m]; odd: w[1] x[m]
        kernel[0, 0, 2] = kernel[0, 1, 0] = kernel[1, 1, 1] = 1
        return kernel
    part, tap, k = np.ogrid[:2, :3, :3]
    return 2 * _taps(k + 2 * tap - 1 - part)  # x[m + tap - 1] reaches y[2m + part] through w[k] and this


@lru_cache(maxsize=4)
def _kernel_matrix(cut: str) -> np.ndarray:
    """(9, parts^2 * taps^2): w flattened -> the kernels of all parts, order (row part, column part, taps)."""
    parts = _parts(cut)
    return np.einsum("pak,qbl->klpqab", parts, parts).reshape(9, -1).astype(np.float32)


@lru_cache(maxsize=64)
def _placement(size: int, count: int, parts: int) -> np.ndarray:
    """(parts, 2 * size, count): y[o] += f[j] part[p][m], where t = 2m + p and j = t + 1 - o."""
    part, o, m = np.ogrid[:parts, : 2 * size, :count]
    return (2 * _taps(2 * m + part + 1 - o)).astype(np.float32)


def _cut_for(channels: int, size: int) -> str:
    """The fastest of the three, measured forward and backward on one core."""
    if 8 * size <= channels:
        return "taps"
    return "parity" if size <= channels else "phases"


def conv_up(x: paddle.Tensor, weight: paddle.Tensor, cut: str | None = None) -> paddle.Tensor:
    """Transposed convolution of stride 2, then the filter: (N, I, H, W), (O, I, 3, 3) -> (N, O, 2H, 2W).

    Args:
        cut: "taps", "parity" or "phases", see above; None takes the fastest, which is none of them where oneDNN's
            convolutions are in use: they do both steps as they are written.
    """
    out, channels = weight.shape[:2]
    height, width = x.shape[2:]
    if cut is None and fits(x, height * width):
        return filtered_channels(transposed(x, weight, 2), 4 * np.outer(TAPS, TAPS), 1, 1)
    cut = cut or _cut_for(channels, max(height, width))
    parts, taps, _ = _parts(cut).shape
    kernel = paddle.matmul(weight.reshape([out * channels, 9]), _constant(_kernel_matrix(cut), weight))
    kernel = kernel.reshape([out, channels, parts, parts, taps * taps]).transpose([3, 0, 2, 1, 4])
    kernel = kernel.reshape([parts * out * parts, channels, taps, taps])  # outputs: (column part, O, row part)
    y = F.conv2d(x, kernel, padding=taps // 2)
    if cut == "phases":
        y = y.reshape([-1, 2, out, 2, height, width]).transpose([0, 2, 4, 3, 5, 1])
        return y.reshape([-1, out, 2 * height, 2 * width])
    rows, columns = y.shape[2:]
    y = y.reshape([-1, parts, out * parts * rows, columns])
    sideways = _constant(_placement(width, columns, parts).transpose(0, 2, 1).copy(), x)
    y = sum(paddle.matmul(part, place) for part, place in zip(y.unbind(axis=1), sideways.unbind(axis=0)))
    y = y.reshape([-1, out, parts * rows, 2 * width])
    downwards = _placement(height, rows, parts).transpose(1, 0, 2).reshape(2 * height, parts * rows)
    return paddle.matmul(_constant(downwards, x), y)
