"""Does a conditional generator draw what it was asked for? Judged by the nearest real pictures.

The classifier is independent of the generator: k nearest neighbours among real, labelled pictures, a method without
training (Fix and Hodges 1951). On scikit-learn's digits it is right for 98-99 % of held-back real ones, reported
beside as `accuracy_of_real`.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ppgen.datasets.base import WithClasses
from ppgen.datasets.files import data_root
from ppgen.metrics.base import Metric
from ppgen.registry import DATASETS, METRICS


def nearest_labels(pictures: np.ndarray, real: np.ndarray, labels: np.ndarray, neighbours: int = 3) -> np.ndarray:
    """Label int64 (n,) of each picture by vote of its nearest real ones, the nearer first in a tie.

    Args:
        pictures: float (n, d); real: float (m, d), rows are compared by Euclidean distance.
        labels: int64 (m,).
        neighbours: how many vote.
    """
    squares = (real**2).sum(axis=1)[None] - 2 * pictures @ real.T  # |a - b|² without |a|², which ranks the same
    order = np.argsort(squares, axis=1, kind="stable")[:, :neighbours]
    votes = np.zeros((len(pictures), int(labels.max()) + 1))
    for rank, column in enumerate(order.T):
        votes[np.arange(len(pictures)), labels[column]] += 1 + 1e-3 * (neighbours - rank)
    return votes.argmax(axis=1)


@lru_cache(maxsize=1)  # a metric is made anew at every validation, and the dataset may ask the internet for its files
def _references(config: str, most: int, root: str, classes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(rows of pixels, labels) of the first `most` pictures of a dataset below `root`, its config given as JSON.

    Labels are numbered by `classes`, where there are any.
    """
    dataset = DATASETS.build(json.loads(config))
    if classes and isinstance(dataset, WithClasses):
        dataset.relabel(classes)
    samples = [dataset.sample(i, None) for i in range(min(len(dataset), most))]
    return np.stack([sample["image"].ravel() for sample in samples]), np.array([int(s["label"]) for s in samples])


@METRICS.register()
class LabelAccuracy(Metric):
    """`accuracy`: share of drawings that are taken for the label asked for; `accuracy_of_real`: of real pictures.

    Args:
        real: config of the dataset with `image` and `label` that drawings are compared with.
        neighbours: how many of it vote.
        most: use its first so many only.
    """

    def __init__(self, real: dict, neighbours: int = 3, most: int = 5000) -> None:
        self._real, self._neighbours, self._most = real, neighbours, most
        self._drawn: list[np.ndarray] = []
        self._held_back: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []

    def update(self, batch: Mapping[str, np.ndarray], predictions: np.ndarray) -> None:
        """Drawings (N, C, H, W) for `batch['label']`; `batch['image']` are real ones of the same labels."""
        self._drawn.append(predictions.reshape(len(predictions), -1))
        self._held_back.append(batch["image"].reshape(len(predictions), -1))
        self._labels.append(np.asarray(batch["label"]))

    def compute(self) -> dict[str, float]:
        """Both shares, from 0 to 1."""
        config, root = json.dumps(self._real, sort_keys=True, default=str), str(data_root(""))
        real, labels = _references(config, self._most, root, tuple(self.classes))
        wanted = np.concatenate(self._labels)

        def right(pictures: list[np.ndarray]) -> float:
            labelled = nearest_labels(np.concatenate(pictures), real, labels, self._neighbours)
            return float((labelled == wanted).mean())

        return {"accuracy": right(self._drawn), "accuracy_of_real": right(self._held_back)}
