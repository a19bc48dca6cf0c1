"""Who draws the pairs of a dataset: our artist by rules, or the shipped Photo2Cartoon network."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ppgen.errors import ConfigError
from ppgen.faces.identify import describe
from ppgen.prepare.artist import draw_cartoon

CARTOONS = ("artist", "photo2cartoon")
Draw = Callable[[np.ndarray, np.ndarray, np.ndarray, "Person"], np.ndarray]


class Person(NamedTuple):
    """What is known about the person drawn; None is unknown."""

    gender: str | None = None
    age_group: str | None = None
    glasses: bool | None = None
    years: float | None = None

    @property
    def group(self) -> str | None:
        """The age group as given, or that of the years (the bounds of configs/photo2cartoon_progressive.yaml)."""
        if self.age_group or self.years is None:
            return self.age_group
        return "young" if self.years < 50 else "middle" if self.years < 65 else "senior"


def likeness(cartoon: np.ndarray, photo: np.ndarray, landmarks: np.ndarray) -> float:
    """How far the face descriptors of a drawing and its photo lie apart; 0.6 and more is another person to dlib."""
    return float(np.linalg.norm(describe(cartoon, landmarks) - describe(photo, landmarks)))


def drawer(name: str) -> Draw:
    """A function (crop uint8, landmarks (68, 2), mask in [0, 1], person) -> cartoon uint8, on white.

    Raises ConfigError for an unknown name, WeightsError where the network is missing.
    """
    if name == "artist":
        return lambda crop, points, mask, who: draw_cartoon(crop, points, mask, who.gender, who.group, who.glasses)
    if name == "photo2cartoon":
        return _network_drawer()
    raise ConfigError(f"cartoon={name!r}: give one of {', '.join(CARTOONS)}")


def _network_drawer() -> Draw:
    from ppgen.faces.segment import outline_mask
    from ppgen.faces.skin import estimate_skin
    from ppgen.hub.compiled import CompiledNetwork
    from ppgen.io.image import on_white, to_tensor_array, to_uint8
    from ppgen.networks.protocols import Translator

    generator = CompiledNetwork("photo2cartoon", kind=Translator)

    def draw(crop: np.ndarray, points: np.ndarray, mask: np.ndarray, person: Person) -> np.ndarray:
        photo = to_tensor_array(on_white(crop, mask))[None]
        skin = estimate_skin(crop, points)[None] if generator.traits.takes_skin else None
        drawing = generator.call("translate", photo, skin)[0]
        assert drawing is not None  # a `Translation` has an image
        return on_white(to_uint8(drawing)[0], outline_mask(mask))

    return draw
