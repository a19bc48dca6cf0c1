"""Is it the same person: cosine similarity of face descriptors.

For a translation the two sides are paired, and higher is better. For a generator they are not: each fake's
likeness to its nearest real tells whether training faces were learned by heart.
"""

import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import FeatureMetric, Score
from ppgen.metrics.arrays import checked_sides, standard_error
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.features import DESCRIPTOR
from ppgen.registry import METRICS

_ROWS = 1024


def paired_similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n,) cosine of each row of (n, d) with the same row of the other, in [-1, 1]; DataError for other shapes."""
    if np.shape(a) != np.shape(b):
        raise DataError(f"paired identity needs as many fakes as reals, not {np.shape(b)} and {np.shape(a)}")
    a, b = checked_sides(a, b, "identity")
    return (_unit(a) * _unit(b)).sum(axis=1)


def nearest_similarity(fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    """(n,) the highest cosine of each row of `fake` (n, d) with any of `real` (m, d)."""
    fake, real = map(_unit, checked_sides(fake, real, "identity"))
    return np.concatenate([(fake[s : s + _ROWS] @ real.T).max(axis=1) for s in range(0, len(fake), _ROWS)])


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


@METRICS.register()
class Identity(FeatureMetric):
    """`identity`, the mean cosine of pairs, or `identity_nearest`, that of fakes with their nearest real; with `_se`.

    Args:
        paired: whether fake i is made from real i.
        key: where a batch holds the real pictures.
        descriptor: see `ppgen.metrics.features`.
    """

    short = "identity"

    def __init__(
        self, paired: bool = True, key: str = "image", descriptor: str | FeatureExtractor = DESCRIPTOR
    ) -> None:
        super().__init__(descriptor, key=key)
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
        return [Score(name, self.sink.protocol(name), float(values.mean()), standard_error(values))]
