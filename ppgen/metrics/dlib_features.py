"""Features of aligned faces from the shipped FaceID network.

The picture of an aligned face, of any size, is scaled whole to the network's 150 pixels, hair and background
included: a generator answers for all of it. For the descriptor alone (who is it) the box is cut out first that the
network is used to: dlib's chip, where it lies on average in faces aligned as in data/README.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ppgen.metrics.features import BATCH, DEPTHS, DLIB_FACE, FeatureExtractor, dimension, fingerprint
from ppgen.metrics.resize import as_float, scaled

# Left, top, right, bottom as fractions of the side: between the chip of `portraits` (0.21, 0.26, 0.82, 0.86) and that
# of `faces128` (0.16, 0.20, 0.87, 0.90), both from `typical_landmarks`. On 14 portraits its descriptors have cosine
# 0.984 with those at the true landmarks (other people's: 0.850); the whole picture's have 0.870, and half go astray.
FACE_BOX = (0.19, 0.23, 0.84, 0.88)


def cut_face(pictures: np.ndarray) -> np.ndarray:
    """The `FACE_BOX` of (N, C, H, W), to whole pixels."""
    height, width = pictures.shape[2:]
    left, top, right, bottom = (round(f * n) for f, n in zip(FACE_BOX, (width, height, width, height)))
    return pictures[:, :, top:bottom, left:right]


@lru_cache(maxsize=1)
def _network() -> Any:
    from ppgen import hub

    return hub.load("face_id")


class DlibFace(FeatureExtractor):
    """FaceID at one depth.

    Args:
        depth: a stage's side, or "descriptor".
        spread: add the standard deviations over positions to the means.
    """

    def __init__(self, depth: str, spread: bool = False) -> None:
        self._network, self._depth, self._spread = _network(), depth, spread
        self.name = f"{DLIB_FACE}@{depth}" + ("+std" if spread else "")
        self.dimension = dimension(self.name)
        self.input_size, self.resize = 150, "area"
        self.fingerprint = fingerprint(self._network, self.name, self.input_size, self.resize, FACE_BOX)

    def prepared(self, pictures: np.ndarray) -> np.ndarray:
        """See the base class; for the descriptor, of the face alone."""
        x = as_float(pictures)
        return scaled(cut_face(x) if self._depth == "descriptor" else x, self.input_size, self.resize)

    def _features(self, x: np.ndarray) -> np.ndarray:
        import paddle
        with paddle.no_grad():
            found = self._network.features(paddle.to_tensor(x))
        if self._depth == "descriptor":
            return found.descriptor.numpy()
        return _pooled(getattr(found, f"side{self._depth}").numpy(), self._spread)


def _pooled(stage: np.ndarray, spread: bool) -> np.ndarray:
    """Mean over positions, and with `spread` the deviation behind it: (N, C, H, W) -> float32 (N, C or 2 C)."""
    parts = [stage.mean(axis=(2, 3), dtype=np.float64)]
    if spread:
        parts.append(stage.std(axis=(2, 3), dtype=np.float64))
    return np.concatenate(parts, axis=1).astype(np.float32)


def all_depths(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Features of every depth with a number, without and with +std, by the extractor's name, in one pass."""
    import paddle

    network, found = _network(), {}
    for start in range(0, len(pictures), BATCH):
        with paddle.no_grad():
            stages = network.features(paddle.to_tensor(scaled(as_float(pictures[start : start + BATCH]), 150)))
        for depth in DEPTHS:
            stage = getattr(stages, f"side{depth}", None)
            for spread, suffix in ((False, ""), (True, "+std")) if stage is not None else ():
                found.setdefault(f"{DLIB_FACE}@{depth}{suffix}", []).append(_pooled(stage.numpy(), spread))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def perceptual_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) distances between float (N, 3, H, W) pictures in [-1, 1] over all six stages of FaceID.

    LPIPS (Zhang et al. 2018, eq. 1) with FaceID in the place of VGG16 and without learned weights: activations are
    scaled to unit length over the channels, their squared differences summed over channels and averaged over
    positions. Of second order near 0, as path lengths need it.
    """
    import paddle

    network = _network()
    with paddle.no_grad():
        found = [network.features(paddle.to_tensor(scaled(as_float(x), 150)))[:-1] for x in (a, b)]
    total = np.zeros(len(a))
    for left, right in zip(*found):
        difference = _unit_channels(left.numpy()) - _unit_channels(right.numpy())
        total += np.square(difference).sum(axis=1).mean(axis=(1, 2))
    return total


def _unit_channels(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return x / (np.sqrt(np.square(x).sum(axis=1, keepdims=True)) + 1e-10)
