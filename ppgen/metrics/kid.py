"""Kernel distance of two feature sets: squared maximum mean discrepancy under a polynomial kernel.

Binkowski et al., "Demystifying MMD GANs", 2018, eq. 4 and section 4: k(x, y) = (x.y / d + 1)^3, unbiased, averaged
over random subsets. Unlike the Frechet distance its expectation does not depend on the number of pictures, and
it may fall below 0 where two sets do not differ.
"""

from typing import NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import FeatureMetric, Score
from ppgen.metrics.arrays import checked_sides
from ppgen.registry import METRICS

DEGREE, COEFFICIENT = 3, 1.0
SUBSETS, SUBSET_SIZE = 100, 1000


class KernelDistance(NamedTuple):
    """The estimate, its standard error, and how the subsets were taken."""

    value: float
    error: float
    subsets: int
    subset_size: int


def polynomial_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(x.y / d + 1)^3 for every pair: (n, d) and (m, d) -> (n, m)."""
    return (a @ b.T / a.shape[1] + COEFFICIENT) ** DEGREE


def unbiased_mmd(real: np.ndarray, fake: np.ndarray) -> float:
    """Squared MMD between features (n, d) and (m, d), n and m at least 2; pairs of a point with itself left out."""
    x, y = checked_sides(real, fake, "KID", least=2)
    return _within(polynomial_kernel(x, x)) + _within(polynomial_kernel(y, y)) - 2 * polynomial_kernel(x, y).mean()


def subset_size(real: int, fake: int) -> int:
    """Pictures a subset: 1000 as in the paper, but half the smaller side at most.

    Subsets of a whole side would all be the same, and their spread would feign certainty.
    """
    return max(2, min(SUBSET_SIZE, min(real, fake) // 2))


def kid(real: np.ndarray, fake: np.ndarray, subsets: int = SUBSETS, seed: int = 0) -> KernelDistance:
    """KID between features (n, d) and (m, d), n and m at least 4.

    The error is that of the whole sample, not of one subset: subsets of b among n, drawn without replacement,
    spread by s^2 (1/b - 1/n) where the whole sample spreads by s^2 / n, so the spread found between subsets is
    multiplied by sqrt(b / (n - b)), n being the smaller side. Where the sets do not differ this is too large
    rather than too small.

    Raises:
        DataError: fewer than 4 pictures on a side, different lengths, values that are not finite.
    """
    x, y = checked_sides(real, fake, "KID", least=4)
    if subsets < 2:
        raise DataError(f"KID needs at least 2 subsets to know its error, not {subsets}")
    size, rng = subset_size(len(x), len(y)), np.random.default_rng(seed)
    values = np.array([unbiased_mmd(_drawn(x, size, rng), _drawn(y, size, rng)) for _ in range(subsets)])
    error = values.std(ddof=1) * np.sqrt(size / (min(len(x), len(y)) - size))
    return KernelDistance(float(values.mean()), float(error), subsets, size)


def _drawn(x: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    return x[rng.choice(len(x), size, replace=False)]


def _within(kernel: np.ndarray) -> float:
    """Mean over the pairs of two different points."""
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


@METRICS.register()
class KID(FeatureMetric):
    """`kid` and its standard error `kid_se`: lower is better, about 0 for equal sets."""

    short, least = "kid", 4

    def scores(self) -> list[Score]:
        """The distance of all pictures seen."""
        distance = kid(self.sink.real, self.sink.fake)
        protocol = f"{self.sink.protocol('kid')}/subsets={distance.subsets}x{distance.subset_size}"
        return [Score("kid", protocol, distance.value, distance.error)]
