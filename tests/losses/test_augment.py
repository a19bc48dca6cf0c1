"""Augmentation: each change does what its name says, is differentiable twice, and ADA's p follows r_t."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.losses import augment_parameters as parameters
from ppgen.losses.augment import AdaptiveAugment, LightAugment, recolor, warp

RNG = np.random.default_rng(3)


def draws(seed: int = 0):
    """(normal, uniform) as a Step offers them."""
    rng = np.random.default_rng(seed)
    return (
        lambda *shape: paddle.to_tensor(rng.standard_normal(shape)),
        lambda *shape: paddle.to_tensor(rng.random(shape)),
    )


def pictures(*shape: int):
    return paddle.to_tensor(RNG.uniform(-1, 1, shape))


def affine(**entries: float) -> np.ndarray:
    matrix = np.eye(2, 3)
    for place, value in entries.items():
        matrix[int(place[1]), int(place[2])] = value
    return matrix[None]


def test_warp_by_whole_pixels_mirrors_at_the_borders():
    x = np.arange(12.0).reshape(1, 1, 3, 4)
    same = warp(paddle.to_tensor(x), affine()).numpy()
    np.testing.assert_allclose(same, x)
    moved = warp(paddle.to_tensor(x), affine(_02=2)).numpy()  # shows what is two to the right
    np.testing.assert_allclose(moved[0, 0, 0], [2, 3, 2, 1])
    mirrored = warp(paddle.to_tensor(x), affine(_00=-1)).numpy()
    np.testing.assert_allclose(mirrored, x[:, :, :, ::-1])
    quarter = np.array([[[0.0, -1, 0], [1, 0, 0]]])
    square = RNG.standard_normal((1, 2, 5, 5))
    np.testing.assert_allclose(
        warp(paddle.to_tensor(square), quarter).numpy(), np.rot90(square, axes=(2, 3)), atol=1e-12
    )


def test_warp_between_pixels_is_linear_and_each_picture_has_its_own_matrix():
    ramp = np.broadcast_to(np.arange(8.0), (2, 1, 8, 8)).copy()
    both = np.concatenate([affine(_02=0.25), affine(_02=-1.5)])
    found = warp(paddle.to_tensor(ramp), both).numpy()
    np.testing.assert_allclose(found[0, 0, :, 2:6], ramp[0, 0, :, 2:6] + 0.25)
    np.testing.assert_allclose(found[1, 0, :, 2:6], ramp[1, 0, :, 2:6] - 1.5)


def one_change(place: int, how: dict[int, float] = {}, amounts: dict[int, float] = {}):  # noqa: B006
    """Random numbers by which only the change decided by number `place` happens, at p = 0.5."""
    chances, normal = np.full((1, parameters.UNIFORMS), 0.9), np.zeros((1, parameters.NORMALS))
    chances[0, place] = 0.0
    for key, value in how.items():
        chances[0, key] = value
    for key, value in amounts.items():
        normal[0, key] = value
    return chances, normal


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        (one_change(20), [[1, 0, 0], [0, 1, 0]]),
        (one_change(0, {8: 0.0}), [[-1, 0, 0], [0, 1, 0]]),
        (one_change(1, {9: 0.3}), [[0, 1, 0], [-1, 0, 0]]),
        (one_change(2, {10: 1.0, 11: 0.5}), [[1, 0, -2], [0, 1, 0]]),
        (one_change(3, amounts={0: 5}), [[0.5, 0, 0], [0, 0.5, 0]]),
        (one_change(4, {12: 0.75}), [[0, 1, 0], [-1, 0, 0]]),
        (one_change(5, amounts={1: 5}), [[0.5, 0, 0], [0, 2, 0]]),
        (one_change(6, {13: 0.25}), [[0, -1, 0], [1, 0, 0]]),
        (one_change(7, amounts={2: 1.0, 3: -1.0}), [[1, 0, -2], [0, 1, 2]]),
    ],
    ids=["nothing", "mirror", "quarter", "whole", "scale", "turn", "uneven", "turn_again", "drift"],
)
def test_geometry_of_one_change(numbers, wanted):
    np.testing.assert_allclose(parameters.geometry(*numbers, 0.5, 16, 16)[0], wanted, atol=1e-12)


GREY = np.full((3, 3), 1 / 3)


@pytest.mark.parametrize(
    ("numbers", "linear", "offset"),
    [
        (one_change(20), np.eye(3), 0),
        (one_change(14, amounts={4: 1.0}), np.eye(3), 0.2),
        (one_change(15, amounts={5: 2.0}), 2 * np.eye(3), 0),
        (one_change(16, {19: 0.0}), np.eye(3) - 2 * GREY, 0),
        (one_change(17, {20: 5 / 6}), [[0, 0, 1], [1, 0, 0], [0, 1, 0]], 0),
        (one_change(18, amounts={6: 1.0}), 2 * np.eye(3) - GREY, 0),
    ],
    ids=["nothing", "brightness", "contrast", "luma flip", "hue by a third", "saturation"],
)
def test_colour_of_one_change(numbers, linear, offset):
    found = parameters.colour(*numbers, 0.5)[0]
    np.testing.assert_allclose(found[:, :3], linear, atol=1e-12)
    np.testing.assert_allclose(found[:, 3], offset, atol=1e-12)


def test_recolor_applies_an_affine_map():
    x, matrix = pictures(2, 3, 4, 4), RNG.standard_normal((2, 3, 4))
    wanted = np.einsum("nij,njhw->nihw", matrix[:, :, :3], x.numpy()) + matrix[:, :, 3, None, None]
    np.testing.assert_allclose(recolor(x, matrix).numpy(), wanted, atol=1e-12)


def test_at_probability_zero_nothing_happens_and_at_one_every_picture_changes():
    x = pictures(6, 3, 8, 8)
    np.testing.assert_array_equal(AdaptiveAugment(start=0.0)(x, *draws()).numpy(), x.numpy())
    changed = AdaptiveAugment(start=1.0)(x, *draws()).numpy()
    assert (np.abs(changed - x.numpy()).max(axis=(1, 2, 3)) > 0.05).all()


def test_rotation_happens_with_probability_p():
    chances = np.random.default_rng(0).random((20000, parameters.UNIFORMS))
    chances[:, [0, 1, 2, 3, 5, 7]] = 1  # nothing else
    matrices = parameters.geometry(chances, np.zeros((20000, parameters.NORMALS)), 0.4, 8, 8)
    turned = np.abs(matrices[:, 0, 1]) > 1e-9
    assert turned.mean() == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("augment", [AdaptiveAugment(start=0.8), LightAugment()], ids=["ada", "light"])
def test_second_derivative_equals_finite_difference(augment):
    x, direction = RNG.standard_normal((2, 2, 3, 8, 8))

    def penalty(at: np.ndarray, differentiate: bool):
        point = paddle.to_tensor(at, stop_gradient=False)
        (gradient,) = paddle.grad((augment(point, *draws(1)) ** 3).sum(), point, create_graph=True)
        value = (gradient**2).sum()
        return paddle.grad(value, point)[0].numpy() if differentiate else float(value)

    step = 1e-6
    numeric = (penalty(x + step * direction, False) - penalty(x - step * direction, False)) / (2 * step)
    assert (penalty(x, True) * direction).sum() == pytest.approx(numeric, rel=1e-4)


def test_light_augment_shifts_and_cuts_but_keeps_the_rest():
    rows, columns, kept = parameters.shift_and_hole(np.array([[0.999, 0.0, 0.5, 0.5]]), 16, 16)
    x = RNG.standard_normal((16, 16))
    moved = rows[0, 0] @ x @ columns[0, 0]
    np.testing.assert_allclose(moved[2:, :-2], x[:-2, 2:])  # two down, two left
    assert not moved[:2].any() and not moved[:, -2:].any()
    assert (kept[0, 0] == 0).sum() == 64 and not kept[0, 0, 4:12, 4:12].any()


def test_p_rises_while_the_discriminator_is_too_sure_and_falls_again():
    augment = AdaptiveAugment(target=0.6, images=1000, interval=4)
    for _ in range(8):
        augment.observe(0.9, 10)
    assert augment.p == pytest.approx(0.08)
    for _ in range(4):
        augment.observe(0.2, 10)
    assert augment.p == pytest.approx(0.04)
    for _ in range(8):
        augment.observe(-1.0, 100)
    assert augment.p == 0.0


def test_ada_goes_on_from_a_checkpoint():
    one = AdaptiveAugment(images=1000, start=0.5)
    for _ in range(6):
        one.observe(0.9, 10)
    two = AdaptiveAugment(images=1000)
    two.restore(one.arrays())
    for augment in (one, two):
        augment.observe(0.9, 10)
        augment.observe(-1.0, 10)
    assert one.p == two.p and one.arrays()["state"].tolist() == two.arrays()["state"].tolist()
