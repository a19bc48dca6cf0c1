"""Hats, caps and hoods: what lies on the head like hair and has a colour or a pattern that hair has not."""

import cv2
import numpy as np

from ppgen.faces.proportions import SIDE, Proportions

_VIVID, _RED = 15.0, 46.0  # chroma from which a hue is seen, and that no red hair has
_DYED = (-22.0, 112.0)  # degrees in a*, b* between which the hues of hair lie
_SHARE = 0.3  # of the head's cover that has to be of such a hue
_BLACK_AND_WHITE = (48.0, 0.2, 0.85)  # L* between two shades, the rarer one's share, how clear it is
_COLOURLESS = 10.0  # chroma of such a shade at most: hair beside a lit forehead has more
_ONE_CLOTH = (6.0, 10.0)  # distance in a*, b* and L* from pixel to pixel within which cloth goes on below the brows


def find_hat(lab: np.ndarray, hair: np.ndarray, face: Proportions) -> np.ndarray:
    """Boolean (256, 256): the part of `hair` (256, 256) that is cloth; `lab` (256, 256, 3) is the photo in daylight."""
    y = np.mgrid[0:SIDE, 0:SIDE][0]
    cover = hair & (y < face.brow_y)
    none = np.zeros_like(hair)
    if cover.sum() < 600:
        return none
    odd, locks = _cloth_like(lab), hair & (y >= face.brow_y)
    seen = odd & cover
    if seen.sum() < _SHARE * cover.sum():
        seen = _pattern(lab, cover)
        seen |= _below(lab, hair, seen)
    dyed = locks.sum() > 300 and odd[locks].mean() > _SHARE
    if seen.sum() < _SHARE * cover.sum() or dyed:
        return none
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    seen = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    rows = np.where(seen.any(axis=0), SIDE - 1 - seen[::-1].argmax(axis=0), -1)  # the lowest cloth of each column
    below = cv2.morphologyEx((y <= rows[None]).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    return hair & (cv2.morphologyEx(below, cv2.MORPH_OPEN, kernel) > 0)


def _cloth_like(lab: np.ndarray) -> np.ndarray:
    hue, chroma = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])), np.hypot(lab[..., 1], lab[..., 2])
    odd = (hue < _DYED[0]) | (hue > _DYED[1])
    return (lab[..., 0] > 15) & (((chroma > _VIVID) & odd) | ((chroma > _RED) & (hue < 42)))


def _pattern(lab: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """The whole cover where it is of two shades with hardly anything between them; nothing elsewhere."""
    levels = np.clip(lab[cover][:, 0], 0, 100)
    middle, _ = cv2.threshold(np.rint(levels).astype(np.uint8)[None], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    bright = levels > middle
    low, high = levels[~bright], levels[bright]
    share = min(len(low), len(high)) / len(levels)
    apart, least, clear = _BLACK_AND_WHITE
    if not share or share < least or high.mean() - low.mean() < apart:
        return np.zeros_like(cover)
    chroma = np.hypot(lab[cover][:, 1], lab[cover][:, 2])
    if max(np.median(chroma[bright]), np.median(chroma[~bright])) > _COLOURLESS:
        return np.zeros_like(cover)
    between = len(low) * len(high) * (high.mean() - low.mean()) ** 2 / len(levels) ** 2
    return cover if between > clear * levels.var() else np.zeros_like(cover)


def _below(lab: np.ndarray, hair: np.ndarray, cloth: np.ndarray) -> np.ndarray:
    """The rest of the cloth: what goes on below it in its darker shade, smoothly. A brim does, locks do not."""
    if not cloth.any():
        return cloth
    dark = cloth & (lab[..., 0] < lab[cloth][:, 0].mean())
    hue, change = _ONE_CLOTH
    like = np.linalg.norm(lab[..., 1:] - np.median(lab[dark][:, 1:], axis=0), axis=-1) < hue
    like &= lab[..., 0] <= np.percentile(lab[dark][:, 0], 90)
    smooth = cv2.morphologyEx(lab[..., 0].astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) < change
    rest = cv2.morphologyEx((hair & ~cloth & like & smooth).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, pieces = cv2.connectedComponents(cv2.dilate(rest, np.ones((3, 3), np.uint8)) * hair)
    return (rest > 0) & np.isin(pieces, np.setdiff1d(np.unique(pieces[cloth]), [0]))
