"""Perceptual path length: how much a picture changes along a short step in latent space.

Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", 2019, section 4.1:
E[d(G(z(t)), G(z(t + eps))) / eps^2] with z(t) on the great circle between two latents (space 'z') or on the line
between two mapped ones ('w'); of the values, the lowest and highest hundredth are left out, as in their code.
The paper's d is LPIPS over VGG16; the distance is handed in here, and belongs to the name of the figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from ppgen.errors import ConfigError, DataError

EPSILON = 1e-4
TRIMMED = 1.0  # percent at each end

Array = np.ndarray


class TrimmedMean(NamedTuple):
    """Mean over the kept paths, its standard error (None of a single one), and how many were kept."""

    mean: float
    error: float | None
    count: int


def slerp(a: Array, b: Array, t: Array) -> Array:
    """Point t in [0, 1] (n, 1) on the great circle from a to b (n, d), as unit vectors.

    Opposite or equal directions have no single circle: there the straight line is taken.
    """
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    angle = np.arccos((a * b).sum(axis=1, keepdims=True).clip(-1, 1))
    sine = np.sin(angle)
    with np.errstate(divide="ignore", invalid="ignore"):
        point = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / sine
    return np.where(sine > 1e-9, point, (1 - t) * a + t * b)


def lerp(a: Array, b: Array, t: Array) -> Array:
    """Point t in [0, 1] (n, 1) on the line from a to b (n, d)."""
    return a + (b - a) * t


def perceptual_lengths(
    generate: Callable[[Array], Any],
    distance: Callable[[Any, Any], Array],
    latents: Array,
    seed: int = 0,
    space: Literal["z", "w"] = "z",
    mapping: Callable[[Array], Array] | None = None,
    batch: int = 8,
) -> Array:
    """The length of one path for each pair of consecutive latents.

    Args:
        generate: latents (n, d) float32, or what `mapping` makes of them in 'w', -> pictures.
        distance: two batches of pictures -> (n,) distances, of second order near 0 (as LPIPS and squared ones are).
        latents: (2 m, d); row 2i is joined with row 2i + 1.
        seed: of the places along the paths.
        space: where the step is taken.
        mapping: latents -> (n, k) of the space 'w'.
        batch: paths at a time.
    Returns:
        (m,) float64.
    Raises:
        ConfigError: no such space, or no mapping for 'w'. DataError: an odd number of latents.
    """
    if space not in ("z", "w") or (space == "w" and mapping is None):
        raise ConfigError(f"PPL steps through 'z', or through 'w' of a generator with a mapping, not '{space}'")
    z = np.asarray(latents, dtype=np.float64)
    if z.ndim != 2 or len(z) < 2 or len(z) % 2:
        raise DataError(f"PPL joins latents in pairs: give an even number of them as (2 m, d), not {z.shape}")
    places = np.random.default_rng(seed).random((len(z) // 2, 1))
    found = []
    for start in range(0, len(places), batch):
        t = places[start : start + batch]
        pairs = z[2 * start : 2 * (start + len(t))]
        ends = _points(pairs[0::2], pairs[1::2], t, mapping if space == "w" else None)
        pictures = [generate(point.astype(np.float32)) for point in ends]
        found.append(np.asarray(distance(*pictures), np.float64) / EPSILON**2)
    return np.concatenate(found)


def _points(a: Array, b: Array, t: Array, mapping: Callable[[Array], Array] | None) -> tuple[Array, Array]:
    if mapping is not None:
        a, b = (np.asarray(mapping(x.astype(np.float32)), np.float64) for x in (a, b))
        return lerp(a, b, t), lerp(a, b, t + EPSILON)
    # a generator expects latents as long as a normal one on average; a unit vector would be a rare latent
    length = np.sqrt(a.shape[1])
    return slerp(a, b, t) * length, slerp(a, b, t + EPSILON) * length


def perceptual_path_length(lengths: Array) -> TrimmedMean:
    """Mean of what lies between the lowest and highest hundredth; DataError for no or non-finite lengths."""
    lengths = np.asarray(lengths, np.float64)
    if not lengths.size or not np.isfinite(lengths).all():
        raise DataError("PPL needs at least one path length, and finite ones only; the generator may be broken")
    low = np.percentile(lengths, TRIMMED, method="lower")
    high = np.percentile(lengths, 100 - TRIMMED, method="higher")
    kept = lengths[(lengths >= low) & (lengths <= high)]
    error = float(kept.std(ddof=1) / np.sqrt(len(kept))) if len(kept) > 1 else None
    return TrimmedMean(float(kept.mean()), error, len(kept))
