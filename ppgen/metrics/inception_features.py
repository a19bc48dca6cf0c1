"""Features as the Frechet Inception distance first had them: comparable with published figures.

The weights are those of TensorFlow's graph of 2015-12-05, as pytorch-fid publishes them
(pt_inception-2015-12-05-6726825d.pth, under its key names). Pictures are scaled to 299 pixels without smoothing, as
pytorch-fid does.
"""

from pathlib import Path

import numpy as np
import paddle

from ppgen.errors import WeightsError
from ppgen.io.weights import load_into
from ppgen.metrics.extractor import BATCH, FeatureExtractor, fingerprint
from ppgen.networks.inception import CLASSES, FEATURES, InceptionOutput, InceptionV3

INCEPTION = "inception-v3"
_SAVE = (
    "where PyTorch is installed, save it as .safetensors once: `safetensors.torch.save_file({k: v.contiguous() "
    "for k, v in torch.load(FILE, map_location='cpu', weights_only=True).items()}, NEW)`"
)
_SOURCE = f"They are pytorch-fid's pt_inception-2015-12-05-6726825d.pth; {_SAVE}"


class InceptionFeatures(FeatureExtractor):
    """Inception-v3 before its classes.

    Args:
        weights: a safetensors file with pytorch-fid's keys, or with ours.
    Raises:
        WeightsError: missing, damaged, or of another network.
    """

    name, dimension, input_size, resize = INCEPTION, FEATURES, 299, "linear"

    def __init__(self, weights: str) -> None:
        self._network = InceptionV3()
        load_into(self._network, Path(weights).expanduser())
        self._network.eval()
        self.fingerprint = fingerprint(self._network, self.name, self.input_size, self.resize)

    @staticmethod
    def check(weights: str | None) -> int:
        """How many features there are; WeightsError where no file of weights was given that can be read."""
        if not weights:
            advice = "name their file (--weights FILE, or weights: FILE), or use dlib-face, which comes with it"
            needs = f"the features {INCEPTION} need the FID weights, which do not come with ppgen"
            raise WeightsError(f"{needs}: {advice}. {_SOURCE}")
        path = Path(weights).expanduser()
        if not path.is_file():
            raise WeightsError(f"{weights}: no such file. {_SOURCE}")
        if path.suffix.lower() in (".pth", ".pt"):
            raise WeightsError(f"{weights}: is a PyTorch pickle, which could run code and is not read: {_SAVE}")
        return FEATURES

    def _features(self, x: np.ndarray) -> np.ndarray:
        return self._run(x).features.numpy()

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """(N, 1008) float64; pictures as for features."""
        parts = [np.zeros((0, CLASSES))]
        for start in range(0, len(pictures), BATCH):
            logits = self._run(self.prepared(pictures[start : start + BATCH])).logits.numpy()
            parts.append(np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True)))
        p = np.concatenate(parts)
        return p / p.sum(axis=1, keepdims=True)

    def _run(self, x: np.ndarray) -> InceptionOutput:
        with paddle.no_grad():
            return self._network(paddle.to_tensor(x))
