"""A portrait becomes a cartoon; `ppgen.apps.portrait` says how."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ppgen import hub
from ppgen.apps.batch import Inputs, Item, Report, is_batch, write_pictures
from ppgen.apps.portrait import DrawFace, Faces, Portrait, PortraitPipeline, check_faces, finding, scaled, timed
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.apps.styles import NETWORK, NETWORKS, SIZE, check_style, person_of, sketch
from ppgen.errors import ConfigError
from ppgen.faces.detect import Aligner
from ppgen.io.atomic import check_output
from ppgen.io.brief import brief, png_of
from ppgen.io.download import digest

if TYPE_CHECKING:
    from ppgen.tree.routing import Route, Router


@dataclass(frozen=True, repr=False)
class CartoonResult:
    """All that is known about one face and its drawing.

    name: of the input. face_index: 0 is the best face of the photo.
    box: (left, top, right, bottom) in pixels of the photo, as the detector drew it; None where a pre-cropped
    face was given and not found again. score: the detector's confidence, see `Face`; None likewise.
    landmarks: float64 (68, 2) in pixels of the photo, dlib order; None likewise.
    crop: uint8 (256, 256, 3), aligned, before masking. crop_landmarks: float64 (68, 2) in its pixels.
    mask: float32 (256, 256), 1 on the person. skin: float32 (3,) in [-1, 1], the colour the face was to have.
    cartoon: uint8 (S, S, 3), S = 256 or the predictor's `size`, white (or paper) outside the person.
    timings: seconds of 'find' (the photo's, the same for each of its faces), 'align', 'segment', 'skin',
    'draw', and with routing 'route'; the first face's include loading the networks. 'skin' is what was left of it
    after 'segment', as both go on side by side.
    warnings: sentences for the user: small face, strong pose, several faces …
    photo_path, cartoon_path: the files written; both_path: of crop and cartoon side by side, where it was asked for.
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
    skin: np.ndarray | None
    cartoon: np.ndarray | None
    timings: dict[str, float]
    warnings: tuple[str, ...]
    photo_path: Path | None = None
    cartoon_path: Path | None = None
    route: Route | None = None
    both_path: Path | None = None

    def __repr__(self) -> str:
        return brief("CartoonResult", vars(self))

    def _repr_png_(self) -> bytes | None:
        return png_of(self.crop, self.cartoon)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files written."""
        return tuple(path for path in (self.photo_path, self.cartoon_path, self.both_path) if path is not None)

    @property
    def leaf(self) -> str | None:
        """Which leaf drew it, where there is routing."""
        return self.route.leaf if self.route else None


class Photo2CartoonPredictor:
    """Turns the faces of photos into cartoons; PaddleGAN's name and constructor.

    output_path: folder of the pictures; made when the first is written.
    weight_path: a generator's weights to use instead of the shipped ones: a .safetensors of ours (its class
    and sizes are read from it), or PaddleGAN's published photo2cartoon `.pdparams`. `~` is understood.
    routing: a generator for each group of people: the folder (or tree.json) that a training with `stages` leaves, or
    {'senior-F': weights, 'young': weights, 'base': weights}, or a router of one's own. Each face is drawn by the
    generator of its group; where there is none, by the group's above it, and last by `weight_path`'s.
    pipeline: the detectors that faces are found and cut out with, if not the shipped ones.
    aligner: whose landmarks faces are cut out by: "dlib", or where it finds none MediaPipe's mesh; "mesh": MediaPipe's
    alone, without dlib and its landmarks, whose training data (iBUG 300-W) exclude commercial use.
    style: "photo2cartoon", the network; "lite", a small one, for phones and browsers; or "artist", "poster", "ink",
    drawn by rules, at any `size` (a side in pixels, 256 to 1024); see `ppgen.apps.styles`.
    side_by_side: also write crop and cartoon in one picture, `…_both.png`.
    The networks are loaded when the first face is drawn, once.

        p2c = Photo2CartoonPredictor()
        cartoon = p2c.run('photo.jpg')      # also output/p2c_photo.png and output/p2c_cartoon.png

    Raises WeightsError where there is no file at `weight_path` or in `routing`; ConfigError for a style or size that
    there is not, or weights for the artist.
    """

    def __init__(
        self,
        output_path: str | os.PathLike = "output",
        weight_path: str | os.PathLike | None = None,
        routing: str | os.PathLike | Mapping[str, object] | Router | None = None,
        pipeline: PortraitPipeline | None = None,
        aligner: Aligner = "dlib",
        style: str = NETWORK,
        size: int = SIZE,
        side_by_side: bool = False,
    ) -> None:
        check_style(style, size)
        if style != NETWORK and (weight_path is not None or routing is not None):
            raise ConfigError(f"style={style!r} has no use for other weights: leave weight_path and routing out")
        self.style, self.size, self.side_by_side = style, size, side_by_side
        self.output_path = Path(output_path).expanduser()
        self.weight_path = None if weight_path is None else hub.path_of(weight_path)
        if isinstance(routing, (str, os.PathLike, Mapping)):  # the package is imported only for it
            from ppgen.tree.routing import Router

            routing = Router(routing)
        self.router = routing
        self.pipeline = pipeline or PortraitPipeline(find=finding(aligner))
        self.generators: dict[Path, PortraitGenerator] = {}

    def run(
        self,
        image: Inputs,
        faces: Faces = "largest",
        align: bool = True,
        full: bool = False,
        attributes: Mapping[str, object] | None = None,
    ) -> np.ndarray | CartoonResult | list[np.ndarray] | list[CartoonResult]:
        """Draw one photo, or several.

        image: a path, an array (H, W, 3) RGB, a PIL image; or a folder, or a list of any of these.
        faces: 'largest' (the best by score and size), 'all', or an index from 0 in that order.
        align: False where the input is a face cropped like `p2c_photo.png` already: it is scaled to 256x256
        (white is added to make it square) and `faces` does not matter. Where no face is found on it, the
        skin colour is estimated from where a face usually is.
        full: return `CartoonResult`s, which hold everything, instead of pictures.
        attributes: with routing or a style of the artist's, what is known of the person (of all of them, where there
        are several), such as {'gender': 'F', 'age': 70}; for routing what is not given is estimated from the face.
        Returns:
            the cartoon, uint8 (256, 256, 3) RGB or of the predictor's `size`, written to `p2c_cartoon.png` with the
            crop as `p2c_photo.png`; for a folder, a list or faces='all' a list of them, and the files are called
            `<stem>_<face>_cartoon.png` and `<stem>_<face>_photo.png`.
        Raises:
            DataError, NoFaceError: an unusable input; in a batch after the rest is done.
            OutputError: cannot be written (known before any work). WeightsError. ConfigError: bad `faces`
            or `attributes`.
        """
        report, several = self.run_many(image, faces, align, attributes), is_batch(image) or faces == "all"
        outcome = report.outcome(several)
        if full:
            return outcome
        cartoons = [result.cartoon for result in report.results if result.cartoon is not None]
        return cartoons if several else cartoons[0]

    def run_many(
        self,
        inputs: Inputs,
        faces: Faces = "largest",
        align: bool = True,
        attributes: Mapping[str, object] | None = None,
        keep_pictures: bool = True,
    ) -> Report[CartoonResult]:
        """As `run`, but what fails is reported instead of raised: `Report(results, failures)`.

        keep_pictures: False for thousands of photos: the results hold the files' paths, not crop, mask and cartoon.
        Raises ConfigError, WeightsError, and OutputError where the output folder cannot be written at all.
        """
        draw = self._checked(faces, attributes, keep_pictures)
        return self.pipeline.run(inputs, faces, align, draw, "p2c", "cartoon")

    def worker(
        self, faces: Faces = "largest", align: bool = True, attributes: Mapping[str, object] | None = None
    ) -> Callable[[Item], list[CartoonResult]]:
        """What draws one item after another, for whoever keeps the list himself; errors as `run_many`, and `run`'s.

        Files are called after the item's stem, as in a batch; the results hold no pictures.
        """
        return self.pipeline.worker(faces, align, self._checked(faces, attributes, keep_pictures=False))

    def warm_up(self) -> None:
        """Load the networks that every face needs, by a drawing that is not kept."""
        if self.style in NETWORKS:
            self.pipeline.draw(self.pipeline.example(), self._generator(None))
        else:
            self.pipeline.sketch(self.pipeline.example(), sketch(self.style, self.size, person_of({})))

    def facts(self) -> dict[str, object]:
        """What decides how its drawings look, as JSON holds it; weights by their digests."""
        if self.style not in NETWORKS:
            return {"style": self.style, "size": self.size}
        leaves = {leaf.name: digest(leaf.weights) for leaf in self.router.leaves} if self.router is not None else {}
        return {"style": self.style, "weights": digest(self._weights()), "leaves": leaves}

    def _checked(
        self, faces: Faces, attributes: Mapping[str, object] | None, keep_pictures: bool
    ) -> DrawFace[CartoonResult]:
        """What draws a face, once what was asked for and the output folder are known to be fine."""
        check_faces(faces)
        known = self._known(attributes or {})
        check_output(self.output_path)

        def draw(item: Item, index: int, portrait: Portrait, prefix: str) -> CartoonResult:
            result = self._cartoon(item, index, portrait, known, prefix)
            return result if keep_pictures else replace(result, crop=None, mask=None, cartoon=None)

        return draw

    def _known(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """What is known of the people, checked by who makes use of it."""
        if self.style not in NETWORKS:
            person_of(attributes)
            return dict(attributes)
        if attributes and self.router is None:
            wants = "give routing=…, or a style of the artist's, as well"
            raise ConfigError(f"attributes {dict(attributes)} choose between generators: {wants}")
        return self.router.checked(attributes) if self.router is not None else {}

    def _cartoon(
        self, item: Item, index: int, portrait: Portrait, known: dict[str, object], prefix: str
    ) -> CartoonResult:
        """One face, drawn and written."""
        route = None
        if self.router is not None:
            with timed(portrait.timings, "route"):
                route = self.router.route(known, portrait.crop, portrait.landmarks)
        if self.style in NETWORKS:
            drawn = self.pipeline.draw(portrait, self._generator(route))
        else:
            drawn = self.pipeline.sketch(portrait, sketch(self.style, self.size, person_of(known)))
        pictures = {"photo": portrait.crop, "cartoon": drawn.picture}
        if self.side_by_side:
            pictures["both"] = np.hstack([scaled(portrait.crop, len(drawn.picture)), drawn.picture])
        photo_path, cartoon_path, *more = write_pictures(self.output_path, prefix, pictures, item.batch, item.again)
        face, warnings = portrait.face, drawn.warnings + (route.warnings if route else ())
        box, score, landmarks = (face.box, face.score, face.landmarks) if face else (None, None, None)
        return CartoonResult(
            name=item.name, face_index=index, box=box, score=score, landmarks=landmarks,
            crop=portrait.crop, crop_landmarks=portrait.landmarks, mask=drawn.mask, skin=drawn.skin,
            cartoon=drawn.picture, timings=drawn.timings, warnings=warnings,
            photo_path=photo_path, cartoon_path=cartoon_path, route=route, both_path=more[0] if more else None,
        )  # fmt: skip

    def _generator(self, route: Route | None) -> PortraitGenerator:
        """The face's."""
        path = (route.weights if route else None) or self._weights()
        return self.generators.setdefault(path, PortraitGenerator(path))

    def _weights(self) -> Path:
        """The generator's of whoever has none of their own."""
        return self.weight_path or hub.path_of(NETWORKS[self.style])
