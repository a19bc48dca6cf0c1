"""A face of a photo becomes an upright crop, ready for a network that draws portraits: what such predictors share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from PIL import Image

from ppgen import hub
from ppgen.apps.batch import Item
from ppgen.datasets.files import resize
from ppgen.errors import ConfigError, NoFaceError
from ppgen.faces import Face, align_face, find_faces
from ppgen.faces.segment import person_mask
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import load_image, to_tensor_array, to_uint8
from ppgen.io.weights import description

SIZE = 256
_MIN_SIDE, _MAX_SIDE = 32, 2048  # pixels of a pre-cropped face; larger ones are scaled down
_MIN_PERSON = 0.02  # of the crop; below, the segmentation found nobody


class Cut(NamedTuple):
    """An aligned face that waits to be drawn."""

    face: Face | None
    crop: np.ndarray
    landmarks: np.ndarray  # in pixels of the crop
    warnings: tuple[str, ...]
    timings: dict[str, float]


@contextmanager
def timed(timings: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds the block took."""
    start = time.perf_counter()
    yield
    timings[name] = time.perf_counter() - start


def check_faces(faces: str | int) -> None:
    """ConfigError for a choice of faces that is none."""
    is_index = isinstance(faces, (int, np.integer)) and not isinstance(faces, bool) and faces >= 0
    if not is_index and faces not in ("largest", "all"):
        raise ConfigError(f"faces={faces!r}: give 'largest', 'all' or an index from 0")


def cut_out(item: Item, faces: str | int) -> dict[int, Cut]:
    """The chosen faces of a photo by index, aligned."""
    timings: dict[str, float] = {}
    with timed(timings, "find"):
        image = load_image(item.source)
        found = find_faces(image, name=item.name, thorough=faces != "largest")
    chosen = range(len(found)) if faces == "all" else [0 if faces == "largest" else int(faces)]
    cuts = {}
    for index in chosen:
        if index >= len(found):
            count = "1 face was" if len(found) == 1 else f"{len(found)} faces were"
            raise NoFaceError(f"{item.name}: {count} found; choose faces=0 to {len(found) - 1}, not {index}")
        face = found[index] if faces == "largest" else found[index].with_warnings()  # none about the choice
        own = dict(timings)
        with timed(own, "align"):
            aligned = align_face(image, face.landmarks, SIZE)
        cuts[index] = Cut(face, aligned.crop, aligned.landmarks, face.warnings, own)
    return cuts


def cropped_already(item: Item) -> Cut:
    """A picture that is an aligned crop, at 256x256, with the landmarks found on it or the usual ones."""
    timings: dict[str, float] = {}
    with timed(timings, "find"):
        photo = load_image(item.source, min_side=_MIN_SIDE)
        small = _at_most(photo, _MAX_SIDE)
        image = _squared(small)
        try:
            face = find_faces(image, name=item.name, rotate=False)[0].with_warnings()
        except NoFaceError:
            face = None
    with timed(timings, "align"):
        crop = np.array(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    if face is None:
        text = "no face was found on this crop, so its skin colour was read where a face usually is"
        return Cut(None, crop, typical_landmarks(SIZE), (text,), timings)
    landmarks = (face.landmarks + 0.5) * (SIZE / image.shape[0]) - 0.5
    return Cut(_in_photo(face, photo, small), crop, landmarks, face.warnings, timings)


def _at_most(image: np.ndarray, side: int) -> np.ndarray:
    """Averaged down until no side is longer: a long strip made square would need more memory than there is."""
    height, width = image.shape[:2]
    ratio = side / max(height, width)
    return image if ratio >= 1 else resize(image, (max(1, round(height * ratio)), max(1, round(width * ratio))))


def _in_photo(face: Face, photo: np.ndarray, small: np.ndarray) -> Face:
    """A face found on `small` made square, in pixels of the photo that it was scaled from."""
    side = max(small.shape[:2])
    ratio = max(photo.shape[:2]) / side
    border = (side - np.array([small.shape[1], small.shape[0]])) // 2
    if ratio == 1 and not border.any():
        return face

    def back(points: np.ndarray) -> np.ndarray:
        return (np.asarray(points, np.float64) - border + 0.5) * ratio - 0.5

    left, top, right, bottom = back(np.reshape(face.box, (2, 2))).reshape(-1)
    return replace(face, box=(float(left), float(top), float(right), float(bottom)), landmarks=back(face.landmarks))


def find_person(cut: Cut) -> tuple[np.ndarray, tuple[str, ...]]:
    """(float32 (256, 256), 1 on the person; warnings): everything where nobody is told from the background."""
    mask = person_mask(cut.crop, cut.landmarks if cut.face is not None else None)
    if mask.mean() >= _MIN_PERSON:
        return mask, ()
    return np.ones_like(mask), ("no person could be told from the background, so the whole crop was drawn",)


def _squared(image: np.ndarray) -> np.ndarray:
    """White added on both sides until the picture is square."""
    height, width = image.shape[:2]
    side = max(height, width)
    if height == width:
        return image
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = image
    return square


class Generator(NamedTuple):
    """A network that draws portraits, and the side in pixels of the pictures that it has learnt on."""

    network: Any
    size: int


class Drawing(NamedTuple):
    """What a generator makes of a portrait of side S."""

    picture: np.ndarray  # uint8 (S, S, 3)
    heatmap: np.ndarray | None  # float32 (h, w), where its attention looked; None: it has none


def load_generator(path: Path, model: str = "photo2cartoon") -> Generator:
    """The generator of a weights file, of the network of `model` where it does not say so; see `hub.load`.

    Raises WeightsError.
    """
    from ppgen.networks.protocols import Translator

    network = hub.load(path, model, kind=Translator)
    described = description(path)
    return Generator(network, _size_of(network, described.card if described else {}))


def _size_of(network: Any, card: dict[str, Any]) -> int:
    """By the training's config in the card, else by the network's own arguments."""
    config = card.get("config")
    if isinstance(config, str):  # a published card holds it as a block of Markdown
        config = yaml.safe_load(config.strip().strip("`").removeprefix("yaml"))
    datasets = config.get("dataset", {}) if isinstance(config, dict) else {}
    sizes = [item["size"] for item in datasets.values() if isinstance(item, dict) and isinstance(item.get("size"), int)]
    return sizes[-1] if sizes else network.image_size


def draw_portrait(generator: Generator, portrait: np.ndarray, skin: np.ndarray | None = None) -> Drawing:
    """One drawing.

    Args:
        portrait: uint8 (S, S, 3), S being the generator's size.
        skin: float32 (3,) in [-1, 1], for generators with `takes_skin`.
    """

    import paddle
    photo = paddle.to_tensor(to_tensor_array(portrait)[None])
    told = None if skin is None else paddle.to_tensor(np.asarray(skin, np.float32)[None])
    with paddle.no_grad():
        image, heatmap = generator.network.translate(photo, told)
    return Drawing(to_uint8(image.numpy())[0], None if heatmap is None else heatmap.numpy()[0, 0])


def scaled(picture: np.ndarray, size: int) -> np.ndarray:
    """uint8 (H, H, 3) at another size: averaged where it shrinks, bicubic where it grows."""
    return resize(picture, size, "area" if size < picture.shape[0] else "bicubic")
