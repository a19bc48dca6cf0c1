"""dlib's detector of faces, opened quickly."""

from __future__ import annotations

import functools
from typing import Any

from ppgen.faces.landmarks import import_dlib
from ppgen.hub.cards import ASSETS

DETECTOR = ASSETS / "dlib_frontal_face_detector.svm"


@functools.lru_cache(maxsize=1)
def face_detector() -> Any:
    """dlib's frontal detector; PPGenError where dlib is not installed.

    dlib itself unpacks it in a second of computing; the file holds what it unpacks.
    """
    return import_dlib().fhog_object_detector(str(DETECTOR))
