"""What the artist draws with: curves, brushes and paint on a sheet finer than the picture.

Photos are analyzed at `SIDE` pixels, drawings made at `sheet_side()`, three times as fine unless `drawn_at` says
otherwise; `to_sheet` takes points from the one to the other. Fields on the sheet ("coverage") are float32 (sheet,
sheet) in [0, 1].
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import cv2
import numpy as np

from ppgen.faces.colour import lab_to_rgb
from ppgen.faces.proportions import SIDE

_SCALE: ContextVar[int] = ContextVar("scale", default=3)
_SHIFT = 4  # fractional bits OpenCV takes for polygon corners


def scale() -> int:
    """Pixels of the sheet for one of the photo."""
    return _SCALE.get()


def sheet_side() -> int:
    """Pixels of a side of the sheet."""
    return SIDE * scale()


@contextmanager
def drawn_at(finer: int) -> Iterator[None]:
    """Within, sheets are so many times finer than the photo; for this thread only."""
    before = _SCALE.set(finer)
    try:
        yield
    finally:
        _SCALE.reset(before)


def to_sheet(points: np.ndarray) -> np.ndarray:
    """Pixels of the 256-pixel photo -> pixels of the sheet; pixel centres lie at whole numbers."""
    return np.asarray(points, np.float64) * scale() + (scale() - 1) / 2


def from_sheet(points: np.ndarray) -> np.ndarray:
    """The way back."""
    return (np.asarray(points, np.float64) - (scale() - 1) / 2) / scale()


def enlarge(field: np.ndarray) -> np.ndarray:
    """A float field at 256 pixels, smooth at the sheet's size."""
    return cv2.resize(
        np.ascontiguousarray(field, np.float32), (sheet_side(), sheet_side()), interpolation=cv2.INTER_CUBIC
    )


def blur(field: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of a float field; sigma in its own pixels."""
    return cv2.GaussianBlur(np.asarray(field, np.float32), (0, 0), sigma)


def step(low: float, high: float, field: np.ndarray | float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth in between (the cubic Hermite step)."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def shape_of(region: np.ndarray, sigma: float = 1.6) -> np.ndarray:
    """Coverage of a boolean region at 256 pixels, with a rounded outline and a soft edge of a pixel or two."""
    return np.clip((enlarge(blur(region, sigma)) - 0.5) * 4 + 0.5, 0, 1)


def polygon(outline: np.ndarray, soft: float = 0.0) -> np.ndarray:
    """Coverage of a filled outline, sheet pixels; `soft` blurs its edge."""
    mask = np.zeros((sheet_side(), sheet_side()), np.uint8)
    corners = np.rint(np.clip(outline, -4 * sheet_side(), 4 * sheet_side()) * 2**_SHIFT).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SHIFT)
    coverage = mask.astype(np.float32) / 255
    return blur(coverage, soft) if soft > 0 else coverage


def brush(curve: np.ndarray, width: float | np.ndarray, ends: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Coverage of a pen stroke along a curve, sheet pixels.

    width: of the full stroke, one number or one for each point. ends: what share of it is left at either end.
    """
    curve = np.asarray(curve, np.float64)
    place = np.linspace(0, 1, len(curve))
    bulge = np.clip(np.sin(np.pi * place), 0, 1) ** 0.6
    left = np.where(place < 0.5, ends[0], ends[1])
    half = np.broadcast_to(np.asarray(width, np.float64), (len(curve),)) * (left + (1 - left) * bulge) / 2
    along = np.gradient(curve, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    ring = np.vstack([curve + across * half[:, None], (curve - across * half[:, None])[::-1]])
    return polygon(ring)


def disc(centre: np.ndarray, radius: float, soft: float = 0.8) -> np.ndarray:
    """Coverage of a filled circle, sheet pixels."""
    field = np.zeros((sheet_side(), sheet_side()), np.float32)
    reach = radius + soft + 2
    left, top = (int(max(0, v - reach)) for v in centre)
    right, bottom = (int(np.clip(v + reach + 1, 0, sheet_side())) for v in centre)
    y, x = np.mgrid[top:bottom, left:right]
    field[top:bottom, left:right] = np.clip((radius - np.hypot(x - centre[0], y - centre[1])) / soft + 0.5, 0, 1)
    return field


def outline(coverage: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """Coverage of an ink line of `width` sheet pixels along the edge of a shape."""
    inside = (blur(coverage > 0.5, 1.0) > 0.5).astype(np.uint8)
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    beyond = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    distance = np.where(inside > 0, within, beyond) - 0.5
    return np.clip(width / 2 - distance + 0.5, 0, 1).astype(np.float32)


class Sheet:
    """White paper that takes paint: `pixels` float32 (sheet, sheet, 3) RGB in 0..255."""

    def __init__(self) -> None:
        self.pixels = np.full((sheet_side(), sheet_side(), 3), 255, np.float32)

    def paint(self, lab: Sequence[float] | np.ndarray, coverage: np.ndarray, strength: float = 1.0) -> None:
        """Lay one L*a*b* colour over the sheet where `coverage` says."""
        self.overlay(lab_to_rgb(lab), coverage, strength)

    def overlay(self, rgb: np.ndarray, coverage: np.ndarray, strength: float = 1.0) -> None:
        """Lay a colour (3,) or a picture (sheet, sheet, 3), RGB in 0..255, over the sheet."""
        coverage = np.ascontiguousarray(coverage, np.float32)
        rows = np.flatnonzero(cv2.reduce(coverage, 1, cv2.REDUCE_MAX))
        if not len(rows):
            return
        columns = np.flatnonzero(cv2.reduce(coverage[rows[0] : rows[-1] + 1], 0, cv2.REDUCE_MAX))
        part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        share = (coverage[part] * np.float32(strength))[..., None]
        rgb = np.asarray(rgb, np.float32)
        self.pixels[part] += ((rgb[part] if rgb.ndim == 3 else rgb) - self.pixels[part]) * share

    def finish(self, size: int) -> np.ndarray:
        """The drawing, uint8 (size, size, 3)."""
        small = cv2.resize(np.clip(self.pixels, 0, 255), (size, size), interpolation=cv2.INTER_AREA)
        return np.rint(small).astype(np.uint8)
