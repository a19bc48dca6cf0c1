"""Hair in four flat tones with strands, thin hair as strands over the skin, and facial hair."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ppgen.prepare.artist.canvas import SHEET, Sheet, blur, enlarge, lab_to_rgb, shape_of, step
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.lines import Flow, fill_from
from ppgen.prepare.artist.regions import Regions

_LEAST = 60  # pixels of 256; less hair is not painted


@dataclass(frozen=True)
class HairTones:
    """Four L*a*b* tones from dark to light (4, 3), and what its outline is inked with."""

    tones: np.ndarray
    ink: np.ndarray


def hair_tones(pixels: np.ndarray, expo: float) -> HairTones:
    """Tones around the colour of the photo's hair pixels (n, 3) L*a*b*."""
    middle, spread = np.median(pixels, axis=0), max(5.0, float(pixels[:, 0].std()))
    # white hair comes out grey where only skin was exposed for; dark hair stays dark
    light = 15 + 0.86 * min(middle[0] * (0.5 + 0.5 * max(1.0, expo)), 96)
    a, b = 0.9 * middle[1] + 1.0, 0.95 * middle[2] + 1.0
    gap = 8 + 3 * float(np.clip((spread - 5) / 8, 0, 1))
    levels = light + gap * np.array([-1.2, 0.0, 1.1, 2.2])
    tones = np.stack([np.clip(levels, 4, 97), a * np.array([1.1, 1, 1, 0.8]), b + np.array([0, 0, 1.5, 2])], axis=1)
    return HairTones(tones, np.array([max(7.0, min(light - 30, 34)), 0.6 * a + 2, 0.6 * b + 2]))


def paint_hair(sheet: Sheet, regions: Regions, face: Face, expo: float) -> np.ndarray | None:
    """Paint the hair; returns its ink, None where there is too little."""
    if regions.hair.sum() < _LEAST:
        return None
    colours = hair_tones(regions.lab[regions.hair], expo)
    picture = strands(regions.lab[..., 0], regions.hair, colours)
    sheet.overlay(picture, _thin_hair(regions, face), 0.8)
    sheet.overlay(picture, shape_of(regions.hair, 1.7))
    return colours.ink


def strands(light: np.ndarray, region: np.ndarray, colours: HairTones) -> np.ndarray:
    """The hair's own picture over the whole sheet, RGB: flat tones whose edges run along the strands.

    Args:
        light: L* (256, 256) of the photo. region: where the hair is; beyond it the nearest hair goes on.
    """
    pixels = light[region]
    spread = max(5.0, float(pixels.std()))
    flow = Flow(fill_from(light, region), region, sigma=2.6)
    tone, fine = flow.smooth([blur(flow.light, 1.0), flow.ridges(0.95)], reach=12, stride=1.4)
    tone = (tone - np.median(pixels)) / spread
    fine = fine / np.clip(spread / 9, 0.6, 1.3)
    dark, middle, bright, shine = (lab_to_rgb(colour) for colour in colours.tones)
    picture = np.broadcast_to(middle, (SHEET, SHEET, 3)).astype(np.float32)
    for colour, coverage in (
        (dark, 0.85 * step(0.5, 1.0, -tone)),
        (bright, step(0.45, 0.8, tone)),
        (shine, step(1.25, 1.6, tone)),
        (bright, 0.6 * step(0.6, 2.0, fine)),
        (lab_to_rgb(colours.tones[0] - (7, 0, 0)), 0.55 * step(0.8, 2.4, -fine)),
    ):
        picture = picture + (colour - picture) * coverage[..., None]
    return picture


def _thin_hair(regions: Regions, face: Face) -> np.ndarray:
    """Coverage of hair through which the scalp shows: places beside the hair that are half like it."""
    _, down = face.across()
    near = cv2.dilate(regions.hair.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    forehead = (face.brow_y - face.chin) / face.height - 0.08
    place = regions.skin & near & (down < forehead)
    share = step(0.12, 0.5, regions.hair_share) * blur(place, 2.0) * place
    return np.clip(enlarge(blur(share, 1.0)), 0, 1)
