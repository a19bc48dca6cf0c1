"""What the metrics over sets of pictures share: gathering reals and fakes, and figures that carry their protocol.

A metric takes pictures by `update(batch, predictions)` (in a training) or by `add` (`ppgen evaluate`). Metrics over the
same features can share one sink, so that each picture goes through the network once.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.io.image import to_uint8
from ppgen.metrics.base import Metric
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.features import DLIB_FACE, dimension, extractor
from ppgen.metrics.reference import BLOCK, cached_features

Side = Literal["real", "fake"]


class Score(NamedTuple):
    """One figure.

    Attributes:
        name: "kid".
        protocol: all that decides the figure, "kid/dlib-face@17/n=956/resize=area/subsets=100x478".
        value: the figure.
        error: its standard error, None where there is none to be had.
    """

    name: str
    protocol: str
    value: float
    error: float | None = None


class PictureMetric(Metric):
    """A metric over real and fake pictures.

    Attributes:
        short: what `ppgen evaluate --metric` and `GenerativeScores` call it.
        key: where a batch holds the real pictures.
    """

    short: str = ""
    key: str

    @abstractmethod
    def add(self, side: Side, pictures: np.ndarray) -> None:
        """Take pictures of one side, uint8 (N, H, W, 3)."""

    def update(self, batch: Mapping[str, np.ndarray], predictions: np.ndarray) -> None:
        """Real pictures `batch[key]` and fake ones, float (N, 3 or 1, H, W) in [-1, 1]; the numbers may differ.

        Both are rounded to 8 bits, as if they came from files. Raises DataError where the batch has no such key.
        """
        if self.key not in batch:
            raise DataError(f"the batch holds no '{self.key}' (it holds {', '.join(batch)}): set the metric's key")
        sides: tuple[tuple[Side, np.ndarray], ...] = ("real", batch[self.key]), ("fake", predictions)
        for side, pictures in sides:
            if len(pictures):
                levels = to_uint8(pictures)
                self.add(side, levels if levels.shape[-1] != 1 else np.repeat(levels, 3, axis=-1))

    @abstractmethod
    def scores(self) -> list[Score]:
        """The figures of everything seen."""

    def compute(self) -> dict[str, float]:
        """The figures by short name ("kid", "kid_se") and, for print, by protocol."""
        values, protocols = {}, {}
        for name, protocol, value, error in self.scores():
            values[name] = protocols[protocol] = value
            if error is not None:
                values[f"{name}_se"] = error
        return values | protocols


def counts(real: int, fake: int) -> str:
    """ "n=956", or "n=956:5000" (real, then fake) where they differ."""
    return f"n={real}" if real == fake else f"n={real}:{fake}"


class FeatureSink:
    """Features of reals, through the cache, and of fakes.

    Args:
        features, weights: see `ppgen.metrics.features.extractor`; checked at once, loaded at the first picture.
    """

    def __init__(self, features: str | FeatureExtractor, weights: str | None = None) -> None:
        dimension(features, weights)
        self.source = features, weights
        self._pending: list[np.ndarray] = []
        self._features: dict[Side, list[np.ndarray]] = {"real": [], "fake": []}

    @property
    def extractor(self) -> FeatureExtractor:
        """The network behind."""
        return extractor(*self.source)

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """uint8 (N, H, W, 3)."""
        if side == "fake":
            self._features["fake"].append(self.extractor(pictures))
            return
        self._pending.extend(pictures)
        self._look_at_pending(BLOCK)

    def _look_at_pending(self, least: int) -> None:
        while len(self._pending) >= least:
            self._features["real"].append(cached_features(self.extractor, self._pending[:BLOCK]))
            del self._pending[:BLOCK]

    @property
    def real(self) -> np.ndarray:
        """(n, d) float32."""
        self._look_at_pending(1)
        return self._joined("real")

    @property
    def fake(self) -> np.ndarray:
        """(m, d) float32."""
        return self._joined("fake")

    def protocol(self, metric: str) -> str:
        """ "fid/dlib-face@17/n=956/resize=area"."""
        used = self.extractor
        return f"{metric}/{used.name}/{counts(len(self.real), len(self.fake))}/resize={used.resize}"

    def _joined(self, side: Side) -> np.ndarray:
        if not self._features[side]:
            raise DataError(f"no {side} pictures were given: there is nothing to compare")
        return np.concatenate(self._features[side])


class FeatureMetric(PictureMetric):
    """A metric over features.

    Args:
        features: name of the features, see `ppgen.metrics.features`; or, in Python, an extractor.
        weights: file of inception-v3.
        key: where a batch holds the real pictures.
    """

    def __init__(
        self, features: str | FeatureExtractor = DLIB_FACE, weights: str | None = None, key: str = "image"
    ) -> None:
        self.key, self.sink = key, FeatureSink(features, weights)

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """See the base."""
        self.sink.add(side, pictures)
