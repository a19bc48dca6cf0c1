"""The light a portrait was taken in: which colour the skin has in plain daylight, and the photo as daylight shows it.

A photo of a pale face in the dark and one of a dark face in the sun may hold the same pixels on the cheeks. Two things
tell them apart. What lies around (the white of the eyes, teeth, collar, hair, lips, the room) keeps its brightness and
colour relative to the skin whatever the light. And the face descriptor knows faces across lights: it is taken of the
photo with its skin brought to one fixed colour, so it tells who it is and not how they were lit. A linear rule of both,
fitted to portraits in many simulated lights (`tools/fit_artist_light.py`), gives the skin's own colour. Then the whole
photo is multiplied, in linear light, by what takes its skin there.
"""

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.faces.colour import LINEAR, LUMA, encoded, lab_to_rgb, rgb_to_lab
from ppgen.faces.identify import describe
from ppgen.faces.proportions import LIP_BOTTOM, MOUTH_BOTTOM, SIDE, Proportions
from ppgen.faces.shipped import ask, shipped

_DARK = 0.002  # linear light below which nothing is told apart
COLOURLESS = 4.5  #: chroma of the skin below which a photo counts as grey
COLOURS = (1, 2, 4, 5, 7, 8, 10, 11, 13, 14)  #: which of the light features tell of colour
_WHITES, _WHITER = [15, 16], 0.3  # features of collar and teeth, which are none if not so much lighter than skin
_FULL = 0.985  # share of its convex hull that a photo fills
LIT = 70  #: percent of the skin that is darker than what counts as its own lightness
_ALIKE = (60.0, 16.0, 17.0)  # L*a*b* that all skin is brought to before a face is described
_BELIEVED = ((24.0, 4.0, 6.0), (84.0, 26.0, 30.0))  # least and most L*a*b* of skin
_UNSURE, _MOST = 0.12, 2.2  # stops: a smaller cast is left in the photo, a larger change is not made
_TRUST = 0.7  # share of a cast that is taken away: blood in the cheeks is no light, and hair would turn green

_NIGHT, _DUSK = 20.0, 45.0  # L* of lit skin: below the first, a photo is brightened to the second


def outside_photo(photo: np.ndarray) -> np.ndarray:
    """Boolean (256, 256): white that reaches the frame and has no grain at all, as alignment pads photos."""
    white = cv2.morphologyEx((photo.min(axis=2) >= 250).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, pieces = cv2.connectedComponents(np.pad(white, 1, constant_values=1))
    return pieces[1:-1, 1:-1] == pieces[0, 0]


def shown_part(photo: np.ndarray) -> np.ndarray:
    """Boolean (256, 256): all but what alignment padded; a photo ends in straight lines, a person before white not."""
    shown = ~outside_photo(photo)
    if shown.all() or not shown.any():
        return np.ones_like(shown)
    hull = np.zeros(shown.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.argwhere(shown)[:, ::-1].astype(np.int32)), 1)
    return hull > 0 if shown.sum() > _FULL * hull.sum() else np.ones_like(shown)


def bare_skin(face: Proportions, mask: np.ndarray) -> np.ndarray:
    """Boolean (256, 256): face without eyes, brows, mouth, and without forehead, which may be hair or hat."""
    y = np.mgrid[0:SIDE, 0:SIDE][0]
    inner = cv2.erode((face.filled(face.oval) & ~face.features).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    upper = inner & (y > face.brow_y) & (y < face.points[48:60, 1].mean()) & (mask > 0.5)
    return upper if upper.sum() > 50 else face.filled(face.oval)


def _logs(pixels: np.ndarray) -> np.ndarray:
    """log2 of R/G, Y, B/G of a linear colour (3,)."""
    red, green, blue = np.log2(np.maximum(pixels, 0) + _DARK)
    return np.array([red - green, np.log2(float(pixels @ LUMA) + _DARK), blue - green])


def _brightest(pixels: np.ndarray, percent: float) -> np.ndarray:
    """Mean of the pixels (n, 3) brighter than `percent` of them."""
    light = pixels @ LUMA
    return pixels[light >= np.percentile(light, percent)].mean(axis=0)


def light_features(photo: np.ndarray, mask: np.ndarray, face: Proportions) -> np.ndarray:
    """How what lies around the skin looks beside it, float64 (20,), in powers of two; arguments as `what_is_seen`."""
    linear = LINEAR[photo]
    person, inside = mask > 0.5, ~outside_photo(photo)
    skin_pixels = linear[bare_skin(face, mask)]
    skin = _logs(np.median(skin_pixels, axis=0))
    eyes = linear[face.filled(face.points[36:42]) | face.filled(face.points[42:48])]
    lips = linear[face.filled(np.vstack([face.points[MOUTH_BOTTOM], face.points[LIP_BOTTOM][::-1]]))]
    lips = lips if len(lips) else skin_pixels
    mouth = linear[face.filled(face.mouth())]
    _, down = face.across
    hair = linear[person & (down < -1.0) & (down > -1.25)]
    hair = hair if len(hair) > 50 else skin_pixels
    worn = linear[person & ~face.filled(face.oval)].min(axis=1)
    room = linear[inside & ~person]
    room = room if len(room) > 500 else linear[person]
    white, lip, crown = _logs(_brightest(eyes, 75)), _logs(np.median(lips, axis=0)), _logs(np.median(hair, axis=0))
    backdrop = _logs(room.mean(axis=0))
    whites = np.log2(np.percentile(worn, 98) + _DARK) if len(worn) > 50 else skin[1]
    teeth = _logs(_brightest(mouth, 80))[1] - skin[1] if len(mouth) > 25 else 0.0
    dark = np.log2(np.percentile(eyes @ LUMA, 12) + _DARK)
    spread = np.log2(skin_pixels @ LUMA + _DARK).std()
    usual = np.log2(linear[inside | person].mean() + _DARK)
    return np.array([
        skin[1], skin[0], skin[2], white[1] - skin[1], white[0] - skin[0], white[2] - skin[2],
        lip[1] - skin[1], lip[0] - skin[0], lip[2] - skin[2], crown[1] - skin[1], crown[0] - skin[0],
        crown[2] - skin[2], backdrop[1] - skin[1], backdrop[0] - skin[0], backdrop[2] - skin[2],
        whites - skin[1], teeth, dark - skin[1], spread, usual - skin[1],
    ])  # fmt: skip


def what_is_seen(photo: np.ndarray, mask: np.ndarray, face: Proportions) -> np.ndarray:
    """What the skin's own colour is told from, float32 (148,): light features, then the face descriptor.

    NaN is what the photo does not show: colours in a grey photo, teeth behind closed lips, a collar below the edge.

    Args:
        photo: uint8 (256, 256, 3) with its background. mask: (256, 256) in [0, 1].
    """
    features = light_features(photo, mask, face)
    features[_WHITES] = np.where(features[_WHITES] < _WHITER, np.nan, features[_WHITES])
    if is_grey(photo, mask, face):
        features[list(COLOURS)] = np.nan
    alike = _brought_to(photo, np.median(LINEAR[photo][bare_skin(face, mask)], axis=0), np.array(_ALIKE))
    return np.concatenate([features, describe(alike, face.points)]).astype(np.float32)


def seen_skin(photo: np.ndarray, mask: np.ndarray, face: Proportions) -> np.ndarray:
    """L*a*b* (3,) of the skin as the photo shows it where light falls on it: half of a face may lie in the shade."""
    lab = rgb_to_lab(photo)[bare_skin(face, mask)]
    lit = lab[lab[:, 0] >= np.median(lab[:, 0])]
    return np.array([np.percentile(lab[:, 0], LIT), *np.median(lit[:, 1:], axis=0)])


def out_of_the_dark(photo: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """A nearly black portrait brightened until a network can see the face; any other one as it is.

    No skin is so dark in a photo that was exposed for a face. The hue stays.

    Args:
        photo: uint8 (256, 256, 3) RGB, an aligned crop. landmarks: (68, 2) in its pixels, dlib's order.
    """
    face, everything = Proportions(np.asarray(landmarks, np.float64)), np.ones(photo.shape[:2], np.float32)
    seen = seen_skin(photo, everything, face)
    if seen[0] >= _NIGHT:
        return photo
    wanted = np.array([_DUSK, *seen[1:]])
    return _brought_to(photo, LINEAR[np.rint(lab_to_rgb(seen)).astype(int)], wanted, coloured=False)


def is_grey(photo: np.ndarray, mask: np.ndarray, face: Proportions) -> bool:
    """Whether the photo says nothing about the skin's hue."""
    return float(np.hypot(*seen_skin(photo, mask, face)[1:])) < COLOURLESS


def own_skin(photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The skin's own colour, whatever the light: L*a*b* float64 (3,).

    Args:
        photo: uint8 (S, S, 3) RGB, aligned as `ppgen.faces.align_face` does, with its background.
        landmarks: (68, 2) in its pixels, dlib's order. mask: (S, S) in [0, 1], 1 on the person.
    Raises:
        DataError: shapes that do not belong together. WeightsError: a network of the hub is missing.
    """
    side = photo.shape[0]
    if photo.shape != (side, side, 3) or mask.shape != (side, side) or np.shape(landmarks) != (68, 2):
        given = f"{photo.shape}, {np.shape(landmarks)} and {mask.shape}"
        raise DataError(f"the skin's colour is told from a square photo, 68 landmarks and a mask, not {given}")
    points = np.asarray(landmarks, np.float64)
    if side != SIDE:
        photo = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC)
        mask = cv2.resize(np.asarray(mask, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        points = (points + 0.5) * SIDE / side - 0.5
    return own_skin_of(photo, mask, Proportions(points))


def own_skin_of(photo: np.ndarray, mask: np.ndarray, face: Proportions) -> np.ndarray:
    """`own_skin` at 256 pixels, of a face that is measured already."""
    seen = what_is_seen(photo, mask, face)
    known = np.where(np.isnan(seen), shipped("own_skin").stored["usual"], seen).astype(np.float32)
    (told,) = ask("own_skin", None, known[None])
    return np.clip(told[0].astype(np.float64), *_BELIEVED)


def in_daylight(photo: np.ndarray, mask: np.ndarray, face: Proportions) -> tuple[np.ndarray, np.ndarray]:
    """The photo with its light put right, uint8 (256, 256, 3), and L*a*b* (3,) of the skin."""
    own = own_skin_of(photo, mask, face)
    lit = LINEAR[np.rint(lab_to_rgb(seen_skin(photo, mask, face))).astype(int)]
    return _brought_to(photo, lit, own, _UNSURE, not is_grey(photo, mask, face)), own


def _brought_to(
    photo: np.ndarray, seen: np.ndarray, wanted: np.ndarray, unsure: float = 0.0, coloured: bool = True
) -> np.ndarray:
    """The photo in a light that turns the linear colour `seen` (3,) into L*a*b* `wanted` (3,).

    A cast up to `unsure` stops stays, and so does all colour where not `coloured`.

    Odds x / (1 - x) of linear light are multiplied, one factor a channel: black stays black, white stays white.
    """
    seen = np.clip(seen, _DARK, 0.98)
    asked = np.clip(LINEAR[np.rint(lab_to_rgb(wanted)).astype(int)], _DARK, 0.98)
    gain = np.log2(asked / (1 - asked)) - np.log2(seen / (1 - seen))
    even = float(gain @ LUMA)
    colour = (gain - even) * coloured
    if unsure:
        even = float(np.clip(even, -_MOST, _MOST))
        colour = _TRUST * np.sign(colour) * np.clip(np.abs(colour) - unsure, 0, _MOST)
    gain = np.exp2(even + colour).astype(np.float32)
    table = LINEAR[:, None] * gain / (1 + (gain - 1) * LINEAR[:, None])  # (256, 3)
    return cv2.LUT(np.ascontiguousarray(photo), encoded(table)[None])
