"""Colours of photos: linear light and CIE L*a*b*."""

from collections.abc import Sequence

import cv2
import numpy as np

_CODES = np.arange(256) / 255
#: float32 (256,): the linear light in [0, 1] of every sRGB code
LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
#: what red, green and blue of linear light contribute to its brightness
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] -> uint8 sRGB, clipped."""
    linear = np.clip(linear, 0, 1)
    codes = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-6) ** (1 / 2.4) - 0.055)
    return np.rint(255 * codes).astype(np.uint8)


def rgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> CIE L*a*b* float32."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def lab_to_rgb(lab: Sequence[float] | np.ndarray) -> np.ndarray:
    """CIE L*a*b* (..., 3) -> RGB float32 (..., 3) in 0..255."""
    flat = np.asarray(lab, np.float32).reshape(-1, 1, 3)
    return np.clip(cv2.cvtColor(flat, cv2.COLOR_LAB2RGB).reshape(np.shape(lab)) * 255, 0, 255)


def monochrome(photo: np.ndarray) -> bool:
    """Whether a photo uint8 (H, W, 3) has one hue only: grey, or toned as old prints are (sepia)."""
    lab = rgb_to_lab(photo[::2, ::2]).reshape(-1, 3)
    lab = lab[(lab[:, 0] > 6) & (lab[:, 0] < 96)]
    if len(lab) < 100:
        return True
    terms = np.stack([np.ones(len(lab)), lab[:, 0], lab[:, 0] ** 2], axis=1)
    rest = lab[:, 1:] - terms @ np.linalg.lstsq(terms, lab[:, 1:], rcond=None)[0]
    return bool(np.sqrt(np.square(rest).mean(axis=0)).max() < _ONE_HUE)


_ONE_HUE = 2.0  # how far a*, b* lie from a curve over L*, root mean square
