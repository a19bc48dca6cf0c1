"""The interface of the networks that turn pictures into features to compare."""

import hashlib
from abc import ABC, abstractmethod

import numpy as np
from paddle import nn

from ppgen.errors import DataError
from ppgen.metrics.resize import as_float, scaled

BATCH = 16  # pictures a forward pass


class FeatureExtractor(ABC):
    """Pictures of any size -> features.

    A network that `ppgen.metrics.features.extractor` knows by name is built as (depth, weights), which are what
    stands behind the "@" of its name and the file that was given.

    Attributes:
        name: as given to `extractor`, complete.
        dimension: features a picture.
        input_size: side in pixels that the network sees.
        resize: filter that scales to it, see `ppgen.metrics.resize`.
        fingerprint: of weights and input, so that stored features are never taken for another network's.
    """

    name: str
    dimension: int
    input_size: int
    resize: str
    fingerprint: str

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 (N, H, W, 3) RGB, or float (N, 3, H, W) in [-1, 1] -> float32 (N, dimension).

        Floats are not rounded to 8 bits; who compares with 8-bit pictures rounds them first.
        Raises DataError for another type or shape, or values that are not finite.
        """
        parts = [self._features(self.prepared(pictures[s : s + BATCH])) for s in range(0, len(pictures), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def prepared(self, pictures: np.ndarray) -> np.ndarray:
        """What the network sees: float32 (N, 3, input_size, input_size) in [-1, 1]."""
        return scaled(as_float(pictures), self.input_size, self.resize)

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """Class probabilities (N, classes) of the same; DataError where the network knows no classes."""
        raise DataError(f"{self.name} knows no classes: the Inception Score needs the features inception-v3")

    @abstractmethod
    def _features(self, x: np.ndarray) -> np.ndarray:
        """Prepared pictures of one batch -> float32 (N, dimension)."""


def fingerprint(network: nn.Layer, *facts: object) -> str:
    """SHA-256 over a network's arrays and whatever else decides its features."""
    digest = hashlib.sha256(repr(facts).encode())
    for key, value in sorted(network.state_dict().items()):
        digest.update(key.encode() + np.ascontiguousarray(value.numpy()).tobytes())
    return digest.hexdigest()
