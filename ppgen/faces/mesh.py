"""Lay MediaPipe's mesh of 468 points on a face that was found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from ppgen.faces.blaze import Detection
from ppgen.faces.shipped import ask
from ppgen.io.brief import short
from ppgen.io.image import to_tensor_array
from ppgen.networks.face_inputs import MESH_SIDE

if TYPE_CHECKING:
    from paddle import nn

MIN_PRESENCE = 0.5  # MediaPipe's: below, the mesh fits no face
_GROWTH = 1.5  # of a box, to the square around it; MediaPipe's
_RIGHT_EYE, _LEFT_EYE = 33, 263  # outer corners
_DARK, _BRIGHT = 100, 200  # of 255: a crop whose brightest hundredth is below the first is lit up to the second
_FINEST = 8  # a crop is at most so many times finer than the network's input before it is averaged down


@short
class Mesh(NamedTuple):
    """A face in space.

    points: float64 (468, 3), pixels of the photo: x right, y down, z into the picture, 0 in the head's middle.
    presence: 0 to 1, how sure the network is that there is a face.
    """

    points: np.ndarray
    presence: float


@short
class Square(NamedTuple):
    """A turned square in the photo: centre (x, y) and side in pixels, radians clockwise."""

    centre: np.ndarray
    side: float
    angle: float

    def to_photo(self, pixels: int) -> np.ndarray:
        """(2, 3): from a crop of `pixels` a side to the photo; pixel centres at whole numbers in both."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        turn = np.array([[cos, -sin], [sin, cos]]) * (self.side / pixels)
        return np.column_stack([turn, self.centre - turn @ np.full(2, (pixels - 1) / 2)])


def lay_mesh(image: np.ndarray, face: Detection, network: nn.Layer | None = None, passes: int = 2) -> Mesh:
    """The mesh of one face.

    image: (H, W, 3) uint8 RGB. network: the one to ask; None: the shipped one.
    passes: how often the square is cut: first around the detection, then around the mesh found before.
    Raises WeightsError where the shipped network is missing.
    """
    square = square_around(face.box.reshape(2, 2), 0.0 if face.past_ear else face.angle)
    mesh = _look(image, square, network)
    for _ in range(passes - 1):
        if mesh.presence < MIN_PRESENCE:
            break
        dx, dy = (mesh.points[_LEFT_EYE] - mesh.points[_RIGHT_EYE])[:2]
        mesh = _look(image, square_around(mesh.points[:, :2], math.atan2(dy, dx)), network)
    return mesh


def square_around(points: np.ndarray, angle: float) -> Square:
    """What MediaPipe cuts around (n, 2) points or corners: the longer side of their upright box grown, then turned."""
    low, high = points.min(axis=0), points.max(axis=0)
    return Square((low + high) / 2, _GROWTH * float((high - low).max()), angle)


def cut(image: np.ndarray, square: Square, pixels: int) -> np.ndarray:
    """(pixels, pixels, 3) uint8: the square's part of the photo, its edge repeated outside."""
    finer = min(_FINEST, max(1, round(square.side / pixels)))
    view = cv2.warpAffine(
        image,
        square.to_photo(finer * pixels),
        (finer * pixels, finer * pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(view, (pixels, pixels), interpolation=cv2.INTER_AREA) if finer > 1 else view


def lit(crop: np.ndarray) -> np.ndarray:
    """A crop without light brightened; others as they are."""
    white = float(np.percentile(crop, 99))
    if white >= _DARK or white == 0:
        return crop
    return np.clip(np.rint(crop * (_BRIGHT / white)), 0, 255).astype(np.uint8)


def _look(image: np.ndarray, square: Square, network: nn.Layer | None) -> Mesh:
    points, logit = ask("face_mesh", network, to_tensor_array(lit(cut(image, square, MESH_SIDE)))[None])
    points = points[0].astype(np.float64)
    affine = square.to_photo(MESH_SIDE)
    # as mirrored crops show, the network has pixel centres at whole numbers
    xy = points[:, :2] @ affine[:, :2].T + affine[:, 2]
    z = points[:, 2:] * (square.side / MESH_SIDE)
    presence = 1 / (1 + math.exp(-logit.item()))
    return Mesh(np.hstack([xy, z]), presence)
