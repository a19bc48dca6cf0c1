"""Filtered resampling: against the definition in NumPy, and derivatives against finite differences."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.networks.blocks import fir
from ppgen.networks.blocks.equalized import EqualizedLinear, RectifiedConv, add_bias
from ppgen.networks.blocks.modulated import StyledConv, ToRGB

RNG = np.random.default_rng(4)
KERNEL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def random(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def tensor(array: np.ndarray):
    return paddle.to_tensor(array, dtype="float64")


def by_definition(x: np.ndarray, before: int, after: int, stride: int = 1, up: int = 1) -> np.ndarray:
    """Zeros between pixels, zeros around, every 4x4 window times the kernel."""
    wide = np.zeros((*x.shape[:2], x.shape[2] * up, x.shape[3] * up))
    wide[:, :, ::up, ::up] = x
    wide = np.pad(wide, [(0, 0), (0, 0), (before, after), (before, after)])
    rows, columns = wide.shape[2] - 3, wide.shape[3] - 3
    out = sum(KERNEL[i, j] * up * up * wide[:, :, i : i + rows, j : j + columns] for i in range(4) for j in range(4))
    return out[:, :, ::stride, ::stride]


@pytest.mark.parametrize(("before", "after", "stride", "up"), [(2, 2, 1, 1), (1, 1, 2, 1), (2, 1, 1, 2)])
def test_filter_equals_definition(before, after, stride, up):
    x = random(2, 3, 6, 8)
    found = fir.filtered(tensor(x), before, after, stride, up).numpy()
    np.testing.assert_allclose(found, by_definition(x, before, after, stride, up), atol=1e-12)


def test_large_pictures_are_filtered_alike(monkeypatch):
    x = tensor(random(1, 2, 12, 10))
    wanted = [f(x).numpy() for f in (fir.downsample_filtered, lambda x: fir.filtered(x, 2, 2))]
    monkeypatch.setattr(fir, "_LARGEST_MATRIX", 8)
    for f, value in zip((fir.downsample_filtered, lambda x: fir.filtered(x, 2, 2)), wanted):
        np.testing.assert_allclose(f(x).numpy(), value, atol=1e-12)


def test_brightness_is_kept_inside():
    x = paddle.ones([1, 1, 16, 16])
    for f in (fir.upsample_filtered, fir.downsample_filtered):
        np.testing.assert_allclose(f(x).numpy()[:, :, 2:-2, 2:-2], 1, atol=1e-6)


@pytest.mark.parametrize("cut", ["taps", "parity", "phases", None])
@pytest.mark.parametrize("side", [(4, 4), (6, 3)])
def test_conv_up_is_transposed_convolution_and_filter(cut, side):
    x, weight = random(2, 3, *side), random(5, 3, 3, 3)
    stretched = np.zeros((2, 5, 2 * side[0] + 1, 2 * side[1] + 1))
    for i in range(3):
        for j in range(3):
            stretched[:, :, i : i + 2 * side[0] : 2, j : j + 2 * side[1] : 2] += np.einsum(
                "oc,nchw->nohw", weight[:, :, i, j], x
            )
    wanted = 4 * by_definition(stretched, 1, 1)
    found = fir.conv_up(tensor(x), tensor(weight), cut).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_the_cut_follows_width_and_size():
    assert [fir._cut_for(c, s) for c, s in ((256, 8), (64, 32), (32, 256))] == ["taps", "parity", "phases"]


def test_conv_down_filters_first():
    x, weight = random(1, 2, 6, 6), random(3, 2, 3, 3)
    smooth = by_definition(x, 2, 2)
    wanted = np.zeros((1, 3, 3, 3))
    for i in range(3):
        for j in range(3):
            wanted += np.einsum("oc,nchw->nohw", weight[:, :, i, j], smooth[:, :, i : i + 6 : 2, j : j + 6 : 2])
    np.testing.assert_allclose(fir.conv_down(tensor(x), tensor(weight)).numpy(), wanted, atol=1e-12)


def test_modulation_equals_a_kernel_of_its_own_for_every_sample():
    """Eqs. 1 and 3 of the paper, with noise, bias and rectifier."""
    layer = StyledConv(3, 4, style_dim=5, side=6, up=False)
    layer.noise_strength.set_value(np.array([0.3], np.float32))
    layer.bias.set_value(random(4).astype(np.float32))
    layer.to(dtype="float64")
    x, style, noise = random(2, 3, 6, 6), random(2, 3), random(2, 1, 6, 6)
    own = layer.conv.weight.numpy() * style[:, None, :, None, None] / np.sqrt(27)
    own /= np.sqrt((own**2).sum(axis=(2, 3, 4), keepdims=True) + 1e-8)
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    wanted = sum(
        np.einsum("noc,nchw->nohw", own[:, :, :, i, j], padded[:, :, i : i + 6, j : j + 6])
        for i in range(3)
        for j in range(3)
    )
    wanted += 0.3 * noise + layer.bias.numpy()[:, None, None]
    wanted = np.sqrt(2) * np.where(wanted > 0, wanted, 0.2 * wanted)
    np.testing.assert_allclose(layer(tensor(x), tensor(style), tensor(noise)).numpy(), wanted, atol=1e-6)
    shared = layer(tensor(x), tensor(style), tensor(noise[:1]))
    np.testing.assert_allclose(shared[:1].numpy(), wanted[:1], atol=1e-6)
    quiet = layer(tensor(x), tensor(style), None)
    np.testing.assert_allclose(quiet.numpy(), layer(tensor(x), tensor(style), tensor(noise) * 0).numpy(), atol=1e-12)


def test_to_rgb_adds_to_the_enlarged_picture():
    layer = ToRGB(4, style_dim=5)
    layer.bias.set_value(random(1, 3, 1, 1).astype(np.float32))
    layer.to(dtype="float64")
    x, style, picture = random(2, 4, 6, 6), random(2, 4), random(2, 3, 3, 3)
    weight = layer.conv.weight.numpy()[0, :, :, 0, 0] / 2
    wanted = np.einsum("oc,nc,nchw->nohw", weight, style, x) + layer.bias.numpy()
    np.testing.assert_allclose(layer(tensor(x), tensor(style), None).numpy(), wanted, atol=1e-6)
    wanted = wanted + by_definition(picture, 2, 1, up=2)
    np.testing.assert_allclose(layer(tensor(x), tensor(style), tensor(picture)).numpy(), wanted, atol=1e-6)


def styled(up: bool):
    layer = StyledConv(3, 4, style_dim=5, side=8 if up else 4, up=up)
    style = tensor(random(2, 3))
    return layer, lambda x: layer(x, style, layer.noise)


def equalized(down: bool):
    layer = RectifiedConv(3, 4, 3, down=down)
    return layer, layer


def up(cut: str):
    weight = tensor(random(4, 3, 3, 3))
    return None, lambda x: fir.conv_up(x, weight, cut)


def biased():
    bias = tensor(random(3))
    return None, lambda x: add_bias(x, bias)


CASES = {
    "down": lambda: (None, fir.downsample_filtered),
    "up": lambda: (None, fir.upsample_filtered),
    "taps": lambda: up("taps"),
    "parity": lambda: up("parity"),
    "phases": lambda: up("phases"),
    "conv": lambda: equalized(False),
    "conv_down": lambda: equalized(True),
    "styled": lambda: styled(False),
    "styled_up": lambda: styled(True),
    "bias": biased,
}


@pytest.mark.parametrize("case", CASES)
def test_second_derivative_equals_finite_difference(case):
    layer, function = CASES[case]()
    if layer is not None:
        layer.to(dtype="float64")
    x, direction = random(2, 2, 3, 4, 4)

    def penalty(at: np.ndarray, differentiate: bool):
        point = paddle.to_tensor(at, stop_gradient=False)
        (gradient,) = paddle.grad((function(point) ** 3).sum(), point, create_graph=True)
        value = (gradient**2).sum()
        return paddle.grad(value, point)[0].numpy() if differentiate else float(value)

    step = 1e-6
    numeric = (penalty(x + step * direction, False) - penalty(x - step * direction, False)) / (2 * step)
    assert (penalty(x, True) * direction).sum() == pytest.approx(numeric, rel=1e-4)


def test_slow_layers_start_alike_and_learn_slowly():
    slow, plain = EqualizedLinear(300, 200, rate=0.01, activate=True), EqualizedLinear(300, 200, activate=True)
    x = paddle.to_tensor(random(40, 300).astype(np.float32))
    assert float(slow(x).std()) == pytest.approx(float(plain(x).std()), rel=0.05)
    assert float(slow.weight.std()) == pytest.approx(100, rel=0.05)
    gains = [layer.scale for layer in (slow, plain)]  # what a step of Adam moves the used weight by
    assert gains[0] == pytest.approx(0.01 * gains[1])
