"""The light a portrait was taken in: how bright and of which colour it is, and the photo as in plain daylight.

One photo of a pale face in the dark and one of a dark face in the sun may hold the same pixels on the cheeks. What
tells them apart is what lies around: the white of the eyes, teeth, collar, hair, lips, the room. Their brightness and
colour relative to the skin do not change with the light, and a linear rule makes the skin's own colour of them. It
was fitted to real portraits seen in many simulated lights (`daylight`, `tools/fit_artist_light.py`). Then the whole
photo is multiplied, in linear light, by what takes its skin there.
"""

import cv2
import numpy as np

from ppgen.prepare.artist.canvas import SIDE, lab_to_rgb, rgb_to_lab
from ppgen.prepare.artist.daylight import MIDDLE, OWN, SPREAD, USUAL
from ppgen.prepare.artist.face import LIP_BOTTOM, MOUTH_BOTTOM, Face

_CODES = np.arange(256) / 255
LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_DARK = 0.002  # linear light below which nothing is told apart
COLOURLESS = 4.5  # chroma of the skin below which a photo counts as grey
_COLOURS = [1, 2, 4, 5, 7, 8, 10, 11, 13, 14]  # features that tell of colour
_WHITES, _WHITER = [15, 16], 0.3  # features of collar and teeth, which are none if not so much lighter than skin
_REACH = 2.5  # standard deviations that a feature may lie apart from the usual
_LIGHT = (24.0, 80.0)  # L* that skin may have
_UNSURE, _MOST = 0.12, 2.2  # stops: a smaller cast is left in the photo, a larger change is not made


def encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] -> uint8 sRGB, clipped."""
    linear = np.clip(linear, 0, 1)
    codes = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-6) ** (1 / 2.4) - 0.055)
    return np.rint(255 * codes).astype(np.uint8)


def outside_photo(photo: np.ndarray) -> np.ndarray:
    """Boolean (256, 256): white that reaches the frame and has no grain at all, as alignment pads photos."""
    white = cv2.morphologyEx((photo.min(axis=2) >= 250).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, pieces = cv2.connectedComponents(np.pad(white, 1, constant_values=1))
    return pieces[1:-1, 1:-1] == pieces[0, 0]


def bare_skin(face: Face, mask: np.ndarray) -> np.ndarray:
    """Boolean (256, 256): face without eyes, brows, mouth, and without forehead, which may be hair or hat."""
    y = np.mgrid[0:SIDE, 0:SIDE][0]
    inner = cv2.erode((face.filled(face.oval) & ~face.features).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    upper = inner & (y > face.brow_y) & (y < face.points[48:60, 1].mean()) & (mask > 0.5)
    return upper if upper.sum() > 50 else face.filled(face.oval)


def _logs(pixels: np.ndarray) -> np.ndarray:
    """log2 of R/G, Y, B/G of a linear colour (3,)."""
    red, green, blue = np.log2(np.maximum(pixels, 0) + _DARK)
    return np.array([red - green, np.log2(float(pixels @ _LUMA) + _DARK), blue - green])


def _brightest(pixels: np.ndarray, percent: float) -> np.ndarray:
    """Mean of the pixels (n, 3) brighter than `percent` of them."""
    light = pixels @ _LUMA
    return pixels[light >= np.percentile(light, percent)].mean(axis=0)


def light_features(photo: np.ndarray, mask: np.ndarray, face: Face) -> np.ndarray:
    """What the skin's colour is told from, float64 (20,), in powers of two.

    Args:
        photo: uint8 (256, 256, 3). mask: (256, 256) in [0, 1].
    """
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
    dark = np.log2(np.percentile(eyes @ _LUMA, 12) + _DARK)
    spread = np.log2(skin_pixels @ _LUMA + _DARK).std()
    usual = np.log2(linear[inside | person].mean() + _DARK)
    return np.array([
        skin[1], skin[0], skin[2], white[1] - skin[1], white[0] - skin[0], white[2] - skin[2],
        lip[1] - skin[1], lip[0] - skin[0], lip[2] - skin[2], crown[1] - skin[1], crown[0] - skin[0],
        crown[2] - skin[2], backdrop[1] - skin[1], backdrop[0] - skin[0], backdrop[2] - skin[2],
        whites - skin[1], teeth, dark - skin[1], spread, usual - skin[1],
    ])  # fmt: skip


def with_whites(features: np.ndarray) -> np.ndarray:
    """Features (20,) whose collar and teeth are as usual where the photo shows none."""
    features = features.copy()
    features[_WHITES] = np.where(features[_WHITES] < _WHITER, USUAL[_WHITES], features[_WHITES])
    return features


def seen_skin(photo: np.ndarray, mask: np.ndarray, face: Face) -> np.ndarray:
    """L*a*b* (3,) of the skin as the photo shows it."""
    return np.median(rgb_to_lab(photo)[bare_skin(face, mask)], axis=0)


def own_skin(photo: np.ndarray, mask: np.ndarray, face: Face) -> np.ndarray:
    """L*a*b* (3,) of the skin in daylight; arguments as `light_features`."""
    features = with_whites(light_features(photo, mask, face))
    if float(np.hypot(*seen_skin(photo, mask, face)[1:])) < COLOURLESS:
        features[_COLOURS] = USUAL[_COLOURS]
    apart = np.clip(features - USUAL, -_REACH * SPREAD, _REACH * SPREAD)
    light, a, b = apart @ OWN + MIDDLE
    return np.array([np.clip(light, *_LIGHT), np.clip(a, 4, 26), np.clip(b, 6, 30)])


def in_daylight(photo: np.ndarray, mask: np.ndarray, face: Face) -> tuple[np.ndarray, np.ndarray]:
    """The photo with its light put right, uint8 (256, 256, 3), and L*a*b* (3,) of the skin.

    Odds x / (1 - x) of linear light are multiplied, one factor a channel: black stays black, white stays white.
    """
    own = own_skin(photo, mask, face)
    linear = LINEAR[photo]
    seen = np.clip(np.median(linear[bare_skin(face, mask)], axis=0), _DARK, 0.98)
    wanted = np.clip(LINEAR[np.rint(lab_to_rgb(own)).astype(int)], _DARK, 0.98)
    gain = np.log2(wanted / (1 - wanted)) - np.log2(seen / (1 - seen))
    even = float(gain @ _LUMA)
    colour = gain - even
    if float(np.hypot(*seen_skin(photo, mask, face)[1:])) < COLOURLESS:
        colour = 0 * colour
    colour = np.sign(colour) * np.clip(np.abs(colour) - _UNSURE, 0, _MOST)
    gain = np.exp2(np.clip(even, -_MOST, _MOST) + colour).astype(np.float32)
    table = LINEAR[:, None] * gain / (1 + (gain - 1) * LINEAR[:, None])  # (256, 3)
    return cv2.LUT(np.ascontiguousarray(photo), encoded(table)[None]), own
