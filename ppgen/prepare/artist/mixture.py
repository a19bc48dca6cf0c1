"""Mixtures of Gaussians for colours, small and deterministic."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Mixture:
    """weights (k,), means (k, d), precisions' Cholesky factors (k, d, d), log of the normalizers (k,)."""

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    scales: np.ndarray

    def plus(self, weight: float, mean: np.ndarray, covariance: np.ndarray) -> Mixture:
        """With one more component; the weights need not sum to 1."""
        factor = np.linalg.cholesky(np.linalg.inv(covariance))
        scale = -0.5 * float(np.linalg.slogdet(covariance)[1])
        return Mixture(
            np.append(self.weights, weight), np.vstack([self.means, mean]),
            np.concatenate([self.factors, factor[None]]), np.append(self.scales, scale),
        )  # fmt: skip

    def log_likelihood(self, values: np.ndarray) -> np.ndarray:
        """Of (..., d): (...), without the constant of the dimension."""
        flat = values.reshape(-1, values.shape[-1]).astype(np.float32)
        total = np.full(len(flat), -np.inf, np.float32)
        for weight, mean, factor, scale in zip(self.weights, self.means, self.factors, self.scales):
            apart = (flat - mean.astype(np.float32)) @ factor.astype(np.float32)
            score = np.float32(np.log(weight) + scale) - 0.5 * np.square(apart).sum(axis=1)
            total = np.logaddexp(total, score)
        return total.reshape(values.shape[:-1])


def fit_mixture(values: np.ndarray, count: int, floor: tuple[float, ...]) -> Mixture:
    """One Gaussian per k-means cluster; `floor` is added to the variances. (n, d) with n of at least a few dozen."""
    stride = max(1, len(values) // _SAMPLE)
    values = values[::stride].astype(np.float64)
    labels, _ = cluster(values / np.sqrt(floor), max(1, min(count, len(values) // 30)))
    parts = [values[labels == k] for k in np.unique(labels)]
    parts = [part for part in parts if len(part) >= 8] or [values]
    size = values.shape[1]
    mixture = Mixture(np.zeros(0), np.zeros((0, size)), np.zeros((0, size, size)), np.zeros(0))
    for part in parts:
        mixture = mixture.plus(len(part) / len(values), part.mean(axis=0), np.cov(part.T) + np.diag(floor))
    return mixture
