"""Backgrounds to put people before: rooms, streets, foliage, flags, gradients, walls in the colour of the coat.

Drawn by chance from scikit-image's packaged pictures and from patterns, so that a network learns the person and not
the studio.
"""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

Draw = Callable[[int, np.random.Generator], np.ndarray]

# of `skimage.data`, those without people that show a place, or things with edges of all kinds
_PICTURES = ("chelsea", "coffee", "rocket", "brick", "grass", "gravel", "coins", "page", "hubble_deep_field", "retina")


@lru_cache(maxsize=1)
def _pictures() -> tuple[np.ndarray, ...]:
    """scikit-image's packaged pictures, uint8 (H, W, 3)."""
    from skimage import data

    found = [np.asarray(getattr(data, name)()) for name in _PICTURES] + list(data.stereo_motorcycle()[:2])
    return tuple(np.repeat(p[..., None], 3, 2) if p.ndim == 2 else p[..., :3] for p in found)


def backdrop(size: int, rng: np.random.Generator, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A background uint8 (size, size, 3); every third is a wall in a colour that the person wears or has.

    photo, mask: the person to be put before it, uint8 (size, size, 3) and (size, size, 1).
    """
    if rng.random() < 0.3:
        drawn = _own_wall(size, rng, photo, mask)
    else:
        drawn = _KINDS[int(rng.integers(len(_KINDS)))](size, rng)
    drawn = np.clip(drawn, 0, 255)
    if rng.random() < 0.6:  # cameras focus on the person
        drawn = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), rng.uniform(0.5, 6))
    return drawn.round().astype(np.uint8)


def person_colours(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photo with the background's share taken out of the person's edge: float32 (H, W, 3) in 0..255.

    Along a soft edge a pixel is a mixture; put before another background it would shine of the old one.
    """
    solid = (cv2.erode(mask[..., 0], np.ones((3, 3), np.uint8)) > 250).astype(np.float32)
    spread = cv2.GaussianBlur(solid, (0, 0), 2.5)[..., None]
    near = cv2.GaussianBlur(photo.astype(np.float32) * solid[..., None], (0, 0), 2.5) / np.maximum(spread, 1e-3)
    share = mask.astype(np.float32) / 255
    edge = (spread > 0.02) & (share < 0.98)
    return np.where(edge, share * photo + (1 - share) * near, photo.astype(np.float32))


def _colour(rng: np.random.Generator) -> np.ndarray:
    """RGB in 0..255, dull ones more often than bright ones."""
    grey, vivid = rng.uniform(0, 255), rng.uniform(0, 255, 3)
    return grey + (vivid - grey) * rng.beta(1, 1.5)


def _ramp(size: int, rng: np.random.Generator, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """From one colour to another across the square, in some direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    share = np.clip(0.5 + (np.cos(angle) * x + np.sin(angle) * y) * rng.uniform(0.5, 2), 0, 1)[..., None]
    return first + (second - first) * share


def _gradient(size: int, rng: np.random.Generator) -> np.ndarray:
    """Studio paper: a ramp, often with a spot of light."""
    drawn = _ramp(size, rng, _colour(rng), _colour(rng))
    if rng.random() < 0.5:
        y, x = np.mgrid[0:size, 0:size] / size
        far = np.hypot(x - rng.uniform(0.2, 0.8), y - rng.uniform(0.1, 0.9)) / rng.uniform(0.2, 0.6)
        drawn = drawn + rng.uniform(-90, 90) * np.exp(-(far**2))[..., None]
    return drawn


def _own_wall(size: int, rng: np.random.Generator, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A wall in the colour of some pixel of the person: a dark coat before a dark wall, fair hair before a fair one."""
    rows, columns = np.nonzero(mask[..., 0] > 250)
    if not len(rows):
        return _gradient(size, rng)
    one = int(rng.integers(len(rows)))
    own = cv2.blur(photo, (5, 5))[rows[one], columns[one]].astype(np.float64)
    return _ramp(size, rng, own + rng.normal(0, 12, 3), own + rng.normal(0, 25, 3)) + 6 * _clouds(size, rng)[..., None]


def _photo(size: int, rng: np.random.Generator) -> np.ndarray:
    """A piece of a packaged picture, in changed colours."""
    pictures = _pictures()
    picture = pictures[int(rng.integers(len(pictures)))]
    side = int(rng.uniform(0.4, 1) * min(picture.shape[:2]))
    top, left = (int(rng.integers(0, extent - side + 1)) for extent in picture.shape[:2])
    piece = cv2.resize(picture[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
    piece = piece[:, ::-1] if rng.random() < 0.5 else piece
    mean = piece.mean(axis=(0, 1))
    return (piece - mean) * rng.uniform(0.6, 1.3) + mean * rng.uniform(0.5, 1.4, 3) + rng.uniform(-30, 30)


def _clouds(size: int, rng: np.random.Generator, coarse: int = 3) -> np.ndarray:
    """Noise of several scales, float64 (size, size), mean 0, deviation 1."""
    field = np.zeros((size, size))
    for octave in range(coarse, 8):
        grid = rng.normal(size=(2**octave + 1, 2**octave + 1)).astype(np.float32)
        field += 0.6 ** (octave - coarse) * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
    return (field - field.mean()) / (field.std() + 1e-6)


def _foliage(size: int, rng: np.random.Generator) -> np.ndarray:
    """Leaves, or hair-like grass: noise in greens, browns or any colours, with light coming through."""
    base = np.array([60, 90, 40]) if rng.random() < 0.6 else _colour(rng)
    field = _clouds(size, rng, int(rng.integers(3, 6)))
    if rng.random() < 0.3:
        field = cv2.GaussianBlur(field, (0, 0), 0.5, sigmaY=6) * 2
    light = np.clip(field - 1, 0, None)[..., None] * rng.uniform(0, 120)
    return base * np.exp(rng.uniform(0.2, 0.6) * field)[..., None] + light + rng.normal(0, 6, (size, size, 3))


def _flag(size: int, rng: np.random.Generator) -> np.ndarray:
    """Stripes in two to four colours, waving, with folds of light and shade."""
    colours = np.stack([_colour(rng) for _ in range(int(rng.integers(2, 5)))])
    angle, wide = rng.uniform(0, np.pi), rng.uniform(0.05, 0.4)
    y, x = np.mgrid[0:size, 0:size] / size
    wave = rng.uniform(0, 0.06) * np.sin(2 * np.pi * (x * rng.uniform(0.5, 3) + y + rng.random()))
    along = (np.cos(angle) * x + np.sin(angle) * y + wave) / wide
    folds = 1 + rng.uniform(0, 0.35) * np.sin(2 * np.pi * (x * rng.uniform(1, 5) + 0.3 * y))
    return colours[np.floor(along).astype(int) % len(colours)] * folds[..., None]


def _room(size: int, rng: np.random.Generator) -> np.ndarray:
    """Upright and level things before a wall: windows, shelves, frames, lamps; a street is not much else."""
    drawn = np.ascontiguousarray(_ramp(size, rng, _colour(rng), _colour(rng)), np.float32)
    for _ in range(int(rng.integers(4, 25))):
        wide, high = (rng.beta(1, 3, 2) * size).astype(int) + 2
        left, top = (int(v) for v in rng.integers(-size // 8, size, 2))
        corner = (left + int(wide), top + int(high))
        thick = -1 if rng.random() < 0.7 else int(rng.integers(1, 5))
        cv2.rectangle(drawn, (left, top), corner, tuple(float(v) for v in _colour(rng)), thick)
    return drawn + 4 * _clouds(size, rng)[..., None]


def _discs(size: int, rng: np.random.Generator) -> np.ndarray:
    """Round things: lights out of focus, balloons, the heads of other people."""
    drawn = np.ascontiguousarray(_ramp(size, rng, _colour(rng), _colour(rng)), np.float32)
    for _ in range(int(rng.integers(3, 30))):
        centre = tuple(int(v) for v in rng.integers(0, size, 2))
        axes = tuple(int(v) for v in rng.integers(3, max(4, size // 5), 2))
        colour = tuple(float(v) for v in _colour(rng))
        cv2.ellipse(drawn, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    return drawn


_KINDS: tuple[Draw, ...] = (_gradient, _photo, _photo, _foliage, _flag, _room, _room, _discs)
