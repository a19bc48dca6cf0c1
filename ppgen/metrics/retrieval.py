"""Is a drawing recognized: its face descriptor must lie nearest to that of its own photo.

A drawing is judged coarse and slightly displaced, so that texture too fine to see, tuned to the descriptor
network, cannot win.
"""

import zlib

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.faces.identify import face_chip

JUDGED_SIDE, JPEG_QUALITY = 128, 60
JITTER = 3.0  # pixels of the coarse picture, either way


def nearest(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(N,) indices: the entry of the gallery (M, D) at the least distance from each query (N, D)."""
    queries, gallery = np.asarray(queries, np.float64), np.asarray(gallery, np.float64)
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1] or not len(gallery):
        raise DataError(f"retrieval compares (N, D) with (M, D), not {queries.shape} with {gallery.shape}")
    return np.stack([np.square(gallery - query).sum(axis=1).argmin() for query in queries])


def rank1_hits(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(N,) bool: query i finds gallery entry i first. Their mean is the rank-1 rate; chance is 1 / N."""
    return nearest(queries, gallery) == np.arange(len(queries))


def coarse(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) RGB -> (128, 128, 3): averaged down, then through JPEG at quality 60."""
    small = cv2.resize(picture, (JUDGED_SIDE, JUDGED_SIDE), interpolation=cv2.INTER_AREA)
    code = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))[..., ::-1])


def jitter(identifier: str) -> np.ndarray:
    """A displacement (2,) of up to 3 pixels along each axis; the same for the same id on any machine."""
    return np.random.default_rng(zlib.crc32(identifier.encode())).uniform(-JITTER, JITTER, 2)


def judged_chip(picture: np.ndarray, landmarks: np.ndarray, identifier: str) -> np.ndarray:
    """The face of a drawing as it is judged: coarse, cut out a little beside the photo's landmarks.

    Args:
        picture: (S, S, 3) uint8 RGB, square.
        landmarks: (68, 2) of the photo, in pixels of `picture`.
        identifier: decides the displacement.
    Returns:
        (150, 150, 3) uint8, dlib's face chip.
    """
    # pixel centres lie at whole numbers, so scaling goes through the half-pixel corner
    points = (np.asarray(landmarks, np.float64) + 0.5) * JUDGED_SIDE / picture.shape[0] - 0.5
    return face_chip(coarse(picture), points + jitter(identifier))
