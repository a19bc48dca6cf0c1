"""What the metrics over sets of pictures share: gathering reals and fakes, and figures that carry their protocol.

A metric takes pictures by `update(batch, predictions)` (in a training) or by its sink's `add_real` and `add_fake`
(`ppgen evaluate`). Metrics over the same features can share one sink, so that each picture is seen once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Protocol

import numpy as np

from ppgen.errors import DataError
from ppgen.io.image import to_uint8
from ppgen.metrics.features import DLIB_FACE, FeatureExtractor, check_name, extractor
from ppgen.metrics.reference import BLOCK, cached_features


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


class Sink(Protocol):
    """Takes uint8 pictures (N, H, W, 3)."""

    def add_real(self, pictures: np.ndarray) -> None: ...

    def add_fake(self, pictures: np.ndarray) -> None: ...


class PictureMetric(ABC):
    """A metric over real and fake pictures.

    Attributes:
        key: where a batch holds the real pictures.
        sink: what gathers.
        least: how many pictures a side it needs at least.
    """

    key: str
    sink: Sink
    least: int = 1

    def update(self, batch: dict[str, Any], predictions: np.ndarray) -> None:
        """Real pictures `batch[key]` and fake ones, float (N, 3, H, W) in [-1, 1]; the numbers may differ.

        Both are rounded to 8 bits, as if they came from files. Raises DataError where the batch has no such key.
        """
        if self.key not in batch:
            raise DataError(f"the batch holds no '{self.key}' (it holds {', '.join(batch)}): set the metric's key")
        for add, pictures in ((self.sink.add_real, batch[self.key]), (self.sink.add_fake, predictions)):
            if len(pictures):
                add(to_uint8(pictures))

    @abstractmethod
    def scores(self) -> list[Score]:
        """The figures of everything seen."""

    def compute(self) -> dict[str, float]:
        """The figures by short name ("kid", "kid_se") and, for print, by protocol."""
        return score_dict(self.scores())


def score_dict(scores: list[Score]) -> dict[str, float]:
    """Scores as `PictureMetric.compute` returns them."""
    found = {}
    for score in scores:
        found[score.name] = score.value
        if score.error is not None:
            found[f"{score.name}_se"] = score.error
    return found | {score.protocol: score.value for score in scores}


def counts(real: int, fake: int) -> str:
    """ "n=956", or "n=956:5000" (real, then fake) where they differ."""
    return f"n={real}" if real == fake else f"n={real}:{fake}"


class FeatureSink:
    """Features of reals, through the cache, and of fakes.

    Args:
        features, weights: see `ppgen.metrics.features.extractor`; checked at once, loaded at the first picture.
    """

    def __init__(self, features: str, weights: str | None = None) -> None:
        check_name(features, weights)
        self._name, self._weights = features, weights
        self._pending: list[np.ndarray] = []
        self._real: list[np.ndarray] = []
        self._fake: list[np.ndarray] = []

    @property
    def extractor(self) -> FeatureExtractor:
        """The network behind."""
        return extractor(self._name, self._weights)

    def add_real(self, pictures: np.ndarray) -> None:
        """uint8 (N, H, W, 3)."""
        self._pending.extend(pictures)
        while len(self._pending) >= BLOCK:
            self._flush(self._pending[:BLOCK])
            self._pending = self._pending[BLOCK:]

    def add_fake(self, pictures: np.ndarray) -> None:
        """uint8 (N, H, W, 3)."""
        self._fake.append(self.extractor(pictures))

    def _flush(self, pictures: list[np.ndarray]) -> None:
        self._real.append(cached_features(self.extractor, pictures))

    @property
    def real(self) -> np.ndarray:
        """(n, d) float32."""
        if self._pending:
            self._flush(self._pending)
            self._pending = []
        return self._joined(self._real, "real")

    @property
    def fake(self) -> np.ndarray:
        """(m, d) float32."""
        return self._joined(self._fake, "fake")

    def protocol(self, metric: str) -> str:
        """ "fid/dlib-face@17/n=956/resize=area"."""
        used = self.extractor
        return f"{metric}/{used.name}/{counts(len(self.real), len(self.fake))}/resize={used.resize}"

    def _joined(self, parts: list[np.ndarray], side: str) -> np.ndarray:
        if not parts:
            raise DataError(f"no {side} pictures were given: there is nothing to compare")
        return np.concatenate(parts)


class FeatureMetric(PictureMetric):
    """A metric over features.

    Args:
        features: name of the features, see `ppgen.metrics.features`.
        weights: file of inception-v3.
        key: where a batch holds the real pictures.
    """

    sink: FeatureSink

    def __init__(self, features: str = DLIB_FACE, weights: str | None = None, key: str = "image") -> None:
        self.key, self.sink = key, FeatureSink(features, weights)
