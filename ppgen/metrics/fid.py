"""Frechet distance of two feature sets, each taken as a normal distribution.

|mu1 - mu2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)); Heusel et al., "GANs Trained by a Two Time-Scale Update Rule
Converge to a Local Nash Equilibrium", 2017, eq. 6 (FID where the features are those of Inception-v3).
"""

from typing import NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import FeatureMetric, Score
from ppgen.metrics.arrays import checked_features
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.features import DLIB_FACE, dimension
from ppgen.registry import METRICS

SAMPLES_PER_DIMENSION = 5  #: with fewer, the estimate says more about the sample size than about the pictures


class Gaussian(NamedTuple):
    """Mean (d,) and covariance (d, d) of feature vectors, float64."""

    mean: np.ndarray
    covariance: np.ndarray


def require_samples(real: int, fake: int, dimension: int) -> None:
    """DataError unless both sides have at least five times as many pictures as a picture has features."""
    least = SAMPLES_PER_DIMENSION * dimension
    if min(real, fake) < least:
        there = f"there are {real} real and {fake} fake ones: use KID, which has no such bias"
        raise DataError(f"FID over {dimension} features needs at least {least} pictures on each side, and {there}")


def gaussian(features: np.ndarray) -> Gaussian:
    """Mean and covariance (divided by n - 1) of features (n, d); DataError where n < 2 or not all are finite."""
    x = checked_features(features, "FID", least=2)
    mean = x.mean(axis=0)
    centred = x - mean
    return Gaussian(mean, centred.T @ centred / (len(x) - 1))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """The squared Frechet distance of two normal distributions; 0 for equal ones, never below.

    Tr (S1 S2)^(1/2) is the sum of the singular values of S1^(1/2) S2^(1/2): everything stays real, and a
    covariance without full rank needs no offset on its diagonal.
    """
    if a.mean.shape != b.mean.shape:
        raise DataError(f"FID compares features of one length, not {a.mean.size} and {b.mean.size}")
    cross = np.linalg.svd(_root(a.covariance) @ _root(b.covariance), compute_uv=False).sum()
    squared = np.square(a.mean - b.mean).sum() + np.trace(a.covariance) + np.trace(b.covariance) - 2 * cross
    return float(max(squared, 0.0))


def fid(real: np.ndarray, fake: np.ndarray) -> float:
    """Frechet distance between features (n, d) and (m, d); DataError as `require_samples` and `gaussian` say."""
    require_samples(len(real), len(fake), np.shape(real)[-1])
    return frechet_distance(gaussian(real), gaussian(fake))


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


@METRICS.register()
class FID(FeatureMetric):
    """`fid`: lower is better, 0 for equal sets. Refused where there are too few pictures, see `require_samples`."""

    short = "fid"

    def __init__(
        self, features: str | FeatureExtractor = DLIB_FACE, weights: str | None = None, key: str = "image"
    ) -> None:
        super().__init__(features, weights, key)
        self.least = SAMPLES_PER_DIMENSION * dimension(features, weights)

    def scores(self) -> list[Score]:
        """The distance of all pictures seen."""
        return [Score("fid", self.sink.protocol("fid"), fid(self.sink.real, self.sink.fake))]
