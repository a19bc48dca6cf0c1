"""Principal components of pictures: the linear model that a VAE and a generator have to beat.

As a decoder: reconstructions from k numbers. As a generator: a Gaussian fitted in the space of the components
("eigenfaces", Turk and Pentland 1991), whose samples have the training pictures' mean and covariance and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.io.brief import short


@short
class PCA(NamedTuple):
    """Principal components.

    Attributes:
        mean: float64 (p,). components: float64 (k, p), orthonormal rows, the strongest first.
        deviations: float64 (k,), standard deviation of the training pictures along each.
        shape: of one picture.
    """

    mean: np.ndarray
    components: np.ndarray
    deviations: np.ndarray
    shape: tuple[int, ...]

    def first(self, count: int) -> PCA:
        """The same with the strongest `count` components only; DataError where there are not so many."""
        if not 0 <= count <= len(self.components):
            raise DataError(f"{count} components: there are {len(self.components)}, one fewer than training pictures")
        return self._replace(components=self.components[:count], deviations=self.deviations[:count])

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Pictures (n, *shape) -> coefficients float64 (n, k)."""
        flat = np.asarray(pictures, np.float64).reshape(len(pictures), -1)
        if flat.shape[1] != len(self.mean):
            raise DataError(f"pictures: expected shape (n, {', '.join(map(str, self.shape))}), found {pictures.shape}")
        return (flat - self.mean) @ self.components.T

    def decode(self, coefficients: np.ndarray) -> np.ndarray:
        """Coefficients (n, k) -> pictures float32 (n, *shape)."""
        flat = coefficients @ self.components + self.mean
        return flat.reshape(-1, *self.shape).astype(np.float32)

    def reconstruct(self, pictures: np.ndarray) -> np.ndarray:
        """The nearest pictures that the components can make."""
        return self.decode(self.encode(pictures))

    def generate(self, z: np.ndarray) -> np.ndarray:
        """Samples of the fitted Gaussian for latents (n, k) of N(0, I); may leave the range of the pictures."""
        return self.decode(np.asarray(z, np.float64) * self.deviations)


def fit(pictures: np.ndarray) -> PCA:
    """All components of pictures (n, …), at most n - 1 of them; DataError for fewer than 2 pictures.

    Through the n x n matrix of inner products, as there are fewer pictures than pixels.
    """
    if len(pictures) < 2:
        raise DataError(f"principal components need at least 2 pictures, not {len(pictures)}")
    flat = np.asarray(pictures, np.float64).reshape(len(pictures), -1)
    mean = flat.mean(axis=0)
    flat = flat - mean
    values, vectors = np.linalg.eigh(flat @ flat.T)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = min(len(flat) - 1, flat.shape[1], int((values > values[0] * 1e-12).sum()))
    lengths = np.sqrt(np.maximum(values[:kept], 1e-300))
    components = (vectors[:, :kept] / lengths).T @ flat
    return PCA(mean, components, lengths / np.sqrt(len(flat) - 1), tuple(pictures.shape[1:]))
