"""Which colours the skin is painted with: a continuous function of the photo, its exposure put right first.

Exposure is read from what is white in most portraits: teeth, else collar or hair. A photo taken dark gives a
paler skin than its pixels show, one taken bright a darker one. No skin colour is mapped to a fixed paleness: the
lightness drawn grows strictly with the lightness found.
"""

from dataclasses import dataclass

import numpy as np

from ppgen.prepare.artist.canvas import step
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.regions import Regions

_WHITE = 90.0  # L* that teeth or a white collar have in a well exposed photo
_LEAST_WHITE = 60.0  # what is darker is taken for grey cloth, and nothing is corrected
_TRUST = 0.7  # how much of the exposure found is corrected: the white found may be a grey collar
_LIFT, _MORE, _MORE_BETWEEN = 3.5, 4.5, (42.0, 68.0)  # drawings are a little lighter than life, pale skin a bit more
_GREY_CHROMA = (2.0, 7.0)  # below the first a photo has no colour, above the second it has its own
_USUAL_HUE, _USUAL_CHROMA = np.deg2rad(52.0), 25.0  # of skin, for photos without colour
_OWN_HUE = 0.65  # share of the photo's hue; the rest is the usual one: old prints have turned pink


@dataclass(frozen=True)
class SkinTones:
    """L*a*b* of the flat tones; `ink` is for lines on skin. `expo`: the factor L* of the photo was corrected by."""

    light: np.ndarray
    base: np.ndarray
    shade: np.ndarray
    deep: np.ndarray
    ink: np.ndarray
    expo: float


def exposure(regions: Regions, face: Face) -> float:
    """What the photo's L* is multiplied by to look well exposed, 0.94 to 1.35."""
    lab = regions.lab
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    teeth = lab[face.filled(face.mouth()) & (chroma < 22)][:, 0]
    if len(teeth) > 30 and np.percentile(teeth, 90) > 55:
        white = np.percentile(teeth, 90)
    else:
        neutral = lab[(regions.clothes | regions.hair) & (chroma < 12)][:, 0]
        white = np.percentile(neutral, 98) if len(neutral) >= 300 else 0.0
        if white < _LEAST_WHITE:
            return 1.0
    return float(1 + _TRUST * (np.clip(_WHITE / white, 0.92, 1.5) - 1))


def skin_tones(regions: Regions, face: Face, skin: np.ndarray | None = None) -> SkinTones:
    """The tones of this face; `skin` (3,) L*a*b* takes the place of what the photo shows."""
    expo = exposure(regions, face)
    light, a, b = (float(v) for v in regions.skin_colour)
    chroma, hue = float(np.hypot(a, b)), float(np.arctan2(b, a))
    own = float(step(*_GREY_CHROMA, chroma))
    chroma = own * chroma + (1 - own) * _USUAL_CHROMA
    own *= _OWN_HUE
    hue = own * float(np.clip(hue, np.deg2rad(32), np.deg2rad(70))) + (1 - own) * _USUAL_HUE
    if skin is not None:
        base = np.asarray(skin, np.float64)
    else:
        light = min(light * expo, 86.0)
        light += _LIFT + _MORE * float(step(*_MORE_BETWEEN, light))
        chroma = 0.88 * np.clip(chroma, 14, 34)
        base = np.array([light, chroma * np.cos(hue), chroma * np.sin(hue)])
    dark = float(step(75, 45, base[0]))  # dark skin: shades keep their colour instead of reddening
    return SkinTones(
        light=base + (5.0 * (1 - base[0] / 110) + 1.5, -2.5, -1.0),
        base=base,
        shade=base + (-8.0, 5.5 - 3.0 * dark, 4.0 - 1.5 * dark),
        deep=base + (-16.5 + 1.5 * dark, 8.5 - 5 * dark, 6.0 - 3 * dark),
        ink=np.array([max(7.0, 0.19 * base[0]), 9.0, 7.0]),
        expo=expo,
    )
