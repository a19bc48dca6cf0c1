"""What the artist sees in a portrait, for others; arguments and errors as `draw_cartoon`."""

import numpy as np

from ppgen.faces.colour import lab_to_rgb
from ppgen.faces.daylight import in_daylight, own_skin_of, seen_skin
from ppgen.faces.proportions import SIDE
from ppgen.prepare.artist.compose import prepared
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.regions import find_regions
from ppgen.prepare.artist.tone import skin_tones


def drawn_skin(photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The colour that the artist paints this face's skin with: RGB float32 (3,) in [-1, 1]."""
    tones = skin_tones(own_skin_of(*_at_256(photo, landmarks, mask)))
    return (lab_to_rgb(tones.base) / 127.5 - 1).astype(np.float32)


def hair_region(photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Where the artist takes the person for hair, bool (256, 256)."""
    photo, mask, face = _at_256(photo, landmarks, mask)
    return find_regions(in_daylight(photo, mask, face)[0], mask, face).hair


def exposure_of(photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> float:
    """L* of the skin as the artist takes it to be, over what the photo shows."""
    seen = _at_256(photo, landmarks, mask)
    return float(own_skin_of(*seen)[0] / max(1.0, seen_skin(*seen)[0]))


def _at_256(photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, Face]:
    photo, face, mask = prepared(photo, landmarks, mask, SIDE)
    return photo, mask, face
