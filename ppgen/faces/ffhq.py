"""The crop that FFHQ's faces have: an oriented square from eyes and mouth, for networks trained on FFHQ.

Karras et al., StyleGAN (CVPR 2019), appendix A: with e the way from eye to eye and m that from the eyes' middle to
the mouth's, x = e - rot90(m), scaled to max(2 |e|, 1.8 |m|), is half of the square's side and its direction; its
middle is a tenth of m below the eyes. Outside the photo its mirror image is shown, without FFHQ's blur.

`nobody_crop` is the part of that square which the pictures of data/nobody show: the service that made them drew FFHQ's
square at 256 pixels, and 9 columns at the left, 10 at the right and 19 rows below were cut off. By their landmarks: the
median over 3,556 of them is a square from -9.4 to 246.6 and from 0.0 to 256.2.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.networks.face_geometry import checked_landmarks


class Part(NamedTuple):
    """A square within a square, as fractions of its side."""

    left: float
    top: float
    side: float


WHOLE = Part(0, 0, 1)
NOBODY = Part(9.4 / 256, 0, 237 / 256)


def ffhq_square(landmarks: np.ndarray) -> np.ndarray:
    """Corners of the square in the photo: top left, bottom left, top right, float64 (3, 2); DataError for no face."""
    points = checked_landmarks(landmarks)
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    eyes, mouth = (left + right) / 2, (points[48] + points[54]) / 2
    across, down = right - left, mouth - eyes
    x = across - np.array([-down[1], down[0]])  # rot90 of (x, y) is (-y, x)
    if np.hypot(*x) < 1e-6:
        raise DataError("eyes and mouth lie in one place: there is no face to cut out")
    x *= max(2.0 * np.hypot(*across), 1.8 * np.hypot(*down)) / np.hypot(*x)
    y = np.array([-x[1], x[0]])
    centre = eyes + 0.1 * down
    return np.stack([centre - x - y, centre - x + y, centre + x - y])


def nobody_crop(image: np.ndarray, landmarks: np.ndarray, size: int) -> np.ndarray:
    """As `ffhq_crop`, of what pictures of data/nobody show."""
    return ffhq_crop(image, landmarks, size, NOBODY)


def ffhq_crop(image: np.ndarray, landmarks: np.ndarray, size: int, part: Part = WHOLE) -> np.ndarray:
    """The square, or a part of it, at `size` pixels: uint8 (size, size, 3) RGB of a uint8 (H, W, 3) photo."""
    corners = _part_of(ffhq_square(landmarks), part)
    side = float(np.hypot(*(corners[2] - corners[0])))
    factor = max(1, int(side / size))  # photos much larger than the crop are averaged, not skipped through
    drawn = size * min(factor, 8)
    frame = np.array([[0, 0], [0, drawn], [drawn, 0]]) - 0.5  # pixel centres lie at whole numbers
    matrix = cv2.getAffineTransform(corners.astype(np.float32), frame.astype(np.float32))
    crop = cv2.warpAffine(image, matrix, (drawn, drawn), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return crop if drawn == size else cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


def _part_of(corners: np.ndarray, part: Part) -> np.ndarray:
    """Corners of a part of a square; both float64 (3, 2): top left, bottom left, top right."""
    origin, down, right = corners[0], corners[1] - corners[0], corners[2] - corners[0]
    start = origin + part.left * right + part.top * down
    return np.stack([start, start + part.side * down, start + part.side * right])
