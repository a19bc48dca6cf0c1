"""Convolutions to few channels: Paddle's values and gradients, without its gathering."""

import paddle
import paddle.nn.functional as F
import pytest

from ppgen.networks.blocks.narrowing import NarrowingConv2D, convolve

CASES = [(24, 3, 7, 1), (8, 4, 3, 1), (8, 8, 3, 1), (8, 2, 3, 2)]


@pytest.mark.parametrize(("inside", "outside", "kernel", "stride"), CASES)
def test_equals_paddles_convolution(inside, outside, kernel, stride):
    made = []
    x, weight = paddle.randn([2, inside, 19, 22]), paddle.randn([outside, inside, kernel, kernel])
    bias, pull = paddle.randn([outside]), None
    for by in (convolve, F.conv2d):
        arguments = [value.detach().clone() for value in (x, weight, bias)]
        for value in arguments:
            value.stop_gradient = False
        found = by(*arguments, stride)
        pull = paddle.randn(found.shape) if pull is None else pull
        found.backward(pull)
        made.append([found, *(value.grad for value in arguments)])
    for ours, theirs in zip(*made, strict=True):
        assert ours.shape == theirs.shape
        assert float((ours - theirs).abs().max()) < 1e-5 * float(theirs.abs().max())


def test_a_narrow_end_is_not_gathered(monkeypatch):
    def never(*_, **__):
        raise AssertionError("gathered")

    layer = NarrowingConv2D(24, 3, 7)
    monkeypatch.setattr(F, "conv2d", never)
    assert layer(paddle.randn([1, 24, 16, 16])).shape == [1, 3, 10, 10]


def test_a_program_that_is_traced_keeps_the_convolution():
    layer = NarrowingConv2D(24, 3, 7)
    traced = paddle.jit.to_static(
        layer, full_graph=True, input_spec=[paddle.static.InputSpec([None, 24, None, None])]
    )
    names = [op.name() for op in traced.forward.concrete_program.main_program.global_block().ops]
    assert "pd_op.conv2d" in names and not any("transpose" in name for name in names)
