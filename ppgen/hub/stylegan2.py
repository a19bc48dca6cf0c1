"""StyleGAN2 generators out of files, whether these say what they hold or not.

PaddleGAN's `.pdparams` do not; size, widths and depth then follow from the arrays' shapes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.arrays import select_arrays

CLASS = "StyleGAN2Generator"
# Where the generator lies in a training's file, the averaged one first: PaddleGAN's names and ours.
_PARTS = (None, "gen_ema", "gen", "ema.generator", "generator")
_SHOWN = 4  # names of arrays that an error lists


def generator_of(content: Any, name: str, key: str | None = None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Constructor arguments and arrays, under our names, of the StyleGAN2 generator in a file's content.

    Args:
        content: as `ppgen.io.arrays.read_content` gives it: the generator's arrays, or those of several networks.
        name: the file's, for messages.
        key: the generator's among several; None: it is looked for, the averaged one first.
    Raises:
        WeightsError: there is none.
    """
    held: list[str] = []
    for part in _PARTS if key is None else (key,):
        try:
            arrays = translate(CLASS, select_arrays(content, part, name))
        except WeightsError:
            continue
        if {"constant", "layers.0.conv.weight", "to_rgb.0.conv.weight"} <= set(arrays):
            return arguments_of(arrays, name), arrays
        held = held or list(arrays)
    what = f"its arrays: {', '.join(held[:_SHOWN])} …" if held else "it holds other networks"
    raise WeightsError(
        f"{name}: does not say which network it belongs to, and holds no StyleGAN2 generator; name the model as well, "
        f"beside this file as its weights ({what})"
    )


def arguments_of(arrays: Mapping[str, np.ndarray], name: str = "the given arrays") -> dict[str, Any]:
    """Constructor arguments of the generator that arrays under our names belong to, by their shapes.

    Raises:
        WeightsError: the shapes are of no such generator.
    """
    from ppgen.networks.stylegan2_generator import SIZES, width_at

    stages = sum(f"to_rgb.{k}.conv.weight" in arrays for k in range(len(SIZES) + 1))
    mapping_layers = sum(f"mapping.layers.{k}.weight" in arrays for k in range(64))
    size = 2 ** (stages + 1)
    try:
        widths = [int(arrays[f"to_rgb.{k}.conv.weight"].shape[2]) for k in range(stages)]
        latent_dim = int(arrays["layers.0.conv.modulation.weight"].shape[0])
    except (KeyError, IndexError) as error:
        raise WeightsError(f"{name}: its arrays are not those of a StyleGAN2 generator (at {error})") from error
    sides = [4 * 2**k for k in range(stages)]
    most = max(widths)
    # The narrowest place and all below the limit tell the multiplier; whole channels leave it a little room.
    multiplier = max(w * s / 16384 for w, s in zip(widths, sides) if w < most or s == size)
    if size not in SIZES or [width_at(s, multiplier, most) for s in sides] != widths:
        raise WeightsError(f"{name}: widths {widths} at {sides} pixels are not those of a StyleGAN2 generator")
    whole = int(multiplier) if multiplier == int(multiplier) else multiplier
    return {
        "image_size": size,
        "latent_dim": latent_dim,
        "mapping_layers": mapping_layers,
        "channel_multiplier": whole,
        "channel_max": most,
    }


def check_wanted(
    network: Any,
    name: str | os.PathLike,
    size: int | None = None,
    style_dim: int | None = None,
    n_mlp: int | None = None,
    channel_multiplier: float | None = None,
) -> None:
    """WeightsError where the generator is another than a caller believes; it says which values fit."""
    found = {"size": network.image_size, "style_dim": network.latent_dim, "n_mlp": len(network.mapping.layers)}
    given = {"size": size, "style_dim": style_dim, "n_mlp": n_mlp}
    wrong = [key for key, value in given.items() if value is not None and value != found[key]]
    if wrong:
        fits = ", ".join(f"{key} {found[key]}" for key in wrong)
        asked = ", ".join(f"{key} {given[key]}" for key in wrong)
        raise WeightsError(f"{name}: these weights fit {fits}, not {asked}; leave that out, it is read from the file")
    if channel_multiplier is not None and not _has_widths(network, channel_multiplier):
        narrow = _widths(network)[-1]
        raise WeightsError(
            f"{name}: these weights have {narrow} channels at {network.image_size} pixels, which channel_multiplier "
            f"{channel_multiplier} does not give; leave it out, it is read from the file"
        )


def _widths(network: Any) -> list[int]:
    if hasattr(network, "to_rgb"):
        return [layer.conv.weight.shape[2] for layer in network.to_rgb]
    return [layer.bias.shape[0] for layer in network.layers[1::2]]


def _has_widths(network: Any, multiplier: float) -> bool:
    from ppgen.networks.stylegan2_generator import stage_sizes, width_at

    widths = _widths(network)
    most = max(widths)
    try:
        return [width_at(side, multiplier, most) for side in stage_sizes(network.image_size)] == widths
    except ConfigError:
        return False
