"""StyleGAN2 generators out of files, whether these say what they hold or not.

PaddleGAN's `.pdparams` do not; size, widths and depth then follow from the arrays' shapes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ppgen import hub
from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, OtherWeightsError, WeightsError
from ppgen.io.weights import load_into, read_arrays, read_metadata
from ppgen.registry import NETWORKS

_CLASS = "StyleGANv2Generator"
# Where the generator lies in a training's file, the averaged one first: PaddleGAN's names and ours.
_PARTS = (None, "gen_ema", "gen", "ema.generator", "generator")
_SHOWN = 4  # names of arrays that an error lists


def load_style_generator(name_or_path: str | os.PathLike, **wanted: Any) -> Any:
    """A StyleGAN2 (or StyleGAN) generator in evaluation mode, its parameters frozen.

    Args:
        name_or_path: a shipped name, a published one (fetched at first use), our .safetensors, a .pdparams.
        wanted: size, style_dim, n_mlp, channel_multiplier as the caller believes them to be; None: as the weights say.
    Raises:
        WeightsError: unknown or damaged, of another network, or not as wanted (it says what fits).
        DownloadError: it cannot be fetched.
    """
    path = hub.path_of(name_or_path)
    network = hub.load(name_or_path) if _says_what_it_is(path) else _of_arrays(path)
    if not hasattr(network, "noise_shapes"):
        raise WeightsError(f"{path}: holds a {type(network).__name__}; give a StyleGAN2 generator's weights")
    check_wanted(network, path, **wanted)
    return network


def mapping_and_synthesis(network: Any) -> tuple[Callable, Callable]:
    """Of a style generator, over arrays: z (n, latent_dim) -> w; w -> pictures (n, 3, S, S), not truncated."""
    import paddle

    def mapping(z: np.ndarray) -> np.ndarray:
        with paddle.no_grad():
            return network.map(paddle.to_tensor(z)).numpy()

    def synthesis(w: np.ndarray) -> np.ndarray:
        with paddle.no_grad():
            return network.synthesize(network.spread(paddle.to_tensor(w))).numpy()

    return mapping, synthesis


def _says_what_it_is(path: Path) -> bool:
    with open(path, "rb") as handle:
        is_safetensors = handle.read(9)[8:9] == b"{"
    return is_safetensors and "class" in read_metadata(path)


def _of_arrays(path: Path) -> Any:
    arrays = _generator_arrays(path)
    network = NETWORKS.build({"name": _CLASS, **arguments_of(arrays, str(path))})
    load_into(network, arrays)
    network.eval()
    for parameter in network.parameters():
        parameter.stop_gradient = True
    return network


def _generator_arrays(path: Path) -> dict[str, np.ndarray]:
    """The generator's arrays under our names; WeightsError where there is none in the file."""
    first: WeightsError | None = None
    names: list[str] = []
    for key in _PARTS:
        try:
            arrays = translate(_CLASS, read_arrays(path, key))
        except WeightsError as error:
            first = first or error
            continue
        if {"constant", "layers.0.conv.weight", "to_rgb.0.conv.weight"} <= set(arrays):
            return arrays
        names = names or list(arrays)
    if first is not None and not names and not isinstance(first, OtherWeightsError):
        raise first  # damaged or unsafe
    held = f"its arrays: {', '.join(names[:_SHOWN])} …" if names else "it holds other networks"
    raise OtherWeightsError(f"{path}: holds no StyleGAN2 generator ({held}); give weights of StyleGANv2Generator")


def arguments_of(arrays: Mapping[str, np.ndarray], name: str = "the given arrays") -> dict[str, Any]:
    """Constructor arguments of the generator that arrays under our names belong to, by their shapes.

    Raises:
        WeightsError: the shapes are of no such generator.
    """
    from ppgen.networks.stylegan2_generator import SIZES, width_at

    stages = sum(f"to_rgb.{k}.conv.weight" in arrays for k in range(len(SIZES) + 1))
    n_mlp = sum(f"mapping.layers.{k}.weight" in arrays for k in range(64))
    size = 2 ** (stages + 1)
    try:
        widths = [int(arrays[f"to_rgb.{k}.conv.weight"].shape[2]) for k in range(stages)]
        style_dim = int(arrays["layers.0.conv.modulation.weight"].shape[0])
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
        "size": size, "style_dim": style_dim, "n_mlp": n_mlp, "channel_multiplier": whole, "channel_max": most,
    }  # fmt: skip


def check_wanted(
    network: Any,
    name: str | os.PathLike,
    size: int | None = None,
    style_dim: int | None = None,
    n_mlp: int | None = None,
    channel_multiplier: float | None = None,
) -> None:
    """WeightsError where the generator is another than a caller believes; it says which values fit."""
    found = {"size": network.size, "style_dim": network.latent_dim, "n_mlp": len(network.mapping.layers)}
    given = {"size": size, "style_dim": style_dim, "n_mlp": n_mlp}
    wrong = [key for key, value in given.items() if value is not None and value != found[key]]
    if wrong:
        fits = ", ".join(f"{key} {found[key]}" for key in wrong)
        asked = ", ".join(f"{key} {given[key]}" for key in wrong)
        raise WeightsError(f"{name}: these weights fit {fits}, not {asked}; leave that out, it is read from the file")
    if channel_multiplier is not None and not _has_widths(network, channel_multiplier):
        narrow = _widths(network)[-1]
        raise WeightsError(
            f"{name}: these weights have {narrow} channels at {network.size} pixels, which channel_multiplier "
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
        return [width_at(side, multiplier, most) for side in stage_sizes(network.size)] == widths
    except ConfigError:
        return False
