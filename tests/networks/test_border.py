"""Mirrored borders: Paddle's own values, whichever way they are made."""

import paddle
import paddle.nn.functional as F
import pytest

from ppgen.networks.blocks import border
from ppgen.networks.blocks.border import MirrorConv2D, mirror_border


@pytest.mark.parametrize("shape", [(1, 8, 64, 65), (2, 64, 18, 16), (1, 3, 7, 9), (1, 512, 8, 8), (1, 2, 5, 400)])
@pytest.mark.parametrize("width", [1, 3])
def test_equals_paddles_reflection(shape, width, monkeypatch):
    monkeypatch.setattr(border, "_LARGE", 2**12)
    x = paddle.randn(shape)
    ours, theirs = x.clone(), x.clone()
    ours.stop_gradient = theirs.stop_gradient = False
    found, expected = mirror_border(ours, width), F.pad(theirs, [width] * 4, mode="reflect")
    assert found.shape == expected.shape and bool((found == expected).all())
    pull = paddle.randn(found.shape)
    found.backward(pull)
    expected.backward(pull)
    assert float((ours.grad - theirs.grad).abs().max()) < 1e-6


def test_large_features_do_not_take_paddles_slow_way(monkeypatch):
    def never(*_, **__):
        raise AssertionError("padded by Paddle")

    x = paddle.randn([1, 16, 64, 64])
    monkeypatch.setattr(F, "pad", never)
    assert mirror_border(x, 1).shape == [1, 16, 66, 66]


def test_has_a_second_derivative():
    x = paddle.randn([1, 16, 64, 64])
    x.stop_gradient = False
    (slope,) = paddle.grad((mirror_border(x, 1) ** 3).sum(), x, create_graph=True)
    slope.sum().backward()
    plain = x.detach().clone()
    plain.stop_gradient = False
    (expected,) = paddle.grad((F.pad(plain, [1] * 4, mode="reflect") ** 3).sum(), plain, create_graph=True)
    expected.sum().backward()
    assert float((x.grad - plain.grad).abs().max()) < 1e-4


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (7, 1)])
def test_a_convolution_is_paddles_with_a_reflected_border(kernel, stride):
    ours = MirrorConv2D(16, 4, kernel, stride, bias=True)
    theirs = paddle.nn.Conv2D(16, 4, kernel, stride, padding=kernel // 2, padding_mode="reflect")
    theirs.set_state_dict(ours.state_dict())
    x = paddle.randn([1, 16, 48, 48])
    assert float((ours(x) - theirs(x)).abs().max()) < 1e-5


def test_works_in_a_traced_program(tmp_path):
    layer = MirrorConv2D(16, 4)
    layer.eval()
    x = paddle.randn([1, 16, 48, 48])
    traced = paddle.jit.to_static(layer, full_graph=True, input_spec=[paddle.static.InputSpec([None, 16, None, None])])
    assert float((traced(x) - layer(x)).abs().max()) < 1e-5
