"""The photo's own light and shade in a drawn face: what flat tones leave out, and a person is recognized by."""

import cv2
import numpy as np

from ppgen.faces.colour import lab_to_rgb, rgb_to_lab
from ppgen.prepare.artist.canvas import Sheet, blur, enlarge, polygon, scale, sheet_side, to_sheet
from ppgen.prepare.artist.face import Face

LIKENESS = 0.3  #: share for drawings that people look at; those that networks learn from have none
_SOFT = 1.0  # pixels of the photo: finer than this it is skin texture
_ROUNDS = 4  # until the middle of the face's lightness is what it was: it moves less where the change fades out
_RIM = 4.0  # pixels of the photo, over which it fades out towards the outline of the face


def model_face(sheet: Sheet, lab: np.ndarray, seen: np.ndarray, face: Face, share: float) -> None:
    """Bring the lightness of the drawn face a `share` of the way to the photo's; lines keep their sharpness.

    lab: L*a*b* (256, 256, 3) of the photo, seen: (256, 256), where it shows the person. The face as a whole becomes
    neither lighter nor darker.
    """
    if share <= 0:
        return
    drawn = rgb_to_lab(np.rint(np.clip(sheet.pixels, 0, 255)).astype(np.uint8))
    inside = np.minimum(polygon(to_sheet(face.oval)), enlarge(seen.astype(np.float32)))
    inside = np.clip(2 * blur(inside, _RIM * scale()) - 1, 0, 1)
    within = polygon(to_sheet(cv2.convexHull(face.points.astype(np.float32))[:, 0])) > 0.5  # hair may hang above it
    if not within.any():
        return
    light = cv2.resize(blur(lab[..., 0], _SOFT), (sheet_side(), sheet_side()), interpolation=cv2.INTER_LINEAR)
    before = np.median(drawn[within, 0])
    drawn[..., 0] += share * inside * (light - blur(drawn[..., 0], _SOFT * scale()))
    for _ in range(_ROUNDS):
        drawn[..., 0] -= inside * (np.median(drawn[within, 0]) - before)
    drawn[..., 0] = np.clip(drawn[..., 0], 0, 100)
    sheet.overlay(lab_to_rgb(drawn), (inside > 0).astype(np.float32))
