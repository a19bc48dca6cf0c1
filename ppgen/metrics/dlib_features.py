"""Features of aligned faces from the shipped FaceID network.

The picture of an aligned face, of any size, is scaled whole to the network's 150 pixels, hair and background
included: a generator answers for all of it. For the descriptor alone (who is it) the box is cut out first that the
network is used to: dlib's chip, where it lies on average in faces aligned as in data/README.md, or in the pictures of
data/nobody.
"""

from functools import lru_cache

import numpy as np

from ppgen import hub
from ppgen.errors import ConfigError
from ppgen.faces.typical import FACE_BOX, NOBODY_BOX
from ppgen.hub.compiled import CompiledNetwork
from ppgen.metrics.extractor import BATCH, FeatureExtractor, fingerprint
from ppgen.metrics.resize import as_float, scaled
from ppgen.networks.face_id import CHIP_SIZE, FaceID

DLIB_FACE = "dlib-face"
#: sides of FaceID's stages, and how many features each has
DEPTHS = {"72": 32, "35": 32, "17": 64, "8": 128, "4": 256, "2": 256, "descriptor": 128}
#: descriptors, and where the face lies in the pictures that each is of
BOXES = {"descriptor": FACE_BOX, "descriptor-nobody": NOBODY_BOX}
DEFAULT_DEPTH = "17"  # the choice is measured by benchmarks/feature_monotony.py


def cut_face(pictures: np.ndarray, box: tuple[float, float, float, float] = FACE_BOX) -> np.ndarray:
    """A box of (N, C, H, W), to whole pixels: left, top, right, bottom as fractions of width and height."""
    height, width = pictures.shape[2:]
    left, top, right, bottom = (round(f * n) for f, n in zip(box, (width, height, width, height)))
    return pictures[:, :, top:bottom, left:right]


@lru_cache(maxsize=1)
def _network() -> FaceID:
    return hub.load("face_id", kind=FaceID)


@lru_cache(maxsize=1)
def _compiled() -> CompiledNetwork:
    return CompiledNetwork("face_id", kind=FaceID)


def _stages(prepared: np.ndarray) -> list[np.ndarray]:
    """The arrays of `FaceFeatures`, in order."""
    return [stage for stage in _compiled().call("features", prepared) if stage is not None]


class DlibFace(FeatureExtractor):
    """FaceID at one depth: a stage's side, the side and "+std" to add the deviations over positions, or a descriptor.

    "descriptor" is of faces cut as data/faces128, "descriptor-nobody" of those cut as data/nobody.
    """

    def __init__(self, depth: str = DEFAULT_DEPTH) -> None:
        depth = depth or DEFAULT_DEPTH
        self.dimension = self.check(depth)
        self._depth, plus, _ = depth.partition("+")
        self._spread = bool(plus)
        self.name, self.input_size, self.resize = f"{DLIB_FACE}@{depth}", CHIP_SIZE, "area"
        self._box = BOXES.get(self._depth)
        self.fingerprint = fingerprint(_network(), self.name, self.input_size, self.resize, self._box or FACE_BOX)

    @staticmethod
    def check(depth: str) -> int:
        """How many features a depth has; ConfigError for one that there is not."""
        stage, plus, pooled = (depth or DEFAULT_DEPTH).partition("+")
        if stage not in (*DEPTHS, *BOXES) or (plus and (pooled != "std" or stage in BOXES)):
            depths = f"{', '.join(dict.fromkeys((*DEPTHS, *BOXES)))}, and +std behind a number to add the deviations"
            raise ConfigError(f"features '{DLIB_FACE}@{depth}': expected {DLIB_FACE}@DEPTH with a depth of {depths}")
        return DEPTHS["descriptor" if stage in BOXES else stage] * (2 if plus else 1)

    def prepared(self, pictures: np.ndarray) -> np.ndarray:
        """See the base class; for the descriptor, of the face alone."""
        x = as_float(pictures)
        return scaled(x if self._box is None else cut_face(x, self._box), self.input_size, self.resize)

    def _features(self, x: np.ndarray) -> np.ndarray:
        if self._box is not None:
            return _stages(x)[-1]
        return _pooled(_stages(x)[list(DEPTHS).index(self._depth)], self._spread)


def _pooled(stage: np.ndarray, spread: bool) -> np.ndarray:
    """Mean over positions, and with `spread` the deviation behind it: (N, C, H, W) -> float32 (N, C or 2 C)."""
    parts = [stage.mean(axis=(2, 3), dtype=np.float64)]
    if spread:
        parts.append(stage.std(axis=(2, 3), dtype=np.float64))
    return np.concatenate(parts, axis=1).astype(np.float32)


def all_depths(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Features of every depth with a number, without and with +std, by the extractor's name, in one pass."""
    parts: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(pictures), BATCH):
        stages = _stages(scaled(as_float(pictures[start : start + BATCH]), CHIP_SIZE))
        for depth, stage in zip(DEPTHS, stages[:-1]):
            for spread, suffix in ((False, ""), (True, "+std")):
                parts.setdefault(f"{DLIB_FACE}@{depth}{suffix}", []).append(_pooled(stage, spread))
    return {name: np.concatenate(rows) for name, rows in parts.items()}


def perceptual_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) distances between float (N, 3, H, W) pictures in [-1, 1] over all six stages of FaceID.

    LPIPS (Zhang et al. 2018, eq. 1) with FaceID in the place of VGG16 and without learned weights: activations are
    scaled to unit length over the channels, their squared differences summed over channels and averaged over
    positions. Of second order near 0, as path lengths need it.
    """
    total = np.zeros(len(a))
    for left, right in zip(*(_stages(scaled(as_float(x), CHIP_SIZE))[:-1] for x in (a, b))):
        difference = _unit_channels(left) - _unit_channels(right)
        total += np.square(difference).sum(axis=1).mean(axis=(1, 2))
    return total


def _unit_channels(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return x / (np.sqrt(np.square(x).sum(axis=1, keepdims=True)) + 1e-10)
