"""Where a face chip lies in a photo: NumPy, shared by the differentiable crop and `faces.identify`."""

import numpy as np

from ppgen.errors import DataError

# Landmarks that place the chip: nose, eyes, upper lip, inner mouth (the 68-point scheme of iBUG 300-W).
# Brows, jaw and lower lip move with expression, so dlib leaves them out.
CHIP_POINTS = (*range(27, 55), *range(60, 65))
# Their mean positions as fractions of the unpadded chip: figures of dlib's get_face_chip_details.
_MEAN_X = (0.490127, 0.490127, 0.490127, 0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373,
           0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743,
           0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335,
           0.254149, 0.340985, 0.428858, 0.490127, 0.551395, 0.639268, 0.726104,
           0.290379, 0.428096, 0.490127, 0.552157, 0.689874)
_MEAN_Y = (0.203352, 0.307009, 0.409805, 0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326,
           0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077,
           0.231733, 0.179852, 0.178758, 0.216423, 0.244077, 0.245099,
           0.780233, 0.745405, 0.727388, 0.742578, 0.727388, 0.745405, 0.780233,
           0.784792, 0.778746, 0.785343, 0.778746, 0.784792)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, scaling and shift (2, 3) that takes `source` (n, 2) to `target` (n, 2) in least squares.

    Closed form over complex numbers: target = a * source + b (Umeyama 1991 without reflection).
    """
    p, q = source @ (1, 1j), target @ (1, 1j)
    p0, q0 = p.mean(), q.mean()
    a = np.vdot(p - p0, q - q0) / np.vdot(p - p0, p - p0).real
    b = q0 - a * p0
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def chip_points(size: int, padding: float) -> np.ndarray:
    """(33, 2): where the mean face has its `CHIP_POINTS` in a chip of `size` pixels."""
    mean = np.stack([_MEAN_X, _MEAN_Y], axis=1)
    return (mean + padding) / (2 * padding + 1) * size


def checked_landmarks(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks as float64 (68, 2); DataError for another shape or values that are not finite."""
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise DataError(f"a face needs 68 finite landmarks (68, 2) in pixels, not {points.shape}")
    return points


def chip_fit(landmarks: np.ndarray, size: int, padding: float) -> np.ndarray:
    """Where the centres of a chip's top left, top right and bottom left pixels lie in the image, (3, 2).

    dlib centres its frame on the fit of (size / 2, size / 2) and counts its side in pixels, so from
    corner to corner it spans (size * scale - 1): not quite the fitted similarity, but what the descriptor
    was trained on.
    Raises DataError where all landmarks lie in one place.
    """
    fit = similarity(chip_points(size, padding), landmarks[list(CHIP_POINTS)])
    scale = float(np.hypot(fit[0, 0], fit[1, 0]))
    if size * scale <= 1:
        raise DataError("the landmarks lie in one place: there is no face to cut out")
    centre = fit[:, :2] @ np.full(2, size / 2) + fit[:, 2]
    half = fit[:, :2] / scale * (size * scale - 1) / 2
    return centre + np.array([[-1, -1], [1, -1], [-1, 1]]) @ half.T


def chip_matrix(landmarks: np.ndarray, size: int = 150, padding: float = 0.25) -> np.ndarray:
    """The map chip pixel (x, y, 1) -> image pixel (x, y), (2, 3) float64.

    Args:
        landmarks: (68, 2) in image pixels, dlib's order.
        size: side of the chip in pixels.
        padding: margin around the mean face as a fraction of its side.
    Raises:
        DataError: not 68 finite points, or all in one place.
    """
    corner, right, down = chip_fit(checked_landmarks(landmarks), size, padding)
    return np.stack([(right - corner) / (size - 1), (down - corner) / (size - 1), corner], axis=1)
