"""Features of real pictures, computed once: kept in the user's cache folder under a hash of the pictures' content."""

import hashlib
from itertools import groupby
from pathlib import Path

import numpy as np

from ppgen.errors import OutputError
from ppgen.io.atomic import atomic_path
from ppgen.io.download import cache_folder
from ppgen.io.npz import load_npz
from ppgen.metrics.extractor import FeatureExtractor

BLOCK = 256  # pictures a file: the same pictures in the same order meet the same file, whatever the batch size
_FORMAT = 1  # raised whenever features would come out differently


def block_path(extractor: FeatureExtractor, pictures: list[np.ndarray]) -> Path:
    """Where the features of these uint8 pictures (H, W, 3) by this extractor are kept."""
    digest = hashlib.sha256(f"{_FORMAT} {extractor.fingerprint}".encode())
    for picture in pictures:
        digest.update(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes())
    return cache_folder() / "features" / f"{digest.hexdigest()}.npy"


def cached_features(extractor: FeatureExtractor, pictures: list[np.ndarray]) -> np.ndarray:
    """Features float32 (n, d) of uint8 pictures (H, W, 3): from the cache, or computed and kept there.

    A damaged file is computed again; where the cache cannot be written, nothing is kept.
    """
    path = block_path(extractor, pictures)
    stored = _read(path)
    if stored is not None and stored.shape == (len(pictures), extractor.dimension):
        return stored
    features = features_of(extractor, pictures)
    try:
        with atomic_path(path) as temporary:
            np.save(temporary, features)
    except OutputError:
        pass  # a full or read-only cache costs time, not the result
    return features


def features_of(extractor: FeatureExtractor, pictures: list[np.ndarray]) -> np.ndarray:
    """Features float32 (n, d) of uint8 pictures (H, W, 3), whose sizes may differ."""
    parts = [extractor(np.stack(run)) for run in equal_shapes(pictures)]
    return np.concatenate(parts) if parts else np.zeros((0, extractor.dimension), np.float32)


def equal_shapes(pictures: list[np.ndarray]) -> list[list[np.ndarray]]:
    """The pictures in order, as runs of one shape, none empty."""
    return [list(run) for _, run in groupby(pictures, np.shape)]


def _read(path: Path) -> np.ndarray | None:
    try:
        return load_npz(path)[""]
    except (OSError, ValueError, KeyError):
        return None
