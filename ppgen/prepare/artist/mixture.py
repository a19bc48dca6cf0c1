"""Mixtures of Gaussians for colours, small and deterministic."""

from typing import NamedTuple

import numpy as np

_SAMPLE = 4000  # pixels a mixture is fitted to
_ROUNDS = 8


def cluster(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """k-means (Lloyd): (labels (n,), centres (k, d)). It starts from quantiles of the first coordinate."""
    order = np.argsort(values[:, 0], kind="stable")
    centres = values[order[((np.arange(count) + 0.5) * len(values) / count).astype(int)]].astype(np.float64)
    labels = np.zeros(len(values), int)
    for _ in range(_ROUNDS):
        # |v - c|^2 without |v|^2, which is the same for all centres
        labels = (np.square(centres).sum(axis=1) - 2 * values @ centres.T).argmin(axis=1)
        for k in range(count):
            if (labels == k).any():
                centres[k] = values[labels == k].mean(axis=0)
    return labels, centres


class Gaussian(NamedTuple):
    """A component of a mixture; the weights of one need not sum to 1.

    height: log of weight and normalizer, without the constant of the dimension. mean: (d,). factor: Cholesky factor of
    the precision (d, d).
    """

    height: float
    mean: np.ndarray
    factor: np.ndarray


def gaussian(weight: float, mean: np.ndarray, covariance: np.ndarray) -> Gaussian:
    """The component of this weight, mean (d,) and covariance (d, d)."""
    height = float(np.log(weight) - 0.5 * np.linalg.slogdet(covariance)[1])
    return Gaussian(height, mean, np.linalg.cholesky(np.linalg.inv(covariance)))


def log_likelihood(mixture: list[Gaussian], values: np.ndarray) -> np.ndarray:
    """Of (..., d): (...), without the constant of the dimension."""
    flat = values.reshape(-1, values.shape[-1]).astype(np.float32)
    total = np.full(len(flat), -np.inf, np.float32)
    for height, mean, factor in mixture:
        apart = (flat - mean.astype(np.float32)) @ factor.astype(np.float32)
        total = np.logaddexp(total, np.float32(height) - 0.5 * np.square(apart).sum(axis=1))
    return total.reshape(values.shape[:-1])


def fit_mixture(values: np.ndarray, count: int, floor: tuple[float, ...]) -> list[Gaussian]:
    """One Gaussian per k-means cluster; `floor` is added to the variances. (n, d) with n of at least a few dozen."""
    stride = max(1, len(values) // _SAMPLE)
    values = values[::stride].astype(np.float64)
    labels, _ = cluster(values / np.sqrt(floor), max(1, min(count, len(values) // 30)))
    parts = [values[labels == k] for k in np.unique(labels)]
    parts = [part for part in parts if len(part) >= 8] or [values]
    return [gaussian(len(part) / len(values), part.mean(axis=0), np.cov(part.T) + np.diag(floor)) for part in parts]
