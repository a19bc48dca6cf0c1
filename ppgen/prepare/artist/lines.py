"""Lines and strands that follow the photo: structure directions, smoothing along them, folds of the skin.

Directions are those of the structure tensor; smoothing along them is line integral convolution (Cabral and
Leedom 1993), and a difference of Gaussians smoothed so gives coherent lines (Kang, Lee and Chui 2007).
"""

import cv2
import numpy as np

from ppgen.faces.proportions import SIDE
from ppgen.prepare.artist.canvas import blur, enlarge, scale, sheet_side, step

_FINER = 2  # times the resolution of the photo, where directions are followed
_RIM = 6  # pixels of the photo around the region


class Flow:
    """Directions of a lightness field (256, 256) around a region, and smoothing along them.

    Work is done in the region's box at twice the photo's resolution; results lie on the sheet, 0 outside the box.
    """

    def __init__(self, light: np.ndarray, region: np.ndarray, sigma: float = 2.8) -> None:
        x, y, width, height = cv2.boundingRect(region.astype(np.uint8))
        self._box = [max(0, x - _RIM), max(0, y - _RIM), min(SIDE, x + width + _RIM), min(SIDE, y + height + _RIM)]
        left, top, right, bottom = self._box
        part = np.ascontiguousarray(light[top:bottom, left:right], np.float32)
        self.light = cv2.resize(part, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_CUBIC)
        calm = blur(self.light, 1.2)
        dx, dy = (cv2.Sobel(calm, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
        xx, xy, yy = (blur(product, sigma) for product in (dx * dx, dx * dy, dy * dy))
        angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # across the structure
        self._along = (-np.sin(angle), np.cos(angle))

    def smooth(self, fields: list[np.ndarray], reach: int, stride: float = 1.2) -> list[np.ndarray]:
        """Fields of the box averaged along the lines, `reach` steps to either side, on the sheet."""
        height, width = self.light.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        packed = cv2.merge([*self._along, *(np.asarray(field, np.float32) for field in fields)])
        total: np.ndarray = packed[..., 2:].copy()
        weights = np.float32(1.0)
        for sign in (1, -1):
            at_x, at_y = x.copy(), y.copy()
            way_x, way_y = (np.float32(sign * stride) * way for way in self._along)
            for count in range(1, reach + 1):
                at_x += way_x
                at_y += way_y
                seen = cv2.remap(packed, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                next_x, next_y = seen[..., 0], seen[..., 1]
                turn = np.copysign(np.float32(stride), next_x * way_x + next_y * way_y)
                way_x, way_y = next_x * turn, next_y * turn
                weight = np.float32(np.exp(-2.0 * (count / reach) ** 2))
                total += weight * seen[..., 2:]
                weights += weight
        return [self._on_sheet(total[..., k] / weights) for k in range(len(fields))]

    @property
    def part(self) -> tuple[slice, slice]:
        """The box on the sheet."""
        left, top, right, bottom = (scale() * edge for edge in self._box)
        return slice(top, bottom), slice(left, right)

    def _on_sheet(self, field: np.ndarray) -> np.ndarray:
        sheet = np.zeros((sheet_side(), sheet_side()), np.float32)
        high, wide = sheet[self.part].shape
        sheet[self.part] = cv2.resize(field, (wide, high), interpolation=cv2.INTER_CUBIC)
        return sheet

    def ridges(self, fine: float) -> np.ndarray:
        """Difference of Gaussians of the lightness: below 0 on dark lines of about `fine` pixels of the box."""
        return blur(self.light, fine) - blur(self.light, 2.3 * fine)


def fold_lines(light: np.ndarray, skin: np.ndarray, unit: float, strength: float) -> np.ndarray:
    """Coverage of folds and form lines in the face: dark ridges of the photo that are long enough to be seen.

    Args:
        light: L* (256, 256) with the features painted over. skin: where lines may be, boolean.
        unit: size of the face, 1 for a usual one. strength: 0 draws hardly any, 1 faint ones too.
    """
    flow = Flow(light, skin)
    (ridges,) = flow.smooth([flow.ridges(1.15 * unit)], reach=7)
    least = 2.3 - 1.1 * strength
    inner = cv2.erode(skin.astype(np.uint8), np.ones((5, 5), np.uint8))
    lines = step(least, least + 1.1, -ridges) * np.clip(enlarge(blur(inner, 1.0)), 0, 1)
    coarse = cv2.resize(lines, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    kept = long_pieces(coarse > 0.22, least_area=20, least_extent=round(17 - 6 * strength))
    return lines * (enlarge(kept) > 0.1)


def long_pieces(region: np.ndarray, least_area: int, least_extent: int = 0) -> np.ndarray:
    """Boolean: the connected pieces of so many pixels and so wide or high."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    good = (stats[:, cv2.CC_STAT_AREA] >= least_area) & (extent >= least_extent)
    good[0] = False
    return good[pieces]


def fill_from(field: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A field (256, 256) whose unknown pixels take the value of the nearest known one."""
    if not known.any() or known.all():
        return field
    unknown = (~known).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(labels.max() + 1, np.asarray(field).dtype)
    values[labels[known]] = field[known]
    return values[labels]
