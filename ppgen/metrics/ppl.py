"""Perceptual path length: how much a picture changes along a short step in latent space.

Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", 2019, section 4.1:
E[d(G(z(t)), G(z(t + eps))) / eps^2] with z(t) on the great circle between two latents (space 'z') or on the line
between two mapped ones ('w'); of the values, the lowest and highest hundredth are left out, as in their code.
The paper's d is LPIPS over VGG16; the distance is handed in here, and belongs to the name of the figure.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ppgen.errors import ConfigError, DataError
from ppgen.latent.paths import lerp, slerp
from ppgen.latent.seeds import latents
from ppgen.latent.styles import Space, mapping_and_synthesis
from ppgen.metrics.arrays import standard_error
from ppgen.networks.protocols import StyleGenerator

EPSILON = 1e-4
TRIMMED = 1.0  # percent at each end

Array = np.ndarray
Distance = Callable[[Array, Array], Array]


class TrimmedMean(NamedTuple):
    """Mean over the kept paths, its standard error (None of a single one), and how many were kept."""

    mean: float
    error: float | None
    paths: int


def perceptual_lengths(
    generate: Callable[[Array], Array],
    distance: Distance,
    z: Array,
    seed: int = 0,
    space: Space = "z",
    mapping: Callable[[Array], Array] | None = None,
    batch: int = 8,
) -> Array:
    """The length of one path for each pair of consecutive latents.

    Args:
        generate: latents (n, d) float32, or what `mapping` makes of them in 'w', -> pictures.
        distance: two batches of pictures -> (n,) distances, of second order near 0 (as LPIPS and squared ones are).
        z: latents (2 m, d); row 2i is joined with row 2i + 1.
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
    z = np.asarray(z, dtype=np.float64)
    if z.ndim != 2 or len(z) < 2 or len(z) % 2:
        raise DataError(f"PPL joins latents in pairs: give an even number of them as (2 m, d), not {z.shape}")
    places = np.random.default_rng(seed).random(len(z) // 2)
    lengths = []
    for start in range(0, len(places), batch):
        t = places[start : start + batch]
        a, b = z[2 * start : 2 * (start + len(t))].reshape(len(t), 2, -1).swapaxes(0, 1)
        if space == "w" and mapping is not None:
            a, b = (np.asarray(mapping(x.astype(np.float32)), np.float64) for x in (a, b))
            ends = [lerp(a, b, at) for at in (t, t + EPSILON)]
        else:
            # A generator expects latents as long as a normal one on average; a unit vector would be a rare latent.
            length = np.sqrt(a.shape[1])
            a, b = (length * x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
            ends = [slerp(a, b, at) for at in (t, t + EPSILON)]
        first, second = (generate(point.astype(np.float32)) for point in ends)
        lengths.append(np.asarray(distance(first, second), np.float64) / EPSILON**2)
    return np.concatenate(lengths)


def lengths_in_z_and_w(
    network: StyleGenerator, pairs: int, distance: Distance, seed: int = 0
) -> dict[Space, Array]:
    """`perceptual_lengths` of a style generator between the same latents in both spaces: (pairs,) each."""
    mapping, synthesis = mapping_and_synthesis(network)
    z = latents(seed, 2 * pairs, network.latent_dim)
    return {
        "z": perceptual_lengths(lambda points: synthesis(mapping(points)), distance, z, seed),
        "w": perceptual_lengths(synthesis, distance, z, seed, "w", mapping),
    }


def trimmed(lengths: Array) -> Array:
    """What lies between the lowest and highest hundredth; DataError for no or non-finite lengths."""
    lengths = np.asarray(lengths, np.float64)
    if not lengths.size or not np.isfinite(lengths).all():
        raise DataError("PPL needs at least one path length, and finite ones only; the generator may be broken")
    low = np.percentile(lengths, TRIMMED, method="lower")
    high = np.percentile(lengths, 100 - TRIMMED, method="higher")
    return lengths[(lengths >= low) & (lengths <= high)]


def perceptual_path_length(lengths: Array) -> TrimmedMean:
    """Mean of the `trimmed` lengths."""
    kept = trimmed(lengths)
    return TrimmedMean(float(kept.mean()), standard_error(kept), len(kept))
