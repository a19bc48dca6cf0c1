"""The encoder into W+: sizes, and where its offsets start from."""

import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError, DataError
from ppgen.networks.protocols import Inverter
from ppgen.networks.style_encoder import StyleEncoder, bands_of
from ppgen.networks.stylegan2_generator import StyleGAN2Generator


@pytest.mark.parametrize("size", [16, 32, 128])
def test_as_many_styles_as_the_generator_takes(size):
    generator = StyleGAN2Generator(image_size=size, latent_dim=8, mapping_layers=1, channel_multiplier=0.01)
    encoder = StyleEncoder(size, latent_dim=8, width=4)
    assert sum(bands_of(size)) == encoder.count == generator.count and isinstance(encoder, Inverter)
    assert encoder.invert(paddle.randn([2, 3, size, size])).shape == [2, generator.count, 8]


def test_offsets_are_from_the_mean_latent():
    encoder, pictures = StyleEncoder(16, latent_dim=4, width=4), paddle.randn([2, 3, 16, 16])
    encoder.eval()
    before = encoder.invert(pictures).numpy()
    encoder.mean_latent.set_value(paddle.to_tensor([1.0, 2.0, 3.0, 4.0]))
    assert np.allclose(encoder.invert(pictures).numpy() - before, [1, 2, 3, 4], atol=1e-5)


def test_what_it_does_not_take():
    with pytest.raises(ConfigError, match="16 or more, got 8"):
        StyleEncoder(8)
    with pytest.raises(DataError, match="multiples of 16"):
        StyleEncoder(16, 4, 4).invert(paddle.zeros([1, 3, 24, 24]))
