"""What the artist says "young" or "old" with: round blush and highlights, or lines and soft shade beside them.

Everything follows the landmarks and stays on the skin. Lengths are in distances between the eyes.
"""

import numpy as np

from ppgen.faces.proportions import spline
from ppgen.prepare.artist.canvas import Sheet, blur, brush, scale, sheet_side, to_sheet
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.style import Style
from ppgen.prepare.artist.tone import SkinTones

_LINE = 3.6  # width of a wrinkle on the sheet, for a face of the usual size
_MANY = 0.6  # from this strength on forehead and eyes get lines too, not only the folds beside the mouth


def paint_years(sheet: Sheet, face: Face, tones: SkinTones, head: np.ndarray, style: Style) -> None:
    """Blush, highlights and wrinkles, in so far as the style has them; `head` is coverage of the skin."""
    if style.glow > 0:
        _paint_glow(sheet, face, tones, head, style.glow)
    if style.blush > 0:
        _paint_blush(sheet, face, tones, head, style.blush)
    if style.wrinkles > 0:
        _paint_wrinkles(sheet, face, tones, head, style.wrinkles)


def _spot(centre: np.ndarray, wide: float, high: float) -> np.ndarray:
    """Coverage of a soft ellipse with a flat middle; centre and half axes in pixels of the photo."""
    (middle_x, middle_y), half_x, half_y = to_sheet(centre), wide * scale(), high * scale()
    field = np.zeros((sheet_side(), sheet_side()), np.float32)
    left, right = np.clip([middle_x - 2 * half_x, middle_x + 2 * half_x], 0, sheet_side()).astype(int)
    top, bottom = np.clip([middle_y - 2 * half_y, middle_y + 2 * half_y], 0, sheet_side()).astype(int)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    square = ((x - middle_x) / half_x) ** 2 + ((y - middle_y) / half_y) ** 2
    field[top:bottom, left:right] = np.exp(-(square**1.5))
    return field


def _paint_blush(sheet: Sheet, face: Face, tones: SkinTones, head: np.ndarray, strength: float) -> None:
    colour = tones.base + (-0.08 * tones.base[0], 6 + 0.15 * tones.base[0], 4)
    for eye, jaw in ((0, 3), (1, 13)):
        cheek = 0.55 * face.eye_centres[eye] + 0.45 * face.points[jaw]
        middle = 0.78 * cheek + 0.22 * face.points[33]
        sheet.paint(colour, _spot(middle, 0.13 * face.width, 0.12 * face.width) * head, 0.75 * strength)


def _paint_glow(sheet: Sheet, face: Face, tones: SkinTones, head: np.ndarray, strength: float) -> None:
    reach, points = face.eye_distance, face.points
    colour = tones.base + (4.5 + 0.27 * (100 - tones.base[0]), -4, -2)
    forehead = (points[21] + points[22]) / 2 - (0, 0.42 * (face.brow_y - face.top))
    bones = [face.eye_centres[eye] + (0.12 * side * reach, 0.33 * reach) for eye, side in ((0, -1), (1, 1))]
    chin = (points[57] + points[8]) / 2
    spots = [(forehead, 0.50, 0.15), *((bone, 0.24, 0.09) for bone in bones), (chin, 0.17, 0.09)]
    bridge = blur(brush(to_sheet(spline(points[27:31])), 0.13 * reach * scale(), (0.3, 0.8)), 3.0)
    coverage = np.max([bridge, *(_spot(middle, wide * reach, high * reach) for middle, wide, high in spots)], axis=0)
    sheet.paint(colour, coverage * head, 0.9 * strength)


def _paint_wrinkles(sheet: Sheet, face: Face, tones: SkinTones, head: np.ndarray, strength: float) -> None:
    folds = _mouth_folds(face)
    if strength >= _MANY:
        folds += _eye_lines(face) + _forehead_lines(face)
    dark = 7 + 0.2 * tones.base[0]
    width = _LINE * face.unit * (0.5 + 0.5 * strength)
    for fold, weight in folds:
        curve = to_sheet(spline(fold, 8))
        shade = blur(brush(curve + (0, width), 3.2 * width * weight), 0.8 * width)
        sheet.paint(tones.shade, shade * head, 0.4 * strength)
        sheet.paint(tones.base + (-dark, 10, 8), brush(curve, width * weight) * head, 0.25 + 0.45 * strength)


def _mouth_folds(face: Face) -> list[tuple[np.ndarray, float]]:
    """From the wings of the nose round the corners of the mouth."""
    reach, folds = face.eye_distance, []
    for wing, corner, side in ((31, 48, -1), (35, 54, 1)):
        start = face.points[wing] + np.array([0.15 * side, -0.06]) * reach
        end = face.points[corner] + np.array([0.17 * side, -0.02]) * reach
        bend = 0.5 * (start + end) + np.array([0.05 * side, -0.02]) * reach
        folds.append((np.stack([start, bend, end, end + np.array([0.0, 0.13]) * reach]), 1.15))
    return folds


def _eye_lines(face: Face) -> list[tuple[np.ndarray, float]]:
    """Crow's feet, and a line below each eye."""
    reach, lines = face.eye_distance, []
    for corner, side, lid in ((36, -1, [36, 41, 40, 39]), (45, 1, [45, 46, 47, 42])):
        start = face.points[corner] + (0.13 * side * reach, 0)
        for lean, length in ((-0.09, 0.15), (0.02, 0.17), (0.11, 0.15)):
            fan = np.array([[0, 0.5 * lean], [0.5 * side * length, 0.9 * lean], [side * length, 1.7 * lean]])
            lines.append((start + fan * reach, 0.75))
        bag = np.array([[0.02 * side, 0.16], [0, 0.18], [0, 0.19], [0.02 * side, 0.14]])
        lines.append((face.points[lid] + bag * reach, 0.95))
    return lines


def _forehead_lines(face: Face) -> list[tuple[np.ndarray, float]]:
    """Three lines across the forehead, as level as the brows."""
    left, right = face.points[[18, 19]].mean(axis=0), face.points[[24, 25]].mean(axis=0)
    rise = min(face.brow_y, left[1], right[1]) - face.top
    places, lines = np.linspace(-1, 1, 7), []
    for share, wide in ((0.36, 0.95), (0.55, 0.8), (0.73, 0.55)):
        along = (left + right) / 2 + np.outer(places * wide, (right - left) / 2)
        arch = share * rise + 0.05 * rise * np.cos(2 * np.pi * places)
        lines.append((along - np.stack([0 * arch, arch], axis=1), 0.8))
    return lines
