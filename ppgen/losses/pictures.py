"""Distances between a picture and its target."""

import paddle
import paddle.nn.functional as F

_COMB = 4
"""Rows, dark and light in turn, that networks drew in place of a line repeat every so many pixels or fewer."""


def weighted_l1(output: paddle.Tensor, target: paddle.Tensor, weight: paddle.Tensor) -> paddle.Tensor:
    """Mean of weight * |output - target|; weight (N, 1, H, W)."""
    return (weight * (output - target).abs()).mean()


def edge_l1(output: paddle.Tensor, target: paddle.Tensor) -> paddle.Tensor:
    """L1 of the differences between neighbouring pixels: lines stay sharp, flat areas flat (Mathieu et al. 2016)."""
    error = output - target
    return (error[:, :, 1:] - error[:, :, :-1]).abs().mean() + (error[:, :, :, 1:] - error[:, :, :, :-1]).abs().mean()


def line_energy_l1(output: paddle.Tensor, target: paddle.Tensor, cell: int = 16) -> paddle.Tensor:
    """L1 between mean gradient magnitudes of `cell` x `cell` cells: as many lines, as dark, somewhere in the cell.

    Pixel losses answer doubt about where a line lies by leaving it out; this makes leaving it out cost. Gradients are
    those of means of 4x4 pixels: a comb of rows, dark and light in turn, has none, and so does not pass for a line.
    Images (N, C, H, W); H and W multiples of `cell`.
    """
    return (_energy(output, cell) - _energy(target, cell)).abs().mean()


def flatness(output: paddle.Tensor, target: paddle.Tensor, flat: float = 0.02) -> paddle.Tensor:
    """Fine texture where the target has none: mean |x - mean of its 3x3 neighbours| over places without any line near.

    L1 on gradients leaves a faint mesh everywhere, as it costs little; here only flat places count, each as much as
    any other. Images (N, C, H, W) in [-1, 1]; flat: the largest such difference of the target, in a 5x5 square around,
    that counts as flat.
    """
    wanted = F.max_pool2d(_fine(target).abs().max(axis=1, keepdim=True), 5, 1, 2)
    places = (wanted < flat).astype(output.dtype)
    return (_fine(output).abs() * places).sum() / (places.sum() * output.shape[1] + 1)


def _fine(image: paddle.Tensor) -> paddle.Tensor:
    return image - F.avg_pool2d(F.pad(image, [1, 1, 1, 1], mode="replicate"), 3, 1)


def _energy(image: paddle.Tensor, cell: int) -> paddle.Tensor:
    image = F.avg_pool2d(image, _COMB, 1)
    down = image[:, :, 1:, :-1] - image[:, :, :-1, :-1]
    right = image[:, :, :-1, 1:] - image[:, :, :-1, :-1]
    magnitude = (down.square() + right.square() + 1e-6).sqrt()
    return F.avg_pool2d(F.pad(magnitude, [_COMB // 2] * 4), cell, cell)
