"""A portrait as pix2pix, CycleGAN, U-GAT-IT or Photo2Cartoon redraw it, and where their attention looked.

The way of a photo: read, find the face, cut it out upright, find the person in the crop, put it on white, scale to the
size the network has learnt at, translate.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ppgen import hub
from ppgen.apps.batch import Item, Report, check_not_input, is_batch, list_items, run_batch
from ppgen.apps.portrait import (
    Cut,
    Drawing,
    Generator,
    check_faces,
    cropped_already,
    cut_out,
    draw_portrait,
    find_person,
    load_generator,
    scaled,
)
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.atomic import atomic_path, check_output
from ppgen.io.heatmap import heat_pictures
from ppgen.io.image import on_white, save_image, to_tensor_array, to_uint8
from ppgen.registry import nearest

# model -> (name of its weights in the hub, config that trains it, its networks)
MODELS = {
    "pix2pix": ("pix2pix_portraits", "pix2pix_portraits.yaml", ("UNetGenerator", "ResNetGenerator")),
    "cyclegan": ("cyclegan_portraits", "cyclegan_portraits.yaml", ("ResNetGenerator", "UNetGenerator")),
    "ugatit": ("ugatit_portraits_64", "ugatit_portraits_64.yaml", ("UGATITGenerator",)),
    "photo2cartoon": (
        "photo2cartoon", "photo2cartoon_paired.yaml", ("LeanPhoto2CartoonGenerator", "Photo2CartoonGenerator"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Translation:
    """One face and what the network made of it.

    name: of the input. face_index: 0 is the best face of the photo.
    photo: uint8 (S, S, 3), what the network saw. picture: uint8 (S, S, 3), what it made.
    attention: uint8 (S, S, 3), the photo in grey under the heat of the network's attention, red where it is highest;
    None where the network has none or it was not asked for.
    warnings: sentences for the user. paths: the files written. Pictures that `run_many` was not to keep are None.
    """

    name: str
    face_index: int
    photo: np.ndarray | None
    picture: np.ndarray | None
    attention: np.ndarray | None
    warnings: tuple[str, ...]
    paths: tuple[Path, ...] = ()


def weights_of(model: str, weights: str | os.PathLike | None = None) -> Path:
    """The weights file to use for a model.

    Raises:
        ConfigError: unknown model. WeightsError: no such file, or none is shipped.
    """
    if model not in MODELS:
        raise ConfigError(
            f"no model is called '{model}'{nearest(model, list(MODELS))} (there are: {', '.join(MODELS)})"
        )
    if weights is not None:
        return hub.path_of(weights)
    name, config, _ = MODELS[model]
    if name not in hub.names():
        raise WeightsError(
            f"{model}: no weights for it come with ppgen; train it with `python tools/main.py -c configs/{config}` and "
            "give the run's best.safetensors with --weights"
        )
    return hub.path_of(name)


class TranslationPredictor:
    """Translates the faces of photos.

    output_path: folder of the pictures; made when the first is written.
    model: 'pix2pix', 'cyclegan', 'ugatit' or 'photo2cartoon'.
    weight_path: a generator's weights to use instead of the shipped ones: a .safetensors of ours, one of PaddleGAN's
    published `.pdparams`, or their name in the hub.
    attention: also draw where the network's attention looked.
    background: leave the background in instead of painting it white, for networks that have learnt so.
    The network is loaded when the first face is translated, once.

        TranslationPredictor(model='ugatit', attention=True).run('photo.jpg').attention

    Raises ConfigError, WeightsError: unknown model, no weights.
    """

    def __init__(
        self,
        output_path: str | os.PathLike = "output",
        model: str = "photo2cartoon",
        weight_path: str | os.PathLike | None = None,
        attention: bool = False,
        background: bool = False,
    ) -> None:
        self.output_path, self.model = Path(output_path).expanduser(), model
        self.weight_path = weights_of(model, weight_path)
        self.attention, self.background = attention, background
        self._generator: Generator | None = None

    def run(self, image: Any, faces: str | int = "largest", align: bool = True) -> Translation | list[Translation]:
        """Translate one photo, or several.

        image: a path, an array (H, W, 3) RGB, a PIL image; or a folder, or a list of any of these.
        faces: 'largest', 'all', or an index from 0. align: False where the input is an aligned crop already, or no
        face at all (then with `background`, as what is taken for the background turns white): it is scaled as it is,
        and white is added to make it square.
        Returns:
            the result, whose pictures are written as `<model>_photo.png`, `<model>_drawn.png` and, if asked,
            `<model>_attention.png`; for a folder, a list or faces='all' a list, and the files begin with
            `<stem>_<face>_`.
        Raises:
            DataError, NoFaceError: an unusable input; in a batch after the rest is done. OutputError, ConfigError,
            WeightsError.
        """
        report = self.run_many(image, faces, align)
        report.raise_first()
        return report.results if is_batch(image) or faces == "all" else report.results[0]

    def run_many(
        self, inputs: Any, faces: str | int = "largest", align: bool = True, keep_pictures: bool = True
    ) -> Report:
        """As `run`, but what fails is reported instead of raised: `Report(results, failures)`.

        keep_pictures: False for thousands of photos: the results hold the files' paths, not the pictures.
        """
        check_faces(faces)
        check_output(self.output_path)
        items = list_items(inputs)
        if self.attention:
            self._load()  # whether it has any, before the work
        numbered = is_batch(inputs) or faces == "all"
        return run_batch(items, lambda item: self._one_photo(item, faces, align, numbered, keep_pictures), self.model)

    def _one_photo(self, item: Item, faces: str | int, align: bool, numbered: bool, kept: bool) -> list[Translation]:
        cuts = cut_out(item, faces) if align else {0: cropped_already(item)}
        results = []
        for index, cut in cuts.items():
            prefix = f"{item.stem}_{index}_" if numbered else ""
            result = self._write(item, index, cut, prefix)
            results.append(result if kept else replace(result, photo=None, picture=None, attention=None))
        return results

    def _write(self, item: Item, index: int, cut: Cut, prefix: str) -> Translation:
        """All pictures of a face or none."""
        photo, drawing, warnings = self._translate(cut)
        pictures = {"photo": photo, "drawn": drawing.picture}
        attention = None
        if self.attention:
            heat = heat_pictures(drawing.heatmap[None, None], to_tensor_array(photo)[None])
            attention = pictures["attention"] = to_uint8(heat)[0]
        paths = tuple(self.output_path / f"{prefix}{self.model}_{what}.png" for what in pictures)
        check_not_input(paths, batch=item.batch)
        self._save(paths, list(pictures.values()))
        return Translation(item.name, index, photo, drawing.picture, attention, warnings, paths)

    def _save(self, paths: tuple[Path, ...], pictures: list[np.ndarray]) -> None:
        if not paths:
            return
        with atomic_path(paths[0]) as temporary:
            save_image(temporary, pictures[0])
            self._save(paths[1:], pictures[1:])

    def _translate(self, cut: Cut) -> tuple[np.ndarray, Drawing, tuple[str, ...]]:
        """(what the network sees, what it makes of it, warnings)."""
        generator, crop = self._load(), cut.crop
        warnings = cut.warnings + self._doubts(generator)
        if not self.background:
            mask, doubts = find_person(cut)
            crop, warnings = on_white(crop, mask), warnings + doubts
        skin = None
        if getattr(generator.network, "takes_skin", False):
            from ppgen.faces.skin import estimate_skin

            skin = estimate_skin(cut.crop, cut.landmarks)
        photo = scaled(crop, generator.size)
        return photo, draw_portrait(generator, photo, skin), warnings

    def _doubts(self, generator: Generator) -> tuple[str, ...]:
        """A warning where the weights are of another model than the pictures will be named after."""
        found = type(generator.network).__name__
        if found in MODELS[self.model][2]:
            return ()
        return (f"{self.weight_path.name} holds a {found}, which is no network of {self.model}; give its --model",)

    def _load(self) -> Generator:
        if self._generator is None:
            generator = load_generator(self.weight_path, self.model)
            if self.attention and not _has_attention(generator.network):
                raise ConfigError(
                    f"{self.model}: its network ({type(generator.network).__name__}) has no attention to show; "
                    "ugatit and photo2cartoon have"
                )
            self._generator = generator
        return self._generator


def _has_attention(network: Any) -> bool:
    from ppgen.networks.blocks.attention import CAMAttention

    return any(isinstance(layer, CAMAttention) for layer in network.sublayers())
