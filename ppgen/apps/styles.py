"""The styles that a portrait can be drawn in: by a network, or by the artist, whose drawings have any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ppgen.errors import ConfigError
from ppgen.registry import unknown

if TYPE_CHECKING:  # the artist is imported when he draws
    from ppgen.prepare.drawers import Person

NETWORK, LITE = "photo2cartoon", "lite"
NETWORKS = {NETWORK: "photo2cartoon", LITE: "photo2cartoon-lite"}  #: styles that a network draws: its name in the hub
STYLES = {
    NETWORK: "the Photo2Cartoon network, at 256 pixels (default)",
    LITE: "a Photo2Cartoon network of a million parameters, for phones and browsers, at 256 pixels",
    "artist": "the artist by rules, whose flatter drawings the network learnt from, at 256 to 1024 pixels",
    "poster": "the artist, printed as a poster in five flat colours",
    "ink": "the artist, with pen and hatching",
}
SIZE, LARGEST = 256, 1024  #: pixels a side

#: crop uint8 (256, 256, 3), landmarks (68, 2), mask (256, 256) in [0, 1] -> drawing uint8 (S, S, 3) on its paper
Sketch = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def check_style(style: str, size: int) -> None:
    """ConfigError for a style that there is not, or a size that it does not draw."""
    if style not in STYLES:
        raise ConfigError(unknown("style", style, STYLES))
    if style in NETWORKS and size != SIZE:
        raise ConfigError(f"size={size}: the networks draw {SIZE} pixels a side; style='artist' draws any size")
    if not SIZE <= size <= LARGEST:
        raise ConfigError(f"size={size}: give {SIZE} to {LARGEST} pixels a side")


def person_of(attributes: Mapping[str, object]) -> Person:
    """What the artist is told of a person: `gender` ("F", "M"), `age` (years, or "young", "middle", "senior").

    Raises ConfigError for anything else.
    """
    from ppgen.prepare.drawers import Person

    known = {name: value for name, value in attributes.items() if value is not None}
    gender, age = known.pop("gender", None), known.pop("age", None)
    if known or gender not in (None, "F", "M"):
        raise ConfigError(f"attributes {dict(attributes)}: the artist is told gender ('F' or 'M') and age")
    if isinstance(age, (int, float)) and not isinstance(age, bool):
        if not 0 <= age <= 150:
            raise ConfigError(f"attributes: age={age!r} is no age in years")
        return Person(gender, years=float(age))
    return Person(gender, None if age is None else str(age))


def sketch(style: str, size: int, person: Person) -> Sketch:
    """The artist at work in a style; ConfigError for an age group that there is not, when it draws."""
    from ppgen.prepare.artist import draw_cartoon
    from ppgen.prepare.artist.looks import LOOKS, in_look
    from ppgen.prepare.artist.modelling import LIKENESS

    def draw(crop: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> np.ndarray:
        def drawn(side: int, likeness: float = 0.0) -> np.ndarray:
            told = (person.gender, person.group, person.glasses)
            return draw_cartoon(crop, landmarks, mask, *told, size=side, likeness=likeness)

        return in_look(style, drawn, size) if style in LOOKS else drawn(size, LIKENESS)

    return draw
