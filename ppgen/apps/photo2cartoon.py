"""A portrait becomes a cartoon.

The way of a photo: read, find the face, cut it out upright (256x256), find the person in the crop, put it on
white, estimate the skin colour to draw with, draw, cut the drawing out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ppgen import hub
from ppgen.apps.batch import Identities, Item, Report, check_not_input, is_batch, list_items, run_batch
from ppgen.apps.portrait import (
    SIZE,
    Cut,
    Generator,
    check_faces,
    cropped_already,
    cut_out,
    draw_portrait,
    find_person,
    load_generator,
    scaled,
    timed,
)
from ppgen.errors import ConfigError
from ppgen.faces.segment import outline_mask
from ppgen.io.atomic import atomic_path, check_output
from ppgen.io.image import on_white, save_image

if TYPE_CHECKING:
    from ppgen.tree.routing import Route, Router

GENERATOR = "photo2cartoon"  # its name in the hub


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
    'draw', and with routing 'route'; the first face's include loading the networks.
    warnings: sentences for the user: small face, strong pose, several faces …
    photo_path, cartoon_path: the files written.
    route: where there is routing, which leaf drew it and why.
    crop, mask and cartoon are None where `run_many` was not to keep them.
    """

    name: str
    face_index: int
    box: tuple[float, float, float, float] | None
    score: float | None
    landmarks: np.ndarray | None
    crop: np.ndarray | None
    crop_landmarks: np.ndarray
    mask: np.ndarray | None
    skin: np.ndarray
    cartoon: np.ndarray | None
    timings: dict[str, float]
    warnings: tuple[str, ...]
    photo_path: Path | None = None
    cartoon_path: Path | None = None
    route: Route | None = None


class Photo2CartoonPredictor:
    """Turns the faces of photos into cartoons; PaddleGAN's name and constructor.

    output_path: folder of the pictures; made when the first is written.
    weight_path: a generator's weights to use instead of the shipped ones: a .safetensors of ours (its class
    and sizes are read from it), or PaddleGAN's published photo2cartoon `.pdparams`. `~` is understood.
    routing: a generator for each group of people: the folder (or tree.json) that a training with `stages` leaves, or
    {'senior-F': weights, 'young': weights, 'base': weights}, or a router of one's own. Each face is drawn by the
    generator of its group; where there is none, by the group's above it, and last by `weight_path`'s.
    The networks are loaded when the first face is drawn, once.

        p2c = Photo2CartoonPredictor()
        cartoon = p2c.run('photo.jpg')      # also output/p2c_photo.png and output/p2c_cartoon.png

    Raises WeightsError where there is no file at `weight_path` or in `routing`.
    """

    def __init__(
        self,
        output_path: str | os.PathLike = "output",
        weight_path: str | os.PathLike | None = None,
        routing: str | os.PathLike | Mapping[str, Any] | Router | None = None,
    ) -> None:
        self.output_path = Path(output_path).expanduser()
        self.weight_path = None if weight_path is None else hub.path_of(weight_path)
        self.router = _router_of(routing)
        self._generators: dict[Path, Generator] = {}

    def run(
        self,
        image: Any,
        faces: str | int = "largest",
        align: bool = True,
        full: bool = False,
        attributes: Mapping[str, Any] | None = None,
    ) -> np.ndarray | CartoonResult | list[np.ndarray] | list[CartoonResult]:
        """Draw one photo, or several.

        image: a path, an array (H, W, 3) RGB, a PIL image; or a folder, or a list of any of these.
        faces: 'largest' (the best by score and size), 'all', or an index from 0 in that order.
        align: False where the input is a face cropped like `p2c_photo.png` already: it is scaled to 256x256
        (white is added to make it square) and `faces` does not matter. Where no face is found on it, the
        skin colour is estimated from where a face usually is.
        full: return `CartoonResult`s, which hold everything, instead of pictures.
        attributes: with routing, what is known of the person (of all of them, where there are several), such as
        {'gender': 'F', 'age': 70}; what is not given is estimated from the face.
        Returns:
            the cartoon, uint8 (256, 256, 3) RGB, written to `p2c_cartoon.png` with the crop as
            `p2c_photo.png`; for a folder, a list or faces='all' a list of them, and the files are called
            `<stem>_<face>_cartoon.png` and `<stem>_<face>_photo.png`.
        Raises:
            DataError, NoFaceError: an unusable input; in a batch after the rest is done.
            OutputError: cannot be written (known before any work). WeightsError. ConfigError: bad `faces`
            or `attributes`.
        """
        report = self.run_many(image, faces, align, attributes)
        report.raise_first()
        results = report.results if full else [result.cartoon for result in report.results]
        return results if is_batch(image) or faces == "all" else results[0]

    def run_many(
        self,
        inputs: Any,
        faces: str | int = "largest",
        align: bool = True,
        attributes: Mapping[str, Any] | None = None,
        keep_pictures: bool = True,
    ) -> Report:
        """As `run`, but what fails is reported instead of raised: `Report(results, failures)`.

        keep_pictures: False for thousands of photos: the results hold the files' paths, not crop, mask and cartoon.
        Raises ConfigError, WeightsError, and OutputError where the output folder cannot be written at all.
        """
        check_faces(faces)
        known = self._checked(attributes)
        check_output(self.output_path)
        items = list_items(inputs)
        numbered = is_batch(inputs) or faces == "all"

        def work(item: Item) -> list[CartoonResult]:
            results = self._one_photo(item, faces, align, numbered, known)
            return results if keep_pictures else [replace(r, crop=None, mask=None, cartoon=None) for r in results]

        return run_batch(items, work, "cartoon")

    def _checked(self, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        if self.router is not None:
            return self.router.checked(attributes or {})
        if attributes:
            raise ConfigError(f"attributes {dict(attributes)} choose between generators: give routing=… as well")
        return {}

    def _one_photo(
        self, item: Item, faces: str | int, align: bool, numbered: bool, known: dict[str, Any]
    ) -> list[CartoonResult]:
        cuts = cut_out(item, faces) if align else {0: cropped_already(item)}
        results = []
        for index, cut in cuts.items():
            result = self._draw(item.name, index, cut, known)
            prefix = f"{item.stem}_{index}" if numbered else "p2c"
            results.append(self._write(result, prefix, item.batch))
        return results

    def _draw(self, name: str, index: int, cut: Cut, known: dict[str, Any]) -> CartoonResult:
        """From the aligned crop to the finished drawing."""
        from ppgen.faces.skin import estimate_skin

        timings, warnings = dict(cut.timings), cut.warnings
        with timed(timings, "segment"):
            mask, doubts = find_person(cut)
        warnings += doubts
        with timed(timings, "skin"):
            skin = np.asarray(estimate_skin(cut.crop, cut.landmarks), np.float32)
        route = None
        if self.router is not None:
            with timed(timings, "route"):
                route = self.router.route(known, cut.crop, cut.landmarks)
            warnings += route.warnings
        with timed(timings, "draw"):
            drawing = self._generate(on_white(cut.crop, mask), skin, route)
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
            route=route,
        )

    def _generate(self, photo: np.ndarray, skin: np.ndarray, route: Route | None) -> np.ndarray:
        """The face's generator on one uint8 (256, 256, 3) picture: uint8 of that shape."""
        path = route.weights if route is not None and route.weights is not None else self.weight_path
        path = path or hub.path_of(GENERATOR)
        if path not in self._generators:
            self._generators[path] = load_generator(path)
        generator = self._generators[path]
        return scaled(draw_portrait(generator, scaled(photo, generator.size), skin).picture, SIZE)

    def _write(self, result: CartoonResult, prefix: str, batch: Identities) -> CartoonResult:
        """Both pictures or none; `batch`: the inputs, which stay."""
        photo = self.output_path / f"{prefix}_photo.png"
        cartoon = self.output_path / f"{prefix}_cartoon.png"
        check_not_input((photo, cartoon), batch=batch)
        with atomic_path(photo) as photo_file, atomic_path(cartoon) as cartoon_file:
            save_image(photo_file, result.crop)
            save_image(cartoon_file, result.cartoon)
        return replace(result, photo_path=photo, cartoon_path=cartoon)


def _router_of(routing: str | os.PathLike | Mapping[str, Any] | Router | None) -> Router | None:
    """The router that was given, or that of a training with `stages`, whose package is imported only for it."""
    if not isinstance(routing, (str, os.PathLike, Mapping)):
        return routing
    from ppgen.tree.routing import Router

    return Router(routing)
