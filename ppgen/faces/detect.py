"""Find faces: dlib's frontal HOG detector, with retries at other scales and orientations, or MediaPipe's networks."""

import os
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from PIL import Image

from ppgen.errors import ConfigError, NoFaceError
from ppgen.faces.detect_mesh import find_mesh_faces, turn_back
from ppgen.faces.dlib_models import face_detector
from ppgen.faces.landmarks import predict_landmarks, why_no_dlib
from ppgen.faces.record import Face
from ppgen.io.image import load_image, source_name
from ppgen.registry import nearest

Aligner = Literal["dlib", "mesh"]  # whose networks find and mark faces
ALIGNERS: tuple[Aligner, ...] = get_args(Aligner)

MIN_SIDE = 32  # pixels of the photo; the detector's window is 80 at the finest scale we try
_FIRST_LONG_SIDE = 1024  # larger photos are scaled down to this for the first look
_TINY_LONG_SIDE = 320  # photos up to this are also tried four times enlarged
# Above the threshold by so much: clear. Doubtful detections are kept only where nothing clearer is found, and
# only at the first look: each retry is another chance of a false alarm (99.4 % of 156 portraits with faces
# 40 pixels wide pass).
_CLEAR_MARGIN = 0.2
_SAME_FACE = 0.3  # intersection over union of two boxes at different scales

_Box = tuple[float, float, float, float]
_Boxes = list[tuple[_Box, float]]  # with their scores


def find_faces(
    source: str | os.PathLike | np.ndarray | Image.Image,
    name: str | None = None,
    min_score: float = 0.0,
    rotate: bool = True,
    thorough: bool = False,
    aligner: Aligner = "dlib",
) -> list[Face]:
    """Faces of a photo, best first by `Face.rank` (score and size); never an empty list.

    source: anything `load_image` reads; name: how messages call it.
    min_score: the threshold of dlib's detector, 0 as dlib ships it. rotate: try 90, 180 and 270 degrees where the
    upright photo shows no face. thorough: look at every scale even where one shows a face, for group photos.
    aligner: "dlib"; where it finds nothing or is not installed, MediaPipe's mesh serves, and a warning says so.
    "mesh": MediaPipe's alone (`ppgen.faces.detect_mesh`).
    Boxes and landmarks are in pixels of the photo.
    Raises DataError for an unreadable photo, NoFaceError for one without a usable face, ConfigError: no such aligner.
    """
    check_aligner(aligner)
    name = name or source_name(source)
    image = load_image(source)
    _check_size(image, name)
    notes: tuple[str, ...] = ()
    if aligner == "dlib":
        if missing := why_no_dlib():
            notes = (f"{missing}; MediaPipe's face mesh marked this face instead",)
        else:
            try:
                return find_dlib_faces(image, name, min_score, rotate, thorough)
            except NoFaceError:
                notes = ("dlib found no face here; MediaPipe's face mesh marked this one",)
    faces = find_mesh_faces(image, name, rotate, thorough)
    return _with_warnings([replace(face, notes=(*notes, *face.notes)) for face in faces])


def find_dlib_faces(
    image: np.ndarray, name: str, min_score: float = 0.0, rotate: bool = True, thorough: bool = False
) -> list[Face]:
    """As `find_faces` of an RGB array, by dlib alone.

    The photo is looked at with its long side at most 1024 pixels, then, where nothing is found, at twice that
    scale (a small one at four times), then turned. Raises NoFaceError; PPGenError, WeightsError: dlib is not installed.
    """
    _check_size(image, name)
    height, width = image.shape[:2]
    scales = _scales(max(height, width))
    boxes, rotation = _look_upright(image, scales, min_score, thorough), 0
    if not boxes and rotate:
        boxes, rotation = _look_turned(image, scales[:2], min_score + _CLEAR_MARGIN)
    if not boxes:
        advice = "use a sharp, well lit photo of a face that looks towards the camera"
        raise NoFaceError(f"{name}: no usable frontal face found in {width}x{height} pixels; {advice}")
    faces = [_face(image, box, score, rotation) for box, score in boxes]
    return _with_warnings(sorted(faces, key=lambda face: face.rank, reverse=True))


def check_aligner(aligner: str) -> None:
    """ConfigError for a word that is no `Aligner`."""
    if aligner not in ALIGNERS:
        raise ConfigError(f"no aligner is called '{aligner}'{nearest(aligner, list(ALIGNERS))}: give 'dlib' or 'mesh'")


def which_landmarks() -> str:
    """Whose landmarks faces are marked with on this machine unless told otherwise, and what their licence asks for."""
    mesh = "MediaPipe's face mesh (Apache-2.0)"
    if missing := why_no_dlib():
        return f"{mesh}: {missing}"
    return (
        "dlib's, trained on iBUG 300-W, whose authors exclude commercial use; "
        f"aligner='mesh' (--aligner mesh) uses {mesh} alone"
    )


def _check_size(image: np.ndarray, name: str) -> None:
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        advice = "use a photo of at least 256 pixels a side"
        raise NoFaceError(f"{name}: {width}x{height} pixels is too small to hold a face; {advice}")


def _with_warnings(faces: list[Face]) -> list[Face]:
    return [face.with_warnings(len(faces) if index == 0 else 1) for index, face in enumerate(faces)]


def _scales(long_side: int) -> list[float]:
    first = min(1.0, _FIRST_LONG_SIDE / long_side)
    return [first, 2 * first] + ([4 * first] if long_side <= _TINY_LONG_SIDE else [])


def _look_upright(image: np.ndarray, scales: list[float], min_score: float, thorough: bool) -> _Boxes:
    clear = min_score + _CLEAR_MARGIN
    boxes: _Boxes = []
    for scale in scales:
        for box, score in _detect(image, scale, clear if scale > scales[0] else min_score):
            if all(_overlap(box, other) < _SAME_FACE for other, _ in boxes):
                boxes.append((box, score))
        if boxes and not thorough:
            break
    return [(box, score) for box, score in boxes if score >= clear] or boxes


def _overlap(one: _Box, other: _Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common)


def _look_turned(image: np.ndarray, scales: list[float], min_score: float) -> tuple[_Boxes, int]:
    """The best orientation at the first scale that shows anything: boxes in the turned photo."""
    for scale in scales:
        looks = [(_detect(np.rot90(image, quarter), scale, min_score), 90 * quarter) for quarter in (1, 2, 3)]
        boxes, rotation = max(looks, key=lambda look: max((score for _, score in look[0]), default=-np.inf))
        if boxes:
            return boxes, rotation
    return [], 0


def _detect(image: np.ndarray, scale: float, min_score: float) -> _Boxes:
    """Boxes (pixels of `image`) and scores from one run of the detector on `image` scaled by `scale`."""
    looked_at = np.ascontiguousarray(image)
    if scale != 1:
        size = [max(1, round(side * scale)) for side in (image.shape[1], image.shape[0])]
        looked_at = np.asarray(Image.fromarray(looked_at).resize(size, Image.Resampling.BILINEAR))
    rectangles, scores, _ = face_detector().run(looked_at, 0, min_score)
    edges = [(box.left(), box.top(), box.right(), box.bottom()) for box in rectangles]
    boxes: list[_Box] = [tuple(((np.array(box) + 0.5) / scale - 0.5).tolist()) for box in edges]
    return list(zip(boxes, map(float, scores), strict=True))


def _face(image: np.ndarray, box: _Box, score: float, rotation: int) -> Face:
    """A detection in the turned photo, with landmarks, brought back to the photo as it is."""
    quarter = rotation // 90
    turned = np.rot90(image, quarter)
    landmarks = predict_landmarks(turned, box)
    corners = turn_back(np.array([box[:2], box[2:]]), quarter, turned.shape)
    box = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
    landmarks = turn_back(landmarks, quarter, turned.shape)
    return Face(box=box, score=score, rotation=rotation, landmarks=landmarks)
