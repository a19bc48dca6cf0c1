"""A face measured: named parts of dlib's 68 landmarks in a crop of 256 pixels, and proportions."""

from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np

SIDE = 256  #: pixels of the crops that faces are measured in

# dlib's order, each curve from the picture's left to its right
JAW = list(range(17))
BROWS = ([17, 18, 19, 20, 21], [22, 23, 24, 25, 26])
UPPER_LIDS = ([36, 37, 38, 39], [42, 43, 44, 45])
LOWER_LIDS = ([36, 41, 40, 39], [42, 47, 46, 45])
LIP_TOP, LIP_BOTTOM = [48, 49, 50, 51, 52, 53, 54], [48, 59, 58, 57, 56, 55, 54]
MOUTH_TOP, MOUTH_BOTTOM = [60, 61, 62, 63, 64], [60, 67, 66, 65, 64]
NOSTRILS = [31, 32, 33, 34, 35]
# The hairline lies about so much farther above the brows, in distances from brows to chin: the median of a
# 478-point mesh on 934 portraits, which also gave the spread, 0.21 to 0.31.
_FOREHEAD = 0.26


def spline(points: Sequence | np.ndarray, per_span: int = 10, closed: bool = False) -> np.ndarray:
    """A smooth curve through all points: uniform Catmull-Rom, `per_span` samples between neighbours."""
    points = np.asarray(points, np.float64)
    if closed:
        padded = np.vstack([points[-1:], points, points[:2]])
    else:
        padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, per_span, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:]):
        spans.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    curve = np.vstack(spans)
    return curve if closed else np.vstack([curve, points[-1:]])


class Proportions:
    """Landmarks (68, 2) in pixels of the 256-pixel crop, upright, and what follows from them.

    Attributes:
        height: from the chin to where the hair usually begins, which is `top`.
        eye_centres: (2, 2).
    """

    def __init__(self, points: np.ndarray) -> None:
        self.points = points
        self.width = float(np.ptp(points[JAW, 0]))
        self.centre_x = float((points[0, 0] + points[16, 0]) / 2)
        self.chin, self.brow_y = float(points[8, 1]), float(points[17:27, 1].mean())
        self.height = (1 + _FOREHEAD) * (self.chin - self.brow_y)
        self.top = self.chin - self.height
        self.eye_centres = np.stack([points[36:42].mean(axis=0), points[42:48].mean(axis=0)])
        self.eye_distance = float(np.linalg.norm(self.eye_centres[1] - self.eye_centres[0]))

    @cached_property
    def oval(self) -> np.ndarray:
        """Closed outline: the jaw, and above the temples half an ellipse up to the hairline."""
        left, right = self.points[0], self.points[16]
        angle = np.linspace(0, np.pi, 15)[1:-1]
        middle = (left + right) / 2
        rise = middle[1] - self.top
        arc = np.stack([middle[0] + self.width / 2 * np.cos(angle), middle[1] - rise * np.sin(angle) ** 0.9], axis=1)
        return spline(np.vstack([self.points[JAW], arc]), 4, closed=True)

    def filled(self, outline: np.ndarray) -> np.ndarray:
        """Boolean (256, 256): inside an outline in pixels of the crop."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
        return mask > 0

    def lips(self) -> np.ndarray:
        return np.vstack([self.points[LIP_TOP], self.points[LIP_BOTTOM][::-1]])

    def mouth(self) -> np.ndarray:
        """What lies between the lips."""
        return np.vstack([self.points[MOUTH_TOP], self.points[MOUTH_BOTTOM][::-1]])

    @cached_property
    def features(self) -> np.ndarray:
        """Boolean: eyes, brows and mouth with a small rim, where the skin's own colour cannot be seen."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        for first, last in ((36, 42), (42, 48), (48, 60)):
            cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(self.points[first:last]).astype(np.int32)), 1)
        thick = max(3, round(0.09 * self.eye_distance))
        for brow in BROWS:
            cv2.polylines(mask, [np.rint(self.points[brow]).astype(np.int32)], False, 1, thick)
        return cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0

    @cached_property
    def across(self) -> tuple[np.ndarray, np.ndarray]:
        """Of every pixel (256, 256): |x| from the middle in face widths, y from the chin in face heights (down > 0)."""
        y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
        return np.abs(x - self.centre_x) / self.width, (y - self.chin) / self.height
