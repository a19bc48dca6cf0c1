"""Whether a face looks like a woman's or a man's, and how old: what chooses a style to draw it in, nothing more."""

from typing import NamedTuple

import cv2
import numpy as np

from ppgen.faces.identify import CHIP, describe, describe_chips
from ppgen.faces.shipped import ask
from ppgen.faces.typical import FACE_BOX


class Attributes(NamedTuple):
    """An estimate.

    gender: 'F' or 'M'. age: in years. female: the number that gender is the sign of; near 0 it is a guess.
    """

    gender: str
    age: float
    female: float


def estimate_attributes(crop: np.ndarray, landmarks: np.ndarray, descriptor: np.ndarray | None = None) -> Attributes:
    """The estimate for one face.

    Args:
        crop: (H, W, 3) uint8 RGB; landmarks: (68, 2) pixels of it.
        descriptor: (128,) of this face, if it is known already.
    Raises:
        DataError: no such picture or landmarks. WeightsError: the network is missing.
    """
    if descriptor is None:
        descriptor = describe(crop, landmarks)
    (female,), (age,) = ask("face_attributes", None, np.asarray(descriptor, np.float32)[None])
    return Attributes("F" if female > 0 else "M", float(age), float(female))


def attributes_of_crops(
    crops: np.ndarray, box: tuple[float, float, float, float] = FACE_BOX
) -> tuple[np.ndarray, np.ndarray]:
    """Estimates for faces that lie where they usually do in an aligned crop: female and age, float32 (n,) each.

    Args:
        crops: uint8 (n, S, S, 3). box: left, top, right, bottom of FaceID's chip as fractions of the side.
    """
    side = crops.shape[1]
    left, top, right, bottom = (round(edge * side) for edge in box)
    chips = [cv2.resize(crop[top:bottom, left:right], (CHIP, CHIP), interpolation=cv2.INTER_LINEAR) for crop in crops]
    female, age = ask("face_attributes", None, describe_chips(np.stack(chips)))
    return female, age
