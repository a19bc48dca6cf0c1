"""Pictures that show what is asked for: of a seed's latents those whose face looks so, the others are passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from tqdm.auto import tqdm

from ppgen.apps.latent_model import LatentModel
from ppgen.apps.portrait import crop_for
from ppgen.errors import ConfigError, DataError
from ppgen.faces.attributes import attributes_of_crops
from ppgen.faces.typical import face_box
from ppgen.latent.render import check_latents
from ppgen.latent.seeds import MOST, latents
from ppgen.networks.protocols import LatentGenerator
from ppgen.registry import unknown

YOUNG = 50  # years; as the tables of faces have it
TRIES, FEWEST_TRIES = 32, 256  # at most, for a picture that is wanted, and in all
_AT_ONCE = 32

#: uint8 (n, S, S, 3) -> bool (n,) by attribute
Looks = Callable[[np.ndarray], Mapping[str, np.ndarray]]
ATTRIBUTES = ("male", "young")


def looks_of(source: str) -> Looks:
    """What faces drawn by the network of this name or file look like, as `face_attributes` takes them."""
    box = face_box(crop_for(source))

    def looks(pictures: np.ndarray) -> dict[str, np.ndarray]:
        female, age = attributes_of_crops(pictures, box)
        return {"male": female < 0, "young": age < YOUNG}

    return looks


def parse_wanted(words: Iterable[str]) -> dict[str, bool]:
    """["male=0", "Young=1"] -> what each is to be; ConfigError for another word, or one that comes twice."""
    wanted: dict[str, bool] = {}
    for word in words:
        name, _, value = (part.strip().lower() for part in word.partition("="))
        if name not in ATTRIBUTES:
            raise ConfigError(unknown("attribute", name, list(ATTRIBUTES)))
        if value not in ("0", "1"):
            raise ConfigError(f"'{word}': expected {name}=0 or {name}=1")
        if name in wanted:
            raise ConfigError(f"'{name}' was named twice")
        wanted[name] = value == "1"
    return wanted


def choose(
    model: LatentModel[LatentGenerator],
    wanted: Mapping[str, bool],
    seed: int,
    count: int,
    truncation: float | None = None,
    looks: Looks | None = None,
) -> np.ndarray:
    """The first `count` of a seed's latents whose pictures look as wanted, float32 (count, latent_dim).

    The same for the same seed, network and truncation. At most `TRIES` times as many are drawn.
    Raises:
        DataError: so few look so that it would not end soon. ConfigError: a network of classes, or of grey pictures.
    """
    if not 1 <= count <= MOST:
        raise ConfigError(f"the number of pictures must be 1 to {MOST}, not {count}")
    network = model.network
    if network.channels != 3 or network.classes is not None:
        raise ConfigError(f"{model.name}: draws no faces in colour, so there is nothing to choose by --where")
    looks = looks or looks_of(model.name)
    most = min(max(FEWEST_TRIES, TRIES * count), MOST)
    z = check_latents(latents(seed, most, network.latent_dim), network.latent_dim)
    kept: list[int] = []
    with tqdm(total=count, desc="choosing", unit="face", disable=None, delay=2) as bar:
        for start in range(0, most, _AT_ONCE):
            part = z[start : start + _AT_ONCE]
            found = looks(model.draw(part, truncation=truncation).arrays)
            right = np.all([found[name] == value for name, value in wanted.items()], axis=0)
            kept += [start + int(place) for place in np.flatnonzero(right)]
            bar.update(min(len(kept), count) - bar.n)
            if len(kept) >= count:
                return z[kept[:count]]
            if start + len(part) >= FEWEST_TRIES and not kept:
                break
    asked = " ".join(f"{name}={int(value)}" for name, value in wanted.items())
    tried = start + len(part)
    raise DataError(
        f"{model.name}: of {tried} pictures of seed {seed} {len(kept)} look like {asked}, where {count} are wanted; "
        "ask for fewer with -n, or for less with --where"
    )
