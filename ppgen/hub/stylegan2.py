"""StyleGAN2 generators out of files, whether these say what they hold or not.

PaddleGAN's `.pdparams` do not; size, widths and depth then follow from the arrays' shapes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ppgen.compat.names import Arguments
from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, WeightsError
from ppgen.hub import published
from ppgen.io.arrays import select_arrays

if TYPE_CHECKING:
    from ppgen.networks.protocols import StyleGenerator

CLASS = "StyleGAN2Generator"
# Where the generator lies in a training's file, the averaged one first: PaddleGAN's names and ours.
_PARTS = (None, "gen_ema", "gen", "ema.generator", "generator")
_SHOWN = 4  # names of arrays that an error lists


def generator_of(content: object, name: str, key: str | None = None) -> tuple[Arguments, dict[str, np.ndarray]]:
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
    none = "does not say which network it belongs to, and holds no StyleGAN2 generator"
    raise WeightsError(f"{name}: {none}; name the model as well, beside this file as its weights ({what})")


def arguments_of(arrays: Mapping[str, np.ndarray], name: str = "the given arrays") -> Arguments:
    """Constructor arguments of the generator that arrays under our names belong to, by their shapes.

    Raises:
        WeightsError: the shapes are of no such generator.
    """
    from ppgen.networks.stylegan2_generator import SIZES, widths_of

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
    if size not in SIZES or widths_of(size, multiplier, most) != widths:
        raise WeightsError(f"{name}: widths {widths} at {sides} pixels are not those of a StyleGAN2 generator")
    whole = int(multiplier) if multiplier == int(multiplier) else multiplier
    return {
        "image_size": size,
        "latent_dim": latent_dim,
        "mapping_layers": mapping_layers,
        "channel_multiplier": whole,
        "channel_max": most,
    }


def check_wanted(network: StyleGenerator, name: str | os.PathLike, **wanted: float | None) -> None:
    """WeightsError where the generator is another than a caller believes; it says which values fit.

    Args:
        name: how the message calls its weights.
        wanted: `size`, `style_dim`, `n_mlp`, `channel_multiplier`, as PaddleGAN calls them; None: not told.
    """
    from ppgen.networks.stylegan2_generator import StyleBasedGenerator

    if not isinstance(network, StyleBasedGenerator):
        return
    channel_multiplier = wanted.pop("channel_multiplier", None)
    held = {"size": network.image_size, "style_dim": network.latent_dim, "n_mlp": len(network.mapping.layers)}
    if wrong := [key for key, value in wanted.items() if value not in (None, held[key])]:
        fits, asked = (", ".join(f"{key} {values[key]}" for key in wrong) for values in (held, wanted))
        advice = _published_with(**wanted) or "leave that out, it is read from the file"
        raise WeightsError(f"{name}: these weights fit {fits}, not {asked}; {advice}")
    if channel_multiplier is not None and not _gives(channel_multiplier, network.widths):
        what = f"these weights have {network.widths[-1]} channels at {network.image_size} pixels"
        other = f"which channel_multiplier {channel_multiplier} does not give"
        raise WeightsError(f"{name}: {what}, {other}; leave it out, it is read from the file")


def _published_with(**wanted: float | None) -> str:
    """Which of PaddleGAN's generators has what is wanted, in words; "": none."""
    known = {name: each.arguments for name, each in published.PUBLISHED.items() if each.is_stylegan2}
    for name, arguments in known.items():
        if all(value in (None, arguments[key]) for key, value in wanted.items()):
            return f"add --model_type {name}, which has that (model_type='{name}' in Python), or leave it out"
    return ""


def _gives(multiplier: float, widths: list[int]) -> bool:
    from ppgen.networks.stylegan2_generator import SMALLEST, widths_of

    try:
        return widths_of(SMALLEST * 2 ** (len(widths) - 1), multiplier, max(widths), min(widths)) == widths
    except ConfigError:
        return False
