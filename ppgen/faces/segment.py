"""Which pixels of an aligned crop are the person: ppgen's own small U-Net, cleaned up.

The network (`hub.load("segmentation")`) sees the crop as it is, background included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.faces.record import check_rgb
from ppgen.faces.shipped import ask
from ppgen.faces.skin import hull_mask
from ppgen.io.image import to_tensor_array

if TYPE_CHECKING:
    import paddle

_MULTIPLE = 32  # of the sides: the coarsest features of the network have a 32nd of the resolution
_FRINGE = 0.02  # of the side: how far the soft edge of the person may reach out of its solid part
_FACE_RIM = 0.02  # of the side: landmarks err by so much, so the face's own rim is the network's to decide
_REACH = 1 / 64  # of the side: radius of the window in which the network's edge follows the photo's
_EDGE = 1e-3  # variance of [0, 1] greys that counts as an edge of the photo
_OUTLINE = 1 / 128  # of the side: drawings have their outline half outside the person, two pixels of 256


def person_mask(
    crop: np.ndarray,
    landmarks: np.ndarray | None = None,
    network: Callable[[paddle.Tensor], paddle.Tensor] | None = None,
) -> np.ndarray:
    """The person in an aligned crop: float32 (H, W), 1 on the person, 0 elsewhere, in between at edges.

    crop: uint8 (H, W, 3) RGB, unmasked; sides are multiples of 32.
    landmarks: (68, 2) pixels of the crop; what they enclose is the person even where the network doubts it.
    network: (1, 3, H, W) in [-1, 1] -> logits (1, 1, H, W) of "this pixel is the person"; None: the shipped one.
    The edge is moved to the photo's own where one is near. One connected person remains; specks elsewhere are dropped.
    Raises DataError for another kind of array, WeightsError where the network is missing.
    """
    check_rgb(crop)
    if crop.shape[0] % _MULTIPLE or crop.shape[1] % _MULTIPLE or crop.size == 0:
        raise DataError(f"a {crop.shape[1]}x{crop.shape[0]} crop: both sides must be multiples of {_MULTIPLE}")
    (logits,) = ask("segmentation", network, to_tensor_array(crop)[None])
    share = (1 / (1 + np.exp(-np.clip(logits[0, 0], -80, 80)))).astype(np.float32)
    share = follow_edges(crop, share)
    if landmarks is not None:
        share = np.maximum(share, _face(share.shape, landmarks))
    return _one_person(share)


def follow_edges(photo: np.ndarray, share: np.ndarray, smooth: float = _EDGE) -> np.ndarray:
    """`share`, float32 (H, W) in [0, 1], with the edges of `photo`, uint8 (H, W, 3): the guided filter.

    He, Sun and Tang, "Guided Image Filtering" (ECCV 2010), equations 5 to 8; fitted at half the size, as in
    their "Fast Guided Filter" (2015), which takes half the time.
    smooth: variance of the photo's greys, in [0, 1], from which they count as an edge.
    """
    height, width = share.shape
    side = 2 * max(1, round(height * _REACH / 2)) + 1
    half = (max(1, width // 2), max(1, height // 2))

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (side, side))

    def whole(values: np.ndarray) -> np.ndarray:
        return cv2.resize(mean(values), (width, height), interpolation=cv2.INTER_LINEAR)

    grey = cv2.transform(photo.astype(np.float32), np.full((1, 3), 1 / (3 * 255)))
    small, found = (cv2.resize(values, half, interpolation=cv2.INTER_AREA) for values in (grey, share))
    mean_grey, mean_share = mean(small), mean(found)
    spread = mean(small * small) - mean_grey * mean_grey
    slope = (mean(small * found) - mean_grey * mean_share) / (spread + np.float32(smooth))
    return np.clip(whole(slope) * grey + whole(mean_share - slope * mean_grey), 0, 1)


def outline_mask(mask: np.ndarray) -> np.ndarray:
    """The mask a drawing is cut out with: a little wider, so that its outline survives, with a soft edge."""
    reach = max(1, round(mask.shape[0] * _OUTLINE))
    wide = cv2.dilate((mask > 0.5).astype(np.float32), _disc(reach))
    return np.clip(cv2.GaussianBlur(wide, (0, 0), 0.5 * reach), 0, 1)


def _face(shape: tuple[int, int], landmarks: np.ndarray) -> np.ndarray:
    """1 inside the hull of the landmarks, a little shrunk."""
    face = hull_mask(shape, np.clip(landmarks, -4096, 4096)).astype(np.float32)
    return cv2.erode(face, _disc(round(shape[0] * _FACE_RIM)))


def _one_person(share: np.ndarray) -> np.ndarray:
    """Only the largest connected part, with the soft edge around it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((share > 0.5).astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(share)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    near = cv2.dilate((labels == largest).astype(np.uint8), _disc(round(share.shape[0] * _FRINGE)))
    specks = (labels != largest) & (labels != 0)
    return np.where((near > 0) & ~specks, share, 0).astype(np.float32)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
