"""The portrait pipeline: what becomes of a photo in every predictor that takes faces.

The steps of a drawing: find the faces, turn each upright and cut it out (256x256), find the person in the crop, put it
on white, estimate the skin colour to draw with, draw, cut the drawing out. Networks that draw faces and no portraits
get the face alone, by `PortraitPipeline.see`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from ppgen import hub
from ppgen.apps.batch import Inputs, Item, R, Report, is_batch, list_items, run_batch, unread
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.apps.styles import Sketch
from ppgen.datasets.files import centre_square, resize
from ppgen.errors import ConfigError, NoFaceError, WeightsError
from ppgen.faces import Face, align_face, find_faces
from ppgen.faces.align import CLOSE
from ppgen.faces.daylight import out_of_the_dark
from ppgen.faces.detect import Aligner, check_aligner
from ppgen.faces.ffhq import ffhq_crop, nobody_crop
from ppgen.faces.segment import outline_mask, person_mask
from ppgen.faces.skin import estimate_skin, is_grey, tinted_face
from ppgen.faces.typical import typical_landmarks
from ppgen.io.brief import short
from ppgen.io.image import ImageSource, load_image, on_white, source_name
from ppgen.registry import unknown
from ppgen.runtime import later

SIZE = 256
_MIN_SIDE, _MAX_SIDE = 32, 2048  # pixels of a pre-cropped face; larger ones are scaled down
_NEARLY_SQUARE = 1.1  # longer sides are said to be cut
_MIN_PERSON = 0.02  # of the crop; below, the segmentation found nobody

Faces = str | int  # "largest", "all", or an index from 0
FaceCrop = Literal["close", "ffhq", "nobody", "none"]
CROPS: tuple[FaceCrop, ...] = ("close", "ffhq", "nobody", "none")


@short
class Portrait(NamedTuple):
    """A face cut out upright, before it is drawn."""

    face: Face | None  # None: the picture was given cropped, and no face was found on it
    crop: np.ndarray  # uint8 (256, 256, 3)
    landmarks: np.ndarray  # float64 (68, 2), pixels of the crop
    warnings: tuple[str, ...]
    timings: dict[str, float]  # seconds of each step


#: draws and writes one face of an input: the input, the face's index, its portrait, how the files' names begin
DrawFace = Callable[[Item, int, Portrait, str], R]


@short
class Drawn(NamedTuple):
    """What a generator made of a portrait.

    mask: float32 (256, 256), 1 on the person; None: the background was left in.
    skin: float32 (3,) in [-1, 1], the colour the face was to have; None: not estimated, as who draws is not told.
    photo: uint8 (S, S, 3), what the network saw. picture: uint8, of that size, cut out (256, 256, 3), or a style's own.
    heatmap: float32 (h, w), where its attention looked; None: it has none.
    warnings, timings: the portrait's and those of drawing it.
    """

    mask: np.ndarray | None
    skin: np.ndarray | None
    photo: np.ndarray
    picture: np.ndarray
    heatmap: np.ndarray | None
    warnings: tuple[str, ...]
    timings: dict[str, float]


@short
class Seen(NamedTuple):
    """A photo as a network of faces gets it."""

    crop: np.ndarray  # uint8 (S, S, 3)
    warnings: tuple[str, ...]  # sentences for the user: small face, several faces …


@dataclass(frozen=True)
class PortraitPipeline:
    """The steps from a photo to drawings of its faces, with the detectors that it is made with.

    find: as `ppgen.faces.find_faces`; `finding(aligner)` is one. segment: as `ppgen.faces.segment.person_mask`.
    skin: as `ppgen.faces.skin.estimate_skin`.
    """

    find: Callable[..., list[Face]] = find_faces
    segment: Callable[[np.ndarray, np.ndarray | None], np.ndarray] = person_mask
    skin: Callable[[np.ndarray, np.ndarray], np.ndarray] = estimate_skin

    def run(self, inputs: Inputs, faces: Faces, align: bool, draw: DrawFace[R], alone: str, label: str) -> Report[R]:
        """Every chosen face of every input through `draw`.

        draw: makes and writes the result of one face.
        alone: how the names of the files begin where there is one face of one picture; otherwise they begin with the
            picture's name and the face's index.
        label: of the progress bar.
        """
        numbered = is_batch(inputs) or faces == "all"
        work = self.worker(faces, align, draw, None if numbered else alone)
        return run_batch(list_items(inputs), work, label, notes=unread(inputs))

    def worker(
        self, faces: Faces, align: bool, draw: DrawFace[R], alone: str | None = None
    ) -> Callable[[Item], list[R]]:
        """What puts every chosen face of one item through `draw`; `alone` None: files are called after the item."""

        def work(item: Item) -> list[R]:
            portraits = self.portraits(item, faces, align)
            return [draw(item, i, p, f"{item.stem}_{i}" if alone is None else alone) for i, p in portraits.items()]

        return work

    def example(self) -> Portrait:
        """That of scikit-image's astronaut, a NASA portrait in the public domain: to load networks by."""
        from skimage import data

        return self.portraits(Item(data.astronaut(), "astronaut", "astronaut"))[0]

    def portraits(self, item: Item, faces: Faces = "largest", align: bool = True) -> dict[int, Portrait]:
        """The chosen faces of a photo by index; `align` False: of a picture that is cropped like a portrait already.

        Raises DataError, NoFaceError.
        """
        return self._found(item, faces) if align else {0: self._cropped(item)}

    def draw(
        self, portrait: Portrait, generator: PortraitGenerator, background: bool = False, cut_out: bool = True
    ) -> Drawn:
        """One portrait drawn.

        background: leave it in instead of painting it white. cut_out: scale the drawing to 256 pixels and paint it
        white outside the person.
        """
        portrait = lit(portrait)
        timings, warnings, crop, mask, skin = dict(portrait.timings), portrait.warnings, portrait.crop, None, None
        wants_skin = cut_out or generator.takes_skin  # a cartoon says its colour, whether the network is told or not
        colour = later(self.skin, portrait.crop, portrait.landmarks) if wants_skin else None
        if not background:
            with timed(timings, "segment"):
                mask, doubts = self._person(portrait)
                crop = on_white(crop, mask)
            warnings += doubts
        if colour is not None:
            with timed(timings, "skin"):
                skin = np.asarray(colour(), np.float32)
        if skin is not None and is_grey(portrait.crop, portrait.landmarks):
            crop = tinted_face(crop, portrait.landmarks, skin)
        with timed(timings, "draw"):
            photo = scaled(crop, generator.size)
            picture, heatmap = generator.draw(photo, skin)
            if cut_out and mask is not None:
                picture = on_white(scaled(picture, SIZE), outline_mask(mask))
        return Drawn(mask, skin, photo, picture, heatmap, warnings, timings)

    def sketch(self, portrait: Portrait, draw: Sketch) -> Drawn:
        """One portrait drawn by the artist, who takes the photo with its background and the mask."""
        portrait = lit(portrait)
        timings = dict(portrait.timings)
        with timed(timings, "segment"):
            mask, doubts = self._person(portrait)
        with timed(timings, "draw"):
            picture = draw(portrait.crop, portrait.landmarks, mask)
        photo = on_white(portrait.crop, mask)
        return Drawn(mask, None, photo, picture, None, portrait.warnings + doubts, timings)

    def see(self, photo: ImageSource, size: int, crop: FaceCrop = "close", name: str | None = None) -> Seen:
        """The face of a photo, for networks that draw faces.

        Args:
            crop: "close", as data/faces128 is cut; "ffhq", as FFHQ is; "nobody", as data/nobody is; "none": it is a
                face crop already.
            name: how messages call the photo.
        Raises:
            DataError, NoFaceError: it cannot be used.
        """
        if crop not in CROPS:
            raise ConfigError(f"a face is cut out 'close', as 'ffhq' or 'nobody', or not ('none'), not '{crop}'")
        image = load_image(photo)
        if crop == "none":
            square = centre_square(image)
            (height, width), side = image.shape[:2], len(square)
            cut = f"is {width}x{height} and no square: only the {side}x{side} pixels in its middle were looked at"
            return Seen(resize(square, size), (cut,) if max(height, width) > _NEARLY_SQUARE * side else ())
        face = self.find(image, name=name or source_name(photo))[0]
        if crop != "close":
            cut_out = nobody_crop if crop == "nobody" else ffhq_crop
            return Seen(cut_out(image, face.landmarks, size), face.warnings)
        return Seen(align_face(image, face.landmarks, size, CLOSE).crop, face.warnings)

    def _found(self, item: Item, faces: Faces) -> dict[int, Portrait]:
        timings: dict[str, float] = {}
        with timed(timings, "find"):
            image = load_image(item.source)
            every = self.find(image, name=item.name, thorough=faces != "largest")
        portraits = {}
        for index in range(len(every)) if faces == "all" else [0 if faces == "largest" else int(faces)]:
            if index >= len(every):
                count = "1 face was" if len(every) == 1 else f"{len(every)} faces were"
                raise NoFaceError(f"{item.name}: {count} found; choose faces=0 to {len(every) - 1}, not {index}")
            face = every[index] if faces == "largest" else every[index].with_warnings()  # none about the choice
            own = dict(timings)
            with timed(own, "align"):
                aligned = align_face(image, face.landmarks, SIZE)
            portraits[index] = Portrait(face, aligned.crop, aligned.landmarks, face.warnings, own)
        return portraits

    def _cropped(self, item: Item) -> Portrait:
        """A picture that is an aligned crop, at 256x256, with the landmarks found on it or the usual ones."""
        timings: dict[str, float] = {}
        with timed(timings, "find"):
            photo = load_image(item.source, min_side=_MIN_SIDE)
            small = _at_most(photo, _MAX_SIDE)
            image = _squared(small)
            try:
                face = self.find(image, name=item.name, rotate=False)[0].with_warnings()
            except NoFaceError:
                face = None
        with timed(timings, "align"):
            crop = np.array(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
        if face is None:
            text = "no face was found on this crop, so its skin colour was read where a face usually is"
            return Portrait(None, crop, typical_landmarks(SIZE), (text,), timings)
        landmarks = (face.landmarks + 0.5) * (SIZE / image.shape[0]) - 0.5
        return Portrait(_in_photo(face, photo, small), crop, landmarks, face.warnings, timings)

    def _person(self, portrait: Portrait) -> tuple[np.ndarray, tuple[str, ...]]:
        """(float32 (256, 256), 1 on the person; warnings): everything where nobody is told from the background."""
        mask = self.segment(portrait.crop, portrait.landmarks if portrait.face is not None else None)
        if mask.mean() >= _MIN_PERSON:
            return mask, ()
        return np.ones_like(mask), ("no person could be told from the background, so the whole crop was drawn",)


def lit(portrait: Portrait) -> Portrait:
    """A nearly black photo brightened, with a warning, and any other one as it is."""
    crop = out_of_the_dark(portrait.crop, portrait.landmarks)
    if crop is portrait.crop:
        return portrait
    said = "this photo is nearly black, so it was brightened before it was drawn; one with more light gives more detail"
    return portrait._replace(crop=crop, warnings=(*portrait.warnings, said))


def crop_for(source: str) -> FaceCrop:
    """How faces are cut for the network of a name or weights file: as its card says, else close.

    Raises WeightsError where it says a crop that there is not.
    """
    try:
        said = hub.crop_of(hub.path_of(source))
    except WeightsError:  # a network that was handed in has no file
        return "close"
    for crop in CROPS:
        if crop == (said or "close"):
            return crop
    raise WeightsError(f"{source}: {unknown('crop', said, list(CROPS))}; update ppgen")


def finding(aligner: Aligner) -> Callable[..., list[Face]]:
    """`find_faces` with an aligner. Raises ConfigError where none is called so."""
    check_aligner(aligner)
    return partial(find_faces, aligner=aligner)


def check_faces(faces: Faces) -> None:
    """ConfigError for a choice of faces that is none."""
    is_index = isinstance(faces, (int, np.integer)) and not isinstance(faces, bool) and faces >= 0
    if not is_index and faces not in ("largest", "all"):
        raise ConfigError(f"faces={faces!r}: give 'largest', 'all' or an index from 0")


@contextmanager
def timed(timings: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds the block took."""
    start = time.perf_counter()
    yield
    timings[name] = time.perf_counter() - start


def scaled(picture: np.ndarray, size: int) -> np.ndarray:
    """uint8 (H, H, 3) at another size: averaged where it shrinks, bicubic where it grows."""
    return resize(picture, size, "area" if size < picture.shape[0] else "bicubic")


def _at_most(image: np.ndarray, side: int) -> np.ndarray:
    """Averaged down until no side is longer: a long strip made square would need more memory than there is."""
    height, width = image.shape[:2]
    ratio = side / max(height, width)
    return image if ratio >= 1 else resize(image, (max(1, round(height * ratio)), max(1, round(width * ratio))))


def _squared(image: np.ndarray) -> np.ndarray:
    """White added on both sides until the picture is square."""
    height, width = image.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    borders = ((top, side - height - top), (left, side - width - left), (0, 0))
    return np.pad(image, borders, constant_values=255)


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
