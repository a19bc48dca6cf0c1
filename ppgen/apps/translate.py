"""A portrait as pix2pix, CycleGAN, U-GAT-IT or Photo2Cartoon redraw it, and where their attention looked.

`ppgen.apps.portrait` says what becomes of a photo; the networks see it at the size they have learnt at.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ppgen import hub
from ppgen.apps.batch import Inputs, Item, Report, is_batch, write_pictures
from ppgen.apps.portrait import DrawFace, Faces, Portrait, PortraitPipeline, check_faces, finding
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.config import shipped
from ppgen.errors import ConfigError, WeightsError
from ppgen.faces.detect import Aligner
from ppgen.io.atomic import check_output
from ppgen.io.brief import brief, png_of
from ppgen.io.download import digest
from ppgen.io.heatmap import heat_pictures
from ppgen.io.image import to_tensor_array, to_uint8
from ppgen.registry import unknown


class Model(NamedTuple):
    """A way to redraw portraits.

    weights: their name in the hub. config: which trains it. networks: its generators' classes.
    cut_out: its drawings are cut out along the person, as those that it has learnt from were.
    """

    weights: str
    config: str
    networks: tuple[str, ...]
    cut_out: bool = False


_CARTOONISTS = ("LeanPhoto2CartoonGenerator", "Photo2CartoonGenerator")
MODELS = {
    "pix2pix": Model("pix2pix_portraits", "pix2pix_portraits.yaml", ("UNetGenerator", "ResNetGenerator")),
    "cyclegan": Model("cyclegan_portraits", "cyclegan_portraits.yaml", ("ResNetGenerator", "UNetGenerator")),
    "ugatit": Model("ugatit_portraits_64", "ugatit_portraits_64.yaml", ("UGATITGenerator",)),
    "photo2cartoon": Model("photo2cartoon", "photo2cartoon_artist.yaml", _CARTOONISTS, cut_out=True),
    "photo2cartoon-unpaired": Model("photo2cartoon-unpaired-64", "ugatit_photo2cartoon_64.yaml", _CARTOONISTS),
}


@dataclass(frozen=True, repr=False)
class Translation:
    """One face and what the network made of it.

    name: of the input. face_index: 0 is the best face of the photo.
    photo: uint8 (S, S, 3), what the network saw. picture: uint8 (S, S, 3), what it made; of photo2cartoon cut out,
    (256, 256, 3), as `Photo2CartoonPredictor` gives it.
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

    def __repr__(self) -> str:
        return brief("Translation", vars(self))

    def _repr_png_(self) -> bytes | None:
        return png_of(self.photo, self.picture, self.attention)

    @property
    def leaf(self) -> None:
        """There is no routing."""
        return None


def named(model: str) -> str:
    """The model of that name, or whose weights have it: 'photo2cartoon-unpaired-64' is 'photo2cartoon-unpaired'.

    Raises:
        ConfigError: unknown model.
    """
    if model in MODELS:
        return model
    for name, facts in MODELS.items():
        if facts.weights == model:
            return name
    raise ConfigError(unknown("model", model, MODELS))


def weights_of(model: str, weights: str | os.PathLike | None = None) -> Path:
    """The weights file to use for a model.

    Raises:
        ConfigError: unknown model. WeightsError: no such file, or none is shipped.
    """
    model = named(model)
    if weights is not None:
        return hub.path_of(weights)
    if MODELS[model].weights not in hub.names():
        advice = f"train it with `{shipped.how_to_train(Path(MODELS[model].config).stem)}`"
        advice += " and give the run's best.safetensors with --weights"
        raise WeightsError(f"{model}: no weights for it come with ppgen; {advice}")
    return hub.path_of(MODELS[model].weights)


class TranslationPredictor:
    """Translates the faces of photos.

    output_path: folder of the pictures; made when the first is written.
    model: 'pix2pix', 'cyclegan', 'ugatit', 'photo2cartoon' or 'photo2cartoon-unpaired', or the name of its weights.
    weight_path: a generator's weights to use instead of the shipped ones: a .safetensors of ours, one of PaddleGAN's
    published `.pdparams`, or their name in the hub.
    attention: also draw where the network's attention looked.
    background: leave the background in instead of painting it white, for networks that have learnt so.
    pipeline: the detectors that faces are found and cut out with, if not the shipped ones.
    aligner: whose landmarks faces are cut out by: "dlib", or where it finds none MediaPipe's mesh; "mesh": MediaPipe's
    alone, without dlib and its landmarks, whose training data (iBUG 300-W) exclude commercial use.
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
        pipeline: PortraitPipeline | None = None,
        aligner: Aligner = "dlib",
    ) -> None:
        self.output_path, self.model = Path(output_path).expanduser(), named(model)
        self.weight_path = weights_of(self.model, weight_path)
        self.attention, self.background = attention, background
        self.pipeline = pipeline or PortraitPipeline(find=finding(aligner))
        self.generator = PortraitGenerator(self.weight_path, self.model)

    def run(self, image: Inputs, faces: Faces = "largest", align: bool = True) -> Translation | list[Translation]:
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
        return self.run_many(image, faces, align).outcome(is_batch(image) or faces == "all")

    def run_many(
        self, inputs: Inputs, faces: Faces = "largest", align: bool = True, keep_pictures: bool = True
    ) -> Report[Translation]:
        """As `run`, but what fails is reported instead of raised: `Report(results, failures)`.

        keep_pictures: False for thousands of photos: the results hold the files' paths, not the pictures.
        """
        return self.pipeline.run(inputs, faces, align, self._checked(faces, keep_pictures), "", self.model)

    def worker(self, faces: Faces = "largest", align: bool = True) -> Callable[[Item], list[Translation]]:
        """What translates one item after another; see `Photo2CartoonPredictor.worker`."""
        return self.pipeline.worker(faces, align, self._checked(faces, keep_pictures=False))

    def warm_up(self) -> None:
        """Load the networks, by a drawing that is not kept."""
        self.pipeline.draw(self.pipeline.example(), self.generator, self.background)

    def facts(self) -> dict[str, object]:
        """What decides how its pictures look; see `Photo2CartoonPredictor.facts`."""
        drawn = {"attention": self.attention, "background": self.background}
        return {"model": self.model, "weights": digest(self.weight_path), **drawn}

    def _checked(self, faces: Faces, keep_pictures: bool) -> DrawFace[Translation]:
        """What translates a face, once what was asked for and the output folder are known to be fine."""
        check_faces(faces)
        check_output(self.output_path)
        if self.attention:
            self._check_attention()

        def draw(item: Item, index: int, portrait: Portrait, prefix: str) -> Translation:
            result = self._translation(item, index, portrait, prefix)
            return result if keep_pictures else replace(result, photo=None, picture=None, attention=None)

        return draw

    def _translation(self, item: Item, index: int, portrait: Portrait, prefix: str) -> Translation:
        """One face, translated and written."""
        drawn = self.pipeline.draw(portrait, self.generator, self.background, MODELS[self.model].cut_out)
        pictures = {"photo": drawn.photo, "drawn": drawn.picture}
        if self.attention and drawn.heatmap is not None:
            heat = heat_pictures(drawn.heatmap[None, None], to_tensor_array(drawn.photo)[None])
            pictures["attention"] = to_uint8(heat)[0]
        prefix = f"{prefix}_{self.model}" if prefix else self.model
        paths = write_pictures(self.output_path, prefix, pictures, item.batch, item.again)
        warnings, attention = self._doubts() + drawn.warnings, pictures.get("attention")
        return Translation(item.name, index, drawn.photo, drawn.picture, attention, warnings, paths)

    def _doubts(self) -> tuple[str, ...]:
        """A warning where the weights are of another model than the pictures will be named after."""
        name = self.generator.compiled.traits.network
        if name in MODELS[self.model].networks:
            return ()
        return (f"{self.weight_path.name} holds a {name}, which is no network of {self.model}; give its --model",)

    def _check_attention(self) -> None:
        """ConfigError where the network has none, before the work."""
        traits = self.generator.compiled.traits
        if traits.attends:
            return
        what = f"its network ({traits.network}) has no attention to show"
        raise ConfigError(f"{self.model}: {what}; ugatit and both photo2cartoon have")
