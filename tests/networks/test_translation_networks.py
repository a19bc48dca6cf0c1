"""Generators and discriminators of image translation against recorded outputs of PaddleGAN's."""

from __future__ import annotations

import goldens
import numpy as np
import paddle
import pytest

import ppgen.networks as networks
from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, DataError
from ppgen.io.weights import load_into
from ppgen.networks.blocks.norm_choice import mixes_samples

paddle.seed(7)

UGATIT_OUTPUTS = ("cam_logit", "heatmap")
# golden -> PaddleGAN's name and arguments, kind of fill, input shape, what else it returns
CASES = {
    "pix2pix_unet": ("UnetGenerator", (3, 3, 8), "plain", (1, 3, 256, 256), ()),
    "cyclegan_resnet": ("ResnetGenerator", (3, 3, 64, "instance", False, 9), "plain", (1, 3, 256, 256), ()),
    "ugatit_gen_light": ("ResnetUGATITGenerator", (3, 3, 64, 4, 256, True), "plain", (1, 3, 256, 256), UGATIT_OUTPUTS),
    "ugatit_disc_g_p2c": ("UGATITDiscriminator", (3, 32, 7), "spectral", (2, 3, 256, 256), UGATIT_OUTPUTS),
    "ugatit_disc_l_p2c": ("UGATITDiscriminator", (3, 32, 5), "spectral", (2, 3, 256, 256), UGATIT_OUTPUTS),
}
SLOW = ("pix2pix_unet", "cyclegan_resnet", "ugatit_gen_light")


def image(*shape: int):
    return paddle.to_tensor(goldens.image("small", shape))


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in CASES])
def test_equals_golden(name):
    old_name, arguments, kind, shape, others = CASES[name]
    network = getattr(networks, old_name)(*arguments)
    load_into(network, goldens.filled(goldens.manifest(name), kind), strict=True)
    network.eval()
    with paddle.no_grad():
        found = network(paddle.to_tensor(goldens.image(name, shape)))
    outputs = [found] if not others else list(found)
    for recorded, output in zip(("out", *others), outputs, strict=True):
        error = goldens.relative_error(name, recorded, output.numpy())
        assert error < goldens.TOLERANCE, f"{recorded}: {error}"


@pytest.mark.parametrize("layers", [5, 7])
def test_light_discriminators_have_the_manifests_shapes(layers):
    network = networks.UGATITDiscriminator(3, 64, layers)
    old = goldens.manifest({5: "ugatit_disc_l_light", 7: "ugatit_disc_g_light"}[layers])
    ours = translate(type(network).__name__, old)
    assert ours == {key: list(value.shape) for key, value in network.state_dict().items()}


def test_full_generator_has_the_manifests_shapes():
    """At 256 pixels its first style layer has 268 million weights: build it at 32 and scale that one shape."""
    network = networks.ResnetUGATITGenerator(3, 3, 64, 4, 32, False)
    found = {key: list(value.shape) for key, value in network.state_dict().items()}
    assert found["style.hidden.weight"] == [8 * 8 * 256, 256]
    found["style.hidden.weight"] = [64 * 64 * 256, 256]
    assert translate("ResnetUGATITGenerator", goldens.manifest("ugatit_gen_full")) == found


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("levels", [2, 5, 7])
def test_unet_shapes_and_paddlegans_keys(norm, levels):
    """A U-Net of any depth takes the keys PaddleGAN's nesting would have; here they are made by hand."""
    network = networks.UNetGenerator(base_channels=4, levels=levels, norm=norm).eval()
    old = {}
    for key, value in network.state_dict().items():
        way, level, part, leaf = key.split(".")
        level, inner = int(level), int(level) == levels - 1
        places = {"conv": 5, "norm": 6} if way == "up" else {"conv": 1, "norm": 2}
        if way == "up" and inner:
            places = {"conv": 3, "norm": 4}
        if level == 0:
            head, place = "model.model.", 3 if way == "up" else 0
        else:
            head, place = "model.model.1.model." + "3.model." * (level - 1), places[part]
        old[f"{head}{place}.{leaf}"] = value.numpy() + 1
        if part == "norm" and norm == "batch":
            old[f"{head}{place}._mean"] = old[f"{head}{place}._variance"] = np.zeros(value.shape, np.float32)
    wanted = {key: value.numpy() + 1 for key, value in network.state_dict().items()}
    load_into(network, old, strict=True)
    for key, value in network.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), wanted[key])
    side = 2**levels
    assert network(image(2, 3, side, 2 * side)).shape == [2, 3, side, 2 * side]


def test_unet_drops_features_in_training_only():
    network = networks.UNetGenerator(base_channels=4, levels=6, norm="instance", dropout=True)
    assert [i for i, level in enumerate(network.up) if level.dropout is not None] == [4]
    x = image(1, 3, 64, 64)
    assert float((network(x) - network(x)).abs().max()) > 0
    network.eval()
    assert float((network(x) - network(x)).abs().max()) == 0


BUILDS = {
    "unet": lambda: networks.UNetGenerator(base_channels=4, levels=3, norm="batch"),
    "resnet": lambda: networks.ResNetGenerator(base_channels=4, blocks=2, norm="batch"),
    "ugatit": lambda: networks.UGATITGenerator(base_channels=4, image_size=16, blocks=1),
    "ugatit full": lambda: networks.UGATITGenerator(base_channels=4, image_size=16, blocks=1, light=False),
    "attention": lambda: networks.AttentionDiscriminator(base_channels=4, layers=3),
    "pixel": lambda: networks.PixelwiseDiscriminator(base_channels=4),
}


@pytest.mark.parametrize("name", BUILDS)
def test_every_parameter_learns(name):
    paddle.seed(3)
    network = BUILDS[name]()
    found = network(image(2, 3, 16, 16))
    found = [found] if not isinstance(found, tuple) else list(found)
    paddle.add_n([(value * paddle.randn(value.shape)).sum() for value in found]).backward()
    silent = [k for k, p in network.named_parameters() if p.trainable and (p.grad is None or not p.grad.abs().max())]
    assert silent == []


def test_only_batch_statistics_mix_samples():
    assert mixes_samples(BUILDS["unet"]()) and mixes_samples(BUILDS["resnet"]())
    for name in ("ugatit", "attention", "pixel"):
        assert not mixes_samples(BUILDS[name]()), name


def test_the_attention_reads_weights_before_normalization():
    """Doubling a classifier's stored weight leaves its normalized logit alone and changes the heat map."""
    network = networks.AttentionDiscriminator(base_channels=4, layers=3).eval()
    before = network(image(1, 3, 16, 16))
    network.mean_classifier.weight_orig.set_value(network.mean_classifier.weight_orig * 2)
    after = network(image(1, 3, 16, 16))
    np.testing.assert_allclose(after.cam_logit.numpy(), before.cam_logit.numpy(), rtol=1e-4, atol=1e-6)
    assert float((after.heatmap - before.heatmap).abs().max()) > 1e-3


def test_a_pixels_verdict_depends_on_that_pixel_alone():
    network = networks.PixelDiscriminator(3, ndf=4, norm_type="none")
    x = image(1, 3, 8, 8)
    y = x.clone()
    y[0, :, 2, 5] = 0.9
    changed = (network(x) - network(y)).abs().numpy()[0, 0] > 0
    assert np.argwhere(changed).tolist() == [[2, 5]]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: networks.UNetGenerator(norm="bacth"), "UNetGenerator: norm must be .* got 'bacth'"),
        (lambda: networks.ResNetGenerator(norm="group"), "ResNetGenerator: norm must be"),
        (lambda: networks.PixelwiseDiscriminator(norm="x"), "PixelwiseDiscriminator: norm must be"),
        (lambda: networks.UNetGenerator(levels=1), "levels=1"),
        (lambda: networks.ResNetGenerator(blocks=-1), "blocks=-1"),
        (lambda: networks.UGATITGenerator(blocks=0), "blocks=0"),
        (lambda: networks.UGATITGenerator(image_size=30), "got 30"),
        (lambda: networks.AttentionDiscriminator(layers=2), "layers=2"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("unet", (1, 3, 20, 16), "multiples of 8, got 20x16"),
        ("resnet", (1, 3, 18, 16), "multiples of 4 .* got 18x16"),
        ("ugatit", (1, 3, 12, 16), "at least 16, got 12x16"),
        ("ugatit full", (1, 3, 32, 32), "16x16 images only, got 32x32"),
        ("attention", (1, 3, 5, 16), "at least 6 pixels a side, got 5x16"),
    ],
)
def test_unsuitable_pictures_are_named(name, shape, message):
    with pytest.raises(DataError, match=message):
        BUILDS[name]()(paddle.zeros(shape))


def test_the_smallest_picture_a_discriminator_takes():
    assert networks.AttentionDiscriminator(base_channels=4, layers=4)(image(1, 3, 12, 12)).logit.shape == [1, 1, 1, 1]


@pytest.mark.parametrize("name", BUILDS)
def test_arguments_are_recorded_and_rebuild_the_network(name):
    network = BUILDS[name]()
    rebuilt = type(network)(**network.constructor_args)
    assert {k: v.shape for k, v in rebuilt.state_dict().items()} == {
        k: v.shape for k, v in network.state_dict().items()
    }
