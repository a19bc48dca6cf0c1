"""Is it the same person: cosine similarity of face descriptors.

For a translation the two sides are paired, and higher is better. For a generator they are not: each fake's
likeness to its nearest real tells whether training faces were learned by heart.
"""

from __future__ import annotations

import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import FeatureMetric, Score
from ppgen.metrics.arrays import checked_features
from ppgen.metrics.features import DESCRIPTOR
from ppgen.registry import METRICS

_ROWS = 1024


def paired_similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n,) cosine of each row of (n, d) with the same row of the other, in [-1, 1]; DataError for other shapes."""
    if np.shape(a) != np.shape(b):
        raise DataError(f"paired identity needs as many fakes as reals, not {np.shape(b)} and {np.shape(a)}")
    return (_unit(a) * _unit(b)).sum(axis=1)


def nearest_similarity(fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    """(n,) the highest cosine of each row of `fake` (n, d) with any of `real` (m, d)."""
    fake, real = _unit(fake), _unit(real)
    if fake.shape[1] != real.shape[1]:
        raise DataError(f"identity compares descriptors of one length, not {fake.shape[1]} and {real.shape[1]}")
    return np.concatenate([(fake[s : s + _ROWS] @ real.T).max(axis=1) for s in range(0, len(fake), _ROWS)])


def _unit(x: np.ndarray) -> np.ndarray:
    x = checked_features(x, "identity")
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


@METRICS.register()
class Identity(FeatureMetric):
    """`identity`, the mean cosine of pairs, or `identity_nearest`, that of fakes with their nearest real; with `_se`.

    Args:
        paired: whether fake i is made from real i.
        key: where a batch holds the real pictures.
    """

    def __init__(self, paired: bool = True, key: str = "image") -> None:
        super().__init__(DESCRIPTOR, key=key)
        self.paired = paired
        #: the real that each fake belongs to, by number; None: in the same order
        self.partners: np.ndarray | None = None

    def scores(self) -> list[Score]:
        """Of all pictures seen."""
        real, fake = self.sink.real, self.sink.fake
        if self.paired:
            name, values = "identity", paired_similarity(real if self.partners is None else real[self.partners], fake)
        else:
            name, values = "identity_nearest", nearest_similarity(fake, real)
        error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
        return [Score(name, self.sink.protocol(name), float(values.mean()), error)]
