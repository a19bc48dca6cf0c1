"""Which part of the person is skin, hair and clothing: colour models taken from the photo itself, weighed by place.

Every pixel gets the likelihood of its colour under a mixture of Gaussians for each part, fitted where that part
certainly is, and a prior that depends on where it lies relative to the face. Coordinates: `Face.across`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ppgen.faces.colour import rgb_to_lab
from ppgen.faces.daylight import shown_part
from ppgen.faces.proportions import JAW, SIDE
from ppgen.prepare.artist.canvas import blur, step
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.hats import find_hat
from ppgen.prepare.artist.mixture import Gaussian, fit_mixture, gaussian, log_likelihood

_FLOOR = (20.0, 5.0, 6.0, 0.06)  # added to the variances: L*, a*, b*, texture
_COLOURLESS = 4.0  # chroma of skin in a grey photo at most
_DARKER = 6.0  # L* below the lit skin's from which it is shade, a beard or hair in a grey photo
_SAME_HUE = 9.0  # distance in a*, b* within which something may be skin
_SMOOTH = (0.45, 0.6)  # share of the skin that is rougher than a bald head, one of the skin's hue and another
_POOR = 0.62  # of the skin's chroma for its L*: white hair has less
_TRIM = 80  # percent of the cheeks' pixels that are taken for bare skin: the rest is beard, glasses, glare


@dataclass(frozen=True)
class Regions:
    """Boolean (256, 256) parts of the person, disjoint; `skin` is the face with the ears, without the neck.

    clothes: with hats and hoods.
    lab: the photo, edges kept and grain smoothed, (256, 256, 3). texture: log of the local contrast.
    skin_colour: L*a*b* of well lit skin in the photo as it is. oval: inside of the face outline.
    hair_share: how sure hair is against skin, in [0, 1], before it was decided; thin hair lies in between.
    shown: where the photo is; beyond is white that alignment added.
    """

    person: np.ndarray
    skin: np.ndarray
    neck: np.ndarray
    hair: np.ndarray
    clothes: np.ndarray
    oval: np.ndarray
    lab: np.ndarray
    texture: np.ndarray
    skin_colour: np.ndarray
    hair_share: np.ndarray
    shown: np.ndarray


def find_regions(photo: np.ndarray, mask: np.ndarray, face: Face) -> Regions:
    """Split the person.

    Args:
        photo: uint8 (256, 256, 3) RGB. mask: (256, 256) in [0, 1].
    """
    lab = rgb_to_lab(cv2.bilateralFilter(photo, 5, 25, 3))
    light = rgb_to_lab(photo)[..., 0]
    texture = np.log1p(np.sqrt(blur((light - blur(light, 2.0)) ** 2, 2.0)))
    features = np.dstack([lab, texture])
    oval = face.filled(face.oval)
    person = _solid(mask > 0.55)
    models, skin_colour = _models(features, person, oval, face)
    logs = _likelihoods(features, person, models, face)
    person = _solid(person & ~_leaks(lab, person, logs, face))
    shares = _weigh(logs, oval, person, face)
    decided = shares.argmax(-1)
    colourless = np.hypot(*skin_colour[1:]) < _COLOURLESS
    if not colourless:  # in a grey photo all has the skin's hue, strands that shine too
        decided[_glare(features, decided == 1, skin_colour, oval, face)] = 0
    labels = _tidy(decided, person, oval, face)
    labels[_apart(labels == 0, oval & _below_brows(face) if colourless else oval)] = 1
    if _bald(features, labels == 1, skin_colour, oval & (labels == 0)):
        labels = np.where(labels == 1, 0, labels)
    labels = np.where(find_hat(lab, labels == 1, face), 2, labels)
    skin, hair, clothes = (labels == part for part in range(3))
    neck = skin & _below_jaw(face) & ~oval
    hair_share = shares[..., 1] / np.maximum(shares[..., 0] + shares[..., 1], 1e-6)
    shown = shown_part(photo)
    return Regions(person, skin & ~neck, neck, hair, clothes, oval, lab, texture, skin_colour, hair_share, shown)


def _solid(person: np.ndarray) -> np.ndarray:
    """The largest piece without thin spurs and holes; the frame of the picture cuts through, it does not end it."""
    pad = 12
    wide = np.pad(person, pad, mode="edge").astype(np.uint8)
    opened = cv2.morphologyEx(wide, cv2.MORPH_OPEN, _disc(9))[pad:-pad, pad:-pad]
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return person
    largest = (pieces == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    # a hole is background that does not reach the frame
    count, pieces = cv2.connectedComponents(np.pad(1 - largest, 1, constant_values=1))
    return pieces[1:-1, 1:-1] != pieces[0, 0]


def _disc(size: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def _bare_skin(features: np.ndarray, oval: np.ndarray, face: Face) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 4) that are surely skin, and the L*a*b* of well lit skin."""
    across, _ = face.across
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    inner = cv2.erode((oval & ~face.features).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    core = inner & (y > face.brow_y)
    middle = core & (y > face.eye_centres[:, 1].mean()) & (y < face.points[62, 1]) & (across < 0.36)
    seen = features[middle if middle.sum() > 50 else core if core.any() else oval]
    colour = np.median(seen[:, :3], axis=0)
    nose = core & (y < face.points[33, 1]) & (np.abs(x - face.points[30, 0]) < 0.36 * face.width)
    if np.hypot(*colour[1:]) < _COLOURLESS and nose.sum() > 100:
        lit = np.median(features[nose, :3], axis=0)
        if lit[0] > colour[0] + _DARKER:  # without colours only the light tells that this was a beard, or shade
            core, colour = nose, lit
    pixels = features[core] if core.sum() > 100 else features[oval]
    apart = np.square((pixels[:, :3] - colour) * (0.35, 1, 1)).sum(axis=1)
    bare = pixels[apart <= np.percentile(apart, _TRIM)]
    colour[0] = np.percentile(bare[:, 0], 56)  # most of a face is a bit in shade
    return bare, colour


class _Models(NamedTuple):
    skin: list[Gaussian]
    shaded: list[Gaussian]  # skin, and skin in the shade, seen below the eyes; above it would be a fringe
    hair: list[Gaussian] | None
    clothes: list[Gaussian] | None


def _models(features: np.ndarray, person: np.ndarray, oval: np.ndarray, face: Face) -> tuple[_Models, np.ndarray]:
    """The colours of each part, and the L*a*b* of well lit skin."""
    across, down = face.across
    bare, skin_colour = _bare_skin(features, oval, face)
    # glare, and skin in the shade: the same hue with less light; deep shade only below the eyes
    skin = fit_mixture(bare, 3, _FLOOR)
    skin.append(gaussian(0.06, _toned(bare, skin_colour, 1.22, 0.65), np.diag((40.0, 14.0, 16.0, 0.06))))
    skin.append(gaussian(0.06, _toned(bare, skin_colour, 0.74, 0.82), np.diag((40.0, 9.0, 10.0, 0.05))))
    dark = ((0.12, 0.72, 0.8), (0.08, 0.5, 0.65))  # weight, light, richness
    shade = np.diag((70.0, 16.0, 18.0, 0.12))
    shaded = [*skin, *(gaussian(weight, _toned(bare, skin_colour, *tone), shade) for weight, *tone in dark)]
    far = _distance(features[..., :3], bare[:, :3])
    outer = cv2.dilate(oval.astype(np.uint8), _disc(7)) > 0
    above = person & ~outer & (down < -0.45)
    # grey hair is as light as skin but poorer in colour; so is glare on the forehead, which is smooth
    chroma = np.hypot(features[..., 1], features[..., 2]) / np.maximum(features[..., 0], 10)
    usual = float(np.hypot(*skin_colour[1:]) / max(skin_colour[0], 10))
    smooth = features[..., 3] < np.percentile(bare[:, 3], 60)
    glare = smooth & (features[..., 0] > 1.05 * skin_colour[0])
    hair_seed = above & ~glare & ((far > 9) | ((chroma < 0.72 * usual) & ~smooth))
    other = far > 7
    if np.hypot(*skin_colour[1:]) < _COLOURLESS and (above & (far > 9)).sum() <= 120:
        # a grey photo whose skin is of all shades: it is lighter than hair, and suit and collar differ more
        apart = features[..., 0] - skin_colour[0]
        hair_seed, other = above & (apart < -_DARKER), np.abs(apart) > 2.5 * _DARKER
    clothes_seed = person & other & ((down > 0.1) | ((down > 0.02) & (across > 0.62)))
    clothes_seed &= ~((across < 0.3) & (down < 0.2) & (far < 20))
    hair = fit_mixture(features[hair_seed], 3, _FLOOR) if hair_seed.sum() > 120 else None
    clothes = fit_mixture(features[clothes_seed], 4, _FLOOR) if clothes_seed.sum() > 120 else None
    return _Models(skin, shaded, hair, clothes), skin_colour


def _toned(bare: np.ndarray, colour: np.ndarray, light: float, rich: float) -> np.ndarray:
    """L*, a*, b*, texture of the skin with so much of its light and of its colour."""
    return np.array([min(colour[0] * light, 98.0), colour[1] * rich, colour[2] * rich, bare[:, 3].mean()])


def _distance(lab: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distance of every pixel from a cloud of colours."""
    covariance = np.cov(sample.T) + np.diag((30.0, 6.0, 8.0))
    apart = (lab - sample.mean(axis=0)) @ np.linalg.cholesky(np.linalg.inv(covariance))
    return np.square(apart).sum(axis=-1)


def _likelihoods(features: np.ndarray, person: np.ndarray, models: _Models, face: Face) -> np.ndarray:
    """Log-likelihoods (256, 256, 3) of skin, hair, clothes, within sensible bounds; -30 outside the person."""
    logs = np.full((*person.shape, 3), -30.0, np.float32)
    low = person & (np.mgrid[0:SIDE, 0:SIDE][0] > face.points[29, 1])
    logs[low, 0] = log_likelihood(models.shaded, features[low])
    logs[person & ~low, 0] = log_likelihood(models.skin, features[person & ~low])
    for part, model in ((1, models.hair), (2, models.clothes)):
        if model is not None:
            logs[person, part] = log_likelihood(model, features[person])
    return np.clip(logs, -30, 20)


def long_hair(person: np.ndarray, face: Face) -> float:
    """0: nothing but the face at the height of the mouth, 1: something wide beside it, so hair falls that far."""
    across, down = face.across
    band = (down > -0.30) & (down < -0.12) & (across > 0.55) & (across < 0.75)
    return float(step(0.15, 0.6, person[band].mean() if band.any() else 0.0))


def _leaks(lab: np.ndarray, person: np.ndarray, logs: np.ndarray, face: Face) -> np.ndarray:
    """Background that the mask took along beside the head: flags, chair backs."""
    across, down = face.across
    unlike = (logs < -14).all(axis=-1)
    vivid = (lab[..., 1] > 24) & (np.hypot(lab[..., 1], lab[..., 2]) > 32)
    turned = abs(float(face.points[30, 0]) - face.centre_x) / face.width
    beside = person & (down < -0.1) & (across > 0.62 + 0.4 * turned + 0.25 * long_hair(person, face))
    return cv2.dilate((beside & (unlike | vivid)).astype(np.uint8), _disc(5)) > 0


def _weigh(logs: np.ndarray, oval: np.ndarray, person: np.ndarray, face: Face) -> np.ndarray:
    """Shares (256, 256, 3) of skin, hair, clothes that sum to 1."""
    across, down = face.across
    long = long_hair(person, face)
    skin = 1.0 - 3.0 * step(0.05, 0.5, down) - 2.0 * step(0.45, 0.9, across) * (down > -0.1)
    skin -= (9.0 - 5.0 * long) * step(0.34, 0.5, across) * step(-0.08, 0.02, down)
    skin -= (8.0 - 5.0 * long) * step(0.56, 0.66, across) * step(-0.30, -0.18, down)
    up = (face.brow_y - face.chin) / face.height
    fringe = step(0.35, 0.95, (up - down) / (1 + up))  # 0 at the brows, 1 where the hair usually begins
    skin = np.where(oval, 3.0 - 1.2 * fringe, skin)
    hair = np.where(oval, -6.0, -1.0)
    hair = np.where(oval & (down < up - 0.03), -2.0 + step(0.25, 0.45, across) + 1.2 * fringe, hair)
    hair = np.where(~oval & (down < -0.5), 2.2, hair)
    hair -= 8 * step(0.02, 0.12 + 0.43 * long, down) * (1 - 0.6 * long)
    hair -= 8 * step(0.2, 0.05, across) * (down > 0)
    hair -= 14 * (1 - long) * step(-0.40, -0.22, down)
    hair += 3.0 * long * step(0.45, 0.6, across) * step(0.35, 0.1, down)
    shoulder = down + 0.10 * step(0.35, 0.8, across) * (1 - 2 * long) - 0.06 * (across < 0.3)
    clothes = -14 + 16 * step(-0.12, 0.16, shoulder)
    beside = -14 + 15 * step(-0.42, -0.16, down) * step(0.5, 0.6, across)
    clothes = np.where(across > 0.5, np.maximum(clothes, beside * (1 - long) - 14 * long), clothes)
    logs = logs + np.stack([skin, hair, clothes], axis=-1)
    shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.stack([blur(shares[..., part], 1.6) for part in range(3)], axis=-1)


def _bald(features: np.ndarray, hair: np.ndarray, skin_colour: np.ndarray, skin: np.ndarray) -> bool:
    """Whether what was taken for hair has the skin's hue, light and smoothness."""
    if hair.sum() < 30 or skin.sum() < 30:
        return False
    light, a, b, texture = np.median(features[hair], axis=0)
    apart = float(np.hypot(a - skin_colour[1], b - skin_colour[2]))
    usual = float(np.hypot(*skin_colour[1:])) / max(skin_colour[0], 10)
    told = usual > 0.1  # a grey photo tells neither hue nor richness
    rich = float(np.hypot(a, b)) / max(light, 10) / usual if told else 1.0
    smoothness = float((features[skin][:, 3] > texture).mean())  # share of the skin that is rougher
    least = _SMOOTH[0] if told and apart < _SAME_HUE else _SMOOTH[1]
    alike = apart < 2 * _SAME_HUE and light > 0.7 * skin_colour[0] and rich > _POOR
    return bool(alike and smoothness > least)


def _glare(features: np.ndarray, hair: np.ndarray, skin_colour: np.ndarray, oval: np.ndarray, face: Face) -> np.ndarray:
    """What was taken for hair beside darker hair: a lit forehead or temple, of the skin's colour or lighter than it."""
    lab, usual = features[..., :3], np.percentile(features[oval & ~hair, 3], 65) if (oval & ~hair).any() else 0.0
    darker = skin_colour[0] - np.median(lab[hair, 0]) if hair.sum() >= 30 else 0.0
    if darker < 8:
        return np.zeros_like(hair)
    _, down = face.across
    like = np.hypot(lab[..., 1] - skin_colour[1], lab[..., 2] - skin_colour[2]) < _SAME_HUE
    glare = hair & (lab[..., 0] > skin_colour[0] + 1) & oval & (blur(features[..., 3], 2.0) < usual)
    if darker > 15:
        glare |= hair & like & (lab[..., 0] > skin_colour[0] - 10) & (down > -1.12)
    return glare


def _below_brows(face: Face) -> np.ndarray:
    return np.mgrid[0:SIDE, 0:SIDE][0] > face.brow_y


def _apart(skin: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Pieces of what was taken for skin that lie higher than the face and apart from it: lit hair."""
    count, pieces = cv2.connectedComponents(skin.astype(np.uint8))
    joined = np.zeros(count, bool)
    joined[np.unique(pieces[face])] = True
    bottom = np.array([np.nonzero((pieces == n).any(axis=1))[0].max() for n in range(count)])
    above = bottom < np.nonzero(face.any(axis=1))[0].min(initial=SIDE)
    return (skin & above[pieces]) & ~joined[pieces]


def _below_jaw(face: Face) -> np.ndarray:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    jaw = face.points[JAW]
    order = np.argsort(jaw[:, 0])
    edge = np.interp(x[0], jaw[order, 0], jaw[order, 1], left=np.nan, right=np.nan)
    aside = (jaw[4, 1] + jaw[12, 1]) / 2 + 0.04 * face.height
    return np.where(np.isnan(edge)[None], y > aside, y > np.nan_to_num(edge)[None])


def _tidy(labels: np.ndarray, person: np.ndarray, oval: np.ndarray, face: Face) -> np.ndarray:
    """Decided labels (0 skin, 1 hair, 2 clothes, 3 nobody) without specks, with smooth borders."""
    across, down = face.across
    low = oval & (down > (face.brow_y - face.chin) / face.height - 0.02)
    labels = np.where(low & ~((across > 0.4) & (labels == 1)), 0, labels)
    labels = np.where(person, labels, 3)
    inner = cv2.erode(np.pad(person, ((4, 0), (4, 4))).astype(np.uint8), np.ones((9, 9), np.uint8))[4:, 4:-4] > 0
    kept = np.full(labels.shape, 3)
    for part, least in ((0, 120), (1, 150), (2, 60)):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats((labels == part).astype(np.uint8))
        good = stats[:, cv2.CC_STAT_AREA] >= least
        if part == 1:  # hair grows at the edge of the head, brows and shadows do not
            edge = np.zeros(count, bool)
            edge[np.unique(pieces[~inner])] = True
            good &= edge
        good[0] = False
        kept[good[pieces]] = part
    shares = np.stack([blur(kept == part, 1.6) for part in range(3)], axis=-1)
    shares += 1e-3 * np.stack([blur(kept == part, 12) for part in range(3)], axis=-1)
    return np.where(person, shares.argmax(axis=-1), 3)
