"""StyleGAN2's networks: PaddleGAN's published outputs, its keys, and what each promise of the docstrings says."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.weights import load_into, save_network
from ppgen.networks.stylegan2_discriminator import StyleGAN2Discriminator, group_deviation
from ppgen.networks.stylegan2_generator import StyleGAN2Generator, widths_of
from tests import goldens

SMALL = {"image_size": 16, "latent_dim": 8, "mapping_layers": 2, "channel_multiplier": 0.01, "channel_max": 12}


def published(size: int) -> StyleGAN2Generator:
    network = StyleGAN2Generator(size, 512, 8)
    load_into(network, goldens.filled(goldens.manifest(f"stylegan2_gen_{size}"), "equalized"))
    network.eval()
    return network


def vector(name: str, *shape: int):
    return paddle.to_tensor(goldens.fill_rule.vector_input(name, shape))


@pytest.mark.slow
@pytest.mark.parametrize(("size", "batch"), [(64, 2), (256, 1)])
def test_generator_equals_published_outputs(size, batch):
    name = f"stylegan2_gen_{size}"
    network = published(size)
    network.mean_latent.set_value(0.3 * vector(f"{name}:truncation_latent", 1, 512).squeeze(0))
    z, other = vector(f"{name}:z", batch, 512), vector(f"{name}:z2", batch, 512)
    with paddle.no_grad():
        w = network.map(z)
        noise = [vector(f"{name}:noise_{i}", 1, *shape) for i, shape in enumerate(network.noise_shapes())]
        mixed = paddle.concat([network.spread(w)[:, :4], network.spread(network.map(other))[:, 4:]], axis=1)
        found = {
            "w": w,
            "buf_trunc07": network.generate(z, truncation=0.7),
            "noise_trunc07": network.generate(z, truncation=0.7, noise=noise),
            "mix4_trunc1": network.synthesize(mixed),
            "wplus_buf": network.synthesize(vector(f"{name}:wplus", batch, network.count, 512)),
        }
    errors = {key: goldens.relative_error(name, key, value.numpy()) for key, value in found.items()}
    assert max(errors.values()) < goldens.TOLERANCE, errors


@pytest.mark.slow
def test_discriminator_equals_published_output():
    network = StyleGAN2Discriminator(64)
    load_into(network, goldens.filled(goldens.manifest("stylegan2_disc_64"), "equalized"))
    with paddle.no_grad():
        out = network(paddle.to_tensor(goldens.image("stylegan2_disc_64", (4, 3, 64, 64))))
    assert goldens.relative_error("stylegan2_disc_64", "out", out.numpy()) < goldens.TOLERANCE


@pytest.mark.parametrize(
    "name", [f"stylegan2_gen_{s}" for s in (64, 256, 512, 1024)] + ["stylegan2_disc_64", "stylegan2_disc_256"]
)
def test_published_keys_and_shapes_are_ours(name):
    """Of every size that has weights: each array finds its place, and none is left over or missing."""
    size = int(name.rsplit("_", 1)[1])
    network = StyleGAN2Generator(size) if "gen" in name else StyleGAN2Discriminator(size)
    given = {key: np.zeros(shape, np.float32) for key, shape in goldens.manifest(name).items()}
    ours = translate(type(network).__name__, given)
    wanted = {key: list(value.shape) for key, value in network.state_dict().items()}
    wanted.pop("mean_latent", None)
    assert {key: list(value.shape) for key, value in ours.items()} == wanted


@pytest.fixture
def small():
    paddle.seed(4)
    network = StyleGAN2Generator(**SMALL)
    for layer in network.layers:
        layer.noise_strength.set_value(np.array([0.1], np.float32))
    network.eval()
    return network


def latents(count: int = 3):
    return paddle.to_tensor(np.random.default_rng(1).standard_normal((count, 8), dtype=np.float32))


def test_what_a_generator_promises(small):
    assert (small.latent_dim, small.classes, small.count) == (8, None, 6)
    assert small.generate(latents()).shape == [3, 3, 16, 16]
    assert [layer.conv.weight.shape[1] for layer in small.layers] == [12, 12, 12, 10, 10]
    np.testing.assert_array_equal(small(latents()).numpy(), small.generate(latents()).numpy())


def test_truncation_pulls_towards_the_mean_latent(small):
    w = small.map(latents())
    small.mean_latent.set_value(np.arange(1, 9, dtype=np.float32))
    mean = small.mean_latent.numpy()
    half = small.spread(w, 0.5).numpy()
    np.testing.assert_allclose(half, np.repeat(((w.numpy() + mean) / 2)[:, None], 6, axis=1), atol=1e-6)
    np.testing.assert_allclose(small.spread(w, 0.0).numpy()[2, 5], mean, atol=1e-6)
    wanted = small.synthesize(paddle.to_tensor(half))
    np.testing.assert_allclose(small.generate(latents(), truncation=0.5).numpy(), wanted.numpy(), atol=1e-6)


def test_a_mean_latent_that_no_file_told_is_found_once(small):
    z = np.random.default_rng(9).standard_normal((20000, 8), dtype=np.float32)
    wanted = small.map(paddle.to_tensor(z)).mean(axis=0).numpy()
    np.testing.assert_allclose(small.mean_of_latents().numpy(), wanted, atol=0.05)
    first = small.mean_latent.numpy().copy()
    assert first.any()
    small.mapping.layers[0].weight.set_value(small.mapping.layers[0].weight * 2)
    np.testing.assert_array_equal(small.mean_of_latents().numpy(), first)


def test_spread_of_latents(small):
    z = np.random.default_rng(8).standard_normal((3000, small.latent_dim), dtype=np.float32)
    w = small.map(paddle.to_tensor(z)).numpy()
    assert small.spread_of_latents() == pytest.approx(np.sqrt(w.var(axis=0).sum()), rel=0.05)


def test_published_weights_load_without_a_mean_latent_but_with_all_else(small):
    state = {key: value.numpy() for key, value in small.state_dict().items()}
    del state["mean_latent"]
    load_into(StyleGAN2Generator(**SMALL), state)
    del state["constant"]
    with pytest.raises(WeightsError, match="missing: constant"):
        load_into(StyleGAN2Generator(**SMALL), state)


def test_styles_of_w_plus_paint_the_same_picture(small):
    w_plus = paddle.to_tensor(np.random.default_rng(2).standard_normal((2, 6, 8), dtype=np.float32))
    styles = small.styles(w_plus)
    assert [s.shape[1] for s in styles] == [12, 12, 12, 12, 12, 12, 10, 10]
    np.testing.assert_array_equal(small.paint(styles).numpy(), small.synthesize(w_plus).numpy())


def test_every_entry_of_w_plus_changes_the_picture(small):
    w_plus = small.spread(small.map(latents(1)))
    base = small.synthesize(w_plus).numpy()
    for index in range(small.count):
        moved = w_plus.numpy().copy()
        moved[:, index] += 1
        assert np.abs(small.synthesize(paddle.to_tensor(moved)).numpy() - base).max() > 1e-4, index


def test_noise_given_stored_and_none(small):
    z = latents(2)
    stored = [layer.noise for layer in small.layers]
    np.testing.assert_array_equal(small.generate(z).numpy(), small.generate(z, noise=stored).numpy())
    silent = small.generate(z, noise=[None] * 5).numpy()
    zeros = small.generate(z, noise=[paddle.zeros([2, *shape]) for shape in small.noise_shapes()]).numpy()
    np.testing.assert_allclose(silent, zeros, atol=1e-6)
    assert np.abs(silent - small.generate(z).numpy()).max() > 1e-2
    with pytest.raises(DataError, match="each of 5 layers, found 4"):
        small.generate(z, noise=[None] * 4)


def test_saved_weights_make_the_same_pictures(small, tmp_path):
    from ppgen import hub

    small.mean_of_latents()
    save_network(small, tmp_path / "g.safetensors")
    again = hub.load(tmp_path / "g.safetensors")
    for truncation in (1.0, 0.5):
        pictures = [network.generate(latents(), truncation=truncation).numpy() for network in (small, again)]
        np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 48}, "8, 16, 32"),
        ({"image_size": 2048}, "1024, found 2048"),
        ({"channel_multiplier": 1e-4}, "no channel"),
    ],
)
def test_sizes_that_cannot_be_are_refused(arguments, message):
    for network in (StyleGAN2Generator, StyleGAN2Discriminator):
        with pytest.raises(ConfigError, match=message):
            network(**{"image_size": 16, **arguments})


def test_wrong_shapes_are_named(small):
    with pytest.raises(DataError, match=r"expected shape \(N, 8\), found \(3, 9\)"):
        small.map(paddle.zeros([3, 9]))
    with pytest.raises(DataError, match=r"expected shape \(N, 6, 8\)"):
        small.synthesize(paddle.zeros([3, 5, 8]))
    noise = [paddle.zeros([1, *shape]) for shape in small.noise_shapes()]
    noise[0] = paddle.zeros([1, 1, 8, 8])  # as many numbers as four maps of that layer
    with pytest.raises(DataError, match=r"noise of layer 0: expected shape \(N, 1, 4, 4\), found \(1, 1, 8, 8\)"):
        small.synthesize(paddle.zeros([4, 6, 8]), noise)
    with pytest.raises(DataError, match="without classes"):
        small.generate(latents(), paddle.zeros([3], "int64"))
    with pytest.raises(DataError, match="16, 16"):
        StyleGAN2Discriminator(16, 0.01, 12)(paddle.zeros([1, 3, 32, 32]))


def test_group_deviation_is_the_mean_deviation_of_each_group():
    x = np.random.default_rng(3).standard_normal((6, 2, 3, 3))
    with pytest.warns(UserWarning, match="compares 3 pictures, not 4, as 6 are seen"):  # {0, 2, 4} and {1, 3, 5}
        found = group_deviation(paddle.to_tensor(x), 4).numpy()
    np.testing.assert_array_equal(found[:, :2], x)
    for group in ([0, 2, 4], [1, 3, 5]):
        wanted = np.sqrt(x[group].var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(found[group, 2], wanted, rtol=1e-6)
    single = group_deviation(paddle.to_tensor(x[:1]), 4).numpy()
    np.testing.assert_allclose(single[:, 2], 1e-4, rtol=1e-3)


def test_the_discriminator_judges_groups_and_trains():
    paddle.seed(2)
    network = StyleGAN2Discriminator(16, 0.01, 12)
    logits = network(paddle.randn([4, 3, 16, 16]))
    assert logits.shape == [4, 1]
    (logits**2).mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not np.any(p.grad.numpy())] == []


def test_no_layer_is_narrower_than_asked_and_more_pixels_still_go_on_from_fewer():
    assert widths_of(128, 0.125, 256, 32) == [256, 256, 128, 64, 32, 32]
    with pytest.raises(ConfigError, match=r"channel_min: expected at most channel_max, 8, found 9"):
        widths_of(16, 1, 8, 9)
    paddle.seed(3)
    for kind, extra in ((StyleGAN2Generator, {"latent_dim": 4, "mapping_layers": 1}), (StyleGAN2Discriminator, {})):
        shape = {"channel_multiplier": 0.004, "channel_max": 8, "channel_min": 4, **extra}
        small, large = kind(16, **shape), kind(32, **shape)
        assert len(small.state_dict()) < len(large.state_dict())
        arrays = large.of_smaller({key: value.numpy() for key, value in small.state_dict().items()})
        assert arrays.keys() == large.state_dict().keys()


@pytest.mark.parametrize("side", [16, 32])
def test_a_grown_discriminator_begins_by_seeing_what_the_smaller_one_saw(side):
    paddle.seed(4)
    widths = {"channel_multiplier": 0.0078125 * side, "channel_max": 8}  # fewer filters read colours, as in ours
    small, large = StyleGAN2Discriminator(8, **widths), StyleGAN2Discriminator(side, **widths)
    small.from_rgb.bias.set_value(paddle.randn(small.from_rgb.bias.shape) / 3)
    large.set_state_dict(large.of_smaller({key: value.numpy() for key, value in small.state_dict().items()}))
    pictures = paddle.rand([64, 3, 1, 1]).expand([64, 3, 8, 8]) * 2 - 1  # flat: reducing them changes nothing
    pictures = pictures + 0.2 * paddle.nn.functional.interpolate(paddle.randn([64, 3, 2, 2]), size=[8, 8])
    enlarged = paddle.nn.functional.interpolate(pictures, size=[side, side], mode="bilinear")
    alike = np.corrcoef(small(pictures).numpy().ravel(), large(enlarged).numpy().ravel())[0, 1]
    assert alike > 0.9
    for other in (StyleGAN2Discriminator(8, 0.01, 4), StyleGAN2Discriminator(2 * side, **widths)):  # wider; larger
        arrays = {key: value.numpy() for key, value in other.state_dict().items()}
        assert large.of_smaller(arrays).keys() == arrays.keys()
