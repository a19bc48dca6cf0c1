"""From MediaPipe's mesh of 468 points to the 68 landmarks in dlib's order, and to the pose of the head.

The table is fixed: each landmark is the middle of one or two points of the mesh whose place on the face is known
from MediaPipe's published topology (its contours of face oval, brows, eyes and lips). No landmark of another model was
fitted; `benchmarks/landmarks.py` measures what that gives beside dlib.
"""

import math
from typing import NamedTuple

import numpy as np

# Of the person's right side (left in the picture) and the middle; the left side mirrors them.
_RIGHT_CONTOUR = ((127,), (234, 93), (93, 132), (132, 58), (172,), (136,), (149,), (176, 148))
_LEFT_CONTOUR = ((377, 400), (378,), (365,), (397,), (361, 288), (323, 361), (454, 323), (356,))
_RIGHT_BROW = ((70, 46), (63, 53), (105, 52), (66, 65), (107, 55))  # upper and lower edge
_LEFT_BROW = ((336, 285), (296, 295), (334, 282), (293, 283), (300, 276))
_NOSE = ((168, 6), (197,), (5,), (4,), (75,), (97,), (2,), (326,), (305,))
_RIGHT_EYE = ((33,), (160, 159), (158,), (133,), (153,), (144,))
_LEFT_EYE = ((362,), (385,), (387, 386), (263,), (373,), (380,))
_LIPS = ((61,), (39,), (37,), (0,), (267,), (269,), (291,), (321, 405), (314,), (17,), (84,), (91, 181))
_INNER_LIPS = ((78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,))
_CONTOUR = (*_RIGHT_CONTOUR, (152,), *_LEFT_CONTOUR)
TABLE = (*_CONTOUR, *_RIGHT_BROW, *_LEFT_BROW, *_NOSE, *_RIGHT_EYE, *_LEFT_EYE, *_LIPS, *_INNER_LIPS)
_FIRST, _SECOND = np.array([(points[0], points[-1]) for points in TABLE]).T
_BRIDGE, _CHIN = 168, 152
# The oval of the mesh ends before the edge of the jaw, where dlib's contour lies, by so much of the way to it.
_JAW_GROWTH = 0.04

# Points of the person's right side, and their mirror images
_RIGHT = np.array([33, 133, 61, 78, 127, 234, 132, 172, 70, 107, 48, 205])
_LEFT = np.array([263, 362, 291, 308, 356, 454, 361, 397, 300, 336, 278, 425])
_FOREHEAD = 10
_TURNED = 25.0  # degrees of yaw or pitch from which a pose is worth a word
_LEAN = 9.6  # degrees by which the mesh of a face that looks straight leans forwards: median of 136 portraits


def landmarks68(points: np.ndarray) -> np.ndarray:
    """Points (468, 2 or 3) of the mesh -> float64 (68, 2) landmarks in dlib's order."""
    xy = np.asarray(points, dtype=np.float64)[:, :2]
    landmarks = (xy[_FIRST] + xy[_SECOND]) / 2
    down = xy[_CHIN] - xy[_BRIDGE]
    below = (landmarks[: len(_CONTOUR)] - xy[_BRIDGE]) @ down / (down @ down)
    landmarks[: len(_CONTOUR)] += _JAW_GROWTH * np.clip(below, 0, None)[:, None] * down
    return landmarks


class Pose(NamedTuple):
    """How the head is turned, in degrees; all 0 for a face that looks straight into the camera.

    yaw: positive towards the right edge of the picture. pitch: positive downwards. roll: positive clockwise.
    """

    yaw: float
    pitch: float
    roll: float

    @property
    def words(self) -> str:
        """Such as "38 degrees to the left and 27 degrees up" (of the picture); "" for a face about straight."""
        turns = [(self.yaw, "to the right", "to the left"), (self.pitch, "down", "up")]
        return " and ".join(
            f"{abs(angle):.0f} degrees {positive if angle > 0 else negative}"
            for angle, positive, negative in turns
            if abs(angle) >= _TURNED
        )


def head_pose(points: np.ndarray) -> Pose:
    """The pose of a mesh, float (468, 3), x right, y down, z into the picture, all in one unit.

    From two directions of the head: across, between points that mirror each other, and down, from forehead to chin.
    """
    points = np.asarray(points, dtype=np.float64)
    across = (points[_LEFT] - points[_RIGHT]).mean(axis=0)
    across /= np.linalg.norm(across)
    down = points[_CHIN] - points[_FOREHEAD]
    down -= (down @ across) * across
    forward = np.cross(down, across) / np.linalg.norm(down)  # out of the face; (0, 0, -1) straight into the camera
    roll = math.atan2(across[1], across[0])
    sideways = forward @ (math.cos(roll), math.sin(roll), 0)
    downwards = forward @ (-math.sin(roll), math.cos(roll), 0)
    yaw, pitch = math.atan2(sideways, -forward[2]), math.asin(np.clip(downwards, -1, 1))
    return Pose(math.degrees(yaw), math.degrees(pitch) - _LEAN, math.degrees(roll))
