"""One tiny training of every family of models, on pictures of noise."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import paddle

from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.faces.typical import typical_landmarks
from ppgen.io.weights import save_network
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from ppgen.registry import MODELS

SIDE = 32
RESNET = {"name": "ResNetGenerator", "base_channels": 4, "blocks": 1}
PATCH = {"name": "PatchDiscriminator", "base_channels": 4, "layers": 2}
ATTENTION = {
    "global_discriminator": {"name": "AttentionDiscriminator", "base_channels": 4, "layers": 5},
    "local_discriminator": {"name": "AttentionDiscriminator", "base_channels": 4, "layers": 3},
}
DCGAN = {
    "generator": {"name": "DCGANGenerator", "latent_dim": 6, "base_channels": 4, "image_size": SIDE},
    "discriminator": {"name": "DCGANDiscriminator", "base_channels": 4, "image_size": SIDE, "norm": "none"},
}
WIDTHS = [6, 6, 5, 4]
STYLE = {"image_size": SIDE, "channel_multiplier": 1, "channel_max": 8}

_FOLDER = tempfile.TemporaryDirectory()  # removed when the tests end
_GENERATOR = save_network(
    StyleGAN2Generator(latent_dim=8, mapping_layers=2, **STYLE), Path(_FOLDER.name) / "generator.safetensors"
)
MODELS_BY_FAMILY: dict[str, dict] = {
    "segmentation": {"name": "PersonSegmentation", "network": {"name": "SegmentationUNet", "width": 4, "levels": 2}},
    "paired photo2cartoon": {
        "name": "PairedPhoto2Cartoon",
        "generator": {"name": "LeanPhoto2CartoonGenerator", "ngf": 8, "n_blocks": 1, "hourglass_depth": 1, "detail": 8},
        "discriminator": {"name": "FoldedPatchDiscriminator", "input_nc": 6, "ndf": 4},
    },
    "vae": {
        "name": "VAE", "network": {"name": "ConvVAE", "latent_dim": 4, "image_size": SIDE, "widths": [4, 6]},
    },
    "dcgan": {"name": "GAN", **DCGAN, "objective": "vanilla"},
    "wgan": {"name": "GAN", **DCGAN, "objective": "wgan", "generator_every": 2},
    "wgan-gp": {"name": "GAN", **DCGAN, "objective": "wgangp", "generator_every": 2},
    "conditional gan": {
        "name": "GAN", **{key: {**network, "classes": 3} for key, network in DCGAN.items()}, "objective": "hinge",
    },
    "pggan": {
        "name": "ProgressiveGAN",
        "generator": {"name": "PGGANGenerator", "latent_dim": 5, "widths": WIDTHS},
        "discriminator": {"name": "PGGANDiscriminator", "widths": WIDTHS},
        "stable_images": 4, "fade_images": 12,
    },
    "stylegan2": {
        "name": "StyleGAN2",
        "generator": {"name": "StyleGAN2Generator", "latent_dim": 8, "mapping_layers": 2, **STYLE},
        "discriminator": {"name": "StyleGAN2Discriminator", **STYLE},
        "augment": "ada", "ada_images": 100, "r1_every": 2, "path_every": 2,
    },
    "stylegan": {
        "name": "StyleGAN",
        "generator": {"name": "StyleGANGenerator", "latent_dim": 8, "mapping_layers": 2, **STYLE},
        "discriminator": {"name": "StyleGANDiscriminator", **STYLE},
        "stable_images": 4, "fade_images": 12, "augment": "ada", "ada_images": 100, "r1_every": 2,
    },
    "encoder into W+": {
        "name": "StyleEncoding", "generator": str(_GENERATOR),
        "encoder": {"name": "StyleEncoder", "image_size": SIDE, "latent_dim": 8, "width": 4},
    },
    "pix2pix": {
        "name": "Pix2Pix", "generator": {"name": "UNetGenerator", "base_channels": 4, "levels": 5},
        "discriminator": {**PATCH, "in_channels": 6, "norm": "batch"},
    },
    "cyclegan": {"name": "CycleGAN", "generator": RESNET, "discriminator": PATCH},
    "ugatit": {
        "name": "UGATIT", **ATTENTION,
        "generator": {"name": "UGATITGenerator", "base_channels": 4, "image_size": SIDE, "blocks": 1},
    },
    "photo2cartoon": {
        "name": "Photo2Cartoon", **ATTENTION,
        "generator": {"name": "Photo2CartoonGenerator", "base_channels": 4, "image_size": SIDE, "blocks": 1},
    },
}  # fmt: skip


#: pictures a step, where it is not 4: Face ID looks at each one enlarged
BATCHES = {"encoder into W+": 2, "photo2cartoon": 2, "paired photo2cartoon": 2}


class Noise:
    """Samples with everything that some recipe asks for."""

    groups = ["all"] * 12

    def __len__(self):
        return 12

    def sample(self, index, rng=None):
        rng = rng or np.random.default_rng(index)
        pictures = {
            k: rng.uniform(-1, 1, (3, SIDE, SIDE)).astype(np.float32) for k in ("image", "a", "b", "photo", "cartoon")
        }
        return {
            **pictures,
            "mask": (rng.uniform(0, 1, (1, SIDE, SIDE)) > 0.5).astype(np.float32),
            "landmarks": typical_landmarks(SIDE),
            "skin": rng.uniform(-1, 1, 3).astype(np.float32),
            "label": np.array(index % 3, np.int64),
            "id": str(index),
        }


def trainer(family: str, folder: Path, model: dict | None = None, optimizer: dict | None = None, **changes) -> Trainer:
    """The training of a family, its average included."""
    paddle.seed(3)
    recipe = MODELS.build(model or MODELS_BY_FAMILY[family])
    names = sorted({name for phase in recipe.phases() for name in phase.trains})
    config = {
        "seed": 3, "total_iters": 4, "loader": {"batch_size": BATCHES.get(family, 4)},
        "log": {"interval": 2, "visual_interval": 4},
        "optimizer": {name: optimizer or {"name": "Adam", "learning_rate": 0.001} for name in names},
        "ema": {"networks": names[:1], "half_life": 10}, "checkpoint": {"interval": 100}, **changes,
    }  # fmt: skip
    return Trainer(recipe, TrainingConfig.of(config), folder, Noise(), Noise())
