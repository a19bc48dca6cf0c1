"""The order in which a portrait is drawn."""

import cv2
import numpy as np

from ppgen.errors import ConfigError, DataError
from ppgen.faces.colour import monochrome, rgb_to_lab
from ppgen.faces.daylight import in_daylight
from ppgen.faces.proportions import SIDE, spline
from ppgen.prepare.artist.beard import paint_beard
from ppgen.prepare.artist.canvas import (
    Sheet,
    blur,
    brush,
    drawn_at,
    enlarge,
    outline,
    shape_of,
    sheet_side,
    step,
    to_sheet,
)
from ppgen.prepare.artist.clothes import paint_clothes
from ppgen.prepare.artist.eyes import paint_brows, paint_eyes
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.glasses import find_glasses, paint_glasses
from ppgen.prepare.artist.hair import paint_hair
from ppgen.prepare.artist.modelling import model_face
from ppgen.prepare.artist.mouth import paint_mouth, paint_nose
from ppgen.prepare.artist.regions import Regions, find_regions
from ppgen.prepare.artist.skin import paint_skin, skin_light
from ppgen.prepare.artist.style import Style, style_of
from ppgen.prepare.artist.tone import SkinTones, skin_tones

LARGEST = 1024  #: pixels of a drawing's side


def draw_cartoon(
    photo: np.ndarray,
    landmarks: np.ndarray,
    mask: np.ndarray,
    gender: str | None = None,
    age_group: str | None = None,
    glasses: bool | None = None,
    skin: np.ndarray | None = None,
    size: int = SIDE,
    likeness: float = 0.0,
) -> np.ndarray:
    """Draw a cartoon of an aligned portrait; the same input gives the same drawing.

    Args:
        photo: uint8 (S, S, 3) RGB, aligned as `ppgen.faces.align_face` does, masked or not.
        landmarks: (68, 2) in its pixels, dlib's order. mask: (S, S) in [0, 1], 1 on the person.
        gender: 'F', 'M' or None for unknown; age_group: 'young', 'middle', 'senior' or None. They choose a style.
        glasses: True, False, or None: drawn where the photo clearly shows them.
        skin: L*a*b* (3,) to paint the skin with; None: as the photo shows it, exposure put right.
        size: side of the drawing in pixels, up to 1024; its lines are drawn as finely.
        likeness: share, in [0, 1], of the photo's own light and shade in the face; 0: flat tones alone.
    Returns:
        uint8 (size, size, 3) RGB on white.
    Raises:
        DataError: shapes that do not belong together, or nobody under the mask.
        ConfigError: an unknown group, or a likeness outside [0, 1].
    """
    if not 0 <= likeness <= 1:
        raise ConfigError(f"likeness={likeness}: give a share from 0 to 1")
    style = style_of(gender, age_group)
    with drawn_at(3 if size <= 3 * SIDE else 4):
        return _draw(*prepared(photo, landmarks, mask, size), style, glasses, skin, likeness).finish(size)


def _draw(
    photo: np.ndarray,
    face: Face,
    mask: np.ndarray,
    style: Style,
    glasses: bool | None,
    skin: np.ndarray | None,
    likeness: float,
) -> Sheet:
    """The drawing of a photo and mask at 256 pixels; the rest as `draw_cartoon`."""
    photo, own = in_daylight(photo, mask, face)
    regions = find_regions(photo, mask, face)
    tones = skin_tones(own, skin)
    light = skin_light(regions, face)
    lab = rgb_to_lab(photo)
    spectacles = None if glasses is False else find_glasses(lab, face, regions, sure=glasses is True)
    sheet = Sheet()
    paint_clothes(sheet, photo, regions, tones.ink, face.unit)
    paint_skin(sheet, regions, face, tones, style)
    if style.beard:
        paint_beard(sheet, regions, face, tones, style)
    hair_ink = paint_hair(sheet, regions, face, style.grey)
    _ink_borders(sheet, regions, face, tones, tones.ink if hair_ink is None else hair_ink)
    paint_nose(sheet, lab, light, face, tones)
    paint_mouth(sheet, lab, face, regions.skin_colour, tones, style)
    paint_brows(sheet, lab, light, regions, face, tones, style)
    paint_eyes(sheet, lab, face, tones, style)
    if spectacles is not None:
        paint_glasses(sheet, spectacles, face, face.unit)
    model_face(sheet, lab, regions.shown & regions.person, face, likeness)
    return sheet


def prepared(
    photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray, size: int
) -> tuple[np.ndarray, Face, np.ndarray]:
    """Photo, face and mask at 256 pixels, checked; arguments and errors as `draw_cartoon`."""
    side = photo.shape[0]
    if photo.dtype != np.uint8 or photo.shape != (side, side, 3) or mask.shape != (side, side):
        given = f"{photo.dtype} {photo.shape} and {mask.shape}; cut the face out with ppgen.faces.align_face"
        raise DataError(f"the artist takes a square uint8 photo and a mask of its size, not {given}")
    points = np.asarray(landmarks, np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all() or np.ptp(points, axis=0).min() < side / 16:
        raise DataError(f"the artist takes the 68 landmarks of the face, not {points.shape} or a single place")
    if not 16 <= size <= LARGEST:
        raise DataError(f"size {size}: drawings are made at 16 to {LARGEST} pixels a side")
    if side != SIDE:
        photo = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC)
        mask = cv2.resize(np.asarray(mask, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        points = (points + 0.5) * SIDE / side - 0.5
    face = Face(points)
    if (np.asarray(mask) > 0.55)[face.filled(face.oval)].mean() < 0.5:
        raise DataError("the mask leaves most of the face out: there is nobody to draw")
    if monochrome(photo):  # sepia is grey
        photo = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    return np.ascontiguousarray(photo), face, mask


def _ink_borders(sheet: Sheet, regions: Regions, face: Face, tones: SkinTones, hair_ink: np.ndarray) -> None:
    """Outlines of head, neck, clothes, hair and the whole person; none where the photo ends."""
    unit = face.unit
    y, x = np.mgrid[0 : sheet_side(), 0 : sheet_side()].astype(np.float32) / sheet_side()
    sway = 1 + 0.28 * np.sin(7.3 * x + 3.1 * y + 1.0) * np.cos(5.7 * y - 2.0 * x)  # as a hand presses a pen
    inside = np.clip(enlarge(blur(cv2.erode(regions.shown.astype(np.uint8), np.ones((9, 9), np.uint8)), 1.0)), 0, 1)
    inside = cv2.copyMakeBorder(inside[2:-2, 2:-2], 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
    thick = np.ones((7, 7), np.uint8)
    parts = (regions.skin, regions.neck, regions.hair, regions.clothes, regions.person, regions.skin | regions.neck)
    skin, neck, hair, clothes, whole, head = (shape_of(part, 1.9) for part in parts)
    sheet.paint(tones.ink, outline(head, 2.9 * unit * sway) * (1 - cv2.dilate(hair, thick)) * inside, 0.92)
    jaw = outline(skin, 2.6 * unit * sway) * step(0.1, 0.5, cv2.dilate(neck, thick))
    sheet.paint(tones.ink, jaw * inside, 0.85)
    sheet.paint(tones.ink, outline(clothes, 2.8 * unit * sway) * inside, 0.9)
    if regions.hair.any():
        edge = outline(hair, 2.8 * unit * sway)
        hairline = edge * step(0.2, 0.6, cv2.dilate(skin, np.ones((9, 9), np.uint8)))
        sheet.paint(hair_ink, (edge - 0.45 * hairline) * inside, 0.95)
    sheet.paint(np.minimum(tones.ink, hair_ink) * 0.9, outline(whole, 3.6 * unit * sway) * inside, 0.95)
    within = cv2.erode(skin, np.ones((round(15 * unit) | 1,) * 2, np.uint8))
    for side in ([0, 1, 2, 3, 4], [16, 15, 14, 13, 12]):  # the cheek in front of the ear
        cheek = brush(to_sheet(spline(face.points[side])), 2.6 * unit, (0.0, 0.2))
        sheet.paint(tones.ink + (14, 8, 6), cheek * within, 0.6)
