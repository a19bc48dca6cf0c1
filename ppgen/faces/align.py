"""Turn a face upright and cut a square around it.

The geometry is PaddleGAN's (photo2cartoon, after Minivision): the photo is turned about its centre on an
enlarged canvas until the eye corners 36 and 45 are level; the box of the landmarks grows by 0.8 of its height
above, 0.3 below, 0.3 of its width to each side, and is squared around the middle; outside is white. Unlike
there, the angle is that of the full circle (vertical eyes and upside-down faces work) and only the square is
computed, not the whole turned photo.

`Margins` are how far the box grows and what is drawn outside the photo: `PORTRAIT` is the above, `CLOSE` the face
alone, as in data/faces128.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from ppgen.errors import DataError
from ppgen.faces.record import AlignedFace, check_rgb
from ppgen.networks.face_geometry import checked_landmarks

_WHITE = 255
_MAX_TO_PHOTO = 8  # a square so many times larger than the photo cannot come from a face in it


class Margins(NamedTuple):
    """How far the landmarks' box grows: up and down in its heights, to each side in its widths.

    repeat_edge: outside the photo its edge pixels are repeated; otherwise it is white.
    """

    up: float
    down: float
    side: float
    repeat_edge: bool = False


PORTRAIT = Margins(0.8, 0.3, 0.3)  # head and hair, for cartoons
CLOSE = Margins(0.6, 0.2, 0.25, repeat_edge=True)  # the face, as the networks that draw faces are trained on


def align_face(image: np.ndarray, landmarks: np.ndarray, size: int = 256, margins: Margins = PORTRAIT) -> AlignedFace:
    """The upright square around a face, scaled to `size` pixels a side.

    image: uint8 (H, W, 3) RGB; landmarks: (68, 2) xy pixels of it, in any orientation.
    Raises DataError where the landmarks have another shape, are not finite, or do not fit the image.
    """
    if size < 1:
        raise DataError(f"size {size}: the crop needs at least 1 pixel a side")
    crop, matrix = align_crop(image, landmarks, margins)
    native = crop.shape[0]
    if native != size:
        crop = np.array(Image.fromarray(crop).resize((size, size), Image.Resampling.BICUBIC))
    scale = size / native
    # pixel centres lie at whole numbers, so scaling goes through the half-pixel corner
    shrink = np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5], [0, 0, 1]])
    matrix = shrink @ matrix
    points, outside = transform_points(matrix, landmarks), _outside(matrix, size, image.shape)
    return AlignedFace(crop, points, matrix, pad_frac=outside, native_size=native)


def align_crop(image: np.ndarray, landmarks: np.ndarray, margins: Margins = PORTRAIT) -> tuple[np.ndarray, np.ndarray]:
    """The square at the photo's own resolution: uint8 (n, n, 3), and the (3, 3) matrix photo -> crop."""
    landmarks = _checked(image, landmarks)
    turn, canvas = _upright_canvas(landmarks, image.shape)
    left, top, side = _square(transform_points(turn, landmarks), margins)
    if side > _MAX_TO_PHOTO * max(image.shape[:2]):
        what = f"this {image.shape[1]}x{image.shape[0]} image"
        raise DataError(f"the landmarks span {side} pixels and do not belong to {what}; detect them in it again")
    matrix = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ turn
    if margins.repeat_edge:
        return _warp_repeating(image, matrix, side), matrix
    crop = _warp(image, matrix, side)
    # the canvas is cut to whole pixels; a half-covered rim beyond it is white in the original
    canvas_width, canvas_height = canvas
    crop[: max(0, -top)] = _WHITE
    crop[:, : max(0, -left)] = _WHITE
    crop[max(0, canvas_height - top) :] = _WHITE
    crop[:, max(0, canvas_width - left) :] = _WHITE
    return crop, matrix


def transform_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (n, 2) through a homogeneous affine (3, 3) matrix: float64 (n, 2)."""
    return np.asarray(points, dtype=np.float64) @ matrix[:2, :2].T + matrix[:2, 2]


def _checked(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    check_rgb(image)
    landmarks = checked_landmarks(landmarks)
    if np.ptp(landmarks, axis=0).min() < 1 or np.linalg.norm(landmarks[45] - landmarks[36]) < 1:
        raise DataError("the landmarks lie on one point or line, which is no face; detect it again")
    return landmarks


def _upright_canvas(landmarks: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, tuple[int, int]]:
    """Matrix (3, 3) from the photo to the enlarged canvas on which the eye corners are level; canvas w, h."""
    height, width = shape[:2]
    dx, dy = landmarks[45] - landmarks[36]
    angle = math.atan2(dy, dx)
    cos, sin = math.cos(angle), math.sin(angle)
    canvas_width = int(width * abs(cos) + height * abs(sin))
    canvas_height = int(width * abs(sin) + height * abs(cos))
    # about the photo's centre, then moved by whole pixels to the canvas's
    shift_x = (1 - cos) * width / 2 - sin * height / 2 + canvas_width // 2 - width // 2
    shift_y = sin * width / 2 + (1 - cos) * height / 2 + canvas_height // 2 - height // 2
    return np.array([[cos, sin, shift_x], [-sin, cos, shift_y], [0, 0, 1]]), (canvas_width, canvas_height)


def _square(upright: np.ndarray, grow: Margins) -> tuple[int, int, int]:
    """Left, top and side of the square around upright landmarks; whole pixels, each edge cut towards zero."""
    (x0, y0), (x1, y1) = upright.min(axis=0), upright.max(axis=0)
    left, right = int(x0 - grow.side * (x1 - x0)), int(x1 + grow.side * (x1 - x0))
    top, bottom = int(y0 - grow.up * (y1 - y0)), int(y1 + grow.down * (y1 - y0))
    span_x, span_y = right - left, bottom - top
    if span_y > span_x:
        left -= (span_y - span_x) // 2
    else:
        top -= (span_x - span_y) // 2
    return left, top, max(span_x, span_y) + 1  # both edges belong to the square


def _region(image: np.ndarray, back: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) xy of the part of `image` that a view of `side` pixels through view -> photo `back` can show."""
    corners = transform_points(back, np.array([[0, 0], [side, 0], [0, side], [side, side]]))
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 2, 0, (image.shape[1], image.shape[0]))
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 3, 0, (image.shape[1], image.shape[0]))
    return low, high


def _warp_repeating(image: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """As `_warp`, but the photo's edge pixels are repeated outside."""
    back = np.linalg.inv(matrix)
    low, high = _region(image, back, side)
    low = np.minimum(low, (image.shape[1] - 1, image.shape[0] - 1))  # a view beside the photo shows its edge
    high = np.maximum(high, low + 1)
    region = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    affine = back[:2].copy()
    affine[:, 2] -= low
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(region, affine, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _warp(image: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """Bilinear (side, side, 3) view of `image` through photo -> view `matrix`, white outside."""
    back = np.linalg.inv(matrix)
    low, high = _region(image, back, side)
    if (high <= low).any():
        return np.full((side, side, 3), _WHITE, dtype=np.uint8)
    region = image[low[1] : high[1], low[0] : high[0]]
    rim = 2
    # Pillow maps corner-based coordinates: pixel centres at half numbers
    affine = back[:2].copy()
    affine[:, 2] += 0.5 - affine[:, :2] @ (0.5, 0.5) - low + rim
    channels = []
    for channel in range(3):  # as float: Pillow cuts 8-bit results off instead of rounding them
        plane = ImageOps.expand(Image.fromarray(region[..., channel].astype(np.float32)), rim, _WHITE)
        view = plane.transform(
            (side, side), Image.Transform.AFFINE, affine.ravel().tolist(), Image.Resampling.BILINEAR,
            fillcolor=float(_WHITE),
        )  # fmt: skip
        channels.append(np.rint(np.asarray(view)).astype(np.uint8))
    return np.stack(channels, axis=2)


def _outside(matrix: np.ndarray, size: int, shape: tuple[int, ...]) -> float:
    """Share of the crop's pixel centres that fall outside the photo."""
    back = np.linalg.inv(matrix)
    steps = np.arange(size)
    inside = np.ones((size, size), bool)
    for (by_x, by_y, shift), length in zip(back[:2], (shape[1], shape[0])):
        places = by_x * steps + (by_y * steps + shift)[:, None]
        inside &= (places >= -0.5) & (places <= length - 0.5)
    return float(1 - inside.mean())
