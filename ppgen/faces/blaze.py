"""Find faces with BlazeFace, as MediaPipe does: letterbox, anchors, scores, weighted non-maximum suppression."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from ppgen.faces.shipped import ask
from ppgen.io.brief import short
from ppgen.io.image import to_tensor_array
from ppgen.networks.face_inputs import BLAZE_MAPS, BLAZE_SIDE

if TYPE_CHECKING:
    from paddle import nn

MIN_SCORE = 0.5  # MediaPipe's
_SAME_FACE = 0.3  # intersection over union from which two boxes show one face; MediaPipe's
_RIGHT_EYE, _LEFT_EYE, _NOSE, _MOUTH, _RIGHT_EAR, _LEFT_EAR = range(6)
_EARS = 1.0  # see `Detection.turn`


@short
class Detection(NamedTuple):
    """A face that BlazeFace found; pixels of the photo, x right, y down.

    box: (left, top, right, bottom), from the brows to the chin; it may reach outside the photo.
    points: (6, 2): right eye, left eye (the person's), tip of the nose, middle of the mouth, right and left ear.
    score: 0 to 1.
    """

    box: np.ndarray
    points: np.ndarray
    score: float

    @property
    def angle(self) -> float:
        """Radians, clockwise, by which the line of the eyes is turned from level."""
        dx, dy = self.points[_LEFT_EYE] - self.points[_RIGHT_EYE]
        return math.atan2(dy, dx)

    @property
    def turn(self) -> float:
        """How far the nose lies from the middle between the ears towards one of them: 0 in front view, 1 at the ear.

        Along the line of the eyes, and positive towards the person's left ear.
        """
        across = np.array([math.cos(self.angle), math.sin(self.angle)])
        right, left, nose = self.points[[_RIGHT_EAR, _LEFT_EAR, _NOSE]] @ across
        return float((2 * nose - right - left) / max(abs(left - right), 1e-6))

    @property
    def past_ear(self) -> bool:
        """Whether the nose lies outside both ears: a head far from front view, whose eyes say nothing of its roll."""
        return abs(self.turn) > _EARS


def detect_faces(image: np.ndarray, min_score: float = MIN_SCORE, network: nn.Layer | None = None) -> list[Detection]:
    """Faces of an upright photo of any size, best first; an empty list where there are none.

    image: (H, W, 3) uint8 RGB. network: the one to ask; None: the shipped one.
    Raises WeightsError where the shipped network is missing.
    """
    view, scale, offset = letterbox(image, BLAZE_SIDE)
    boxes, logits = ask("blazeface", network, to_tensor_array(view)[None])
    faces = []
    for face, score in suppress(*decode(boxes[0], logits[0], min_score)):
        face = (face - offset) / scale - 0.5  # the network counts from the corner, we from the first pixel's centre
        faces.append(Detection(face[:2].ravel(), face[2:], score))
    return faces


def letterbox(image: np.ndarray, side: int) -> tuple[np.ndarray, float, np.ndarray]:
    """The photo in the middle of a black square: (side, side, 3), the scale, and (x, y) of its corner."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    x, y = (side - size[0]) // 2, (side - size[1]) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[y : y + size[1], x : x + size[0]] = small
    return square, scale, np.array([x, y])


@lru_cache(maxsize=1)
def anchors() -> np.ndarray:
    """(896, 2) xy pixels of the input: the middle of the cell each anchor belongs to."""
    centres = []
    for cells, count in BLAZE_MAPS:
        y, x = np.mgrid[:cells, :cells]
        centres.append(np.repeat(np.stack([x, y], axis=2).reshape(-1, 2) + 0.5, count, axis=0) * (BLAZE_SIDE / cells))
    return np.concatenate(centres)


def decode(boxes: np.ndarray, logits: np.ndarray, min_score: float) -> tuple[np.ndarray, np.ndarray]:
    """Anchors' values (896, 16) and logits (896,) -> the faces among them, best first.

    Returns: (n, 8, 2) xy pixels of the input, two corners of the box and six points; (n,) scores from `min_score` on.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80).astype(np.float64)))
    sure = np.flatnonzero(scores >= min_score)
    sure = sure[np.argsort(-scores[sure], kind="stable")]
    values = boxes[sure].reshape(-1, 8, 2).astype(np.float64)
    half = values[:, 1] / 2
    values += anchors()[sure][:, None]
    centre = values[:, 0].copy()
    values[:, 0], values[:, 1] = centre - half, centre + half
    sound = (half > 0).all(axis=1)
    return values[sound], scores[sure][sound]


def suppress(faces: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """One face for all that overlap: their mean, weighted by their scores, with the best one's score.

    faces: (n, 8, 2) and scores (n,) as `decode` gives them.
    """
    kept = []
    while len(faces):
        same = overlap(faces[0], faces) >= _SAME_FACE
        kept.append((np.average(faces[same], axis=0, weights=scores[same]), float(scores[0])))
        faces, scores = faces[~same], scores[~same]
    return kept


def overlap(face: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Intersection over union of one box (2 or more, 2) and each of (n, 2 or more, 2): two corners come first."""
    low, high = np.maximum(face[0], faces[:, 0]), np.minimum(face[1], faces[:, 1])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    return common / (np.prod(face[1] - face[0]) + np.prod(faces[:, 1] - faces[:, 0], axis=1) - common)
