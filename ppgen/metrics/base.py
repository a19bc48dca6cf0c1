"""What a training asks of every metric."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np


class Metric(ABC):
    """Scores of predictions over a validation set: batch after batch, then all at once.

    Attributes:
        least: how many pictures the set must have at least, on each side where there are two.
        least_side: pixels a side that pictures must have at least.
        classes: the meanings of its labels, given by whoever asks; empty where it has none.
    """

    least: int = 1
    least_side: int = 1
    classes: Sequence[str] = ()

    @abstractmethod
    def update(self, batch: Mapping[str, np.ndarray], predictions: np.ndarray) -> None:
        """Take a collated batch of the dataset and what was predicted for it."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """The scores of everything seen, by name."""
