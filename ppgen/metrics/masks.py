"""How well a found mask covers the given one."""

from collections.abc import Mapping

import numpy as np

from ppgen.metrics.base import Metric
from ppgen.registry import METRICS


def intersection_over_union(predicted: np.ndarray, given: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """|A and B| / |A or B| of every picture; both (N, ...) in [0, 1], cut at `threshold` -> (N,)."""
    a, b = (x.reshape(len(x), -1) > threshold for x in (predicted, given))
    return (a & b).sum(axis=1) / np.maximum((a | b).sum(axis=1), 1)


@METRICS.register()
class MaskScores(Metric):
    """`iou`: the mean over pictures; `iou_worst`: the lowest."""

    def __init__(self) -> None:
        self._values: list[np.ndarray] = []

    def update(self, batch: Mapping[str, np.ndarray], predictions: np.ndarray) -> None:
        """Masks (N, 1, H, W) in [0, 1] against `batch["mask"]`."""
        self._values.append(intersection_over_union(predictions, batch["mask"]))

    def compute(self) -> dict[str, float]:
        """The scores of all pictures seen."""
        values = np.concatenate(self._values)
        return {"iou": float(values.mean()), "iou_worst": float(values.min())}
