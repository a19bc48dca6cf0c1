"""Who is it: a face in a photo -> the 128 numbers of dlib's face descriptor, without dlib.

`face_chip` cuts out what dlib's `get_face_chip` does (its `extract_image_chips` with `pyramid_down<2>` and
bilinear interpolation), quirks included, so that descriptors equal dlib's from the photo on.
"""

import numpy as np

from ppgen.faces.record import check_rgb
from ppgen.faces.shipped import ask
from ppgen.networks.face_geometry import checked_landmarks, chip_fit

SAME_PERSON = 0.6  #: Euclidean distance below which dlib calls two descriptors one person
CHIP = 150  #: pixels a side of what the network sees
_BATCH = 16
_BINOMIAL = (1, 4, 6, 4, 1)


def face_chip(image: np.ndarray, landmarks: np.ndarray, size: int = CHIP, padding: float = 0.25) -> np.ndarray:
    """The aligned face as dlib cuts it out.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (68, 2) pixels of `image`, dlib's order.
        size: side of the chip in pixels.
        padding: margin around the mean face as a fraction of its side.
    Returns:
        (size, size, 3) uint8 RGB; black outside the picture.
    Raises:
        DataError: not an RGB picture, or no 68 finite landmarks.
    """
    check_rgb(image)
    corners = chip_fit(checked_landmarks(landmarks), size, padding)
    side = float(np.linalg.norm(corners[1] - corners[0])) + 1  # dlib counts pixels, not steps
    levels, shrunk = 0, (side - 1) / 2 + 1
    while shrunk > size:
        levels, shrunk = levels + 1, (shrunk - 1) / 2 + 1
    part, corners = _around(image, corners, levels)
    for _ in range(levels):
        part, corners = _half(part), _half_points(corners)
    return _sample(part, corners, size)


def _around(image: np.ndarray, corners: np.ndarray, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture cropped to the chip and the margin that the pyramid needs, and the corners in it.

    The crop decides on which pixels the pyramid's levels fall, so it follows dlib exactly.
    """
    margin = 2 ** (levels + 2) - 2
    points = np.vstack([corners, corners[1] + corners[2] - corners[0]])
    limit = np.array([image.shape[1] - 1, image.shape[0] - 1], dtype=np.float64)
    low = np.floor(np.clip(points.min(axis=0) - margin, 0, None) + 0.5).astype(int)
    high = np.floor(np.minimum(points.max(axis=0) + margin, limit) + 0.5).astype(int)
    if (high < low).any():
        return image[:0, :0], corners
    return image[low[1] : high[1] + 1, low[0] : high[0] + 1], corners - low


def _half(image: np.ndarray) -> np.ndarray:
    """dlib's `pyramid_down<2>`: the binomial filter 1 4 6 4 1 both ways, then every second pixel."""
    height, width = image.shape[:2]
    if height <= 8 or width <= 8:
        return image[:0, :0]
    rows, columns = (height - 3) // 2, (width - 3) // 2
    x = image.astype(np.int32)
    x = np.sum([tap * x[:, i : i + 2 * columns - 1 : 2] for i, tap in enumerate(_BINOMIAL)], axis=0)
    x = np.sum([tap * x[i : i + 2 * rows - 1 : 2] for i, tap in enumerate(_BINOMIAL)], axis=0)
    return (x // 256).astype(np.uint8)


def _half_points(points: np.ndarray) -> np.ndarray:
    # (1, 1) would be the middle of the filter; these are dlib's figures, and the descriptor is used to them.
    return points / 2 - (1.25, 0.75)


def _sample(image: np.ndarray, corners: np.ndarray, size: int) -> np.ndarray:
    """Bilinear samples between three corners (top left, top right, bottom left), (size, size, 3) uint8."""
    height, width = image.shape[:2]
    steps = np.arange(size) / (size - 1)
    right, down = corners[1] - corners[0], corners[2] - corners[0]
    points = corners[0] + steps[None, :, None] * right + steps[:, None, None] * down
    left, top = np.floor(points[..., 0]).astype(int), np.floor(points[..., 1]).astype(int)
    inside = (left >= 0) & (top >= 0) & (left + 1 < width) & (top + 1 < height)
    chip = np.zeros((size, size, 3), np.uint8)
    if not inside.any():
        return chip
    left, top = left[inside], top[inside]
    fx = (points[..., 0][inside] - left)[:, None]
    fy = (points[..., 1][inside] - top)[:, None]
    pixels, at = image.reshape(-1, 3), top * width + left
    above = (1 - fx) * pixels.take(at, axis=0) + fx * pixels.take(at + 1, axis=0)
    below = (1 - fx) * pixels.take(at + width, axis=0) + fx * pixels.take(at + width + 1, axis=0)
    chip[inside] = ((1 - fy) * above + fy * below).astype(np.uint8)  # cut off, not rounded, as dlib does
    return chip


def describe_chips(chips: np.ndarray) -> np.ndarray:
    """(N, 150, 150, 3) uint8 chips -> (N, 128) float32 descriptors."""
    descriptors = [np.zeros((0, 128), np.float32)]
    for start in range(0, len(chips), _BATCH):
        batch = chips[start : start + _BATCH].transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        descriptors += ask("face_id", None, batch)
    return np.concatenate(descriptors)


def describe(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """A face's descriptor, dlib's `compute_face_descriptor` without jitter.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (68, 2) pixels, dlib's order, or (N, 68, 2) for several faces.
    Returns:
        (128,) float32, or (N, 128). Euclidean distance below `SAME_PERSON`: probably the same person.
    Raises:
        DataError: see `face_chip`.
    """
    landmarks = np.asarray(landmarks, dtype=np.float64)
    if landmarks.ndim == 2:
        return describe_chips(face_chip(image, landmarks)[None])[0]
    return describe_chips(np.array([face_chip(image, points) for points in landmarks]))
