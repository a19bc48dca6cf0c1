"""Several metrics at once, over one pass through the pictures."""

import inspect
from collections.abc import Sequence

import numpy as np

from ppgen.errors import ConfigError
from ppgen.metrics.accumulate import FeatureMetric, FeatureSink, PictureMetric, Score, Side
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.features import DLIB_FACE
from ppgen.registry import METRICS, unknown


def kinds() -> dict[str, type[PictureMetric]]:
    """The metrics over sets of pictures by their short names: fid, kid, pr, identity, is, swd, ms-ssim."""
    registered = [METRICS.get(name) for name in METRICS.names()]
    return {kind.short: kind for kind in registered if issubclass(kind, PictureMetric) and kind.short}


def check_names(names: Sequence[str], known: list[str]) -> None:
    """ConfigError where no metric is asked for, or one that is not among `known`."""
    for name in names:
        if name not in known:
            raise ConfigError(unknown("metric", name, known))
    if not names:
        raise ConfigError(f"name at least one metric of {', '.join(known)}")


@METRICS.register()
class GenerativeScores(PictureMetric):
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
        scores: list[str],
        features: str | FeatureExtractor = DLIB_FACE,
        weights: str | None = None,
        key: str = "image",
        paired: bool = False,
    ) -> None:
        known = kinds()
        check_names(scores, list(known))
        given = {"features": features, "weights": weights, "key": key, "paired": paired}
        self.metrics = []
        sinks: dict[object, FeatureSink] = {}  # one for metrics over the same features
        for name in scores:
            takes = inspect.signature(known[name]).parameters
            metric = known[name](**{option: value for option, value in given.items() if option in takes})
            self.metrics.append(metric)
            if isinstance(metric, FeatureMetric):
                metric.sink = sinks.setdefault(metric.sink.source, metric.sink)
        alone = [metric for metric in self.metrics if not isinstance(metric, FeatureMetric)]
        self._sinks: list[FeatureSink | PictureMetric] = [*sinks.values(), *alone]
        self.key, self.least = key, max(metric.least for metric in self.metrics)
        self.least_side = max(metric.least_side for metric in self.metrics)

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """To all metrics."""
        for sink in self._sinks:
            sink.add(side, pictures)

    def scores(self) -> list[Score]:
        """The figures of all metrics, in the order asked for."""
        return [score for metric in self.metrics for score in metric.scores()]
