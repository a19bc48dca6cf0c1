"""How sure a figure is: the percentile bootstrap.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ppgen.errors import DataError


def interval(
    values: ArrayLike,
    statistic: Callable[[np.ndarray], float] = np.mean,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Low and high end of the interval that `statistic` of a new sample like this one falls in.

    Args:
        values: (n,) or (n, k), one row for each independent case (a portrait, not a pixel).
        statistic: takes as many rows, drawn with replacement, and returns a number.
        level: share of the resamples between the two ends.
        seed: the same seed gives the same interval.
    Raises:
        DataError: no values, or some that are not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.size or not np.isfinite(values).all():
        raise DataError("a bootstrap interval needs at least one value, and finite ones only")
    rng = np.random.default_rng(seed)
    resampled = [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(resamples)]
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
