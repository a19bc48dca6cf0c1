"""Directions without labels: those along which a generator's styles change most.

Shen and Zhou, "Closed-Form Factorization of Latent Semantics in GANs" (CVPR 2021), eq. 8: with A the matrix that turns
w into styles, the eigenvectors of A^T A of the largest eigenvalues. As in the authors' program each style's row of A
is scaled to unit length first, so that no layer outvotes another by its scale.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ppgen.errors import ConfigError
from ppgen.io.brief import short
from ppgen.latent.mixing import check_layers
from ppgen.networks.protocols import StyleGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator


@short
class Factors(NamedTuple):
    """Directions of W, the strongest first."""

    directions: np.ndarray  # float32 (k, latent_dim), unit length
    shares: np.ndarray  # float64 (k,): of the sum of all eigenvalues
    layers: list[int]  # of W+ that they were found for


def style_matrix(network: StyleGenerator, layers: Sequence[int]) -> np.ndarray:
    """A of the convolutions that layers of W+ steer: float64 (styles, latent_dim)."""
    if isinstance(network, StyleGAN2Generator):
        linear = [module.conv.modulation for module in (*network.layers, network.to_rgb[-1])]
    else:
        linear = [module.style for module in network.layers]
    return np.concatenate([linear[layer].weight.numpy().astype(np.float64).T for layer in layers])


def factorize(network: StyleGenerator, layers: Sequence[int] | None = None, count: int = 5) -> Factors:
    """The `count` strongest directions of a StyleGAN2's or StyleGAN's layers.

    Args:
        layers: of W+; None: all.
    Raises:
        ConfigError: no such layer, or more directions than dimensions.
    """
    chosen = list(range(network.count)) if layers is None else sorted(set(layers))
    check_layers(chosen, network)
    if not 1 <= count <= network.latent_dim:
        raise ConfigError(f"{count} directions: W has {network.latent_dim} dimensions, so 1 to {network.latent_dim}")
    matrix = style_matrix(network, chosen)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    values, vectors = np.linalg.eigh(matrix.T @ matrix)
    order = np.argsort(values)[::-1][:count]
    directions = vectors[:, order].T
    # An eigenvector has no sign: make its largest component positive.
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    return Factors((directions * np.sign(largest)).astype(np.float32), values[order] / values.sum(), chosen)
