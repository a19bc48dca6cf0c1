"""W+ put together from several: which layers are meant, styles swapped, blended, moved."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ppgen.errors import ConfigError, DataError
from ppgen.latent.attributes import Directions
from ppgen.latent.styles import bands
from ppgen.networks.protocols import StyleGenerator


def parse_layers(text: str, network: StyleGenerator) -> list[int]:
    """ "coarse", "middle,fine", "0-3", "all" or "0,5-7" -> layers of W+.

    Raises:
        ConfigError: it does not parse, or the network has no such layer.
    """
    named = {"all": list(range(network.count)), **{name.split()[0]: part for name, part in bands(network).items()}}
    layers: set[int] = set()
    for part in text.split(","):
        part = part.strip()
        numbers = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if part in named:
            layers |= set(named[part])
        elif numbers and int(numbers[2] or numbers[1]) >= int(numbers[1]):
            last = min(int(numbers[2] or numbers[1]), network.count)  # one too many is enough to be refused below
            layers |= set(range(min(int(numbers[1]), network.count), last + 1))
        else:
            raise ConfigError(f"layers '{part}': expected {', '.join(named)}, or numbers such as 0-3,7")
    if not layers or max(layers) >= network.count:
        raise ConfigError(f"layers {text}: this network has layers 0 to {network.count - 1}")
    return sorted(layers)


def check_layers(layers: Sequence[int], network: StyleGenerator) -> None:
    """ConfigError unless these are places in the network's W+."""
    wrong = [k for k in layers if not isinstance(k, (int, np.integer)) or not 0 <= k < network.count]
    if wrong or not len(layers):
        expected = f"expected numbers from 0 to {network.count - 1}"
        raise ConfigError(f"layers {list(layers)}: {expected} (`parse_layers` knows the names)")


def swap(into: np.ndarray, styles: np.ndarray, layers: Sequence[int]) -> np.ndarray:
    """`into` with the given layers of `styles`: both (N, count, dim)."""
    mixed = np.array(into, np.float32)
    mixed[:, list(layers)] = np.broadcast_to(styles, mixed.shape)[:, list(layers)]
    return mixed


def blend(a: np.ndarray, b: np.ndarray, weights: float | Sequence[float] | None = None) -> np.ndarray:
    """weights * a + (1 - weights) * b, layer by layer: (count, dim) each -> (count, dim).

    Args:
        weights: one for each layer, or one for all; None: half of each.
    Raises:
        DataError: latents of different shapes. ConfigError: not one weight a layer.
    """
    if a.shape != b.shape or a.ndim != 2:
        raise DataError(f"latents to blend have one shape (layers, dim), not {a.shape} and {b.shape}")
    given = np.atleast_1d(np.asarray(0.5 if weights is None else weights, np.float32))
    if given.shape not in ((1,), (len(a),)):
        raise ConfigError(f"weights: expected one for each of {len(a)} layers, found {given.size}")
    return (given[:, None] * a + (1 - given[:, None]) * b).astype(np.float32)


def moved(
    w_plus: np.ndarray, directions: Directions, amounts: Mapping[str, float], layers: Sequence[int] | None = None
) -> np.ndarray:
    """W+ (N, count, dim) + sum of amount * direction, in the given layers (None: all); directions of W or of W+."""
    result = np.array(w_plus, np.float32)
    places = list(range(result.shape[1])) if layers is None else list(layers)
    for name, amount in amounts.items():
        vector = np.asarray(directions[name], np.float32)
        if vector.shape not in (result.shape[1:], result.shape[2:]):
            raise DataError(f"direction '{name}': expected shape {result.shape[2:]}, found {vector.shape}")
        part = np.broadcast_to(vector, result.shape[1:])[places]
        if amount and not part.any():
            raise ConfigError(f"direction '{name}': moves none of the layers asked for; choose others, or all")
        result[:, places] += amount * part
    return result
