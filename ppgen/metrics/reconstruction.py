"""How well a model gives back the pictures it was shown."""

from collections.abc import Mapping

import numpy as np

from ppgen.metrics.base import Metric
from ppgen.registry import METRICS


@METRICS.register()
class ReconstructionError(Metric):
    """`mse`: mean squared error over all pixels on the scale [0, 1], as the literature on VAEs counts it.

    Args:
        key: where a batch holds the pictures, float in [-1, 1] as the predictions.
    """

    def __init__(self, key: str = "image") -> None:
        self.key = key
        self._sum, self._count = 0.0, 0

    def update(self, batch: Mapping[str, np.ndarray], predictions: np.ndarray) -> None:
        """Pictures and their reconstructions, (N, C, H, W)."""
        difference = (np.asarray(batch[self.key], np.float64) - predictions) / 2
        self._sum += float((difference**2).sum())
        self._count += difference.size

    def compute(self) -> dict[str, float]:
        """The mean over everything seen."""
        return {"mse": self._sum / max(self._count, 1)}
