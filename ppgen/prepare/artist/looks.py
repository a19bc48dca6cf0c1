"""Looks: other materials for the artist's drawing. Each takes a finished drawing, and a small set of parameters.

`poster`: a few flat printed colours, fixed for all pictures. `ink`: black pen on paper, shade by hatching.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ppgen.errors import ConfigError
from ppgen.faces.colour import lab_to_rgb, rgb_to_lab
from ppgen.prepare.artist.canvas import blur, step

FINE = 768  #: side in pixels that a look is made at, at least; smaller drawings are averaged from it


@dataclass(frozen=True)
class Poster:
    """Parameters of a poster.

    inks: L*a*b* of the printed colours, dark to light; the paper behind the person is the last.
    levels: L* at which one ink gives way to the next, after the person's own range is spread over 0 to 100.
    calm: how far neighbouring places are smoothed before, in thousandths of the side: larger, plainer shapes.
    """

    inks: tuple[tuple[float, float, float], ...] = (
        (16.0, 4.0, -18.0), (42.0, 52.0, 30.0), (62.0, -14.0, -16.0), (76.0, 8.0, 30.0), (93.0, 0.0, 12.0),
    )  # fmt: skip
    levels: tuple[float, ...] = (22.0, 42.0, 60.0, 78.0)
    calm: float = 5.0


@dataclass(frozen=True)
class Ink:
    """Parameters of a pen drawing.

    tones: L* below which each further set of strokes is laid; directions: of those sets, in degrees.
    own: how much of a picture's own darkness is kept; the rest is spread from the person's darkest to lightest tone, so
        that a dark face has light and shade too.
    spacing: between strokes, in thousandths of the side. line: L* step that counts as a drawn line.
    ink, paper: L*a*b*.
    """

    tones: tuple[float, ...] = (66.0, 46.0, 27.0)
    directions: tuple[float, ...] = (52.0, -38.0, 8.0)
    own: float = 0.35
    spacing: float = 9.0
    line: float = 6.0
    ink: tuple[float, float, float] = (12.0, 2.0, -6.0)
    paper: tuple[float, float, float] = (98.0, 0.0, 2.0)


def poster(drawing: np.ndarray, style: Poster = Poster()) -> np.ndarray:
    """A drawing on white, uint8 (S, S, 3), as a poster of few colours; the same size."""
    side = drawing.shape[0]
    person = _person(drawing)
    light = _spread(rgb_to_lab(drawing)[..., 0], person)
    calm = cv2.medianBlur(np.rint(light).astype(np.uint8), _odd(style.calm * side / 1000 * 1.2)).astype(np.float32)
    calm = blur(calm, style.calm * side / 4000)
    colours = lab_to_rgb(np.array(style.inks))
    printed = np.empty((side, side, 3), np.float32)
    printed[:] = colours[0]
    for level, colour in zip(style.levels, colours[1:]):
        share = np.clip((calm - level) / 3 + 0.5, 0, 1)[..., None]
        printed += (colour - printed) * share
    lines = _lines(drawing, 9.0)[..., None]
    printed += (colours[0] - printed) * lines
    whole = blur(person, side / 700)[..., None]
    return np.rint(printed * whole + colours[-1] * (1 - whole)).clip(0, 255).astype(np.uint8)


def ink(drawing: np.ndarray, style: Ink = Ink()) -> np.ndarray:
    """A drawing on white, uint8 (S, S, 3), as lines and hatching of a pen; the same size."""
    side = drawing.shape[0]
    person = _person(drawing)
    light = blur(rgb_to_lab(cv2.medianBlur(drawing, _odd(side / 160)))[..., 0], side / 300)
    light = style.own * light + (1 - style.own) * _spread(light, person)
    covered = _lines(drawing, style.line)
    for tone, direction in zip(style.tones, style.directions):
        dark = step(tone, tone - 14, light) * person
        covered = np.maximum(covered, _strokes(side, direction, style.spacing * side / 1000, dark))
    black = step(15, 8, light) * person
    covered = np.maximum(covered, black)[..., None]
    return np.rint(lab_to_rgb(style.paper) * (1 - covered) + lab_to_rgb(style.ink) * covered).astype(np.uint8)


def _odd(width: float) -> int:
    return max(3, 2 * round(width / 2) + 1)


def _spread(light: np.ndarray, person: np.ndarray) -> np.ndarray:
    """L* (S, S), the person's darkest tone made 0 and the lightest 100."""
    low, high = np.percentile(light[person], (2, 98)) if person.any() else (0.0, 100.0)
    return np.clip((light - low) / max(1.0, high - low), 0, 1) * 100


def _person(drawing: np.ndarray) -> np.ndarray:
    """Boolean (S, S): what the white paper around does not reach."""
    white = (drawing.min(axis=2) >= 252).astype(np.uint8)
    _, pieces = cv2.connectedComponents(np.pad(white, 1, constant_values=1))
    return pieces[1:-1, 1:-1] != pieces[0, 0]


def _lines(drawing: np.ndarray, least: float) -> np.ndarray:
    """Coverage of the drawn lines (S, S): thin places darker than both sides, by a closing."""
    light = rgb_to_lab(drawing)[..., 0]
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(drawing.shape[0] / 55),) * 2)
    return step(least, 3 * least, blur(cv2.morphologyEx(light, cv2.MORPH_CLOSE, wide) - light, 0.7))


def _strokes(side: int, degrees: float, spacing: float, dark: np.ndarray) -> np.ndarray:
    """Coverage of parallel pen strokes, thicker where `dark` (S, S) in [0, 1] is more; a hand sways a little."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    angle = np.deg2rad(degrees)
    across = -np.sin(angle) * x + np.cos(angle) * y
    along = np.cos(angle) * x + np.sin(angle) * y
    across = across + 0.22 * spacing * np.sin(along / (9 * spacing) + 1.7 * np.sin(across / (5 * spacing)))
    off = np.abs((across / spacing) % 1 - 0.5) * spacing  # pixels from the middle of the stroke
    half = (0.10 + 0.20 * dark) * spacing
    return np.clip(half - off + 0.5, 0, 1) * step(0.05, 0.3, dark)


LOOKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"poster": poster, "ink": ink}


def in_look(name: str, draw: Callable[[int], np.ndarray], size: int) -> np.ndarray:
    """A drawing in a look, uint8 (size, size, 3); `draw` makes the plain one at a size.

    Raises ConfigError for an unknown name.
    """
    if name not in LOOKS:
        raise ConfigError(f"no look is called {name!r}; there are {', '.join(LOOKS)}")
    fine = LOOKS[name](draw(max(size, FINE)))
    if fine.shape[0] == size:
        return fine
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA))
