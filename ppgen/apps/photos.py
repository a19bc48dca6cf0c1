"""A photo as a network that draws faces wants it: found, turned upright, cut out, scaled."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from ppgen.datasets.files import centre_square, resize
from ppgen.errors import ConfigError
from ppgen.faces import align_face, find_faces
from ppgen.faces.align import CLOSE
from ppgen.faces.ffhq import ffhq_crop
from ppgen.io.image import load_image, source_name

Way = Literal["close", "ffhq", "none"]


class Seen(NamedTuple):
    """A photo as a network gets it."""

    crop: np.ndarray  # uint8 (S, S, 3)
    warnings: tuple[str, ...]  # sentences for the user: small face, several faces …


def see(photo: Any, size: int, way: Way = "close", name: str | None = None) -> Seen:
    """Cut a face out of a photo.

    Args:
        photo: a path, an array (H, W, 3) or a PIL image.
        way: "close", as data/faces128 is cut; "ffhq", as FFHQ is; "none": it is a face crop already.
        name: how messages call the photo.
    Raises:
        DataError, NoFaceError: it cannot be used.
    """
    if way not in ("close", "ffhq", "none"):
        raise ConfigError(f"a face is cut out 'close', as 'ffhq', or not ('none'), not '{way}'")
    image = load_image(photo)
    if way == "none":
        return Seen(resize(centre_square(image), size), ())
    face = find_faces(image, name=name or source_name(photo))[0]
    if way == "ffhq":
        return Seen(ffhq_crop(image, face.landmarks, size), face.warnings)
    return Seen(align_face(image, face.landmarks, size, CLOSE).crop, face.warnings)
