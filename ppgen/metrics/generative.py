"""Several metrics at once, over one pass through the pictures."""

import inspect

import numpy as np

from ppgen.errors import ConfigError
from ppgen.metrics.accumulate import FeatureMetric, PictureMetric, Score, Side, Sink
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.features import DLIB_FACE
from ppgen.registry import METRICS, nearest


def kinds() -> dict[str, type[PictureMetric]]:
    """The metrics over sets of pictures by their short names: fid, kid, pr, identity, is, swd, ms-ssim."""
    registered = [METRICS.get(name) for name in METRICS.names()]
    return {kind.short: kind for kind in registered if issubclass(kind, PictureMetric) and kind.short}


class Sinks(Sink):
    """Several sinks as one."""

    def __init__(self, parts: list[Sink]) -> None:
        self.parts = parts

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """To each of them."""
        for part in self.parts:
            part.add(side, pictures)


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
        for name in scores:
            if name not in known:
                there = ", ".join(known)
                raise ConfigError(f"no score is called '{name}'{nearest(name, list(known))} (there are: {there})")
        if not scores:
            raise ConfigError(f"scores: name at least one of {', '.join(known)}")
        given = {"features": features, "weights": weights, "key": key, "paired": paired}
        self.metrics = []
        for name in scores:
            takes = inspect.signature(known[name]).parameters
            self.metrics.append(known[name](**{option: value for option, value in given.items() if option in takes}))
        shared: dict[object, Sink] = {}
        for metric in self.metrics:
            source = metric.sink.source if isinstance(metric, FeatureMetric) else metric
            metric.sink = shared.setdefault(source, metric.sink)
        self.key, self.sink, self.least = key, Sinks(list(shared.values())), max(m.least for m in self.metrics)

    def scores(self) -> list[Score]:
        """The figures of all metrics, in the order asked for."""
        return [score for metric in self.metrics for score in metric.scores()]
