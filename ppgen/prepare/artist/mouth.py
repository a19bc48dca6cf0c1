"""Mouth and nose."""

import cv2
import numpy as np

from ppgen.faces.proportions import LIP_BOTTOM, LIP_TOP, MOUTH_BOTTOM, MOUTH_TOP, NOSTRILS, spline
from ppgen.prepare.artist.canvas import Sheet, blur, brush, enlarge, polygon, sheet_side, step, to_sheet
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.style import Style
from ppgen.prepare.artist.tone import SkinTones

_SHUT = 0.045  # of the mouth's width: lips so close are drawn as one line
_REDDEST = 44.0  # a* of lips at most
_FULLER = 0.22  # of its height a lip grows where the style asks for full lips


def paint_mouth(sheet: Sheet, lab: np.ndarray, face: Face, skin: np.ndarray, tones: SkinTones, style: Style) -> None:
    """Lips, teeth or the dark of an open mouth, the line between the lips.

    Args:
        lab: the photo's L*a*b*. skin: L*a*b* of the skin in the photo; the lips keep their difference from it.
    """
    unit = face.unit
    top, bottom, inner_top, inner_bottom = (
        to_sheet(spline(face.points[part], 48 // (len(part) - 1)))  # all four as long as each other
        for part in (LIP_TOP, LIP_BOTTOM, MOUTH_TOP, MOUTH_BOTTOM)
    )
    top, bottom = (_fuller(outer, inner, style.lips) for outer, inner in ((top, inner_top), (bottom, inner_bottom)))
    width = float(np.linalg.norm(face.points[54] - face.points[48]))
    gap = float(np.abs(face.points[[61, 62, 63], 1] - face.points[[67, 66, 65], 1]).mean())
    lip = _lip_colour(lab, face, skin, tones, style)
    sheet.paint(lip, polygon(np.vstack([inner_bottom, bottom[::-1]]), 0.8), 0.6 + 0.38 * style.lips)
    sheet.paint(lip + (-7, 2, 0), polygon(np.vstack([top, inner_top[::-1]]), 0.8), 0.6 + 0.38 * style.lips)
    full = ((inner_bottom + bottom) / 2)[14:35]
    sheet.paint(lip + (9, -4, -2), blur(brush(full, 4.5 * unit), 1.5), 0.6)
    line = tones.ink + (12, 8, 6)
    if gap > _SHUT * width:
        _paint_open(sheet, lab, face, inner_top, inner_bottom, line, unit)
    else:
        middle = np.vstack([to_sheet(face.points[48:49]), (inner_top + inner_bottom) / 2, to_sheet(face.points[54:55])])
        sheet.paint(line, brush(middle, 3.3 * unit, (0.35, 0.35)), 0.92)
    for index, side in ((48, -1), (54, 1)):
        corner = to_sheet(face.points[index])
        tick = corner + np.array([[-3 * side, 0], [side, 0], [4 * side, -2.5]]) * unit
        sheet.paint(line, brush(spline(tick, 6), 2.6 * unit), 0.7)
    under = bottom[len(bottom) // 3 : -len(bottom) // 3] + (0, 2.5 * unit)
    sheet.paint(tones.base + (-0.42 * tones.base[0], 12, 9), brush(under, 2.2 * unit), 0.6)


def _fuller(outer: np.ndarray, inner: np.ndarray, lips: float) -> np.ndarray:
    """The outer edge of a lip moved outward, most in the middle, not at all at the corners."""
    bulge = np.sin(np.linspace(0, np.pi, len(outer)))[:, None]
    return outer + _FULLER * lips * bulge * (outer - inner)


def _lip_colour(lab: np.ndarray, face: Face, skin: np.ndarray, tones: SkinTones, style: Style) -> np.ndarray:
    lips = lab[face.filled(np.vstack([face.points[MOUTH_BOTTOM], face.points[LIP_BOTTOM][::-1]]))]
    apart = (np.median(lips, axis=0) if len(lips) > 5 else skin) - skin
    darker = np.clip(apart[0], -34 + 16 * style.lips, 6)  # lips the artist colors are not dark besides
    return np.array([
        tones.base[0] - 7 - 4 * style.lips + 0.75 * darker - 0.35 * max(0.0, apart[1] - 8),
        min(tones.base[1] + 4 + 12 * style.lips + 1.2 * float(np.clip(apart[1], -2, 40)), _REDDEST),
        tones.base[2] + 2 + 0.8 * np.clip(apart[2], -12, 20),
    ])  # fmt: skip


def _paint_open(
    sheet: Sheet, lab: np.ndarray, face: Face, top: np.ndarray, bottom: np.ndarray, line: np.ndarray, unit: float
) -> None:
    """Teeth where the photo is bright between the lips, darkness elsewhere."""
    opening = polygon(np.vstack([top, bottom[::-1]]), 0.6)
    sheet.paint((30, 27, 15), opening)
    inside = face.filled(face.mouth())
    seen = lab[inside]
    around = np.median(lab[face.filled(face.lips()) & ~inside][:, 0]) if inside.sum() > 8 else 50.0
    tongue = polygon(np.vstack([top + 0.5 * (bottom - top), bottom[::-1]]), 1.5 * unit)
    sheet.paint((50, 34, 19), tongue * opening)
    if len(seen) > 8 and np.percentile(seen[:, 0], 80) > around + 3:
        # their lower edge is where the photo turns dark, smoothed so that no tooth is drawn by itself
        least = 0.5 * (around + float(np.percentile(seen[:, 0], 85)))
        wide = 0.15 * float(np.ptp(face.points[[48, 54], 0]))
        bright = enlarge(cv2.GaussianBlur(lab[..., 0], (0, 0), sigmaX=max(wide, 1.0), sigmaY=1.2))
        whole = polygon(np.vstack([top, (top + 0.9 * (bottom - top))[::-1]]), 0.8)
        x = np.mgrid[0 : sheet_side(), 0 : sheet_side()][1].astype(np.float32)
        half = (top[-1, 0] - top[0, 0]) / 2
        aside = np.abs(x - (top[0, 0] + half)) / max(half, 1.0)
        teeth = opening * whole * step(least - 20, least - 12, bright + 16 * aside) * step(0.99, 0.86, aside)
        sheet.paint((96, 0.5, 3), step(0.35, 0.65, teeth))
        shade = polygon(np.vstack([top, (top + 0.16 * (bottom - top))[::-1]]), 1.0)
        sheet.paint((78, 6, 4), shade * opening * step(0.4, 0.7, teeth), 0.6)
    sheet.paint(line, brush(top, 2.6 * unit, (0.5, 0.5)), 0.9)
    sheet.paint(line + (10, 3, 3), brush(bottom, 1.8 * unit, (0.3, 0.3)), 0.7)


def paint_nose(sheet: Sheet, lab: np.ndarray, light: np.ndarray, face: Face, tones: SkinTones) -> None:
    """Nostrils as dark as the photo has them, wings, the tip's underside.

    Args:
        lab: the photo's L*a*b*. light: L* of the skin (256, 256).
    """
    unit = face.unit
    base = face.points[NOSTRILS]
    width = float(np.linalg.norm(base[-1] - base[0]))
    line = tones.base + (-0.50 * tones.base[0], 13, 10)
    for side, index in ((-1, 31), (1, 35)):
        foot = face.points[index]
        wing = foot + np.array([[-0.02, -0.36], [0.10, -0.22], [0.12, -0.07], [0.0, 0.03]]) * width * (side, 1)
        sheet.paint(line, brush(to_sheet(spline(wing, 10)), 2.6 * unit, (0.0, 0.2)), 0.8)
    sheet.paint(line, brush(to_sheet(spline(base[1:4] + (0, 0.02 * width), 10)), 2.0 * unit), 0.6)
    around = face.filled(np.vstack([base + (0, 0.05 * width), (base - (0, 0.18 * width))[::-1]]))
    dark = blur(np.maximum(np.percentile(light[around], 70) - lab[..., 0], 0) * around, 0.7)
    depth = float(np.percentile(dark[around], 92)) if around.sum() > 8 else 0.0
    holes = step(0.62, 0.9, enlarge(dark / max(depth, 12.0)))
    for side, index in ((-1, 32), (1, 34)):
        spot = face.points[index] + np.array([side * 0.05, -0.045]) * width
        hole = spot + np.array([[-0.10, 0.015 * side], [0, -0.03], [0.10, 0.015 * side]]) * width
        holes = np.maximum(holes, brush(to_sheet(spline(hole, 8)), 3.0 * unit))
    sheet.paint(line * (0.6, 0.9, 0.9), holes, 0.85)
