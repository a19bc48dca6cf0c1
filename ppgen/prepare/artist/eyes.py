"""Eyes and brows: shapes from the landmarks, gaze, colour and the brows' true outline from the photo."""

from dataclasses import dataclass

import cv2
import numpy as np

from ppgen.faces.proportions import BROWS, LOWER_LIDS, UPPER_LIDS, spline
from ppgen.prepare.artist.canvas import Sheet, blur, brush, disc, enlarge, from_sheet, polygon, scale, step, to_sheet
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.hair import greyed
from ppgen.prepare.artist.lines import long_pieces
from ppgen.prepare.artist.regions import Regions
from ppgen.prepare.artist.style import Style
from ppgen.prepare.artist.tone import SkinTones

_IRIS = 0.106  # radius of an iris in distances between the eyes: 5.9 mm of 60 to 63, a little more in drawings
_OPEN = 0.31  # an eye is drawn at least so high, in widths: narrow eyes of small photos would be a line


@dataclass(frozen=True)
class _Eye:
    """One eye on the sheet: lids from left to right, its frame, the iris; `out` is -1 for the picture's left eye."""

    upper: np.ndarray
    lower: np.ndarray
    width: float
    right: np.ndarray  # unit vector along the eye
    down: np.ndarray
    iris: np.ndarray
    radius: float
    out: int


def paint_eyes(sheet: Sheet, lab: np.ndarray, face: Face, tones: SkinTones, style: Style) -> None:
    """Both eyes: white, iris, lids, lashes, crease; `lab` is the photo's L*a*b*."""
    eyes = [_find_eye(lab, face, index) for index in (0, 1)]
    colour = np.mean([_iris_colour(lab, eye, tones.base[1:]) for eye in eyes], axis=0)
    for eye in eyes:
        opening = polygon(np.vstack([eye.upper, eye.lower[::-1]]))
        sheet.paint((93 + 0.05 * tones.base[0], 1.5, 1.0), opening)
        _paint_iris(sheet, eye, colour, opening, style.catch)
        lid_shade = polygon(np.vstack([eye.upper, (eye.upper + eye.down * 0.075 * eye.width)[::-1]]), 1.2)
        sheet.paint((42, 12, 8), lid_shade * opening, 0.45)
        _paint_lids(sheet, eye, tones, style, face.unit)


def _find_eye(lab: np.ndarray, face: Face, index: int) -> _Eye:
    upper, lower = (to_sheet(spline(face.points[part[index]])) for part in (UPPER_LIDS, LOWER_LIDS))
    width = float(np.linalg.norm(upper[-1] - upper[0]))
    right = (upper[-1] - upper[0]) / width
    down = np.array([-right[1], right[0]])
    middle = (upper.mean(axis=0) + lower.mean(axis=0)) / 2
    high = float(((lower - middle) @ down).max() - ((upper - middle) @ down).min())
    taller = float(np.clip(_OPEN * width / max(high, 1.0), 1.06, 1.6))

    def grown(curve: np.ndarray) -> np.ndarray:
        apart = curve - middle
        return middle + np.outer(apart @ right, right) * 1.06 + np.outer(apart @ down, down) * taller

    radius = float(np.clip(_IRIS * face.eye_distance * scale(), 0.21 * width, 0.28 * width))
    iris = _gaze(lab[..., 0], middle, right, down, width, radius)
    return _Eye(grown(upper), grown(lower), width, right, down, iris, radius, -1 if index == 0 else 1)


def _gaze(
    light: np.ndarray, middle: np.ndarray, right: np.ndarray, down: np.ndarray, width: float, radius: float
) -> np.ndarray:
    """Where the darkest disc of an iris's size lies near the middle of the eye, sheet pixels."""
    size = max(1.0, 0.8 * radius / scale())
    calm = cv2.GaussianBlur(light, (0, 0), size / 1.6)
    best, place = np.inf, middle
    for aside in np.linspace(-0.17, 0.17, 13):
        for low in (-0.04, 0.0, 0.04):
            point = middle + (aside * right + low * down) * width
            x, y = np.clip(from_sheet(point), 0, np.array(light.shape[::-1]) - 1.001)
            cost = cv2.getRectSubPix(calm, (1, 1), (float(x), float(y)))[0, 0] + 60 * aside**2 + 60 * low**2
            if cost < best:
                best, place = float(cost), point
    return place


def _iris_colour(lab: np.ndarray, eye: _Eye, skin: np.ndarray) -> np.ndarray:
    """L*a*b* an iris is drawn with: the hue between pupil and rim in the photo, brown or grey where it has none.

    What differs from the skin's a*, b* (2,) counts most: in small photos the lids mix in.
    """
    centre, radius = from_sheet(eye.iris), max(2.0, eye.radius / scale())
    y, x = np.mgrid[0 : lab.shape[0], 0 : lab.shape[1]]
    apart = np.hypot(x - centre[0], y - centre[1]) / radius
    opening = np.zeros(lab.shape[:2], np.uint8)
    cv2.fillPoly(opening, [np.rint(from_sheet(np.vstack([eye.upper, eye.lower[::-1]]))).astype(np.int32)], 1)
    seen = lab[(apart > 0.35) & (apart < 0.95) & (y > centre[1] - 0.45 * radius) & (opening > 0)]
    seen = seen[seen[:, 0] < max(30.0, float(np.percentile(seen[:, 0], 80)))] if len(seen) > 4 else seen  # no glints
    if len(seen) < 3:
        return np.array([27.0, 13.0, 16.0])
    weight = np.hypot(*(seen[:, 1:] - skin).T) + 2
    light, (a, b) = float(np.median(seen[:, 0])), (weight[:, None] * seen[:, 1:]).sum(axis=0) / weight.sum()
    chroma = float(np.hypot(a, b))
    blue = float(step(5.0, -1.0, b) * step(10.0, 22.0, light))
    usual = (1 - blue) * np.array([27.0, 13, 16]) + blue * np.array([44.0, -3, -12])
    own = np.array([np.clip(6 + 0.85 * light, 20, 50), *(np.array([a, b]) * (np.clip(1.4 * chroma, 12, 32) / chroma))])
    sure = float(step(3.0, 9.0, chroma))
    return sure * own + (1 - sure) * usual


def _paint_iris(sheet: Sheet, eye: _Eye, colour: np.ndarray, opening: np.ndarray, catch: float) -> None:
    centre, radius = eye.iris, eye.radius
    sheet.paint(colour, disc(centre, radius) * opening)
    rim = np.clip(disc(centre, radius) - disc(centre, 0.82 * radius), 0, 1)
    sheet.paint(colour * (0.45, 0.8, 0.8), rim * opening)
    sheet.paint(colour + (15, 0, 5), disc(centre + 0.35 * radius * eye.down, 0.5 * radius, 3) * opening, 0.55)
    sheet.paint((6, 2, 2), disc(centre, 0.46 * radius) * opening)
    lights = (((-0.33, -0.36), 0.19 + 0.15 * catch, 1.0), ((0.36, 0.4), 0.09 + 0.08 * catch, 0.8))
    for place, size, strength in lights:
        sheet.paint((100, 0, 0), disc(centre + radius * np.array(place), size * radius) * opening, strength)


def _paint_lids(sheet: Sheet, eye: _Eye, tones: SkinTones, style: Style, unit: float) -> None:
    ink = tones.ink
    upper = eye.upper if eye.out < 0 else eye.upper[::-1]  # from the outer corner inward
    place = np.linspace(0, 1, len(upper))
    crease = upper[3:-3] - eye.down * (0.095 * eye.width) * np.sin(np.pi * place[3:-3])[:, None] ** 0.5
    if style.lids > 0:
        _paint_lid_colour(sheet, eye, upper, tones, style.lids)
    sheet.paint((0.52 * tones.base[0], tones.base[1] + 9, tones.base[2] + 7), brush(crease, 1.8 * unit), 0.65)
    sheet.paint(ink + (16, 6, 6), brush(eye.lower, 1.7 * unit, (0.2, 0.2)), 0.7)
    width = unit * (1 + 0.75 * style.lashes) * (4.3 - 1.9 * place)
    line = upper - np.outer(0.3 * style.lashes * width, eye.down)  # grows away from the eye
    wing = (upper[0] - upper[5]) * (0.15 + 0.55 * style.lashes) - eye.down * 3.5 * unit * style.lashes
    sheet.paint(ink * 0.8, brush(np.vstack([line[0] + wing, line]), np.r_[0.4, width], (0.3, 0.5)))
    if style.lashes >= 0.5:
        _paint_lashes(sheet, eye, line, tones, style.lashes * unit)


def _paint_lid_colour(sheet: Sheet, eye: _Eye, upper: np.ndarray, tones: SkinTones, strength: float) -> None:
    """A soft tint from the lashes up to a little above the crease."""
    place = np.linspace(0, 1, len(upper))
    rise = np.outer(0.17 * eye.width * np.sin(np.pi * (0.1 + 0.9 * place)) ** 0.6, eye.down)
    lid = polygon(np.vstack([upper, (upper - rise)[::-1]]), 0.03 * eye.width)
    sheet.paint(tones.base + (-0.28 * tones.base[0], 11, -9), lid, 0.7 * strength)


def _paint_lashes(sheet: Sheet, eye: _Eye, line: np.ndarray, tones: SkinTones, size: float) -> None:
    """Five bent lashes from the outer corner inward."""
    for share, length in ((0.02, 13.0), (0.11, 12.0), (0.21, 10.5), (0.32, 9.0), (0.45, 7.5)):
        root = line[int(share * len(line))]
        way = eye.right * eye.out * (0.85 - 1.5 * share) - eye.down * 0.8
        way *= length * size / np.linalg.norm(way)
        bend = np.outer([0.0, 0.4, 2.2], size * eye.down)
        lash = spline(root + np.outer([0.0, 0.5, 1.0], way) - bend, 6)
        sheet.paint(tones.ink * 0.8, brush(lash, np.linspace(3.6, 0.6, len(lash)) * size, (1, 0)), 0.95)


def paint_brows(
    sheet: Sheet, lab: np.ndarray, light: np.ndarray, regions: Regions, face: Face, tones: SkinTones, style: Style
) -> None:
    """Both brows in the shape the photo shows them.

    Args:
        lab: the photo's L*a*b*. light: L* of the skin with the brows painted over.
    """
    lid_y = min(face.points[[37, 38, 43, 44], 1])
    dark = blur(np.maximum(light - lab[..., 0], 0), 0.7)
    curves = [spline(face.points[brow]) for brow in BROWS]
    corridors = [_corridor(curve, face, lid_y, index) & ~regions.hair for index, curve in enumerate(curves)]
    # what is much darker on one side than on the other is a shadow
    depths = [float(np.percentile(dark[c], 88)) if c.sum() > 12 else 0.0 for c in corridors]
    usual = np.mean(depths)
    for index, (curve, corridor) in enumerate(zip(curves, corridors)):
        depth = float(np.clip(depths[index], 0.7 * usual, 1.35 * usual))
        body = _brow_body(dark, depth, corridor, curve, face, 0.36 - 0.2 * style.brows)
        width = (0.03 + 0.075 * style.brows) * face.eye_distance * scale()
        inner_first = np.linspace(0.55, 1.0, len(curve)) if index == 0 else np.linspace(1.0, 0.55, len(curve))
        low = to_sheet(curve + (0, 0.025 * face.eye_distance))
        stroke = brush(low, width * inner_first, (0.1, 0.35) if index == 0 else (0.35, 0.1))
        coverage = np.maximum(body, stroke * (0.3 + 0.4 * style.brows if depth > 14 else 0.9))
        colour = greyed(_brow_colour(lab, dark, corridor, tones), 0.6 * style.grey)
        sheet.paint(colour, coverage, float(np.clip((depth + 14) / 30, 0.5, 0.97)))


def _corridor(curve: np.ndarray, face: Face, lid_y: float, index: int) -> np.ndarray:
    """Where a brow may be: along its landmarks, more below than above, narrower outwards, clear of the lid."""
    reach = face.eye_distance
    narrow = np.linspace(0.4, 1.0, len(curve)) if index == 0 else np.linspace(1.0, 0.4, len(curve))
    drop = np.stack([np.zeros(len(curve)), reach * narrow], axis=1)
    band = np.vstack([curve - 0.085 * drop, (curve + 0.125 * drop)[::-1]])
    inside = face.filled(band)
    y = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]][0]
    return inside & (y < lid_y - 0.045 * reach)


def _brow_body(
    dark: np.ndarray, depth: float, corridor: np.ndarray, curve: np.ndarray, face: Face, least: float
) -> np.ndarray:
    """Coverage of what is darker than `least` of the brow's depth; nothing where that is hardly darker than skin."""
    if depth < 7:
        return np.zeros((scale() * dark.shape[0],) * 2, np.float32)
    hairs = (dark > 0.36 * depth) & corridor
    on_curve = np.zeros(hairs.shape, np.uint8)
    cv2.polylines(on_curve, [np.rint(curve + (0, 0.03 * face.eye_distance)).astype(np.int32)], False, 1, 5)
    _, pieces = cv2.connectedComponents(hairs.astype(np.uint8))
    touched = np.setdiff1d(np.unique(pieces[on_curve > 0]), [0])
    hairs = np.isin(pieces, touched) & long_pieces(hairs, 12)
    return step(least, least + 0.24, enlarge(blur(np.clip(dark / depth, 0, 1) * hairs, 0.9)))


def _brow_colour(lab: np.ndarray, dark: np.ndarray, corridor: np.ndarray, tones: SkinTones) -> np.ndarray:
    if not corridor.any():
        return tones.ink + (10, 0, 0)
    darkest = lab[corridor & (dark >= np.percentile(dark[corridor], 70))]
    light, a, b = np.median(darkest, axis=0)
    return np.array([np.clip(0.78 * light, 9, min(70, tones.base[0] - 14)), np.clip(a, 1, 12), np.clip(b, 1, 16)])
