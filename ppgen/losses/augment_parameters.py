"""From random numbers to the matrices of augmentations; constants of Karras et al. 2020 (ADA), appendix B.

Each change of a picture happens with probability p; the strengths are theirs.
"""

import numpy as np

UNIFORMS = 21  # random numbers a picture takes
NORMALS = 7
_SCALE = 0.2  # standard deviation of log2 of a scaling
_SHIFT = 0.125  # of the side: most of an integer translation, standard deviation of a fractional one
_BRIGHTNESS, _CONTRAST, _SATURATION = 0.2, 0.5, 1.0
_LUMA = np.ones(3) / np.sqrt(3)  # the grey axis


def _matrices(count: int, entries: list[list]) -> np.ndarray:
    """(count, 3, 3) from rows of numbers or arrays (count,)."""
    rows = [np.stack([np.broadcast_to(np.asarray(e, np.float64), (count,)) for e in row], axis=-1) for row in entries]
    return np.stack(rows, axis=1)


def _scaling(count: int, x: np.ndarray, y: np.ndarray | float) -> np.ndarray:
    return _matrices(count, [[x, 0, 0], [0, y, 0], [0, 0, 1]])


def _rotation(count: int, angle: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return _matrices(count, [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def _translation(count: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _matrices(count, [[1, 0, x], [0, 1, y], [0, 0, 1]])


def geometry(chances: np.ndarray, amounts: np.ndarray, p: float, height: int, width: int) -> np.ndarray:
    """Affine maps (N, 2, 3) from an output pixel to its source, in pixels from the middle.

    Args:
        chances: (N, UNIFORMS) in [0, 1); the first eight decide what happens, the next six how.
        amounts: (N, NORMALS) from N(0, 1).
        p: probability of each change.

    The order is the paper's: mirror, quarter turns, whole-pixel shift, scaling, rotation, uneven scaling,
    rotation, shift.
    """
    count = len(chances)
    happens = chances[:, :8] < p
    # Two rotations are tried, so that at least one happens with probability p.
    turned = chances[:, [4, 6]] < 1 - np.sqrt(1 - p)
    how = chances[:, 8:14]
    mirror = np.where(happens[:, 0] & (how[:, 0] < 0.5), -1.0, 1.0)
    quarter = np.where(happens[:, 1], np.floor(how[:, 1] * 4), 0) * np.pi / 2
    shift = np.where(happens[:, 2:3], (how[:, 2:4] * 2 - 1) * _SHIFT, 0.0)
    scale = np.where(happens[:, 3], 2 ** (amounts[:, 0] * _SCALE), 1.0)
    before = np.where(turned[:, 0], (how[:, 4] * 2 - 1) * np.pi, 0.0)
    uneven = np.where(happens[:, 5], 2 ** (amounts[:, 1] * _SCALE), 1.0)
    after = np.where(turned[:, 1], (how[:, 5] * 2 - 1) * np.pi, 0.0)
    drift = np.where(happens[:, 7:8], amounts[:, 2:4] * _SHIFT, 0.0)
    steps = (
        _scaling(count, mirror, 1.0),
        _rotation(count, quarter),
        _translation(count, np.round(shift[:, 0] * width), np.round(shift[:, 1] * height)),
        _scaling(count, scale, scale),
        _rotation(count, before),
        _scaling(count, uneven, 1 / uneven),
        _rotation(count, after),
        _translation(count, drift[:, 0] * width, drift[:, 1] * height),
    )
    forward = np.broadcast_to(np.eye(3), (count, 3, 3))
    for step in steps:
        forward = step @ forward
    return np.linalg.inv(forward)[:, :2]


def colour(chances: np.ndarray, amounts: np.ndarray, p: float) -> np.ndarray:
    """Affine maps (N, 3, 4) of RGB in [-1, 1]: brightness, contrast, luma flip, hue, saturation.

    Args:
        chances: (N, UNIFORMS) in [0, 1); of the last seven, five decide what happens and two how.
        amounts: (N, NORMALS) from N(0, 1); the last three say how much.
        p: probability of each change.
    """
    happens = chances[:, 14:19] < p
    bright = np.where(happens[:, 0], amounts[:, 4] * _BRIGHTNESS, 0.0)
    contrast = np.where(happens[:, 1], 2 ** (amounts[:, 5] * _CONTRAST), 1.0)
    flip = np.where(happens[:, 2] & (chances[:, 19] < 0.5), 2.0, 0.0)
    angle = np.where(happens[:, 3], (chances[:, 20] * 2 - 1) * np.pi, 0.0)
    saturation = np.where(happens[:, 4], 2 ** (amounts[:, 6] * _SATURATION), 1.0)
    bright, contrast, flip, angle, saturation = (v[:, None, None] for v in (bright, contrast, flip, angle, saturation))
    grey = np.outer(_LUMA, _LUMA)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    hue = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * grey
    linear = (grey + saturation * (np.eye(3) - grey)) @ hue @ (np.eye(3) - flip * grey) * contrast
    return np.concatenate([linear, linear @ (bright * np.ones((3, 1)))], axis=2)


def shift_and_hole(chances: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """DiffAugment's translation and cutout: matrices (N, 1, H, H), (N, 1, W, W) and a mask (N, 1, H, W).

    Args:
        chances: (N, 4) in [0, 1): shift down and right, middle of the hole down and right.
    """
    matrices = []
    for column, side in ((0, height), (1, width)):
        most = int(side * _SHIFT + 0.5)
        shift = np.floor(chances[:, column] * (2 * most + 1)).astype(int) - most
        matrices.append(np.stack([np.eye(side, k=-s) for s in shift])[:, None])
    kept = np.ones((len(chances), 1, height, width))
    for row, (down, right) in zip(kept, chances[:, 2:]):
        top = int(down * (height + 1)) - height // 4
        left = int(right * (width + 1)) - width // 4
        row[:, max(top, 0) : max(top + height // 2, 0), max(left, 0) : max(left + width // 2, 0)] = 0
    return matrices[0], matrices[1].transpose(0, 1, 3, 2), kept
