"""Distances between a picture and its target."""

from __future__ import annotations

import paddle


def weighted_l1(output: paddle.Tensor, target: paddle.Tensor, weight: paddle.Tensor) -> paddle.Tensor:
    """Mean of weight * |output - target|; weight (N, 1, H, W)."""
    return (weight * (output - target).abs()).mean()


def edge_l1(output: paddle.Tensor, target: paddle.Tensor) -> paddle.Tensor:
    """L1 of the differences between neighbouring pixels: lines stay sharp, flat areas flat (Mathieu et al. 2016)."""
    error = output - target
    return (error[:, :, 1:] - error[:, :, :-1]).abs().mean() + (error[:, :, :, 1:] - error[:, :, :, :-1]).abs().mean()
