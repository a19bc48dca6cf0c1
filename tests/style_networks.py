"""A tiny untrained StyleGAN2 for tests, and its arrays under PaddleGAN's names."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

SMALL = {"image_size": 16, "latent_dim": 8, "mapping_layers": 2, "channel_multiplier": 0.01, "channel_max": 12}

# Ours -> PaddleGAN's: the table of ppgen.compat.stylegan2_keys, read from the other end and written by hand.
_OLD = (
    (r"^mapping\.layers\.(\d+)\.", lambda m: f"style.{int(m[1]) + 1}."),
    (r"^constant$", lambda m: "input.input"),
    (r"^layers\.(\d+)\.noise$", lambda m: f"noises.noise_{m[1]}"),
    (r"^layers\.0\.", lambda m: "conv1."),
    (r"^layers\.(\d+)\.", lambda m: f"convs.{int(m[1]) - 1}."),
    (r"^to_rgb\.0\.", lambda m: "to_rgb1."),
    (r"^to_rgb\.(\d+)\.", lambda m: f"to_rgbs.{int(m[1]) - 1}."),
)


def tiny(seed: int = 4) -> Any:
    """Built anew; noise is felt."""

    import paddle

    from ppgen.networks.stylegan2_generator import StyleGAN2Generator

    paddle.seed(seed)
    network = StyleGAN2Generator(**SMALL)
    for layer in network.layers:
        layer.noise_strength.set_value(np.array([0.1], np.float32))
    network.eval()
    return network


def encoder_of(network: Any) -> Any:
    """An untrained encoder into a tiny generator's W+."""
    from ppgen.networks.style_encoder import StyleEncoder

    encoder = StyleEncoder(network.image_size, network.latent_dim, width=4)
    encoder.mean_latent.set_value(network.mean_of_latents())
    return encoder


def paddlegan_name(key: str) -> str:
    """PaddleGAN's name of one of our arrays."""
    for pattern, old in _OLD:
        found, count = re.subn(pattern, old, key)
        if count:
            key = found
            break
    key = key.replace("noise_strength", "noise.weight")
    return re.sub(r"^(conv1|convs\.\d+)\.bias$", r"\1.activate.bias", key)


def paddlegan_arrays(network: Any) -> dict[str, np.ndarray]:
    """The network as PaddleGAN's file has it: its names, and no mean latent."""
    state = {key: value.numpy() for key, value in network.state_dict().items() if key != "mean_latent"}
    return {paddlegan_name(key): value for key, value in state.items()}


def write_pdparams(path: Path, content: Any) -> Path:
    """A pickle, as paddle.save writes it."""
    path.write_bytes(pickle.dumps(content, protocol=4))
    return path
