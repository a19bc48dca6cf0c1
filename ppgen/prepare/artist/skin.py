"""Skin: a flat base, two or three tones of light and shade from the photo, blush, folds."""

from __future__ import annotations

import numpy as np

from ppgen.prepare.artist.canvas import (
    SCALE,
    SHEET,
    Sheet,
    blur,
    brush,
    enlarge,
    polygon,
    shape_of,
    spline,
    step,
    to_sheet,
)
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.lines import fold_lines
from ppgen.prepare.artist.regions import Regions
from ppgen.prepare.artist.style import Style
from ppgen.prepare.artist.tone import SkinTones

_LEVEL = 0.55  # how much of a light from one side is taken away: shade should tell form, not the studio


def paint_skin(sheet: Sheet, regions: Regions, face: Face, tones: SkinTones, style: Style) -> None:
    """Face, ears and neck, without eyes, brows, nose and mouth."""
    whole = shape_of(regions.skin | regions.neck, 1.9)
    head = shape_of(regions.skin, 1.6)
    neck = np.minimum(shape_of(regions.neck, 1.9), whole)
    sheet.paint(tones.base, whole)
    unit = face.height / 110
    light = skin_light(regions, face)
    relief = enlarge(light_relief(light, regions, face))
    sheet.paint(tones.light, step(0.6, 0.9, relief) * head, 0.85)
    below_hair = np.roll(shape_of(regions.hair, 1.9), round(8 * unit), axis=0)
    cast = blur(below_hair, 2.0) * polygon(to_sheet(face.oval), 6.0) * head
    sheet.paint(tones.shade, np.maximum(step(0.42, 0.72, -relief) * head, 0.85 * step(0.3, 0.7, cast)), 0.9)
    sheet.paint(tones.deep, step(1.15, 1.5, -relief) * head, 0.8)
    sheet.paint(2 * tones.deep - tones.shade, step(2.1, 2.5, -relief) * head, 0.75)
    _paint_neck(sheet, neck, face, tones, unit)
    _paint_blush(sheet, face, tones, head, style)
    folds = fold_lines(light, regions.skin & ~face.features, unit, style.wrinkles)
    sheet.paint(tones.base + (-27, 9, 7), folds, 0.35 + 0.35 * style.wrinkles)
    if style.wrinkles > 0.7:
        _paint_age(sheet, face, tones, head, unit * (style.wrinkles - 0.7) / 0.3)


def _paint_age(sheet: Sheet, face: Face, tones: SkinTones, head: np.ndarray, weight: float) -> None:
    """The lines that say "old" in a drawing even where a soft photo has lost them: beside and below the eyes."""
    colour, reach = tones.base + (-24, 8, 6), face.eye_distance
    for corner, side, lid in ((36, -1, [36, 41, 40, 39]), (45, 1, [45, 46, 47, 42])):
        start = face.points[corner] + (0.10 * side * reach, 0)
        for lean, length in ((-0.10, 0.13), (0.0, 0.16), (0.10, 0.14)):
            fan = start + np.array([[0, 0.6 * lean], [0.5 * side * length, lean], [side * length, 1.9 * lean]]) * reach
            sheet.paint(colour, brush(to_sheet(spline(fan, 8)), 1.9 * weight) * head, 0.5)
        bag = face.points[lid] + np.array([[0.02 * side, 0.13], [0, 0.15], [0, 0.16], [0, 0.12]]) * reach
        sheet.paint(colour, brush(to_sheet(spline(bag, 8)), 2.0 * weight) * head, 0.45)


def skin_light(regions: Regions, face: Face) -> np.ndarray:
    """L* of the skin (256, 256), features and everything that is no skin painted over from around."""
    known = (regions.skin & ~face.features).astype(np.float32)
    light = regions.lab[..., 0]
    around, weight = blur(light * known, 4.0), blur(known, 4.0)
    filled = np.where(weight > 0.02, around / np.maximum(weight, 1e-3), regions.skin_colour[0])
    return np.where(known > 0, light, filled).astype(np.float32)


def light_relief(light: np.ndarray, regions: Regions, face: Face) -> np.ndarray:
    """How much lighter (> 0) or darker a place is than the skin usually is, 1 being clearly so."""
    calm = blur(light, 1.6)
    seen = regions.skin & regions.oval & ~face.features
    if seen.sum() < 50:
        return np.zeros_like(calm)
    y, x = np.mgrid[0 : calm.shape[0], 0 : calm.shape[1]].astype(np.float32)
    terms = np.stack([x[seen] - face.centre_x, y[seen] - face.chin, np.ones(seen.sum())], axis=1)
    slope = np.linalg.lstsq(terms, calm[seen], rcond=None)[0][0]
    calm = calm - np.float32(_LEVEL * slope) * (x - face.centre_x)
    usual = np.percentile(calm[seen], 58)
    return (calm - usual) / max(5.0, 0.13 * usual, 0.8 * float(calm[seen].std()))


def _paint_neck(sheet: Sheet, neck: np.ndarray, face: Face, tones: SkinTones, unit: float) -> None:
    sheet.paint(tones.shade, neck, 0.9)
    chin = np.roll(polygon(to_sheet(face.oval)), round(15 * unit), axis=0)
    sheet.paint(tones.deep, step(0.35, 0.65, blur(chin, 3 * unit)) * neck, 0.65)


def _paint_blush(sheet: Sheet, face: Face, tones: SkinTones, head: np.ndarray, style: Style) -> None:
    y, x = np.mgrid[0:SHEET, 0:SHEET].astype(np.float32)
    colour = tones.base + (-0.07 * tones.base[0], 15, 3)
    for eye, jaw in ((0, 3), (1, 13)):
        middle = 0.55 * face.eye_centres[eye] + 0.45 * face.points[jaw]
        middle = to_sheet(0.75 * middle + 0.25 * face.points[33])
        wide, high = 0.12 * face.width * SCALE, 0.075 * face.height * SCALE
        spot = np.exp(-(((x - middle[0]) / wide) ** 2 + ((y - middle[1]) / high) ** 2))
        sheet.paint(colour, spot * head, 0.75 * style.blush)
