"""Which colours the skin is painted with: a continuous function of the skin's own colour.

No skin colour is mapped to a fixed paleness: the lightness drawn grows strictly with the lightness found.
"""

from dataclasses import dataclass

import numpy as np

from ppgen.prepare.artist.canvas import step

_LIFT, _MORE, _MORE_BETWEEN = 1.0, 7.0, (50.0, 70.0)  # pale skin is drawn lighter than it is
_CHROMA = 0.85  # of the skin's own, as a flat tone looks stronger than a shaded face
_HUE, _CALM = 0.92, 0.5  # usual hue of skin (radians in a*, b*), and the share of the way to it; flushes are apart


@dataclass(frozen=True)
class SkinTones:
    """L*a*b* of the flat tones; `ink` is for lines on skin."""

    light: np.ndarray
    base: np.ndarray
    shade: np.ndarray
    deep: np.ndarray
    ink: np.ndarray


def skin_tones(own: np.ndarray, asked: np.ndarray | None = None) -> SkinTones:
    """The tones of a face whose skin is `own` (3,) L*a*b* in daylight; `asked` (3,) takes its place as it is."""
    if asked is not None:
        base = np.asarray(asked, np.float64)
    else:
        light, a, b = (float(v) for v in own)
        chroma, hue = _CHROMA * float(np.clip(np.hypot(a, b), 14, 34)), float(np.arctan2(b, a))
        hue += _CALM * (_HUE - hue)
        light = min(light, 86.0)
        light += _LIFT + _MORE * float(step(*_MORE_BETWEEN, light))
        base = np.array([light, chroma * np.cos(hue), chroma * np.sin(hue)])
    dark = float(step(75, 45, base[0]))  # dark skin: shades keep their colour instead of reddening
    return SkinTones(
        light=base + (5.0 * (1 - base[0] / 110) + 1.5, -2.5, -1.0),
        base=base,
        shade=base + (-8.0, 5.5 - 3.0 * dark, 4.0 - 1.5 * dark),
        deep=base + (-16.5 + 1.5 * dark, 8.5 - 5 * dark, 6.0 - 3 * dark),
        ink=np.array([max(7.0, 0.19 * base[0]), 9.0, 7.0]),
    )
