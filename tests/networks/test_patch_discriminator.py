"""The PatchGAN discriminator against recorded outputs of PaddleGAN's, and what gradient penalties need."""

from __future__ import annotations

import goldens
import numpy as np
import paddle
import pytest

import ppgen.networks
from ppgen.errors import ConfigError
from ppgen.io.weights import load_into
from ppgen.networks.patch_discriminator import PatchDiscriminator


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("pix2pix_nlayer", {"in_channels": 6, "norm": "batch"}), ("cyclegan_nlayer", {"norm": "instance"})],
)
def test_equals_golden(name, arguments):
    network = PatchDiscriminator(**arguments)
    shapes = goldens.manifest(name)
    load_into(network, goldens.filled(shapes), strict=True)
    network.eval()
    images = paddle.to_tensor(goldens.image(name, (2, network.constructor_args["in_channels"], 256, 256)))
    with paddle.no_grad():
        found = network(images).numpy()
    assert goldens.relative_error(name, "out", found) < goldens.TOLERANCE


def test_batch_norm_reads_the_batch_in_evaluation_too():
    network = PatchDiscriminator(base_channels=4, layers=1, norm="batch")
    images = paddle.to_tensor(goldens.image("small", (2, 3, 16, 16)))
    trained = network(images).numpy()
    network.eval()
    np.testing.assert_array_equal(network(images).numpy(), trained)
    assert np.abs(network(images[:1]).numpy() - trained[:1]).max() > 1e-6


def test_instance_norm_scale_is_frozen():
    network = PatchDiscriminator(base_channels=4, layers=2)
    frozen = [name for name, p in network.named_parameters() if p.stop_gradient]
    assert frozen == ["model.3.scale", "model.3.bias", "model.6.scale", "model.6.bias"]


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_layers_halve_the_image(layers):
    network = PatchDiscriminator(base_channels=4, layers=layers, norm="none")
    assert network(paddle.zeros([1, 3, 64, 64])).shape == [1, 1, 64 // 2**layers - 2, 64 // 2**layers - 2]


@pytest.mark.parametrize("norm", ["instance", "none", "batch"])
def test_gradient_penalty_reaches_the_weights(norm):
    paddle.seed(1)
    network = PatchDiscriminator(base_channels=4, layers=2, norm=norm)
    network.to(dtype="float64")
    images = paddle.to_tensor(goldens.image("small", (2, 3, 16, 16)).astype(np.float64), stop_gradient=False)
    weight = network.model[2].weight

    def penalty():
        (gradient,) = paddle.grad(network(images).sum(), images, create_graph=True)
        return (gradient**2).sum()

    exact = float(paddle.grad(penalty(), weight)[0][1, 2, 1, 1])
    values, step, start = [], 1e-6, weight.numpy()
    for sign in (1, -1):
        moved = start.copy()
        moved[1, 2, 1, 1] += sign * step
        weight.set_value(moved)
        values.append(float(penalty()))
    assert exact == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-3)


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="'batch', 'instance' or 'none', got 'spectrl'"):
        PatchDiscriminator(norm="spectrl")
    with pytest.raises(ConfigError, match="layers=0"):
        PatchDiscriminator(layers=0)


def test_paddlegan_name_and_arguments():
    network = ppgen.networks.NLayerDiscriminator(6, ndf=4, n_layers=2, norm_type="batch")
    assert type(network) is PatchDiscriminator
    assert network.constructor_args == {"in_channels": 6, "base_channels": 4, "layers": 2, "norm": "batch"}
