"""One interface over the networks that turn pictures into features to compare.

dlib-face               the shipped FaceID, offline; mean over positions of its 17x17 stage: 64 features
dlib-face@DEPTH         another stage, by its side: 72, 35, 17, 8, 4, 2 (32, 32, 64, 128, 256, 256 features)
dlib-face@DEPTH+std     mean and standard deviation over positions: twice as many
dlib-face@descriptor    the 128 numbers that say who it is
inception-v3            2048 features as FID first had them; its weights are given by path
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.metrics.resize import as_float, scaled
from ppgen.registry import nearest

BATCH = 16  # pictures a forward pass
#: sides of FaceID's stages, and how many features each has
DEPTHS = {"72": 32, "35": 32, "17": 64, "8": 128, "4": 256, "2": 256, "descriptor": 128}
DEFAULT_DEPTH = "17"  # the choice is measured by benchmarks/feature_monotony.py
DLIB_FACE, INCEPTION = "dlib-face", "inception-v3"
DESCRIPTOR = f"{DLIB_FACE}@descriptor"
INCEPTION_FEATURES = 2048
_TORCH_SUFFIXES = (".pth", ".pt")


class FeatureExtractor(ABC):
    """Pictures of any size -> features.

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
        found = [self._features(self.prepared(pictures[s : s + BATCH])) for s in range(0, len(pictures), BATCH)]
        return np.concatenate(found) if found else np.zeros((0, self.dimension), np.float32)

    def prepared(self, pictures: np.ndarray) -> np.ndarray:
        """What the network sees: float32 (N, 3, input_size, input_size) in [-1, 1]."""
        return scaled(as_float(pictures), self.input_size, self.resize)

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """Class probabilities (N, classes) of the same; DataError where the network knows no classes."""
        raise DataError(f"{self.name} knows no classes: the Inception Score needs the features {INCEPTION}")

    @abstractmethod
    def _features(self, x: np.ndarray) -> np.ndarray:
        """Prepared pictures of one batch -> float32 (N, dimension)."""


def check_name(name: str, weights: str | None = None) -> tuple[str, str, bool]:
    """(network, depth, with deviations) of an extractor's name, from the name alone.

    Raises:
        ConfigError: no such network or depth. WeightsError: inception-v3 without a usable file.
    """
    network, _, rest = str(name).partition("@")
    if network == INCEPTION and not rest:
        _check_inception(weights)
        return network, "", False
    if network != DLIB_FACE:
        known = [DLIB_FACE, INCEPTION]
        raise ConfigError(f"no features are called '{name}'{nearest(network, known)} (there are: {', '.join(known)})")
    depth, plus, pooled = (rest or DEFAULT_DEPTH).partition("+")
    if depth not in DEPTHS or (plus and (pooled != "std" or depth == "descriptor")):
        raise ConfigError(
            f"features '{name}': expected {DLIB_FACE}@DEPTH with a depth of {', '.join(DEPTHS)}, "
            "and +std behind a number to add the deviations"
        )
    return network, depth, bool(plus)


def dimension(name: str, weights: str | None = None) -> int:
    """Features a picture, from the name alone; errors as `check_name`."""
    network, depth, spread = check_name(name, weights)
    return INCEPTION_FEATURES if network == INCEPTION else DEPTHS[depth] * (2 if spread else 1)


def extractor(name: str = DLIB_FACE, weights: str | None = None) -> FeatureExtractor:
    """The extractor of a name (see the top of this file).

    Args:
        weights: file of inception-v3; docs/metrics.md says where it comes from.
    Raises:
        ConfigError: unknown name. WeightsError: weights missing, damaged or of another network.
    """
    network, depth, spread = check_name(name, weights)
    return _build(network, depth, spread, str(weights))


@lru_cache(maxsize=4)
def _build(network: str, depth: str, spread: bool, weights: str) -> FeatureExtractor:
    # here, because both modules need the class above
    if network == INCEPTION:
        from ppgen.metrics.inception_features import InceptionFeatures

        return InceptionFeatures(weights)
    from ppgen.metrics.dlib_features import DlibFace

    return DlibFace(depth, spread)


def fingerprint(network: Any, *facts: object) -> str:
    """SHA-256 over a network's arrays and whatever else decides its features."""
    found = hashlib.sha256(repr(facts).encode())
    for key, value in sorted(network.state_dict().items()):
        found.update(key.encode() + np.ascontiguousarray(value.numpy()).tobytes())
    return found.hexdigest()


def _check_inception(weights: str | None) -> None:
    if not weights:
        raise WeightsError(
            f"the features {INCEPTION} need the FID weights, which do not come with ppgen: name their file "
            "(--weights FILE, or weights: FILE), or use dlib-face; docs/metrics.md says where to get them"
        )
    path = Path(weights).expanduser()
    if not path.is_file():
        raise WeightsError(f"{weights}: no such file; docs/metrics.md says where the FID weights come from")
    if path.suffix.lower() in _TORCH_SUFFIXES:
        raise WeightsError(
            f"{weights}: is a PyTorch pickle, which could run code and is not read: save it as .safetensors once, "
            "as docs/metrics.md shows"
        )
