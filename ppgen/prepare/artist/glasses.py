"""Spectacles: two mirrored superellipses that follow the thin lines around the eyes, and how heavy their frame is."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import cv2
import numpy as np

from ppgen.faces.proportions import spline
from ppgen.prepare.artist.canvas import Sheet, blur, brush, polygon, scale, to_sheet
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.regions import Regions

_POINTS = 40
_ANGLES = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
_ARCS = [np.abs((_ANGLES - middle + np.pi) % (2 * np.pi) - np.pi) < np.pi / 4 for middle in np.arange(4) * np.pi / 2]
# Evidence from which glasses are drawn unasked, of rims and of the bridge over the nose, which wrinkles have not: 28 of
# 36 training portraits with glasses have both, none of 30 without, 1 of 35 of nobody
_UNSURE, _BRIDGE = 7.5, 5.0
_RIMLESS = 13.0  # L* by which a rim must differ from the skin to count as a frame


@dataclass(frozen=True)
class Spectacles:
    """Centres (2, 2) in pixels of the crop, half axes, exponent; weight of upper and lower rim; frame L*a*b*."""

    centres: np.ndarray
    half_width: float
    half_height: float
    exponent: float
    contrast: tuple[float, float]
    colour: np.ndarray
    evidence: float


@lru_cache(maxsize=1)
def _candidates() -> np.ndarray:
    """(n, 5): exponent, half width, half height, shift outwards, shift down; in distances between the eyes."""
    widths, heights = np.arange(0.32, 0.50, 0.025), np.arange(0.17, 0.41, 0.025)
    aside, down = np.arange(-0.06, 0.13, 0.03), np.arange(-0.06, 0.19, 0.03)
    grid = np.array(list(product((2.2, 2.9, 3.8), widths, heights, aside, down)))
    a, b, dx = grid[:, 1:4].T
    return grid[(b <= 0.95 * a) & (0.5 + dx - a >= 0.06)]


def _ring(exponent: np.ndarray | float, angles: np.ndarray) -> np.ndarray:
    """A superellipse with half axes 1: (..., n, 2)."""
    c, s, power = np.cos(angles), np.sin(angles), 2 / np.asarray(exponent, np.float64)[..., None]
    return np.stack([np.sign(c) * np.abs(c) ** power, np.sign(s) * np.abs(s) ** power], axis=-1)


def find_glasses(lab: np.ndarray, face: Face, regions: Regions, sure: bool) -> Spectacles | None:
    """The spectacles of a face in the photo's L*a*b*; where not `sure` there are any, only with evidence, else None."""
    lines = _thin_lines(lab[..., 0], face)
    grid, reach = _candidates(), face.eye_distance
    rings = _ring(grid[:, 0], _ANGLES) * (grid[:, 1:3] * reach)[:, None]
    seen = np.zeros(rings.shape[:2], np.float32)
    for side, centre in ((-1, face.eye_centres[0]), (1, face.eye_centres[1])):
        x = np.clip(2 * (centre[0] + side * (grid[:, 3:4] * reach + rings[..., 0])), 0, lines.shape[1] - 1)
        y = np.clip(2 * (centre[1] + grid[:, 4:5] * reach + rings[..., 1]), 0, lines.shape[0] - 1)
        seen += lines[y.astype(int), x.astype(int)]
    arcs = np.stack([seen[:, arc].mean(axis=1) for arc in _ARCS], axis=1)  # outer, lower, inner, upper
    usual = np.exp(-0.25 * (
        ((grid[:, 1] - 0.43) / 0.05) ** 2
        + ((grid[:, 2] - 0.27) / 0.06) ** 2
        + ((grid[:, 4] - grid[:, 2] + 0.21) / 0.07) ** 2
    ))  # fmt: skip
    # the lower rim and the sides are the glasses' own; the upper one may be a brow
    scores = (0.4 * seen.mean(axis=1) + 0.6 * np.minimum(arcs[:, 1], arcs[:, [0, 2]].mean(axis=1)) + 0.5) * usual
    best = int(scores.argmax())
    evidence = float(scores[best])
    exponent, a, b, dx, dy = grid[best]
    centres = face.eye_centres + np.array([[-dx, dy], [dx, dy]]) * reach
    if not sure and (evidence < _UNSURE or _bridge(lines, centres, a * reach, b * reach) < _BRIDGE):
        return None
    contrast, colour = _frame(lab, centres, _ring(exponent, _ANGLES) * (a * reach, b * reach), regions.skin_colour[0])
    return Spectacles(centres, a * reach, b * reach, float(exponent), contrast, colour, evidence)


def _bridge(lines: np.ndarray, centres: np.ndarray, half_width: float, half_height: float) -> float:
    """How clear the clearest line from lens to lens is: the weakest of its thirds."""
    left, right = centres + ((half_width, 0), (-half_width, 0))
    clearest = 0.0
    for height in np.linspace(-0.6, 0.15, 9) * half_height:
        x, y = np.linspace(left + (0, height), right + (0, height), 7).T
        rows, columns = (np.clip(2 * place, 0, len(lines) - 1).astype(int) for place in (y, x))
        seen = lines[rows, columns]
        clearest = max(clearest, float(min(seen[:3].max(), seen[2:5].max(), seen[4:].max())))
    return clearest


def _thin_lines(light: np.ndarray, face: Face) -> np.ndarray:
    """How much of a thin dark (or, less, bright) line every place is, at twice the crop's size; 0 in the eyes."""
    fine = cv2.resize(light, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
    dark = np.clip(cv2.morphologyEx(fine, cv2.MORPH_BLACKHAT, kernel), 0, 25)
    bright = np.clip(cv2.morphologyEx(fine, cv2.MORPH_TOPHAT, kernel), 0, 25)
    free: np.ndarray = np.ones(fine.shape, np.uint8)
    for first in (36, 42):
        cv2.fillPoly(free, [np.rint(2 * face.points[first : first + 6]).astype(np.int32)], 0)
    free = cv2.erode(free, np.ones((7, 5), np.uint8))
    return blur(np.maximum(dark, 0.5 * bright) * free, 1.6)


def _frame(
    lab: np.ndarray, centres: np.ndarray, ring: np.ndarray, skin: float
) -> tuple[tuple[float, float], np.ndarray]:
    """Contrast of upper and lower rims to the skin's L*, and the frame's L*a*b*, read along the curves."""
    rims: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for centre in centres:
        for point, angle in zip(centre + ring, _ANGLES):
            x, y = np.clip(point, 2, lab.shape[0] - 3).astype(int)
            near = lab[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
            rims[0 if angle > np.pi else 1].append(near[near[:, 0].argmin()])
    upper, lower = (float(np.clip(skin - np.median(np.array(rim)[:, 0]), 0, 60)) for rim in rims)
    both = np.array(rims[0] + rims[1])
    light, a, b = np.median(both[both[:, 0] <= np.percentile(both[:, 0], 50)], axis=0)
    return (upper, lower), np.array([np.clip(0.85 * light, 8, 52), 0.7 * a, 0.7 * b])


def paint_glasses(sheet: Sheet, glasses: Spectacles, face: Face, unit: float) -> None:
    """Lenses, rims as heavy as the photo has them, bridge and temples; a rimless pair gets a bare hint of a rim."""
    half = np.array([glasses.half_width, glasses.half_height])
    heavy = [float(np.clip((c - 6) / 12, 0, 4.2)) for c in glasses.contrast]
    main = np.clip(1.5 + max(heavy), 1.8, 5.4) * unit
    for centre in glasses.centres:
        ring = to_sheet(centre + _ring(glasses.exponent, np.linspace(0, 2 * np.pi, 160, endpoint=False)) * half)
        sheet.paint((100, 0, 0), polygon(ring), 0.10)
        glint = to_sheet(centre + np.array([[-0.55, -0.2], [-0.25, -0.75], [-0.12, -0.75], [-0.42, -0.2]]) * half)
        sheet.paint((100, 0, 0), polygon(glint, 1.0), 0.33)
        for part, weight, contrast in ((slice(78, 160), heavy[0], 0), (slice(0, 82), heavy[1], 1)):
            rim = np.vstack([ring[part], ring[:2]]) if part.stop == 160 else ring[part]
            framed = glasses.contrast[contrast] > _RIMLESS
            width = np.clip(1.4 + weight, 1.8, 5.2) * unit if framed else 1.5 * unit
            sheet.paint(glasses.colour, brush(rim, width, (1, 1)), 0.95 if framed else 0.5)
    _paint_joints(sheet, glasses, face, main)


def _paint_joints(sheet: Sheet, glasses: Spectacles, face: Face, width: float) -> None:
    a, b, reach = glasses.half_width, glasses.half_height, face.eye_distance
    (left, right), colour = glasses.centres, glasses.colour
    start, end = left + (a, -0.25 * b), right + (-a, -0.25 * b)
    arch = (start + end) / 2 - (0, 0.08 * reach)
    sheet.paint(colour, brush(to_sheet(spline(np.stack([start, arch, end]), 14)), 1.05 * width, (1, 1)), 0.95)
    for centre, side, ear in ((left, -1, face.points[0]), (right, 1, face.points[16])):
        hinge = centre + (0.98 * side * a, -0.35 * b)
        behind = np.array([ear[0], hinge[1] - 0.01 * reach])
        if side * (behind[0] - hinge[0]) * scale() > 3:
            temple = np.linspace(to_sheet(hinge), to_sheet(behind), 12)
            sheet.paint(colour, brush(temple, 0.8 * width, (1, 0.7)), 0.9)
