"""Improved precision and recall: how many fakes look real, and how much of the real variety is covered.

Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", 2019, eqs. 1-2: a set's
manifold is the union of balls around its points that reach to their k-th nearest neighbour; precision is the
share of fakes in the real manifold, recall the share of reals in the fake one.
"""

from typing import NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import FeatureMetric, Score
from ppgen.metrics.arrays import checked_sides
from ppgen.registry import METRICS

NEIGHBOURS = 3
_ROWS = 512  # rows of a distance matrix held at a time


class PrecisionAndRecall(NamedTuple):
    """Both in [0, 1]."""

    precision: float
    recall: float


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distance of every pair: (n, d) and (m, d) -> (n, m), float64."""
    squared = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(squared.clip(0))


def radii(points: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """(n,): distance of each point to its k-th nearest other point."""
    if len(points) <= k:
        raise DataError(f"precision and recall with k={k} need more than {k} pictures a side, not {len(points)}")
    reach = []
    for start in range(0, len(points), _ROWS):
        block = distances(points[start : start + _ROWS], points)
        rows = np.arange(len(block))
        block[rows, start + rows] = 0.0  # its distance to itself comes out as rounding noise
        reach.append(np.partition(block, k, axis=1)[:, k])
    return np.concatenate(reach)


def share_within(points: np.ndarray, centres: np.ndarray, reach: np.ndarray) -> float:
    """Share of `points` (n, d) that lie in at least one ball around `centres` (m, d) with radii `reach` (m,)."""
    blocks = (points[start : start + _ROWS] for start in range(0, len(points), _ROWS))
    return float(np.concatenate([(distances(b, centres) <= reach).any(axis=1) for b in blocks]).mean())


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> PrecisionAndRecall:
    """Precision and recall of features (n, d) and (m, d); DataError where a side has no more than k pictures."""
    x, y = checked_sides(real, fake, "precision")
    origin = x.mean(axis=0)  # near the origin, the squares that are subtracted stay small
    x, y = x - origin, y - origin
    return PrecisionAndRecall(share_within(y, x, radii(x, k)), share_within(x, y, radii(y, k)))


@METRICS.register()
class PrecisionRecall(FeatureMetric):
    """`precision` and `recall`, in [0, 1], higher is better."""

    short, least = "pr", NEIGHBOURS + 1

    def scores(self) -> list[Score]:
        """Both, of all pictures seen."""
        shares = precision_recall(self.sink.real, self.sink.fake)._asdict()
        return [Score(name, f"{self.sink.protocol(name)}/k={NEIGHBOURS}", share) for name, share in shares.items()]
