"""Beards, moustaches and the shade of a shaved beard, where the photo shows them.

Facial hair is told from shaded skin by its colour: hair is less colourful for its lightness. Folds, the shade
under the jaw and a light from one side are ruled out by where they lie.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ppgen.faces.proportions import NOSTRILS
from ppgen.prepare.artist.canvas import Sheet, blur, enlarge, shape_of, step
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.hair import hair_tones, strands
from ppgen.prepare.artist.lines import long_pieces
from ppgen.prepare.artist.regions import Regions
from ppgen.prepare.artist.style import Style
from ppgen.prepare.artist.tone import SkinTones

_BEARD = 0.13  # share of the lower face that must be hair
_DARK = 0.62  # of the skin's L*: what is darker all over chin and cheeks is a beard of whatever colour
_STUBBLE = (0.80, 0.60, 0.56)  # what a shaved beard leaves of the skin's L*, a*, b*
_LIKE_BEARD = 9.0  # how far from the beard's colour what hangs from it may be, L* counting half
_BALANCE = 0.3  # the thinner side has at least so much of the fuller; a cast shadow has not


@dataclass(frozen=True)
class FacialHair:
    """Boolean (256, 256) of beard and moustache, either may be empty; `shade` is how blue the shaved skin is."""

    beard: np.ndarray
    moustache: np.ndarray
    shade: float


def paint_beard(sheet: Sheet, regions: Regions, face: Face, tones: SkinTones, style: Style) -> None:
    """Paint what `find_beard` finds."""
    hair = find_beard(regions, face)
    if style.stubble and not hair.beard.any():
        sheet.paint(tones.base * _STUBBLE, _shaved(regions, face), style.stubble * (0.42 + 0.2 * hair.shade))
    whole = hair.beard | hair.moustache
    if whole.any():
        bare = whole & ~face.features
        pixels = regions.lab[bare if bare.any() else whole]
        if np.median(pixels[:, 0]) < regions.skin_colour[0]:  # skin shows between dark hairs
            pixels = pixels[pixels[:, 0] <= np.percentile(pixels[:, 0], 60)]
        colours = hair_tones(pixels, grey=style.grey)
        coverage = step(0.3, 0.65, enlarge(blur(whole, 1.7))) * shape_of(regions.skin | whole, 1.6)
        sheet.overlay(strands(regions.lab, whole, colours), coverage, 0.92)
        edge = np.clip(cv2.morphologyEx(coverage, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), 0, 1)
        sheet.paint(colours.tones[0] - (8, 0, 0), edge, 0.35)


def _shaved(regions: Regions, face: Face) -> np.ndarray:
    """Coverage of where a shaved beard shows: along the jaw from ear to ear, chin and upper lip, not the lips."""
    points, reach = face.points, face.eye_distance
    cheeks = [
        points[[corner, wing]] + np.array([[0.34 * side, 0.02], [0.12 * side, 0.14]]) * reach
        for corner, wing, side in ((54, 35, 1), (48, 31, -1))
    ]
    top = [points[14], *cheeks[0], points[33] + (0, 0.08 * reach), *cheeks[1][::-1], points[2]]
    area = face.filled(np.vstack([points[2:15], top]))
    lips = cv2.dilate(face.filled(face.lips()).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    soft = step(0.1, 0.95, enlarge(blur(area, 0.1 * reach)))
    inside = shape_of(regions.skin & regions.oval, 1.6) * (1 - np.clip(enlarge(blur(lips, 1.2)), 0, 1))
    return soft * inside


def find_beard(regions: Regions, face: Face) -> FacialHair:
    """Facial hair of a face."""
    hairy, rich, shade = _hairy(regions, face)
    lower = _lower_face(regions, face)
    level = _levelled(regions, face)
    rough = regions.texture > np.median(regions.texture[regions.skin & regions.oval & ~lower]) + 0.1
    dark = (level < _DARK) & rough
    lip = _upper_lip(face) & regions.skin
    x = np.mgrid[0 : lower.shape[0], 0 : lower.shape[1]][1]
    left = x < (face.points[33, 0] + face.points[8, 0]) / 2
    chin = _chin(face) & lower
    limit = _BEARD if regions.skin_colour[0] > 50 else 2 * _BEARD
    # hair of any colour that is so dark all over chin and cheeks is no shade
    for found, least, even, most in ((hairy, limit, _BALANCE, 0.25), (hairy | dark, 1.5 * _BEARD, _BALANCE, 0.35)):
        beard = _without_jaw_shade(long_pieces(_closed(found & lower, 5), 60), regions, face)
        enough = beard.sum() >= least * max(1, lower.sum()) and _balanced(beard, left, even)
        if enough and chin.any() and beard[chin].mean() >= most:
            beard = _closed(beard, 13) & lower
            break
        beard = np.zeros_like(beard)
    beard = _with_its_length(beard, hairy | dark, rough, regions, face)
    return FacialHair(beard, _moustache(rich, level, lip, bool(beard.any())), shade)


def _with_its_length(
    beard: np.ndarray, hairy: np.ndarray, rough: np.ndarray, regions: Regions, face: Face
) -> np.ndarray:
    """The beard and what hangs from it below the jaw: coloured like hair, or as rough and coloured like the beard."""
    near = beard & ~face.features & (np.mgrid[0 : beard.shape[0], 0 : beard.shape[1]][0] > face.points[57, 1])
    if near.sum() < 60:
        return beard
    apart = np.linalg.norm((regions.lab - np.median(regions.lab[near], axis=0)) * (0.5, 1, 1), axis=-1)
    across, down = face.across
    below = (regions.neck | regions.clothes) & (across < 0.45) & (down < 0.4)
    hanging = below & ((regions.neck & hairy & rough) | (rough & (apart < _LIKE_BEARD)))
    _, pieces = cv2.connectedComponents(_closed(hanging | near, 5).astype(np.uint8))
    grown = np.isin(pieces, np.setdiff1d(np.unique(pieces[near]), [0])) & below
    return beard | (_closed(grown, 9) & below) if grown.sum() > 80 else beard


def _levelled(regions: Regions, face: Face) -> np.ndarray:
    """L* over that of the cheeks, (256, 256), a light from one side taken away."""
    light = blur(regions.lab[..., 0], 1.2)
    y, x = np.mgrid[0 : light.shape[0], 0 : light.shape[1]].astype(np.float32)
    cheeks = regions.skin & regions.oval & ~face.features & (y > face.brow_y) & (y < face.points[33, 1])
    if cheeks.sum() < 100:
        return light / regions.skin_colour[0]
    slope, middle = np.polyfit(x[cheeks] - face.centre_x, light[cheeks], 1)
    usual = middle + slope * np.clip(x - face.centre_x, -face.width / 2, face.width / 2)
    return light / np.clip(usual, 0.5 * middle, 1.5 * middle)


def _moustache(rich: np.ndarray, light: np.ndarray, lip: np.ndarray, bearded: bool) -> np.ndarray:
    """The upper lip where hair covers most of it; beside a beard less proof is asked for."""
    if lip.sum() >= 20:
        colour, dark = float(np.median(rich[lip])), float(np.median(light[lip]))
        alone = colour < 0.70 or dark < 0.66 or (colour < 0.82 and dark < 0.82)
        if alone or (bearded and (colour < 0.87 or dark < 0.8)):
            return _closed(lip & ((rich < 1.0) | (light < 0.8)), 5)
    return np.zeros_like(lip)


def _closed(region: np.ndarray, size: int) -> np.ndarray:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0


def _hairy(regions: Regions, face: Face) -> tuple[np.ndarray, np.ndarray, float]:
    """Where the colour is that of hair; how rich it is beside the skin's (1); in [0, 1] how much greyer the chin is."""
    lab = regions.lab
    light = blur(lab[..., 0], 1.2)
    chroma = blur(np.hypot(lab[..., 1], lab[..., 2]), 1.2)
    skin_light, *skin_ab = regions.skin_colour
    skin_chroma = float(np.hypot(*skin_ab))
    dark = light < 0.55 * skin_light
    if skin_chroma < 6:  # no colour in the photo: only clearly dark hair can be told
        return dark, np.ones_like(light), 0.0
    rich = chroma / np.maximum(light, 10) / (skin_chroma / max(skin_light, 10.0))
    bright_skin = skin_light > 50
    grey = rich < (0.62 if bright_skin else 0.45)
    hairy = grey | (dark & (chroma < 0.75 * skin_chroma) & bright_skin)
    chin = rich[_chin(face) & ~face.features]
    return hairy, rich, float(step(1.0, 0.68, np.median(chin))) if len(chin) else 0.0


def _lower_face(regions: Regions, face: Face) -> np.ndarray:
    """Skin below the nose, without the lips."""
    y = np.mgrid[0 : regions.skin.shape[0], 0 : regions.skin.shape[1]][0]
    wide = cv2.dilate(regions.oval.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return wide & regions.skin & (y > face.points[33, 1] - 2) & ~face.features


def _upper_lip(face: Face) -> np.ndarray:
    top = face.points[NOSTRILS] + (0, 3)
    aside = face.points[[54, 48]] + np.array([[2, -3], [-2, -3]])
    return face.filled(np.vstack([top, aside[:1], face.points[[53, 52, 51, 50, 49]], aside[1:]]))


def _chin(face: Face) -> np.ndarray:
    lips, jaw = face.points[[59, 58, 57, 56, 55]] + (0, 3), face.points[[10, 9, 8, 7, 6]]
    return face.filled(np.vstack([lips, jaw - (0, 3)]))


def _balanced(region: np.ndarray, left: np.ndarray, least: float) -> bool:
    sides = sorted([int((region & left).sum()), int((region & ~left).sum())])
    return sides[0] >= least * sides[1]


def _without_jaw_shade(beard: np.ndarray, regions: Regions, face: Face) -> np.ndarray:
    """Without pieces that only hug the jaw line."""
    depth = cv2.distanceTransform(regions.oval.astype(np.uint8), cv2.DIST_L2, 3)
    count, pieces = cv2.connectedComponents(beard.astype(np.uint8))
    least = 0.055 * face.height
    return np.isin(pieces, [one for one in range(1, count) if np.percentile(depth[pieces == one], 80) >= least])
