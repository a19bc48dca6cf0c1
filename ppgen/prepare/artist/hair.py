"""Hair in four flat tones with strands, thin hair as strands over the skin, and facial hair."""

from typing import NamedTuple

import cv2
import numpy as np

from ppgen.faces.colour import lab_to_rgb
from ppgen.prepare.artist.canvas import Sheet, blur, enlarge, shape_of, sheet_side, step
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.lines import Flow, fill_from
from ppgen.prepare.artist.regions import Regions

_LEAST = 60  # pixels of 256; less hair is not painted
_GREY = 62.0  # L* dark hair is on its way to when it turns grey
_NEAR_GREY, _LIGHT_HAIR = 0.19, 60.0  # white hair has less chroma for its L*, and more L*
_CAST = 0.5  # share of its colour that white hair keeps: the rest is warm light


class HairTones(NamedTuple):
    """Four L*a*b* tones from dark to light (4, 3), and what its outline is inked with."""

    tones: np.ndarray
    ink: np.ndarray


def greyed(colour: np.ndarray, grey: float) -> np.ndarray:
    """An L*a*b* colour (3,) so far on its way to grey hair, in [0, 1]; light hair keeps its lightness."""
    light, a, b = colour
    return np.array([light + grey * max(0.0, _GREY - light), (1 - grey) * a, (1 - grey) * b])


def white_hair(lab: np.ndarray) -> np.ndarray | None:
    """Boolean (n,): which pixels (n, 3) L*a*b* are white hair; None for hair of another colour.

    White is hair whose lightest third is light and near grey. What is richer in colour beside it is skin in the
    shade or a rim lit by a warm backdrop.
    """
    chroma = np.hypot(lab[:, 1], lab[:, 2]) / np.maximum(lab[:, 0], 10)
    lightest = lab[:, 0] >= np.percentile(lab[:, 0], 67)
    usual = float(np.median(chroma[lightest]))
    if usual > _NEAR_GREY or np.median(lab[lightest, 0]) < _LIGHT_HAIR:
        return None
    return chroma <= usual + 0.5 * _NEAR_GREY


def hair_tones(pixels: np.ndarray, expo: float = 1.0, grey: float = 0.0) -> HairTones:
    """Tones around the colour of the photo's hair pixels (n, 3) L*a*b*; `grey` as for `greyed`."""
    white, cast = white_hair(pixels), 1.0
    if white is not None:
        pixels, cast = pixels[white], _CAST
    middle, spread = np.median(pixels, axis=0), max(5.0, float(pixels[:, 0].std()))
    # white hair comes out grey where only skin was exposed for; dark hair stays dark
    light = 9 + 0.91 * min(middle[0] * (0.5 + 0.5 * max(1.0, expo)), 96)
    cast *= 0.6 + 0.4 * float(step(8, 30, light))  # nearly black hair has no colour of its own
    light, a, b = greyed(np.array([light, cast * (middle[1] + 1.0), cast * (1.08 * middle[2] + 1.0)]), grey)
    gap = (1 - 0.35 * grey) * 8 + 3 * float(np.clip((spread - 5) / 8, 0, 1))
    levels = light + gap * np.array([-1.2, 0.0, 1.1, 2.2])
    tones = np.stack([np.clip(levels, 4, 97), a * np.array([1.1, 1, 1, 0.8]), b + np.array([0, 0, 1.5, 2])], axis=1)
    return HairTones(tones, np.array([max(7.0, min(light - 30, 34)), 0.6 * a + 2, 0.6 * b + 2]))


def paint_hair(sheet: Sheet, regions: Regions, face: Face, grey: float = 0.0) -> np.ndarray | None:
    """Paint the hair; returns its ink, None where there is too little."""
    if regions.hair.sum() < _LEAST:
        return None
    colours = hair_tones(regions.lab[regions.hair], grey=grey)
    picture = strands(regions.lab, regions.hair, colours)
    sheet.overlay(picture, _thin_hair(regions, face), 0.8)
    sheet.overlay(picture, shape_of(regions.hair, 1.7))
    return colours.ink


def strands(lab: np.ndarray, region: np.ndarray, colours: HairTones) -> np.ndarray:
    """The hair's own picture over the whole sheet, RGB: flat tones whose edges run along the strands.

    Args:
        lab: L*a*b* (256, 256, 3) of the photo. region: where the hair is; beyond it the nearest hair goes on.
    """
    white = white_hair(lab[region])
    if white is not None:  # shade and colour that are not the hair's own give way to the hair beside them
        region = region.copy()
        region[region] = white
    pixels = lab[region, 0]
    spread = max(5.0, float(pixels.std()))
    flow = Flow(fill_from(lab[..., 0], region), region, sigma=2.6)
    part = flow.part
    tone, fine = (field[part] for field in flow.smooth([blur(flow.light, 1.4), flow.ridges(0.95)], 14, stride=1.4))
    tone = (tone - np.median(pixels)) / spread
    fine = fine / np.clip(spread / 9, 0.6, 1.3)
    dark, middle, bright, shine = (lab_to_rgb(colour) for colour in colours.tones)
    picture = np.empty((sheet_side(), sheet_side(), 3), np.float32)
    picture[:] = middle
    for colour, coverage in (
        (dark, 0.85 * step(0.5, 0.9, -tone)),
        (bright, step(0.45, 0.75, tone)),
        (shine, step(1.25, 1.55, tone)),
        (bright, 0.6 * step(0.6, 2.0, fine)),
        (lab_to_rgb(colours.tones[0] - (7, 0, 0)), 0.55 * step(0.8, 2.4, -fine)),
    ):
        picture[part] += (colour.astype(np.float32) - picture[part]) * coverage[..., None].astype(np.float32)
    return picture


def _thin_hair(regions: Regions, face: Face) -> np.ndarray:
    """Coverage of hair through which the scalp shows: places beside the hair that are half like it."""
    _, down = face.across
    near = cv2.dilate(regions.hair.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    forehead = (face.brow_y - face.chin) / face.height - 0.08
    place = regions.skin & near & (down < forehead)
    share = step(0.12, 0.5, regions.hair_share) * blur(place, 2.0) * place
    return np.clip(enlarge(blur(share, 1.0)), 0, 1)
