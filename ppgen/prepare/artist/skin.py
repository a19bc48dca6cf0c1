"""Skin: a flat base, two or three tones of light and shade from the photo, folds, what the style adds."""

import numpy as np

from ppgen.prepare.artist.canvas import Sheet, blur, enlarge, polygon, shape_of, step, to_sheet
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.lines import fold_lines
from ppgen.prepare.artist.regions import Regions
from ppgen.prepare.artist.style import Style
from ppgen.prepare.artist.tone import SkinTones
from ppgen.prepare.artist.years import paint_years

_LEVEL = 0.55  # how much of a light from one side is taken away: shade should tell form, not the studio


def paint_skin(sheet: Sheet, regions: Regions, face: Face, tones: SkinTones, style: Style) -> None:
    """Face, ears and neck, without eyes, brows, nose and mouth."""
    whole = shape_of(regions.skin | regions.neck, 1.9)
    head = shape_of(regions.skin, 1.6)
    neck = np.minimum(shape_of(regions.neck, 1.9), whole)
    sheet.paint(tones.base, whole)
    unit = face.unit
    light = skin_light(regions, face)
    relief = enlarge(light_relief(light, regions, face))
    sheet.paint(tones.light, step(0.6, 0.9, relief) * head, 0.85)
    below_hair = np.roll(shape_of(regions.hair, 1.9), round(8 * unit), axis=0)
    cast = blur(below_hair, 2.0) * polygon(to_sheet(face.oval), 6.0) * head
    sheet.paint(tones.shade, np.maximum(step(0.42, 0.72, -relief) * head, 0.85 * step(0.3, 0.7, cast)), style.relief)
    sheet.paint(tones.deep, step(1.15, 1.5, -relief) * head, 0.9 * style.relief)
    sheet.paint(2 * tones.deep - tones.shade, step(2.1, 2.5, -relief) * head, 0.8 * style.relief)
    _paint_neck(sheet, neck, face, tones, unit)
    if style.wrinkles > 0:
        folds = fold_lines(light, regions.skin & ~face.features, face.height / 110, style.wrinkles)
        sheet.paint(tones.base + (-27, 9, 7), folds, 0.35 + 0.35 * style.wrinkles)
    paint_years(sheet, face, tones, head, style)


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
