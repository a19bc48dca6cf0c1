"""Find faces without dlib: MediaPipe's detector, then its mesh, whose points become the 68 landmarks."""

from collections.abc import Iterator

import numpy as np

from ppgen.errors import NoFaceError
from ppgen.faces.blaze import Detection, detect_faces, overlap
from ppgen.faces.mesh import MIN_PRESENCE, lay_mesh
from ppgen.faces.mesh_table import Pose, head_pose, landmarks68
from ppgen.faces.record import Face

_CLEAR = 0.6  # score from which a face counts in parts of a photo, in a turned one, and in profile
# Below the first, a face may be one that stands on its head; then what is seen turned counts if it is so much surer.
_SURE, _BETTER = 0.75, 0.1
_SEEN = 3  # a photo is also looked at in squares of a third of its longer side, half overlapping
_SMALLEST_PART = 256  # pixels; smaller parts of a photo would be blown up
_SAME_FACE = 0.3  # intersection over union
_PROFILE = "in profile, turned 60 degrees or more"


def find_mesh_faces(image: np.ndarray, name: str, rotate: bool = True, thorough: bool = False) -> list[Face]:
    """Faces of a photo, best first by `Face.rank`; never an empty list.

    image: (H, W, 3) uint8 RGB; name: how messages call it.
    The photo is looked at as a whole; with `rotate`, where nothing is found for sure, turned by 90, 180 and 270
    degrees; where nothing is found, in parts. thorough: in parts even where the whole shows faces, for group photos.
    Raises NoFaceError, which names the pose where a head is seen that is turned away; WeightsError.
    """
    seen = detect_faces(image)
    faces = _marked(image, seen)
    if rotate and _best(faces) < _SURE:
        turned = _look_turned(image)
        if _best(turned) > _best(faces) + _BETTER:
            faces = turned
    if not faces or thorough and not faces[0].rotation:
        faces += _marked(image, _look_at_parts(image, seen))
    if not faces:
        raise NoFaceError(_refusal(name, image, seen))
    return sorted(faces, key=lambda face: face.rank, reverse=True)


def _best(faces: list[Face]) -> float:
    return max((face.score for face in faces), default=0.0)


def _look_turned(image: np.ndarray) -> list[Face]:
    """The faces of the turned photo in which the best one is clearest."""
    looks = []
    for quarter in (1, 2, 3):
        turned = np.ascontiguousarray(np.rot90(image, quarter))
        looks.append(_marked(turned, [one for one in detect_faces(turned, _CLEAR) if not one.past_ear], quarter))
    return max(looks, key=_best)


def _look_at_parts(image: np.ndarray, seen: list[Detection]) -> list[Detection]:
    """Faces in parts of the photo that are not among those seen already."""
    boxes, more = [one.box for one in seen], []
    for corner, part in _parts(image):
        for face in detect_faces(part, _CLEAR):
            box = face.box + np.tile(corner, 2)
            known = np.array(boxes).reshape(-1, 2, 2)
            # heads in profile are too easily seen in any texture
            if not face.past_ear and (overlap(box.reshape(2, 2), known) < _SAME_FACE).all():
                more.append(Detection(box, face.points + corner, face.score))
                boxes.append(box)
    return more


def _parts(image: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Corner (x, y) and pixels of half overlapping squares that cover the photo."""
    side = max(_SMALLEST_PART, -(-max(image.shape[:2]) // _SEEN))
    if side >= max(image.shape[:2]):
        return
    steps = [range(0, max(1, length - side // 2), side // 2) for length in image.shape[:2]]
    for y in steps[0]:
        for x in steps[1]:
            yield np.array([x, y]), image[y : y + side, x : x + side]


def _marked(turned: np.ndarray, seen: list[Detection], quarter: int = 0) -> list[Face]:
    """Detections in the photo turned by quarters with their landmarks, brought back."""
    faces = []
    for one in seen:
        mesh = lay_mesh(turned, one)
        pose: Pose | None = head_pose(mesh.points)
        notes: tuple[str, ...] = ()
        if mesh.presence < MIN_PRESENCE:
            if not one.past_ear or one.score < _CLEAR:
                continue
            # the mesh knows no heads in profile, and the detector is sure of this one
            side = "right" if one.turn > 0 else "left"
            pose, notes = None, (f"strong pose: the head is {_PROFILE} to the {side}; half of the face is guessed",)
        corners = turn_back(one.box.reshape(2, 2), quarter, turned.shape)
        box = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
        landmarks = turn_back(landmarks68(mesh.points), quarter, turned.shape)
        faces.append(Face(box, one.score, 90 * quarter, landmarks, notes=notes, pose=pose))
    return faces


def turn_back(points: np.ndarray, quarter: int, shape: tuple[int, ...]) -> np.ndarray:
    """Points (n, 2) of a photo that `np.rot90(photo, quarter)` made and that has this shape -> points of the photo."""
    height, width = shape[:2]
    x, y = points[:, 0], points[:, 1]
    return np.stack([(x, y), (height - 1 - y, x), (width - 1 - x, height - 1 - y), (y, width - 1 - x)][quarter], axis=1)


def _refusal(name: str, image: np.ndarray, seen: list[Detection]) -> str:
    size = f"{image.shape[1]}x{image.shape[0]} pixels"
    if any(one.past_ear for one in seen):
        return (
            f"{name}: the head in these {size} is {_PROFILE}; "
            "use a photo of a face that looks towards the camera"
        )
    wanted = "use a sharp, well lit photo of a face that looks towards the camera"
    return f"{name}: no usable face found in {size}; {wanted}"
