"""Data that the networks cannot read are named before the first step."""

import numpy as np
import pytest

from ppgen.engine.assemble import build_parts
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError
from ppgen.models.pggan import level_at
from ppgen.registry import DATASETS

DCGAN = {"image_size": 16, "base_channels": 4}
PGGAN = {"widths": [4, 4, 4]}
STYLE = {"image_size": 16, "channel_multiplier": 0.02}
MODELS = {
    "gan": {
        "name": "GAN",
        "generator": {"name": "DCGANGenerator", "latent_dim": 4, "out_channels": 1, "classes": 3, **DCGAN},
        "discriminator": {"name": "DCGANDiscriminator", "in_channels": 1, "classes": 3, **DCGAN},
    },
    "pggan": {
        "name": "ProgressiveGAN",
        "generator": {"name": "PGGANGenerator", "latent_dim": 4, **PGGAN},
        "discriminator": {"name": "PGGANDiscriminator", **PGGAN},
    },
    "stylegan2": {
        "name": "StyleGAN2",
        "generator": {"name": "StyleGAN2Generator", "latent_dim": 4, "mapping_layers": 1, **STYLE},
        "discriminator": {"name": "StyleGAN2Discriminator", **STYLE},
    },
    "vae": {
        "name": "VAE",
        "network": {"name": "ConvVAE", "latent_dim": 2, "image_size": 16, "channels": 1, "widths": [4]},
    },
}


class Given:
    """One sample, always the same."""

    groups = ("all",)

    def __init__(self, channels: int = 3, size: int = 16, label: int | None = None) -> None:
        self.made = {"image": np.zeros((channels, size, size), np.float32), "id": "a"}
        if label is not None:
            self.made["label"] = np.int64(label)

    def __len__(self) -> int:
        return 4

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict:
        return self.made


@pytest.mark.parametrize(
    ("family", "sample", "told"),
    [
        ("gan", {"channels": 1, "label": 1}, None),
        ("gan", {"channels": 1, "label": 3}, "label 3, the networks' classes are 0 to 2"),
        ("gan", {"channels": 1}, "no label"),
        ("gan", {"label": 1}, "3 channel.s., the networks' channels are 1"),
        ("pggan", {}, None),
        ("pggan", {"size": 32}, "32x32, the networks' image_size is 16"),
        ("stylegan2", {}, None),
        ("stylegan2", {"size": 8}, "8x8, the networks' image_size is 16"),
        ("vae", {"channels": 1}, None),
        ("vae", {}, "3 channel.s., the networks' channels are 1"),
    ],
)
def test_the_first_sample_is_looked_at(family, sample, told, monkeypatch):
    monkeypatch.setattr(DATASETS, "build", lambda config: Given(**config))
    config = TrainingConfig(model=MODELS[family], dataset={"train": sample})
    if told is None:
        assert build_parts(config).model.networks
        return
    with pytest.raises(ConfigError, match=told):
        build_parts(config)


def test_pairs_for_a_recipe_of_pictures_are_named(monkeypatch):
    data = Given()
    data.made = {"a": 1, "b": 2}
    monkeypatch.setattr(DATASETS, "build", lambda config: data)
    with pytest.raises(ConfigError, match="needs 'image', these samples have 'a', 'b'"):
        build_parts(TrainingConfig(model=MODELS["vae"], dataset={"train": {}}))


def test_a_fade_of_no_images_is_a_step():
    assert [level_at(n, [4, 4], [0]) for n in (0, 3, 4, 9)] == [0.0, 0.0, 1.0, 1.0]
