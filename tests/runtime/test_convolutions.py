"""oneDNN's convolutions in place of Paddle's: the same numbers, on all the ways a training uses them."""

from contextlib import nullcontext

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from ppgen.losses.penalties import gradient_penalty
from ppgen.networks.blocks.border import mirror_border
from ppgen.networks.blocks.fir import conv_down, conv_up, downsample_filtered
from ppgen.runtime import convolutions, onednn
from ppgen.runtime.convolutions import bfloat16_products, fast_convolutions, gradients_of_pictures

try:
    onednn._library()
except onednn.OneDNNError as error:
    pytest.skip(str(error), allow_module_level=True)

CASES = {
    "plain": ([2, 8, 12, 10], [6, 8, 3, 3], {"padding": 1}),
    "stride": ([3, 4, 19, 17], [5, 4, 4, 4], {"stride": 2, "padding": [1, 1]}),
    "one-sided": ([2, 4, 11, 11], [4, 4, 3, 3], {"padding": [0, 1, 2, 1]}),
    "groups": ([2, 8, 12, 12], [6, 4, 3, 3], {"groups": 2}),
    "oblong": ([1, 4, 16, 12], [4, 4, 1, 3], {"padding": [0, 1]}),
}


def tensors(*shapes: list[int]) -> list[paddle.Tensor]:
    rng = np.random.default_rng(3)
    made = [paddle.to_tensor(rng.normal(0, 1, shape).astype(np.float32)) for shape in shapes]
    for tensor in made:
        tensor.stop_gradient = False
    return made


@pytest.fixture
def used(monkeypatch) -> list[str]:
    """The kinds of oneDNN's operations that were called."""
    convolutions._works()  # which tries oneDNN, once
    calls, original = [], onednn.primitive
    monkeypatch.setattr(onednn, "primitive", lambda kind, geometry: calls.append(kind) or original(kind, geometry))
    return calls


def both(compute) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What Paddle's own convolutions give, and oneDNN's."""
    plain = compute()
    with fast_convolutions():
        return plain, compute()


def assert_alike(pair: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    for plain, fast in zip(*pair, strict=True):
        np.testing.assert_allclose(fast, plain, rtol=0, atol=2e-5 * np.abs(plain).max())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bias", [False, True])
def test_outputs_and_gradients_are_paddles(case, bias, used):
    shape, kernel, options = CASES[case]

    def compute():
        x, weight, offset = tensors(shape, kernel, kernel[:1])
        y = F.conv2d(x, weight, offset if bias else None, **options)
        (y * y).mean().backward()
        return [each.numpy() for each in (y, x.grad, weight.grad, *([offset.grad] if bias else []))]

    assert_alike(both(compute))
    assert used == ["forward", "data", "weights"]


@pytest.mark.parametrize("case", CASES)
def test_second_derivatives_are_paddles(case, used):
    shape, kernel, options = CASES[case]

    def compute():
        x, weight, offset = tensors(shape, kernel, kernel[:1])
        y = F.leaky_relu(F.conv2d(x, weight, offset, **options), 0.2)
        with gradients_of_pictures():
            (slope,) = paddle.grad((y**3).sum(), x, create_graph=True)
        ((slope**2).sum() + y.sum()).backward()
        return [each.numpy() for each in (slope, x.grad, weight.grad, offset.grad)]

    assert_alike(both(compute))
    assert {"forward", "data", "weights"} <= set(used)


def test_a_penalized_critic_learns_the_same():
    def compute():
        paddle.seed(1)
        critic = nn.Sequential(
            nn.Conv2D(4, 8, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2D(8, 8, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2D(8, 1, 8),
        )
        real, fake = tensors([2, 4, 16, 16], [2, 4, 16, 16])
        gradient_penalty(critic, real, fake.detach(), paddle.full([2, 1, 1, 1], 0.3)).backward()
        return [weight.grad.numpy() for weight in critic.parameters() if weight.grad is not None]

    plain, fast = both(compute)
    assert len(plain) >= 3
    assert_alike((plain, fast))


@pytest.mark.parametrize("resample", [conv_up, conv_down, lambda x, _: downsample_filtered(x)])
def test_stylegans_resampling_is_the_same(resample, used):
    def compute():
        x, weight = tensors([2, 8, 16, 18], [6, 8, 3, 3])
        y = resample(x, weight)
        with gradients_of_pictures():
            (slope,) = paddle.grad((y**3).sum(), x, create_graph=True)
        ((slope**2).sum() + y.sum()).backward()
        return [each.numpy() for each in (y, slope, x.grad) + (() if weight.grad is None else (weight.grad,))]

    assert_alike(both(compute))
    assert {"forward", "data"} <= set(used)


@pytest.mark.skipif(not onednn.has_bfloat16(), reason="this processor does not multiply bfloat16 itself")
def test_factors_are_rounded_to_bfloat16_on_all_ways_and_filters_are_not(used, monkeypatch):
    halves, original = [], onednn.primitive
    monkeypatch.setattr(onednn, "primitive", lambda kind, g: halves.append(g.half) or original(kind, g))

    def compute(half: bool):
        x, weight = tensors([2, 8, 16, 18], [6, 8, 3, 3])
        with bfloat16_products() if half else nullcontext():
            y = conv_down(F.conv2d(x, weight, padding=1), tensors([6, 6, 3, 3])[0])
        (y * y).mean().backward()  # outside: what was begun in bfloat16 ends in it
        return [each.numpy() for each in (y, x.grad, weight.grad)]

    with fast_convolutions():
        plain, half = compute(False), compute(True)
    assert True in halves[len(halves) // 2 :] and not any(halves[: len(halves) // 2])
    for ours, theirs in zip(half, plain, strict=True):
        error = np.abs(ours - theirs).mean() / np.abs(theirs).mean()
        assert 1e-4 < error < 0.02  # eight bits

    with fast_convolutions(), bfloat16_products():
        filtered = downsample_filtered(tensors([2, 8, 32, 32])[0])
    np.testing.assert_allclose(filtered.numpy(), downsample_filtered(tensors([2, 8, 32, 32])[0]).numpy(), atol=1e-5)


@pytest.mark.parametrize("width", [1, 3])
def test_mirrored_borders_are_the_same(width):
    def compute():
        (x,) = tensors([2, 8, 66, 40])
        y = mirror_border(x, width)
        (slope,) = paddle.grad((y**3).sum(), x, create_graph=True)
        (slope**2).sum().backward()
        return [each.numpy() for each in (y, slope, x.grad)]

    assert_alike(both(compute))


@pytest.mark.parametrize(
    ("kernel", "options", "dtype"),
    [
        ([4, 8, 1, 1], {}, "float32"),
        ([4, 8, 3, 3], {"dilation": 2}, "float32"),
        ([4, 8, 3, 3], {"padding": "SAME"}, "float32"),
        ([4, 8, 3, 3], {}, "float64"),
        ([8, 1, 3, 3], {"groups": 8}, "float32"),
    ],
)
def test_what_onednn_does_not_take_stays_with_paddle(kernel, options, dtype, used):
    x, weight = (tensor.astype(dtype) for tensor in tensors([2, 8, 16, 16], kernel))
    with fast_convolutions():
        result = F.conv2d(x, weight, **options)
    assert not used
    np.testing.assert_array_equal(result.numpy(), F.conv2d(x, weight, **options).numpy())


def test_frozen_weights_get_no_gradient(used):
    x, weight = tensors([2, 8, 16, 16], [4, 8, 3, 3])
    weight.stop_gradient = True
    with fast_convolutions():
        F.conv2d(x, weight).sum().backward()
    assert x.grad is not None and weight.grad is None
    assert used == ["forward", "data"]


def test_an_environment_variable_and_the_end_of_the_block_bring_paddles_own_back(monkeypatch):
    own = F.conv2d
    with fast_convolutions():
        assert convolutions.active() and F.conv2d is not own
        with fast_convolutions():  # a validation within a training
            assert convolutions.active()
        assert convolutions.active()
    assert not convolutions.active() and F.conv2d is own
    monkeypatch.setenv(convolutions.VARIABLE, "paddle")
    with fast_convolutions():
        assert not convolutions.active()


def test_two_threads_do_not_share_arrays():
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(0)
    inputs = [paddle.to_tensor(rng.normal(0, 1, [2, 8, 24, 24]).astype(np.float32)) for _ in range(24)]
    weight = paddle.to_tensor(rng.normal(0, 1, [8, 8, 3, 3]).astype(np.float32))
    expected = [F.conv2d(each, weight).numpy() for each in inputs]
    with fast_convolutions(), ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda each: F.conv2d(each, weight).numpy(), inputs))
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-4)
