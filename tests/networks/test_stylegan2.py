"""StyleGAN2's networks: PaddleGAN's published outputs, its keys, and what each promise of the docstrings says."""

from __future__ import annotations

import numpy as np
import pytest

from ppgen.device import import_paddle
from ppgen.errors import ConfigError, DataError, WeightsError
from tests import goldens

paddle = import_paddle()

from ppgen.io.weights import load_into, save_network  # noqa: E402
from ppgen.networks.stylegan2_discriminator import StyleGANv2Discriminator, group_deviation  # noqa: E402
from ppgen.networks.stylegan2_generator import StyleGANv2Generator  # noqa: E402

SMALL = {"size": 16, "style_dim": 8, "n_mlp": 2, "channel_multiplier": 0.01, "channel_max": 12}


def published(size: int) -> StyleGANv2Generator:
    network = StyleGANv2Generator(size, 512, 8)
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
    network = StyleGANv2Discriminator(64)
    load_into(network, goldens.filled(goldens.manifest("stylegan2_disc_64"), "equalized"))
    with paddle.no_grad():
        out = network(paddle.to_tensor(goldens.image("stylegan2_disc_64", (4, 3, 64, 64))))
    assert goldens.relative_error("stylegan2_disc_64", "out", out.numpy()) < goldens.TOLERANCE
