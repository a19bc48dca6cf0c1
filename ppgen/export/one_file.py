"""Photo2Cartoon from the aligned crop to the finished cartoon as one network, for a phone or a browser.

What the predictor does between the networks with NumPy and OpenCV is done in tensors here. The face is taken to be
where it usually is in an aligned crop, so no landmarks are needed; specks beside the person are not removed, and the
mask's edge does not follow the photo's.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen import hub
from ppgen.faces.skin import GREY, PERCENTILES, hull_mask
from ppgen.faces.typical import typical_landmarks
from ppgen.networks.face_geometry import chip_fit
from ppgen.networks.protocols import Translator

SIDE, _CHIP = 256, 150
_SRGB = np.array(  # linear sRGB -> XYZ over D65's white; IEC 61966-2-1
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
) / np.array([[0.950456], [1.0], [1.088754]])
_WIDEN = 2  # pixels, as `outline_mask` does at 256
_MIN_PERSON = 0.02


class OneFileCartoon(nn.Layer):
    """uint8 (N, 256, 256, 3) RGB, aligned -> uint8 (N, 256, 256, 3), white outside the person.

    Args:
        generator: a translator that is told the skin colour, or not.
    """

    def __init__(self, generator: Translator) -> None:
        super().__init__()
        assert isinstance(generator, nn.Layer)
        self.generator, self.takes_skin = generator, generator.takes_skin
        self.segmentation, self.face_id = hub.load("segmentation"), hub.load("face_id")
        self.skin_tone = hub.load("skin_tone")
        points = typical_landmarks(SIDE)
        self.face = np.flatnonzero(hull_mask((SIDE, SIDE), points))
        self.corners, self.shares = _chip_samples(points)
        self.eval()

    def forward(self, crop: paddle.Tensor) -> paddle.Tensor:
        """See the class."""
        picture = crop.astype("float32").transpose([0, 3, 1, 2])
        photo = picture / 127.5 - 1
        mask = F.sigmoid(self.segmentation(photo))
        # where nobody is told from the background, all is drawn
        nobody = (mask.mean(axis=[1, 2, 3], keepdim=True) < _MIN_PERSON).astype("float32")
        mask = mask * (1 - nobody) + nobody
        told = [self._skin(picture)] if self.takes_skin else []
        white = paddle.round(picture * mask + 255 * (1 - mask)) / 127.5 - 1
        drawn = self.generator.translate(white, *told).image
        outline = _outline(mask)
        levels = paddle.round(paddle.clip((drawn + 1) * 127.5, 0, 255))
        finished = paddle.round(levels * outline + 255 * (1 - outline))
        return paddle.clip(finished, 0, 255).transpose([0, 2, 3, 1]).astype("uint8")

    def _skin(self, picture: paddle.Tensor) -> paddle.Tensor:
        """The colour to draw with, (N, 3) in [-1, 1]; of levels (N, 3, 256, 256)."""
        flat = picture.reshape([-1, 3, SIDE * SIDE])
        weighed = [
            paddle.gather(flat, paddle.to_tensor(places), axis=2) * paddle.to_tensor(share)
            for places, share in zip(self.corners, self.shares)
        ]
        chip = weighed[0] + weighed[1] + weighed[2] + weighed[3]
        descriptor = self.face_id(paddle.floor(chip).reshape([-1, 3, _CHIP, _CHIP]) / 127.5 - 1)
        lab = _lab(paddle.gather(flat, paddle.to_tensor(self.face), axis=2) / 255)
        ordered, _ = paddle.topk(lab, len(self.face), axis=2, largest=False)
        middles = _quantile(ordered, 0.5)
        light = [_quantile(ordered[:, :1], percent / 100) for percent in PERCENTILES]
        colour = lab[:, 1:].abs().mean(axis=[1, 2]).unsqueeze(1)
        grey = (colour < GREY).astype("float32")
        return _unit_rgb(self.skin_tone(paddle.concat([descriptor, middles, *light, grey], axis=1)))


def _chip_samples(landmarks: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Of the four pixels around each of the face chip's, as dlib cuts it: places int64 (22500,), shares float32."""
    corners = chip_fit(landmarks, _CHIP, 0.25)
    steps = np.arange(_CHIP) / (_CHIP - 1)
    right, down = corners[1] - corners[0], corners[2] - corners[0]
    points = (corners[0] + steps[None, :, None] * right + steps[:, None, None] * down).reshape(-1, 2)
    low = np.floor(points).astype(int)
    fx, fy = (points - low).T
    places, shares = [], []
    for dx, dy, share in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
        x, y = np.clip(low[:, 0] + dx, 0, SIDE - 1), np.clip(low[:, 1] + dy, 0, SIDE - 1)
        places.append((y * SIDE + x).astype(np.int64))
        shares.append(share.astype(np.float32))
    return places, shares


def _quantile(ordered: paddle.Tensor, share: float) -> paddle.Tensor:
    """Of ascending values (N, C, n): (N, C), between two of them as NumPy has it."""
    place = share * (ordered.shape[2] - 1)
    low = int(place)
    rest = place - low
    upper = ordered[:, :, min(low + 1, ordered.shape[2] - 1)]
    return ordered[:, :, low] * (1 - rest) + upper * rest


def _lab(rgb: paddle.Tensor) -> paddle.Tensor:
    """RGB (N, 3, n) in [0, 1] -> CIE L*a*b*."""
    dark = (rgb <= 0.04045).astype("float32")
    linear = dark * rgb / 12.92 + (1 - dark) * ((rgb + 0.055) / 1.055) ** 2.4
    xyz = paddle.matmul(paddle.to_tensor(_SRGB.astype(np.float32)), linear)
    low = (xyz <= 0.008856).astype("float32")
    f = low * (7.787 * xyz + 16 / 116) + (1 - low) * paddle.clip(xyz, 1e-6) ** (1 / 3)
    x, y, z = f[:, 0:1], f[:, 1:2], f[:, 2:3]
    light = low[:, 1:2] * 903.3 * xyz[:, 1:2] + (1 - low[:, 1:2]) * (116 * y - 16)
    return paddle.concat([light, 500 * (x - y), 200 * (y - z)], axis=1)


def _unit_rgb(lab: paddle.Tensor) -> paddle.Tensor:
    """CIE L*a*b* (N, 3) -> RGB in [-1, 1], clipped to what a screen can show."""
    y = (lab[:, 0:1] + 16) / 116
    f = paddle.concat([y + lab[:, 1:2] / 500, y, y - lab[:, 2:3] / 200], axis=1)
    low = (f <= 6 / 29).astype("float32")
    xyz = low * (f - 16 / 116) / 7.787 + (1 - low) * f**3
    back: Any = np.linalg.inv(_SRGB).T.astype(np.float32)
    linear = paddle.clip(paddle.matmul(xyz, paddle.to_tensor(back)), 0, 1)
    dark = (linear <= 0.0031308).astype("float32")
    rgb = dark * linear * 12.92 + (1 - dark) * (1.055 * paddle.clip(linear, 1e-6) ** (1 / 2.4) - 0.055)
    return paddle.clip(rgb, 0, 1) * 2 - 1


def _outline(mask: paddle.Tensor) -> paddle.Tensor:
    """What the drawing is cut out with, as `ppgen.faces.segment.outline_mask`: a little wider, with a soft edge."""
    solid = (mask > 0.5).astype("float32")
    size = 2 * _WIDEN + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.float32)
    wide = F.conv2d(solid, paddle.to_tensor(disc[None, None]), padding=_WIDEN).clip(0, 1)
    line = cv2.getGaussianKernel(9, 0.5 * _WIDEN).astype(np.float32)
    blurred = F.conv2d(F.pad(wide, [4] * 4, mode="reflect"), paddle.to_tensor((line @ line.T)[None, None]))
    return blurred.clip(0, 1)
