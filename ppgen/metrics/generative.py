"""Several metrics at once, over one pass through the pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ppgen.errors import ConfigError
from ppgen.metrics.accumulate import FeatureMetric, PictureMetric, Score, Sink, score_dict
from ppgen.metrics.features import DLIB_FACE
from ppgen.metrics.fid import FID
from ppgen.metrics.identity import Identity
from ppgen.metrics.inception_score import InceptionScore
from ppgen.metrics.kid import KID
from ppgen.metrics.ms_ssim import MSSSIM
from ppgen.metrics.pr import PrecisionRecall
from ppgen.metrics.swd import SWD
from ppgen.registry import METRICS, nearest

_OVER_FEATURES: dict[str, type[FeatureMetric]] = {"fid": FID, "kid": KID, "pr": PrecisionRecall}
_OTHERS: dict[str, Callable[..., PictureMetric]] = {
    "identity": lambda weights, key, paired: Identity(paired, key),
    "is": lambda weights, key, paired: InceptionScore(weights, key),
    "swd": lambda weights, key, paired: SWD(key),
    "ms-ssim": lambda weights, key, paired: MSSSIM(key),
}
NAMES = (*_OVER_FEATURES, *_OTHERS)


@METRICS.register()
class GenerativeScores:
    """What is asked of fid, kid, pr, identity, is, swd and ms-ssim; each picture goes through a network once.

    Args:
        scores: which.
        features: of fid, kid and pr, see `ppgen.metrics.features`.
        weights: file of inception-v3, for these features and for `is`.
        key: where a batch holds the real pictures.
        paired: whether fake i is made from real i (for identity).
    """

    def __init__(
        self,
        scores: list,
        features: str = DLIB_FACE,
        weights: str | None = None,
        key: str = "image",
        paired: bool = False,
    ) -> None:
        self.metrics: list[PictureMetric] = []
        shared: Sink | None = None
        for name in scores:
            if name in _OTHERS:
                self.metrics.append(_OTHERS[name](weights, key, paired))
                continue
            if name not in _OVER_FEATURES:
                known = ", ".join(NAMES)
                raise ConfigError(f"no score is called '{name}'{nearest(name, list(NAMES))} (there are: {known})")
            metric = _OVER_FEATURES[name](features, weights, key)
            shared = metric.sink = shared or metric.sink
            self.metrics.append(metric)
        if not self.metrics:
            raise ConfigError(f"scores: name at least one of {', '.join(NAMES)}")

    @property
    def least(self) -> int:
        """See `PictureMetric`."""
        return max(metric.least for metric in self.metrics)

    @property
    def sinks(self) -> list[Sink]:
        """Each sink once."""
        return list({id(metric.sink): metric.sink for metric in self.metrics}.values())

    def update(self, batch: dict[str, Any], predictions: np.ndarray) -> None:
        """See `PictureMetric.update`."""
        seen: set[int] = set()
        for metric in self.metrics:
            if id(metric.sink) not in seen:
                metric.update(batch, predictions)
                seen.add(id(metric.sink))

    def scores(self) -> list[Score]:
        """The figures of all metrics, in the order asked for."""
        return [score for metric in self.metrics for score in metric.scores()]

    def compute(self) -> dict[str, float]:
        """See `PictureMetric.compute`."""
        return score_dict(self.scores())
