"""DCGAN's and the upsampling networks against recorded outputs of PaddleGAN's, with and without classes."""

from __future__ import annotations

import goldens
import numpy as np
import paddle
import pytest

import ppgen.networks
from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, DataError
from ppgen.io.weights import load_into
from ppgen.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ppgen.networks.patch_discriminator import ConditionalPatchDiscriminator
from ppgen.networks.upsampling_generator import UpsamplingGenerator

LABELS = np.array([0, 3, 7, 9])
CASES = {  # PaddleGAN's class and arguments, input, labels
    "dcgan_gen": ("DCGenerator", {"input_nz": 100, "input_nc": 1, "output_nc": 1, "ngf": 64}, (4, 100, 1, 1), None),
    "dcgan_disc": ("DCDiscriminator", {"input_nc": 1, "ndf": 64, "norm_type": "batch"}, (4, 1, 64, 64), None),
    "wgan_gen": ("DeepConvGenerator", {"latent_dim": 128, "output_nc": 1, "size": 28, "ngf": 64}, (4, 128), None),
    "cond_dcgan_gen": (
        "ConditionalDeepConvGenerator",
        {"latent_dim": 128, "output_nc": 1, "size": 28, "ngf": 64, "n_class": 10},
        (4, 128),
        LABELS,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_golden(name):
    old_name, arguments, shape, labels = CASES[name]
    network = getattr(ppgen.networks, old_name)(**arguments)
    load_into(network, goldens.filled(goldens.manifest(name)), strict=True)
    network.eval()
    make = goldens.image if len(shape) == 4 and shape[2] > 1 else goldens.fill_rule.vector_input
    inputs = [paddle.to_tensor(make(name, shape))]
    inputs += [] if labels is None else [paddle.to_tensor(labels)]
    with paddle.no_grad():
        found = network(*inputs).numpy()
    assert goldens.relative_error(name, "out", found) < goldens.TOLERANCE


@pytest.mark.parametrize(
    ("name", "old_name", "arguments"),
    [
        ("wgan_disc", "NLayerDiscriminator", {"input_nc": 1, "ndf": 16, "norm_type": "instance"}),
        (
            "cond_dcgan_disc",
            "NLayerDiscriminatorWithClassification",
            {"input_nc": 1, "ndf": 16, "norm_type": "batch", "n_class": 10, "use_sigmoid": True},
        ),
    ],
)
def test_manifest_has_our_shapes(name, old_name, arguments):
    network = getattr(ppgen.networks, old_name)(**arguments)
    ours = {key: value.shape for key, value in network.state_dict().items()}
    assert translate(type(network).__name__, goldens.manifest(name)) == ours


def test_conditional_discriminator_sees_one_plane_of_ones_a_class():
    network = ConditionalPatchDiscriminator(classes=10, base_channels=4, layers=1, norm="none")
    images = paddle.to_tensor(goldens.image("small", (4, 1, 28, 28)))
    planes = np.zeros((4, 10, 28, 28), np.float32)
    planes[np.arange(4), LABELS] = 1
    by_hand = network.model(paddle.concat([images, paddle.to_tensor(planes)], axis=1))
    labels = paddle.to_tensor(LABELS)
    np.testing.assert_array_equal(network(images, labels).numpy(), by_hand.numpy())
    network.sigmoid = True
    np.testing.assert_allclose(network(images, labels).numpy(), 1 / (1 + np.exp(-by_hand.numpy())), rtol=1e-5)


@pytest.mark.parametrize("size", [8, 32, 64])
@pytest.mark.parametrize("classes", [None, 3])
def test_sizes_and_classes(size, classes):
    generator = DCGANGenerator(5, 3, 4, size, classes=classes)
    discriminator = DCGANDiscriminator(3, 4, size, classes=classes)
    labels = () if classes is None else (paddle.to_tensor([0, 2]),)
    images = generator.generate(paddle.randn([2, 5]), *labels)
    assert images.shape == [2, 3, size, size] and float(images.abs().max()) <= 1
    assert discriminator(images, *labels).shape == [2, 1, 1, 1]


@pytest.mark.parametrize(
    "network",
    [lambda: DCGANGenerator(5, 1, 4, 16, classes=3), lambda: UpsamplingGenerator(5, 1, 16, 4, classes=3)],
)
def test_label_matters_and_may_not_be_forgotten(network):
    generator = network()
    generator.eval()
    z = paddle.randn([1, 5])
    pictures = [generator.generate(z, paddle.to_tensor([label])).numpy() for label in range(3)]
    assert all(np.abs(pictures[i] - pictures[i - 1]).max() > 1e-4 for i in range(3))
    with pytest.raises(DataError, match="3 classes: give a label"):
        generator.generate(z)


def test_starts_small():
    """N(0, 0.02): a flat start is what the paper's training relies on."""
    for network in (DCGANGenerator(base_channels=16), DCGANDiscriminator(base_channels=16)):
        weights = np.concatenate([v.numpy().ravel() for v in network.parameters() if v.ndim == 4])
        assert weights.std() == pytest.approx(0.02, rel=0.02) and abs(weights.mean()) < 1e-3


def test_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="4 times a power of two, got 28"):
        DCGANGenerator(image_size=28)
    with pytest.raises(ConfigError, match="'batch', 'instance' or 'none', got 'bach'"):
        DCGANDiscriminator(norm="bach")
    with pytest.raises(ConfigError, match="multiple of 4, got 30"):
        UpsamplingGenerator(image_size=30)
