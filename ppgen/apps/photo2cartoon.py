"""A portrait becomes a cartoon.

The way of a photo: read, find the face, cut it out upright (256x256), find the person in the crop, put it on
white, estimate the skin colour to draw with, draw, cut the drawing out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ppgen import hub
from ppgen.apps.batch import Item, Report, check_not_input, check_output, is_batch, list_items, run_batch
from ppgen.errors import ConfigError, NoFaceError, WeightsError
from ppgen.faces import Face, align_face, find_faces
from ppgen.faces.segment import on_white, outline_mask, person_mask
from ppgen.faces.typical import typical_landmarks
from ppgen.io.atomic import atomic_path
from ppgen.io.image import load_image, save_image, to_tensor_array, to_uint8
from ppgen.io.weights import load_into, read_metadata

SIZE = 256
GENERATOR = "photo2cartoon"  # its name in the hub
_MIN_SIDE = 32  # pixels of a pre-cropped face
_MIN_PERSON = 0.02  # of the crop; below, the segmentation found nobody


@dataclass(frozen=True)
class CartoonResult:
    """All that is known about one face and its drawing.

    name: of the input. face_index: 0 is the best face of the photo.
    box: (left, top, right, bottom) in pixels of the photo, as the detector drew it; None where a pre-cropped
    face was given and not found again. score: the detector's confidence (above 1 clear), None likewise.
    landmarks: float64 (68, 2) in pixels of the photo, dlib order; None likewise.
    crop: uint8 (256, 256, 3), aligned, before masking. crop_landmarks: float64 (68, 2) in its pixels.
    mask: float32 (256, 256), 1 on the person. skin: float32 (3,) in [-1, 1], the colour the face was to have.
    cartoon: uint8 (256, 256, 3), white outside the person.
    timings: seconds of 'find' (the photo's, the same for each of its faces), 'align', 'segment', 'skin',
    'draw'; the first face's include loading the networks.
    warnings: sentences for the user: small face, strong pose, several faces …
    photo_path, cartoon_path: the files written.
    """

    name: str
    face_index: int
    box: tuple[float, float, float, float] | None
    score: float | None
    landmarks: np.ndarray | None
    crop: np.ndarray
    crop_landmarks: np.ndarray
    mask: np.ndarray
    skin: np.ndarray
    cartoon: np.ndarray
    timings: dict[str, float]
    warnings: tuple[str, ...]
    photo_path: Path | None = None
    cartoon_path: Path | None = None


class _Cut(NamedTuple):
    """An aligned face that waits to be drawn."""

    face: Face | None
    crop: np.ndarray
    landmarks: np.ndarray  # in pixels of the crop
    warnings: tuple[str, ...]
    timings: dict[str, float]


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = time.perf_counter() - start


class Photo2CartoonPredictor:
    """Turns the faces of photos into cartoons; PaddleGAN's name and constructor.

    output_path: folder of the pictures; made when the first is written.
    weight_path: a generator's weights to use instead of the shipped ones: a .safetensors of ours (its class
    and sizes are read from it), or PaddleGAN's published photo2cartoon `.pdparams`. `~` is understood.
    The networks are loaded when the first face is drawn, once.

        p2c = Photo2CartoonPredictor()
        cartoon = p2c.run('photo.jpg')      # also output/p2c_photo.png and output/p2c_cartoon.png

    Raises WeightsError where there is no file at `weight_path`.
    """

    def __init__(
        self, output_path: str | os.PathLike = "output", weight_path: str | os.PathLike | None = None
    ) -> None:
        self.output_path = Path(output_path).expanduser()
        self.weight_path = None if weight_path is None else hub.path_of(weight_path)
        self._generator: Any = None

    def run(
        self, image: Any, faces: str | int = "largest", align: bool = True, full: bool = False
    ) -> np.ndarray | CartoonResult | list[np.ndarray] | list[CartoonResult]:
        """Draw one photo, or several.

        image: a path, an array (H, W, 3) RGB, a PIL image; or a folder, or a list of any of these.
        faces: 'largest' (the best by score and size), 'all', or an index from 0 in that order.
        align: False where the input is a face cropped like `p2c_photo.png` already: it is scaled to 256x256
        (white is added to make it square) and `faces` does not matter. Where no face is found on it, the
        skin colour is estimated from where a face usually is.
        full: return `CartoonResult`s, which hold everything, instead of pictures.
        Returns:
            the cartoon, uint8 (256, 256, 3) RGB, written to `p2c_cartoon.png` with the crop as
            `p2c_photo.png`; for a folder, a list or faces='all' a list of them, and the files are called
            `<stem>_<face>_cartoon.png` and `<stem>_<face>_photo.png`.
        Raises:
            DataError, NoFaceError: an unusable input; in a batch after the rest is done.
            OutputError: cannot be written (known before any work). WeightsError. ConfigError: bad `faces`.
        """
        report = self.run_many(image, faces, align)
        report.raise_first()
        results = report.results if full else [result.cartoon for result in report.results]
        return results if is_batch(image) or faces == "all" else results[0]

    def run_many(self, inputs: Any, faces: str | int = "largest", align: bool = True) -> Report:
        """As `run`, but what fails is reported instead of raised: `Report(results, failures)`.

        Raises ConfigError, WeightsError, and OutputError where the output folder cannot be written at all.
        """
        _check_faces(faces)
        check_output(self.output_path)
        items = list_items(inputs)
        numbered = is_batch(inputs) or faces == "all"
        return run_batch(items, lambda item: self._one_photo(item, faces, align, numbered), "cartoon")

    def _one_photo(self, item: Item, faces: str | int, align: bool, numbered: bool) -> list[CartoonResult]:
        cuts = _cut_out(item, faces) if align else {0: _cropped_already(item)}
        results = []
        for index, cut in cuts.items():
            result = self._draw(item.name, index, cut)
            prefix = f"{item.stem}_{index}" if numbered else "p2c"
            results.append(self._write(result, prefix, item.source))
        return results

    def _draw(self, name: str, index: int, cut: _Cut) -> CartoonResult:
        """From the aligned crop to the finished drawing."""
        from ppgen.faces.skin import estimate_skin

        timings, warnings = dict(cut.timings), cut.warnings
        with _timed(timings, "segment"):
            mask = person_mask(cut.crop, cut.landmarks if cut.face is not None else None)
        if mask.mean() < _MIN_PERSON:
            mask = np.ones_like(mask)
            warnings += ("no person could be told from the background, so the whole crop was drawn",)
        with _timed(timings, "skin"):
            skin = np.asarray(estimate_skin(cut.crop, cut.landmarks), np.float32)
        with _timed(timings, "draw"):
            drawing = self._generate(on_white(cut.crop, mask), skin)
            cartoon = on_white(drawing, outline_mask(mask))
        face = cut.face
        return CartoonResult(
            name=name,
            face_index=index,
            box=face.box if face else None,
            score=face.score if face else None,
            landmarks=face.landmarks if face else None,
            crop=cut.crop,
            crop_landmarks=cut.landmarks,
            mask=mask,
            skin=skin,
            cartoon=cartoon,
            timings=timings,
            warnings=warnings,
        )

    def _generate(self, photo: np.ndarray, skin: np.ndarray) -> np.ndarray:
        """The generator on one uint8 (256, 256, 3) picture: uint8 of that shape."""
        if self._generator is None:
            self._generator = _load_generator(self.weight_path or hub.path_of(GENERATOR))
        from ppgen.models.photo2cartoon import draw

        return to_uint8(draw(self._generator, to_tensor_array(photo)[None], skin[None])[0])

    def _write(self, result: CartoonResult, prefix: str, source: Any) -> CartoonResult:
        """Both pictures or none."""
        photo = self.output_path / f"{prefix}_photo.png"
        cartoon = self.output_path / f"{prefix}_cartoon.png"
        check_not_input((photo, cartoon), source)
        with atomic_path(photo) as photo_file, atomic_path(cartoon) as cartoon_file:
            save_image(photo_file, result.crop)
            save_image(cartoon_file, result.cartoon)
        return replace(result, photo_path=photo, cartoon_path=cartoon)


def _check_faces(faces: str | int) -> None:
    is_index = isinstance(faces, (int, np.integer)) and not isinstance(faces, bool) and faces >= 0
    if not is_index and faces not in ("largest", "all"):
        raise ConfigError(f"faces={faces!r}: give 'largest', 'all' or an index from 0")


def _cut_out(item: Item, faces: str | int) -> dict[int, _Cut]:
    """The chosen faces of a photo by index, aligned."""
    timings: dict[str, float] = {}
    with _timed(timings, "find"):
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
        with _timed(own, "align"):
            aligned = align_face(image, face.landmarks, SIZE)
        cuts[index] = _Cut(face, aligned.crop, aligned.landmarks, face.warnings, own)
    return cuts


def _cropped_already(item: Item) -> _Cut:
    """A picture that is an aligned crop, at 256x256, with the landmarks found on it or the usual ones."""
    timings: dict[str, float] = {}
    with _timed(timings, "find"):
        image = _squared(load_image(item.source, min_side=_MIN_SIDE))
        try:
            face = find_faces(image, name=item.name, rotate=False)[0].with_warnings()
        except NoFaceError:
            face = None
    with _timed(timings, "align"):
        crop = np.array(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    if face is None:
        text = "no face was found on this crop, so its skin colour was read where a face usually is"
        return _Cut(None, crop, typical_landmarks(SIZE), (text,), timings)
    landmarks = (face.landmarks + 0.5) * (SIZE / image.shape[0]) - 0.5
    return _Cut(face, crop, landmarks, face.warnings, timings)


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


def _load_generator(path: Path) -> Any:
    """The generator of a weights file: ours as it describes itself, else PaddleGAN's published one.

    Raises WeightsError.
    """
    with open(path, "rb") as handle:
        is_safetensors = handle.read(9)[8:9] == b"{"
    described = read_metadata(path) if is_safetensors else {}
    if "class" not in described:
        return _load_published(path)
    if not described["class"].endswith("Generator"):
        raise WeightsError(
            f"{path}: holds a {described['class']}, which draws nothing; give a generator's weights"
        )
    return hub.load(path)


def _load_published(path: Path) -> Any:
    from ppgen.device import import_paddle

    import_paddle()
    from ppgen.networks.photo2cartoon import Photo2CartoonGenerator

    network = Photo2CartoonGenerator()
    load_into(network, path)
    network.eval()
    return network
