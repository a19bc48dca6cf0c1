"""Inception Score: are single pictures easy to classify, and are all classes there.

Salimans et al., "Improved Techniques for Training GANs", 2016, section 4: exp(E_x KL(p(y|x) || p(y))), over ten parts
of the pictures; from 1 to the number of classes.
"""

from typing import NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import PictureMetric, Score, Side
from ppgen.metrics.arrays import checked_features
from ppgen.metrics.features import INCEPTION, dimension, extractor
from ppgen.registry import METRICS

SPLITS = 10


class SplitScore(NamedTuple):
    """Mean over the parts, and their standard deviation (not an error of the mean; as in the paper)."""

    mean: float
    deviation: float


def inception_score(probabilities: np.ndarray, splits: int = SPLITS) -> SplitScore:
    """Score of class probabilities (n, classes), rows summing to 1, in their given order.

    Raises:
        DataError: fewer pictures than parts, or rows that are no probabilities.
    """
    p = checked_features(probabilities, "Inception Score", least=splits)
    if p.min() < 0 or np.abs(p.sum(axis=1) - 1).max() > 1e-3:
        raise DataError("Inception Score needs class probabilities: rows of numbers from 0 up that sum to 1")
    scores = [np.exp(_divergence(part).mean()) for part in np.array_split(p, splits)]
    return SplitScore(float(np.mean(scores)), float(np.std(scores)))


def _divergence(p: np.ndarray) -> np.ndarray:
    """KL(p(y|x) || p(y)) of every row, in nats; 0 log 0 is 0."""
    marginal = p.mean(axis=0, keepdims=True)
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=p > 0)
    return (p * np.log(ratio)).sum(axis=1)


@METRICS.register()
class InceptionScore(PictureMetric):
    """`inception_score`, higher is better, and `inception_score_sd`, its deviation between ten parts.

    Args:
        weights: file of inception-v3: FaceID knows no classes.
        key: where a batch holds the real pictures, which do not matter here.
    """

    short, least = "is", SPLITS

    def __init__(self, weights: str | None = None, key: str = "image") -> None:
        dimension(INCEPTION, weights)
        self.key, self._weights = key, weights
        self._probabilities: list[np.ndarray] = []

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """See the base; of the fakes, their class probabilities."""
        if side == "fake":
            self._probabilities.append(extractor(INCEPTION, self._weights).probabilities(pictures))

    def scores(self) -> list[Score]:
        """The score of all fakes seen."""
        p = np.concatenate(self._probabilities or [np.zeros((0, 1))])
        values = zip(("inception_score", "inception_score_sd"), inception_score(p))
        return [Score(name, f"{name}/{INCEPTION}/n={len(p)}/splits={SPLITS}", value) for name, value in values]
