"""Feature extractors by name.

dlib-face               the shipped FaceID, offline; mean over positions of its 17x17 stage: 64 features
dlib-face@DEPTH         another stage, by its side: 72, 35, 17, 8, 4, 2 (32, 32, 64, 128, 256, 256 features)
dlib-face@DEPTH+std     mean and standard deviation over positions: twice as many
dlib-face@descriptor    the 128 numbers that say who it is, of faces cut as data/faces128
dlib-face@descriptor-nobody  the same, of faces cut as data/nobody
inception-v3            2048 features as FID first had them; its weights are given by path
"""

from functools import lru_cache

from ppgen.errors import ConfigError
from ppgen.metrics.dlib_features import DEFAULT_DEPTH, DLIB_FACE, DlibFace
from ppgen.metrics.extractor import FeatureExtractor
from ppgen.metrics.inception_features import INCEPTION, InceptionFeatures
from ppgen.registry import nearest

__all__ = [
    "DEFAULT_DEPTH",
    "DESCRIPTOR",
    "DLIB_FACE",
    "INCEPTION",
    "FeatureExtractor",
    "descriptor",
    "dimension",
    "extractor",
]

DESCRIPTOR = f"{DLIB_FACE}@descriptor"


def descriptor(crop: str) -> str:
    """The name of the descriptor of faces that are cut so, as cards say it: "nobody", or any other."""
    return f"{DESCRIPTOR}-nobody" if crop == "nobody" else DESCRIPTOR


def dimension(features: str | FeatureExtractor, weights: str | None = None) -> int:
    """Features a picture, from the name alone.

    Raises:
        ConfigError: no such network or depth. WeightsError: inception-v3 without a usable file.
    """
    if isinstance(features, FeatureExtractor):
        return features.dimension
    network, _, depth = str(features).partition("@")
    if network == DLIB_FACE:
        return DlibFace.check(depth)
    if network == INCEPTION and not depth:
        return InceptionFeatures.check(weights)
    known = [DLIB_FACE, INCEPTION]
    raise ConfigError(f"no features are called '{features}'{nearest(network, known)} (there are: {', '.join(known)})")


def extractor(features: str | FeatureExtractor = DLIB_FACE, weights: str | None = None) -> FeatureExtractor:
    """The extractor of a name (see the top of this file), or the one that was given.

    Args:
        weights: file of inception-v3; docs/metrics.md says where it comes from.
    Raises:
        ConfigError: unknown name. WeightsError: weights missing, damaged or of another network.
    """
    dimension(features, weights)
    return features if isinstance(features, FeatureExtractor) else _build(features, str(weights))


@lru_cache(maxsize=4)
def _build(name: str, weights: str) -> FeatureExtractor:
    network, _, depth = name.partition("@")
    return DlibFace(depth) if network == DLIB_FACE else InceptionFeatures(weights)
