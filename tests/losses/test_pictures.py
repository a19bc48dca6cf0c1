"""Distances between a drawing and its target."""

import numpy as np
import paddle

from ppgen.losses.pictures import flatness


def flat_and_lined(side: int = 32) -> np.ndarray:
    """White on the left, a black line on the right."""
    target = np.ones((1, 3, side, side), np.float32)
    target[..., 24:26] = -1
    return target


def test_flatness_counts_a_mesh_in_flat_places_only():
    target = flat_and_lined()
    mesh = np.zeros_like(target)
    mesh[..., ::2, ::2] = 0.1
    left, right = mesh.copy(), mesh.copy()
    left[..., 16:], right[..., :20] = 0, 0
    loss = {name: float(flatness(paddle.to_tensor(target + x), paddle.to_tensor(target)))
            for name, x in (("none", 0 * mesh), ("left", left), ("near the line", right))}  # fmt: skip
    assert loss["none"] < 1e-6
    assert loss["left"] > 3 * loss["near the line"]


def test_flatness_has_a_gradient_and_does_without_any_flat_place():
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32)
    output = paddle.to_tensor(noise)
    output.stop_gradient = False
    assert float(flatness(output, paddle.to_tensor(noise))) == 0
    flatness(output, paddle.zeros_like(output)).backward()
    assert float(output.grad.abs().sum()) > 0
