"""The Photo2Cartoon generator against recorded outputs of PaddleGAN's, for the same weights and photo."""

from __future__ import annotations

import goldens
import numpy as np
import paddle
import pytest

import ppgen.networks
from ppgen.errors import ConfigError, DataError
from ppgen.io.weights import load_into
from ppgen.networks.photo2cartoon import Photo2CartoonGenerator


def small(**changes) -> Photo2CartoonGenerator:
    return Photo2CartoonGenerator(**{"base_channels": 4, "image_size": 32, "blocks": 2, **changes})


def full_64_manifest() -> dict[str, list[int]]:
    """The manifest is of 256-pixel images; one linear layer reads all pixels of the bottleneck."""
    shapes = goldens.manifest("p2c_gen_full")
    shapes["FC.0.weight"] = [16 * 16 * 128, 128]
    return shapes


CASES = {
    "p2c_gen_default": (goldens.manifest("p2c_gen_default"), {}, (1, 3, 256, 256)),
    "p2c_gen_full_64": (full_64_manifest(), {"light": False, "image_size": 64}, (2, 3, 64, 64)),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_golden(name):
    shapes, arguments, input_shape = CASES[name]
    network = Photo2CartoonGenerator(**arguments)
    load_into(network, goldens.filled(shapes), strict=True)
    network.eval()
    with paddle.no_grad():
        found = network(paddle.to_tensor(goldens.image(name, input_shape)))
    for output, recorded in [("image", "out"), ("cam_logit", "cam_logit"), ("heatmap", "heatmap")]:
        error = goldens.relative_error(name, recorded, getattr(found, output).numpy())
        assert error < goldens.TOLERANCE, f"{output}: {error}"


def test_full_manifest_has_our_shapes():
    """At 256 pixels the full network's first style layer has 67 million weights; compare shapes only."""
    from ppgen.compat.state_keys import translate

    ours = {key: value.shape for key, value in Photo2CartoonGenerator(light=False).state_dict().items()}
    assert translate("Photo2CartoonGenerator", goldens.manifest("p2c_gen_full")) == ours


@pytest.mark.parametrize("light", [True, False])
def test_every_parameter_learns(light):
    paddle.seed(7)
    network = small(light=light)
    for name, share in network.named_parameters():  # at its start value 0 the content path is closed
        if "content_share" in name:
            share.set_value(paddle.full_like(share, 0.5))
    photo = paddle.to_tensor(goldens.image("small", (2, 3, 32, 32)))
    found = network(photo)
    assert found.image.shape == [2, 3, 32, 32] and found.heatmap.shape == [2, 1, 8, 8]
    assert float(found.image.abs().max()) <= 1
    (found.image.abs().sum() + found.cam_logit.sum()).backward()
    silent = [name for name, p in network.named_parameters() if p.grad is None or not np.any(p.grad.numpy())]
    assert silent == []


def test_light_takes_any_suitable_size_and_full_only_its_own():
    assert small()(paddle.zeros([1, 3, 48, 64])).image.shape == [1, 3, 48, 64]
    with pytest.raises(DataError, match="32x32 images only, got 64x64"):
        small(light=False)(paddle.zeros([1, 3, 64, 64]))
    with pytest.raises(DataError, match="multiples of 16"):
        small()(paddle.zeros([1, 3, 40, 40]))


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="image_size must be a multiple of 16 of at least 32, got 100"):
        Photo2CartoonGenerator(image_size=100)
    with pytest.raises(ConfigError, match="blocks=0"):
        Photo2CartoonGenerator(blocks=0)


def test_arguments_are_recorded_and_rebuild_the_network():
    network = small(light=False)
    rebuilt = Photo2CartoonGenerator(**network.constructor_args)
    assert {k: v.shape for k, v in rebuilt.state_dict().items()} == {
        k: v.shape for k, v in network.state_dict().items()
    }


def test_paddlegan_name_and_arguments():
    network = ppgen.networks.ResnetUGATITP2CGenerator(3, 3, ngf=4, img_size=32, n_blocks=1)
    assert type(network) is Photo2CartoonGenerator
    assert network.constructor_args == {
        "in_channels": 3, "out_channels": 3, "base_channels": 4, "image_size": 32, "blocks": 1, "light": True,
    }  # fmt: skip
