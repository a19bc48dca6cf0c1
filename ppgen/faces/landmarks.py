"""68 landmarks of a face by dlib's regression trees (Kazemi and Sullivan, CVPR 2014).

The trees were trained on iBUG 300-W, whose authors exclude commercial use.
"""

import functools
import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from ppgen.compat.dlib_trees import read_trees
from ppgen.errors import DataError, PPGenError, WeightsError
from ppgen.faces.trees import LandmarkTrees
from ppgen.runtime import cache

LANDMARK_FILE = "shape_predictor_68_face_landmarks.dat"
# The trees compare single pixels and answer in whole ones: outside these widths the face is scaled first.
_WIDTHS = (100, 500)
_WORK_WIDTH = 250
_MARGIN = 0.5  # of the box, to each side; landmarks may lie outside the box


def import_dlib() -> ModuleType:
    """dlib, or PPGenError that says how to get it."""
    try:
        return importlib.import_module("dlib")
    except ImportError as error:
        raise PPGenError(f"dlib cannot be imported ({error}); run: pip install dlib-bin") from error


def model_file(name: str) -> Path:
    """Path of a file of `face_recognition_models`, without importing it (its __init__ needs pkg_resources).

    Raises WeightsError where the package or the file is missing.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / "models" / name
        if path.is_file():
            return path
    raise WeightsError(f"{name}: not found; run: pip install face_recognition_models")


def why_no_dlib() -> str:
    """Why faces cannot be marked by dlib on this machine, in a few words; "" where they can."""
    try:
        import_dlib()
        model_file(LANDMARK_FILE)
    except PPGenError as error:
        return str(error)
    return ""


@functools.lru_cache(maxsize=1)
def _trees() -> LandmarkTrees:
    """Those of dlib's file, which take seconds to read and are then kept in the cache folder as plain arrays.

    Raises WeightsError: missing or damaged.
    """
    path = model_file(LANDMARK_FILE)
    facts = path.stat()
    entry = cache.name_of(["dlib's landmark trees", str(path), facts.st_size, facts.st_mtime_ns])
    arrays = cache.read_arrays(entry)
    if arrays is None:
        with cache.alone():
            arrays = cache.read_arrays(entry)  # another process was first
            if arrays is None:
                arrays = _read_trees(path)
                cache.write_arrays(entry, arrays)
    return LandmarkTrees(**arrays)


def _read_trees(path: Path) -> dict[str, np.ndarray]:
    try:
        return read_trees(path)
    except WeightsError as error:
        raise WeightsError(f"{error}; run: pip install --force-reinstall face_recognition_models") from error


def predict_landmarks(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Landmarks of the upright face in `box` of a uint8 (H, W, 3) image: float64 (68, 2) pixels, dlib order.

    box: (left, top, right, bottom) as dlib's frontal detector draws it.
    """
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if not (width > 0 and height > 0):
        raise DataError(f"box {box} has no area; give left, top, right, bottom")
    x0, y0 = max(0, int(left - _MARGIN * width)), max(0, int(top - _MARGIN * height))
    x1 = min(image.shape[1], int(right + _MARGIN * width) + 1)
    y1 = min(image.shape[0], int(bottom + _MARGIN * height) + 1)
    if x1 <= x0 or y1 <= y0:
        raise DataError(f"box {box} lies outside the {image.shape[1]}x{image.shape[0]} image")
    patch = np.ascontiguousarray(image[y0:y1, x0:x1])
    scale = np.ones(2)
    if not _WIDTHS[0] <= width <= _WIDTHS[1]:
        wanted = np.maximum(1, np.rint(np.array([x1 - x0, y1 - y0]) * (_WORK_WIDTH / width))).astype(int)
        scale = wanted / np.array([x1 - x0, y1 - y0])
        patch = np.asarray(Image.fromarray(patch).resize(tuple(wanted), Image.Resampling.BICUBIC))
    # pixel centres lie at whole numbers, so scaling goes through the half-pixel corner
    corners = (np.array([[left, top], [right, bottom]]) - (x0, y0) + 0.5) * scale - 0.5
    rectangle = [round(float(value)) for value in corners.ravel()]
    xy = _trees()(patch, (rectangle[0], rectangle[1], rectangle[2], rectangle[3])).astype(np.float64)
    return (xy + 0.5) / scale - 0.5 + (x0, y0)
