"""Faces of nobody from the shipped generator, and what the artist makes of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ppgen import hub
from ppgen.errors import DataError
from ppgen.faces import align_face
from ppgen.faces.attributes import estimate_attributes
from ppgen.faces.detect import find_dlib_faces
from ppgen.faces.segment import person_mask
from ppgen.faces.skin import estimate_skin
from ppgen.io.image import on_white, save_image
from ppgen.latent.attributes import load_directions
from ppgen.networks.protocols import StyleGenerator
from ppgen.prepare.artist import draw_cartoon
from ppgen.prepare.drawers import Person

SIZE = 256
TRUNCATION = 0.7
_CANDIDATES = 2  # drawn for each that is taken
#: how far along the direction `Male`
_MALE = {"F": -0.7, "M": 0.7}
_YOUNG = 1.0  # at most, to either side
YEARS = (25.0, 80.0)  #: between which the tables' ages lie
_BATCH = 16
_GREY = np.array([0.299, 0.587, 0.114])


class Task(NamedTuple):
    """A face to be drawn: its id, its picture uint8 (S, S, 3), 'F' or 'M' that it was made to look like, and the folder
    for what is made of it."""

    id: str
    picture: np.ndarray
    gender: str
    folder: Path


class Face(NamedTuple):
    """A face that was drawn.

    points: (68, 2), pixels of the portrait; whole: of the picture at `SIZE` pixels. person: what the face looks like
    to the network that chooses styles, no statement about anyone.
    """

    id: str
    points: np.ndarray
    whole: np.ndarray
    person: Person
    eyes: float  # pixels between them
    outside: float  # share of the portrait that lies outside the picture
    light: float  # of the skin, 0 to 1


def pictures(gender: str, count: int, seed: int = 0) -> np.ndarray:
    """Faces, uint8 (count, S, S, 3), of several ages, evenly from dark to light: as far as the network can draw them.

    gender: 'F' or 'M', towards which they are moved. Not each gets there: `draw` leaves the others out.
    """
    import paddle
    from tqdm.auto import tqdm

    from ppgen.io.image import to_uint8

    network, directions = hub.load(hub.FACES, kind=StyleGenerator), load_directions(hub.FACES, "w")
    rng = np.random.default_rng([seed, ord(gender)])
    z = rng.standard_normal((_CANDIDATES * count, network.latent_dim), dtype=np.float32)
    years = rng.uniform(-_YOUNG, _YOUNG, (len(z), 1, 1))
    moves = _MALE[gender] * directions["Male"] + years * directions["Young"]  # (n, 1 or count, latent_dim)
    drawn = []
    with paddle.no_grad(), tqdm(total=len(z), desc="faces of nobody", unit="face", disable=None) as bar:
        for start in range(0, len(z), _BATCH):
            w_plus = network.spread(network.map(paddle.to_tensor(z[start : start + _BATCH])), TRUNCATION)
            moved = w_plus + paddle.to_tensor(moves[start : start + _BATCH].astype(np.float32))
            drawn.append(to_uint8(network.synthesize(moved)))
            bar.update(len(drawn[-1]))
    faces = np.concatenate(drawn)
    third = faces.shape[1] // 3
    middle = faces[:, third:-third, third:-third].mean(axis=(1, 2))
    faces, middle = (each[middle[:, 0] > middle[:, 2]] for each in (faces, middle))  # not those lit blue or green
    return faces[_even(middle @ _GREY, min(count, len(faces)), rng)]


def _even(values: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of `count` of the values, as evenly spread as these allow, in random order."""
    left = values.astype(np.float64).copy()
    chosen = []
    darkest, lightest = np.percentile(values, (2, 98))
    for wanted in rng.permutation(np.linspace(darkest, lightest, count)):
        chosen.append(int(np.nanargmin(abs(left - wanted))))
        left[chosen[-1]] = np.nan
    return np.array(chosen)


def spread_years(faces: Sequence[Face], offset: float) -> list[Face]:
    """The faces with ages evenly between `YEARS`, in the order that they were estimated: a config's groups of ages have
    to be there, and the estimates say of nearly all faces that they are about fifty.

    offset: of the first, in [0, 1], as a share of the way from one to the next.
    """
    first, last = YEARS
    order = sorted(range(len(faces)), key=lambda index: faces[index].person.years or 0.0)
    years = {index: round(first + (last - first) * (rank + offset) / len(faces)) for rank, index in enumerate(order)}
    return [face._replace(person=face.person._replace(years=years[index])) for index, face in enumerate(faces)]


def draw(task: Task) -> Face | None:
    """Write the face (`face/<id>.png`), its portrait (`photo`, `mask`, `white`) and cartoon.

    None: no face was found, or one that does not look as it should.
    """
    image = np.asarray(Image.fromarray(task.picture).resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    try:
        face = find_dlib_faces(image, task.id)[0]
    except DataError:
        return None
    aligned = align_face(image, face.landmarks, SIZE)
    crop, points = aligned.crop, aligned.landmarks
    guess = estimate_attributes(crop, points)
    if guess.gender != task.gender:
        return None
    mask = person_mask(crop, points)
    person = Person(guess.gender, years=float(np.clip(round(guess.age), 18, 99)))
    files = {
        "face": image, "photo": crop, "white": on_white(crop, mask), "mask": np.rint(mask * 255).astype(np.uint8),
        "cartoon": draw_cartoon(crop, points, mask, person.gender, person.group, person.glasses),
    }  # fmt: skip
    for kind, picture in files.items():
        save_image(task.folder / kind / f"{task.id}.{'jpg' if kind == 'photo' else 'png'}", picture)
    light = float(estimate_skin(crop, points) @ _GREY) / 2 + 0.5
    return Face(task.id, points, face.landmarks, person, float(face.interocular), float(aligned.pad_frac), light)
