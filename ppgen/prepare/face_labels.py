"""Attributes that can be measured on a face: smile and turn from its landmarks, hair colour from its person mask.

The bounds were set by looking at data/nobody's faces of which the words say it, and lie apart: between them a face has
no label.
"""

from typing import NamedTuple

import cv2
import numpy as np

_SEEN = 200  # of the mask, 0 to 255: surely the person
_FEWEST = 150  # pixels of hair whose colour can be told


class Bounds(NamedTuple):
    """At `no` and beyond the answer is 0, at `yes` and beyond it is 1; nobody knows in between."""

    no: float
    yes: float

    def answer(self, value: float) -> int | None:
        """0, 1 or None."""
        sign = 1 if self.yes > self.no else -1
        if not np.isfinite(value) or sign * self.no < sign * value < sign * self.yes:
            return None
        return int(sign * value >= sign * self.yes)


SMILE = Bounds(-0.8, 0.0)  # of `SmileScore`
TURNED = Bounds(-0.12, 0.12)  # of `yaw`: to the left of the picture, to the right
BLACK = Bounds(22, 10)  # L* of the hair
BLOND = Bounds(28, 38)
GREYEST, PALEST = 5, 8  # chroma that black hair has at most, and b* at which hair is not blond, but grey
YELLOWEST = 14  # b* that blond hair has at least


def upright(landmarks: np.ndarray) -> np.ndarray:
    """(n, 68, 2) -> the same in units of the distance of the eyes, about their middle, which are level."""
    points = np.asarray(landmarks, np.float64)
    left, right = points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)
    across = right - left
    unit = across / (across**2).sum(axis=1, keepdims=True)
    turn = np.stack([unit, unit[:, ::-1] * (-1, 1)], axis=1)
    return (points - (left + right)[:, None] / 2) @ turn.transpose(0, 2, 1)


def yaw(landmarks: np.ndarray) -> np.ndarray:
    """(n,) how far the tip of the nose is beside the middle of the cheeks, in distances of the eyes; 0: frontal."""
    points = upright(landmarks)
    return points[:, 30, 0] - (points[:, 2, 0] + points[:, 14, 0]) / 2


def mouths(landmarks: np.ndarray) -> np.ndarray:
    """(n, 7): width of the mouth, height of its corners over its middle and the lips, gap, place below the nose."""
    points = upright(landmarks)
    corners = (points[:, 48, 1] + points[:, 54, 1]) / 2
    upper, lower = points[:, 62, 1], points[:, 66, 1]
    middle = (points[:, 51, 1] + points[:, 57, 1] + upper + lower) / 4
    lips = [upper - corners, points[:, 51, 1] - corners, points[:, 57, 1] - corners]
    width = points[:, 54, 0] - points[:, 48, 0]
    return np.stack([width, middle - corners, lower - upper, *lips, upper - points[:, 33, 1]], axis=1)


def hair_colour(photo: np.ndarray, mask: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Median L*, a*, b* of the person above the ears and outside the face; NaN where that is next to nothing.

    Args:
        photo: uint8 (H, W, 3) RGB. mask: uint8 (H, W), 255 on the person. landmarks: (68, 2), pixels of both.
    """
    eyes = (landmarks[36] + landmarks[45]) / 2
    height = landmarks[8, 1] - eyes[1]
    across = np.linspace(-0.85, 0.85, 9)
    brow = eyes + height * np.stack([0.62 * across, -0.75 * np.sqrt(1 - across**2)], axis=1)  # a forehead's usual edge
    face = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.concatenate([landmarks[:27], brow]).round().astype(np.int32)), 1)
    above = np.arange(len(mask))[:, None] < eyes[1] + 0.2 * height
    hair = (mask > _SEEN) & (face == 0) & above
    if hair.sum() < _FEWEST:
        return np.full(3, np.nan)
    return np.median(cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[hair], axis=0)


def is_black(colour: np.ndarray) -> int | None:
    """1, 0 or None of a hair's L*, a*, b*."""
    return _unless(np.hypot(*colour[1:]) > GREYEST, BLACK.answer(colour[0]))


def is_blond(colour: np.ndarray) -> int | None:
    """1, 0 or None of a hair's L*, a*, b*."""
    if colour[2] <= PALEST:
        return 0
    return _unless(colour[2] < YELLOWEST, BLOND.answer(colour[0]))


def _unless(doubtful: bool, answer: int | None) -> int | None:
    """No yes where it is doubtful."""
    return None if doubtful and answer else answer
