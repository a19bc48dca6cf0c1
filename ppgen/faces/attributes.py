"""Whether a face looks like a woman's or a man's, and how old: what chooses a style to draw it in, nothing more."""

from typing import NamedTuple

import numpy as np

from ppgen.faces.identify import describe
from ppgen.faces.shipped import ask


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
