"""The first StyleGAN's networks: what the docstrings promise, level by level."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.errors import ConfigError, DataError
from ppgen.io.weights import save_network
from ppgen.losses.penalties import r1_penalty
from ppgen.networks.blocks.equalized import RectifiedConv
from ppgen.networks.blocks.fir import conv_up
from ppgen.networks.blocks.norm import AdaIN
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.networks.stylegan_discriminator import StyleGANDiscriminator
from ppgen.networks.stylegan_generator import StyleGANGenerator

WIDTHS = {"image_size": 16, "channel_multiplier": 0.01, "channel_max": 12}


def generator(level: float = 2.0) -> StyleGANGenerator:
    paddle.seed(4)
    network = StyleGANGenerator(latent_dim=8, mapping_layers=2, **WIDTHS)
    for layer in network.layers:
        layer.noise_strength.set_value(paddle.full(layer.noise_strength.shape, 0.1))
    network.set_level(level)
    network.eval()
    return network


def discriminator(level: float = 2.0) -> StyleGANDiscriminator:
    paddle.seed(5)
    network = StyleGANDiscriminator(**WIDTHS)
    network.set_level(level)
    return network


def latents(count: int = 3):
    return paddle.to_tensor(np.random.default_rng(1).standard_normal((count, 8), dtype=np.float32))


@pytest.mark.parametrize(("level", "side", "used"), [(0.0, 4, 2), (0.1, 8, 4), (1.0, 8, 4), (1.5, 16, 6), (2.0, 16, 6)])
def test_sides_and_layers_follow_the_level(level, side, used):
    network = generator(level)
    assert (network.latent_dim, network.classes, network.count, network.used_layers()) == (8, None, 6, used)
    pictures = network.generate(latents(4))
    assert pictures.shape == [4, 3, side, side]
    assert discriminator(level)(pictures).shape == [4, 1]
    np.testing.assert_array_equal(network(latents(4)).numpy(), pictures.numpy())


def test_a_fade_begins_where_the_stage_before_ended_and_ends_where_the_next_begins():
    real = paddle.uniform([4, 3, 16, 16], min=-1, max=1)
    found = {level: generator(level).generate(latents()).numpy() for level in (1.0, 1.0001, 1.9999, 2.0)}
    np.testing.assert_allclose(found[1.0001], found[1.0].repeat(2, axis=2).repeat(2, axis=3), atol=2e-3)
    np.testing.assert_allclose(found[1.9999], found[2.0], atol=2e-3)
    assert np.abs(found[2.0] - found[1.0001]).max() > 0.1
    coarse, fading = discriminator(1.0)(downsample_mean(real)), discriminator(1.0001)(real)
    np.testing.assert_allclose(fading.numpy(), coarse.numpy(), atol=2e-3)
    np.testing.assert_allclose(discriminator(1.9999)(real).numpy(), discriminator(2.0)(real).numpy(), atol=2e-3)


def test_the_widths_and_the_noise_of_every_layer():
    network = generator()
    assert [layer.bias.shape[0] for layer in network.layers] == [12, 12, 12, 12, 10, 10]
    assert network.noise_shapes() == [(1, 4, 4)] * 2 + [(1, 8, 8)] * 2 + [(1, 16, 16)] * 2
    assert network.layers[0].weight is None and len(network.mapping.layers) == 2
    # a hundredth of the rate: weights start a hundred times as large and are used a hundredth as strong
    assert float(network.mapping.layers[0].weight.std()) == pytest.approx(100, rel=0.2)
    w = StyleGANGenerator(16, 64, 8, 0.01, 12).map(paddle.randn([500, 64]))
    assert 0.1 < float(w.std()) < 3


def test_fine_styles_that_start_low_give_pictures_alike_in_colour_and_coarse_ones_are_left_as_they_are():
    spread = []
    for std in (1.0, 0.1):
        paddle.seed(4)
        network = StyleGANGenerator(latent_dim=64, style_std=std, **WIDTHS)
        found = [float(layer.style.weight.std()) for layer in network.layers]
        assert found == pytest.approx([1, 1, 1, 1, std, std], rel=0.1)
        pictures = network.generate(paddle.randn([64, 64])).numpy()
        spread.append(pictures.mean(axis=(2, 3)).std(axis=0).mean())
    assert spread[1] < 0.2 * spread[0]


def test_adain_gives_every_channel_its_style():
    stretch, shift = paddle.to_tensor([[2.0, 0.5, 1.0]]), paddle.to_tensor([[-1.0, 3.0, 0.0]])
    x = paddle.randn([2, 3, 9, 7]) * 5 + 4
    out = AdaIN()(x, stretch.expand([2, 3]), shift.expand([2, 3])).numpy()
    np.testing.assert_allclose(out.mean(axis=(2, 3)), shift.expand([2, 3]).numpy(), atol=1e-5)
    np.testing.assert_allclose(out.std(axis=(2, 3)), stretch.expand([2, 3]).numpy(), rtol=1e-4)


def blurred(x):
    """[1, 2, 1] along both axes, zeros around."""
    kernel = paddle.to_tensor(np.outer([1, 2, 1], [1, 2, 1]).astype("float32")[None, None] / 16)
    batch, channels, height, width = x.shape
    flat = paddle.nn.functional.conv2d(x.reshape([-1, 1, height, width]), kernel, padding=1)
    return flat.reshape([batch, channels, height, width])


def test_upsampling_is_the_papers_repeat_convolve_blur_but_at_the_border():
    x, weight = paddle.randn([2, 5, 8, 8]), paddle.randn([4, 5, 3, 3])
    flipped = weight.flip([2, 3])  # a transposed convolution reads its kernel the other way round
    wanted = blurred(paddle.nn.functional.conv2d(upsample_nearest(x), flipped, padding=1))
    inside = (slice(None), slice(None), slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(conv_up(x, weight)[inside].numpy(), wanted[inside].numpy(), atol=1e-4)


def test_downsampling_is_the_papers_blur_convolve_average_but_at_the_border():
    layer, x = RectifiedConv(5, 4, 3, down=True), paddle.randn([2, 5, 16, 16])
    weight = layer.weight * layer.scale
    wanted = downsample_mean(paddle.nn.functional.conv2d(blurred(x), weight, padding=1))
    wanted = paddle.nn.functional.leaky_relu(wanted, 0.2)
    inside = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(layer(x)[inside].numpy(), wanted[inside].numpy(), atol=1e-4)


def test_every_w_changes_the_picture_once_its_layer_takes_part():
    for level, used in ((1.0, 4), (2.0, 6)):
        network = generator(level)
        w_plus = network.spread(network.map(latents(1)))
        base = network.synthesize(w_plus).numpy()
        for index in range(6):
            moved = w_plus.numpy().copy()
            moved[:, index] += np.linspace(-1, 1, 8, dtype=np.float32)
            change = np.abs(network.synthesize(paddle.to_tensor(moved)).numpy() - base).max()
            assert (change > 1e-4) == (index < used), (level, index)


def test_truncation_and_noise():
    network = generator()
    network.mean_latent.set_value(np.arange(1, 9, dtype=np.float32))
    half = network.spread(network.map(latents()), 0.5)
    middle = (network.map(latents()).numpy() + np.arange(1, 9)) / 2
    np.testing.assert_allclose(half[:, 5].numpy(), middle, rtol=1e-5)
    truncated = network.generate(latents(), truncation=0.5).numpy()
    np.testing.assert_allclose(truncated, network.synthesize(half).numpy(), atol=1e-5)
    stored = [layer.noise for layer in network.layers]
    np.testing.assert_array_equal(network.generate(latents(), noise=stored).numpy(), network(latents()).numpy())
    silent = network.generate(latents(), noise=[None] * 6).numpy()
    zeros = network.generate(latents(), noise=[paddle.zeros([3, *shape]) for shape in network.noise_shapes()]).numpy()
    np.testing.assert_allclose(silent, zeros, atol=1e-5)
    assert np.abs(silent - network(latents()).numpy()).max() > 1e-2


@pytest.mark.parametrize("level", [1.0, 1.5])
def test_saved_weights_know_how_far_they_have_grown(tmp_path, level):
    network = generator(level)
    save_network(network, tmp_path / "g.safetensors")
    again = hub.load(tmp_path / "g.safetensors")
    np.testing.assert_array_equal(again(latents()).numpy(), network(latents()).numpy())


def test_r1_and_its_gradient_equal_finite_differences():
    """Through the fade too: the derivative of E[|grad D|^2] by one weight of every kind of layer."""
    network = discriminator(1.5)
    network.to(dtype="float64")
    data = np.random.default_rng(2).uniform(-1, 1, (2, 3, 16, 16))

    def penalty():
        real = paddle.to_tensor(data)
        real.stop_gradient = False
        return r1_penalty(network(real), real)

    value = penalty()
    value.backward()
    pixel = paddle.to_tensor(data)
    pixel.stop_gradient = False
    (slope,) = paddle.grad(network(pixel).sum(), pixel)
    assert float(value) == pytest.approx(float(slope.square().sum()) / 2, rel=1e-9)
    for name in (
        "from_image.2.weight",
        "from_image.1.weight",
        "blocks.1.0.weight",
        "blocks.1.1.weight",
        "verdict.weight",
    ):
        weight = dict(network.named_parameters())[name]
        place, original, found = (0,) * weight.ndim, weight.numpy().copy(), []
        for sign in (1, -1):
            moved = original.copy()
            moved[place] += sign * 1e-5
            weight.set_value(moved)
            found.append(float(penalty()))
        weight.set_value(original)
        wanted = (found[0] - found[1]) / 2e-5
        assert float(weight.grad.numpy()[place]) == pytest.approx(wanted, rel=1e-3, abs=1e-9), name


def test_bad_arguments_are_named():
    for network in (StyleGANGenerator, StyleGANDiscriminator):
        with pytest.raises(ConfigError, match="8, 16, 32"):
            network(image_size=48)
    with pytest.raises(DataError, match=r"expected shape \(N, 8\), found \(3, 9\)"):
        generator().map(paddle.zeros([3, 9]))
    with pytest.raises(DataError, match=r"expected shape \(N, 6, 8\)"):
        generator().synthesize(paddle.zeros([3, 5, 8]))
    with pytest.raises(DataError, match="each of 6 layers, found 4"):
        generator().generate(latents(), noise=[None] * 4)
    with pytest.raises(DataError, match="StyleGANGenerator was trained without classes"):
        generator().generate(latents(), paddle.zeros([3], "int64"))
