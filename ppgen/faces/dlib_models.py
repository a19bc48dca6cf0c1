"""dlib's detector of faces, opened quickly."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from ppgen.faces.landmarks import import_dlib
from ppgen.runtime import cache


@functools.lru_cache(maxsize=1)
def face_detector() -> Any:
    """dlib's frontal detector; PPGenError where dlib is not installed.

    dlib unpacks it in a second of computing at every call; what is unpacked is kept in the cache folder and read in
    milliseconds.
    """
    dlib = import_dlib()
    entry = cache.name_of(["dlib's frontal face detector", dlib.__version__])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detector.svm"
        if (content := cache.read(entry)) is not None:
            path.write_bytes(content)
            return dlib.fhog_object_detector(str(path))
        detector = dlib.get_frontal_face_detector()
        detector.save(str(path))
        cache.write(entry, path.read_bytes())
    return detector
