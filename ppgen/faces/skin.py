"""Which skin colour to draw a face with.

The pixels alone do not say: an underexposed pale face and a well lit dark one look alike, and a network left
to guess from few examples paints everybody pale. Exposure-dependent colours and the face descriptor, which
knows faces across lightings, together do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.faces.identify import describe
from ppgen.faces.shipped import ask

if TYPE_CHECKING:
    import paddle

PERCENTILES = (10, 25, 75, 90, 97)
GREY = 2.0  # mean |a*|, |b*| of a face below which the photo has no colour


def hull_mask(shape: tuple[int, int], landmarks: np.ndarray) -> np.ndarray:
    """Boolean (H, W): inside the hull of the landmarks (68, 2)."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.asarray(landmarks).round().astype(np.int32)), 1)
    return mask > 0


def skin_features(crop: np.ndarray, landmarks: np.ndarray, descriptor: np.ndarray | None = None) -> np.ndarray:
    """What the estimate is made from: (137,) float32.

    Args:
        crop: (H, W, 3) uint8 RGB, not masked.
        landmarks: (68, 2) pixels of the crop.
        descriptor: (128,) of this face, if it is known already.
    Returns:
        the face descriptor (128), the median L*, a*, b* in the face hull, five percentiles of its L*, and 1 for a
        greyscale photo, whose a* and b* say nothing.
    Raises:
        DataError: the landmarks lie outside the picture.
    """
    inside = hull_mask(crop.shape[:2], landmarks)
    if not inside.any():
        raise DataError("the landmarks lie outside the picture: give those of this crop")
    lab = _lab(crop[inside])
    if descriptor is None:
        descriptor = describe(crop, landmarks)
    colours = [np.median(lab, axis=0), np.percentile(lab[:, 0], PERCENTILES)]
    grey = float(np.abs(lab[:, 1:]).mean() < GREY)
    return np.concatenate([np.ravel(descriptor), *colours, [grey]]).astype(np.float32)


def is_grey(crop: np.ndarray, landmarks: np.ndarray) -> bool:
    """Whether the face on a crop has no colour, as on old photos."""
    inside = hull_mask(crop.shape[:2], landmarks)
    return bool(inside.any() and np.abs(_lab(crop[inside])[:, 1:]).mean() < GREY)


def _lab(pixels: np.ndarray) -> np.ndarray:
    """uint8 (n, 3) RGB -> CIE L*a*b* (n, 3)."""
    return cv2.cvtColor(pixels[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


def tinted_face(crop: np.ndarray, landmarks: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """A grey crop, uint8 (H, W, 3), whose face has the colour of `skin`, RGB (3,) in [-1, 1], in the photo's own light.

    Networks that draw from photos tell skin from hair by colour: on grey ones they took lit hair for skin.
    """
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light, *colour = cv2.cvtColor((skin[None, None].astype(np.float32) + 1) / 2, cv2.COLOR_RGB2LAB)[0, 0]
    share = cv2.GaussianBlur(hull_mask(crop.shape[:2], landmarks).astype(np.float32), (0, 0), len(crop) / 85)
    lab[..., 1:] = (share * np.clip(lab[..., 0] / max(light, 1), 0, 1.2))[..., None] * colour
    return (np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255).round().astype(np.uint8)


def lab_to_unit_rgb(lab: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (..., 3) -> RGB in [-1, 1], clipped to what a screen can show."""
    flat = np.asarray(lab, dtype=np.float32).reshape(-1, 1, 3)
    rgb = cv2.cvtColor(flat, cv2.COLOR_LAB2RGB).reshape(np.shape(lab))
    return (np.clip(rgb, 0, 1) * 2 - 1).astype(np.float32)


def estimate_skin(
    crop: np.ndarray, landmarks: np.ndarray, network: Callable[[paddle.Tensor], paddle.Tensor] | None = None
) -> np.ndarray:
    """The skin colour to draw this face with: RGB float32 (3,) in [-1, 1].

    Args:
        crop, landmarks: as `skin_features`.
        network: features (1, 137) -> L*a*b* (1, 3); None: the shipped one.
    """
    (lab,) = ask("skin_tone", network, skin_features(crop, landmarks)[None])
    return lab_to_unit_rgb(lab[0])
