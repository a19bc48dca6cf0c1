"""Features as the Frechet Inception distance first had them: comparable with published figures.

The weights are those of TensorFlow's graph of 2015-12-05, as pytorch-fid publishes them
(pt_inception-2015-12-05-6726825d.pth, under its key names). Pictures are scaled to 299 pixels without smoothing, as
pytorch-fid does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ppgen.io.weights import load_into
from ppgen.metrics.features import BATCH, INCEPTION, INCEPTION_FEATURES, FeatureExtractor, fingerprint
from ppgen.metrics.resize import as_float, scaled

CLASSES = 1008


class InceptionFeatures(FeatureExtractor):
    """Inception-v3 before its classes.

    Args:
        weights: a safetensors file with pytorch-fid's keys, or with ours.
    Raises:
        WeightsError: missing, damaged, or of another network.
    """

    def __init__(self, weights: str) -> None:
        from ppgen.networks.inception import InceptionV3

        self._network = InceptionV3()
        load_into(self._network, Path(weights).expanduser())
        self._network.eval()
        self.name, self.dimension, self.input_size, self.resize = INCEPTION, INCEPTION_FEATURES, 299, "linear"
        self.fingerprint = fingerprint(self._network, self.name, self.input_size, self.resize)

    def _features(self, x: np.ndarray) -> np.ndarray:
        return self._run(x).features.numpy()

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """(N, 1008) float64; pictures as for features."""
        found = []
        for start in range(0, len(pictures), BATCH):
            x = scaled(as_float(pictures[start : start + BATCH]), self.input_size, self.resize)
            logits = self._run(x).logits.numpy()
            found.append(np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True)))
        p = np.concatenate(found) if found else np.zeros((0, CLASSES))
        return p / p.sum(axis=1, keepdims=True)

    def _run(self, x: np.ndarray):  # noqa: ANN202  (the class is imported only with Paddle)
        import paddle
        with paddle.no_grad():
            return self._network(paddle.to_tensor(x))
