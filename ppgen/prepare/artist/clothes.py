"""Clothes: a handful of flat colours with inked borders where they differ clearly."""

import cv2
import numpy as np

from ppgen.faces.colour import lab_to_rgb, rgb_to_lab
from ppgen.prepare.artist.canvas import Sheet, blur, enlarge, shape_of, step
from ppgen.prepare.artist.lines import fill_from
from ppgen.prepare.artist.mixture import cluster
from ppgen.prepare.artist.regions import Regions

_TONES, _LEAST_APART = 6, 12.0  # colours tried at first; those nearer to each other become one
_WEIGHTS = np.array([0.8, 1.0, 1.0])


def paint_clothes(sheet: Sheet, photo: np.ndarray, regions: Regions, ink: np.ndarray, unit: float) -> None:
    """Flat colours of what the person wears."""
    region = regions.clothes
    if region.sum() < 30:
        return
    top = max(0, int(np.flatnonzero(region.any(axis=1))[0]) - 6) & ~1
    calm = photo.copy()
    strip = np.ascontiguousarray(cv2.bilateralFilter(photo, 9, 40, 5)[top:])
    if min(strip.shape[:2]) >= 8:
        calm[top:] = cv2.pyrMeanShiftFiltering(strip, 6, 14)
    lab = rgb_to_lab(calm)
    labels, colours = _flat_colours(lab[region])
    plan = np.full(region.shape, -1)
    plan[region] = labels
    plan = fill_from(plan, region)
    shares = np.stack([enlarge(blur(plan == k, 1.6)) for k in range(len(colours))], axis=-1)
    shares = np.exp(12 * (shares - shares.max(axis=-1, keepdims=True)))
    shares /= shares.sum(axis=-1, keepdims=True)
    shape = shape_of(region, 1.9)
    sheet.overlay(shares @ lab_to_rgb(_as_drawn(colours)), shape)
    light = colours[:, 0][shares.argmax(axis=-1)].astype(np.float32)
    change = cv2.morphologyEx(blur(light, 1.2 * unit), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    border = step(2.6, 6.5, change) * cv2.erode(shape, np.ones((5, 5), np.uint8))
    sheet.paint(ink, blur(border, 0.8), 0.7)


def _flat_colours(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) and L*a*b* colours (k, 3), pairs that are nearly the same joined."""
    count = _TONES if len(pixels) > 400 else 2
    stride = max(1, len(pixels) // 4000)
    _, colours = cluster(pixels[::stride] * _WEIGHTS, count)
    sizes = np.ones(len(colours))
    while len(colours) > 1:
        apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1) + 1e3 * np.eye(len(colours))
        i, j = sorted(np.unravel_index(apart.argmin(), apart.shape))
        if apart[i, j] > _LEAST_APART:
            break
        colours[i] = (colours[i] * sizes[i] + colours[j] * sizes[j]) / (sizes[i] + sizes[j])
        sizes[i] += sizes[j]
        colours, sizes = np.delete(colours, j, axis=0), np.delete(sizes, j)
    flat = pixels * _WEIGHTS
    labels = (np.square(colours).sum(axis=1) - 2 * flat @ colours.T).argmin(axis=1)
    return labels, colours / _WEIGHTS


def _as_drawn(colours: np.ndarray) -> np.ndarray:
    """Dark cloth a little lighter, so that its lines show; white cloth white; colours a little stronger."""
    drawn = colours.copy()
    bright = colours[:, 0] > 72
    drawn[:, 0] = np.clip(13 + 0.9 * drawn[:, 0] + 6 * bright, 0, 97)
    drawn[:, 1:] *= np.where(bright, 0.65, 1.12)[:, None]
    return drawn
