"""A StyleGAN2 (or StyleGAN) generator with all that can be done with it: map, draw, mix, project photos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import paddle

from ppgen import hub
from ppgen.apps.drawings import Drawing, Drawings, Titles, titles_of
from ppgen.apps.latent_model import LatentModel, check_finite
from ppgen.apps.portrait import FaceCrop, PortraitPipeline, Seen, crop_for
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.faces.typical import face_box
from ppgen.hub.published import PUBLISHED
from ppgen.hub.stylegan2 import check_wanted
from ppgen.io.atomic import say_replaced, write_files
from ppgen.io.brief import brief, png_of
from ppgen.io.image import ImageSource, image_bytes, source_name, to_tensor_array
from ppgen.latent.mixing import swap
from ppgen.latent.paths import Way, through
from ppgen.latent.project import Features, Projection, Settings, project
from ppgen.latent.render import check_latents, draw
from ppgen.latent.seeds import latents, latents_of
from ppgen.latent.w_plus import Latent, LatentSource, latent_bytes, read_latent
from ppgen.networks.protocols import Inverter, StyleGenerator, check_inverter
from ppgen.runtime import Methods

if TYPE_CHECKING:
    from typing_extensions import Unpack

SHIPPED = hub.FACES
ENCODER = "_encoder"  # how the name ends of the encoder that is shipped with a generator
_SAME = 0.05  # between the means of w that two files hold of one generator, in units of the spread of w
_SHORTER = 10  # times, a search from an encoder's answer than one from the mean
TRUNCATION = 0.7  # of samples, as PaddleGAN has it
FFHQ = ("ffhq-config-f", PUBLISHED["ffhq-config-f"].file)  # names of networks whose faces are cut as FFHQ's are


class Architecture(NamedTuple):
    """What a caller believes weights to be; None: as they say."""

    size: int | None = None
    style_dim: int | None = None
    n_mlp: int | None = None
    channel_multiplier: float | None = None


@dataclass(frozen=True, repr=False)
class Fitted:
    """A photo and what was found for it.

    crop: uint8 (S, S, 3), the target. picture: uint8 (S, S, 3), of `latent`. projection: all that is known of the
    search. warnings: sentences for the user.
    """

    name: str
    crop: np.ndarray
    picture: np.ndarray
    latent: Latent
    projection: Projection
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return brief("Fitted", vars(self))

    def _repr_png_(self) -> bytes | None:
        return png_of(self.crop, self.picture)

    def save(self, photo: Path, picture: Path, latent: Path) -> None:
        """Write crop and picture (.png), and the latent (.npy or .npz): all of them or none."""
        images = {photo: self.crop, picture: self.picture}
        files = {path: image_bytes(path, image) for path, image in images.items()}
        say_replaced(photo, picture, latent)
        write_files({**files, latent: latent_bytes(latent, self.latent)})


class StyleModel(LatentModel[StyleGenerator]):
    """A generator of weights; what `LatentModel` draws from z, and everything in w and W+.

    source: a shipped or published name, or a weights file, ours or PaddleGAN's .pdparams; loaded when first needed.
    architecture: which it has to have.
    ffhq: cut faces as FFHQ's are, for networks of such faces; always so for 'ffhq-config-f' and a file that is called
        as PaddleGAN published it.
    lpips: weights of VGG16 (and LPIPS) as .safetensors, see `ppgen.networks.vgg`, for the perceptual part of
        projections; None: FaceID's features. features: those to compare instead.
    pipeline: the detectors that faces are found with, if not the shipped ones.
    encoder: weights of an encoder into the generator's W+; None: the one that is shipped with it, if any is.
    Raises, when the network is loaded, WeightsError: no such weights, of another network, or not of this
    architecture; and DownloadError.
    """

    def __init__(
        self,
        source: str | os.PathLike = SHIPPED,
        architecture: Architecture | None = None,
        ffhq: bool = False,
        lpips: str | os.PathLike | None = None,
        features: Features | None = None,
        pipeline: PortraitPipeline | None = None,
        encoder: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(str(source), self._of_weights)
        self._architecture = architecture or Architecture()
        self._ffhq = ffhq or Path(self.name).name in FFHQ
        self._lpips, self._features = lpips, features
        shipped = f"{self.name}{ENCODER}"
        self._encoder = shipped if encoder is None and shipped in hub.names() else encoder
        self.pipeline = pipeline or PortraitPipeline()

    def _of_weights(self) -> StyleGenerator:
        network = hub.load(self.name, kind=StyleGenerator)
        check_wanted(network, hub.path_of(self.name), **self._architecture._asdict())
        return network

    # ---- latents ------------------------------------------------------------------------------------------

    def map(self, z: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) -> w, float32 (n, latent_dim)."""
        return self.compiled("map", check_latents(z, self.network.latent_dim))

    def mean_w(self) -> np.ndarray:
        """The mean latent, float32 (latent_dim,)."""
        return self.network.mean_of_latents().numpy()

    def spread(self, w: np.ndarray, truncation: float | np.ndarray | None = None) -> np.ndarray:
        """w (n, latent_dim) -> W+ (n, count, latent_dim), truncated: one for all, or one each (n,).

        Raises ConfigError for a truncation that is not finite.
        """
        check_finite("truncation", 1.0 if truncation is None else truncation)
        psi = np.broadcast_to(np.asarray(1.0 if truncation is None else truncation, np.float32), len(w))[:, None]
        mean = self.mean_w()
        w = np.where(psi == 1, w, mean + psi * (w - mean)).astype(np.float32)
        return np.repeat(w[:, None], self.network.count, axis=1)

    def w_of_seeds(self, seeds: Sequence[int], truncation: float | None = None) -> np.ndarray:
        """W+ of seeds: float32 (n, count, latent_dim)."""
        return self.spread(self._w(seeds), truncation)

    def _w(self, seeds: Sequence[int]) -> np.ndarray:
        return self.map(latents_of(list(seeds), self.network.latent_dim))

    def latent(self, source: LatentSource) -> Latent:
        """A latent of this network; DataError for another's and what is none."""
        return read_latent(source, self.network)

    # ---- pictures -----------------------------------------------------------------------------------------

    def draw_w(
        self,
        w_plus: np.ndarray,
        noise: Sequence[np.ndarray] | None = None,
        columns: int | None = None,
        **titles: Unpack[Titles],
    ) -> Drawings:
        """Pictures of W+ (n, count, latent_dim) or (count, latent_dim).

        noise: one array (1, 1, h, w) or (n, 1, h, w) a layer; None: the stored.
        Raises DataError for another shape, and for numbers that are not finite; ConfigError for too many.
        """
        w_plus = np.asarray(w_plus, np.float32)
        w_plus = w_plus[None] if w_plus.ndim == 2 else w_plus
        if not np.isfinite(w_plus).all():
            raise DataError("latents: expected finite numbers, found some that are not")
        self.check_room(len(w_plus))
        maps = [np.broadcast_to(np.asarray(n, np.float32), (len(w_plus), *n.shape[1:])) for n in noise or []]

        def synthesize(w: paddle.Tensor, *noise: paddle.Tensor) -> paddle.Tensor:
            return self.compiled("synthesize", w, list(noise) or None)

        return Drawings(draw(synthesize, w_plus, *maps, batch=self.batch), columns, **titles)

    def picture(self, latent: Latent) -> Drawing:
        """What a latent looks like."""
        return self.draw_w(latent.w_plus, latent.noise)[0]

    def truncation_sheet(self, seeds: Sequence[int], values: Sequence[float] | None = None) -> Drawings:
        """A row a seed, a column a truncation; None: -1 (the opposite) over 0 (the mean picture) to 1."""
        psi = np.linspace(-1, 1, 9) if values is None else np.asarray(values, float)
        if not len(psi) or not len(seeds):
            raise ConfigError("a truncation sheet needs at least one seed and one truncation")
        points = self.spread(np.repeat(self._w(seeds), len(psi), axis=0), np.tile(psi, len(seeds)))
        names = [str(seed) for seed in seeds]
        return self.draw_w(points, None, len(psi), column_titles=titles_of(psi), row_titles=names)

    def walk_w(
        self, seeds: Sequence[int], steps: int = 12, way: Way = "lerp", closed: bool = False,
        truncation: float | None = None,
    ) -> Drawings:  # fmt: skip
        """As `walk`, but through W, where straight lines are the natural way."""
        points = through(self._w(seeds), steps, way, closed)
        return self.draw_w(self.spread(points, truncation), columns=steps)

    def samples(
        self, seed: int, rows: int, columns: int, truncation: float | None = TRUNCATION
    ) -> tuple[Drawings, Drawings, Drawings]:
        """rows * columns pictures, and two sheets of `mix` with so many targets and sources, as PaddleGAN draws them.

        The layer from which on a row of mixtures is the source's follows from the seed.
        """
        count, dim = rows * columns, self.network.latent_dim
        # One stream for all: the samples are the seed's first latents, as everywhere in ppgen.
        w = self.spread(self.map(latents(seed, count + 2 * (rows + columns), dim)), truncation)
        rng = np.random.default_rng([seed, 23])
        firsts = rng.integers(1, self.network.count, (2, rows))
        one, two = (
            self.mix(part[:columns], part[columns:], first.tolist())
            for part, first in zip(np.split(w[count:], 2), firsts)
        )
        return self.draw_w(w[:count], columns=columns), one, two

    def mix(self, sources: np.ndarray, targets: np.ndarray, firsts: Sequence[int]) -> Drawings:
        """A sheet with sources (c, count, latent_dim) above and targets (r, count, latent_dim) at the left.

        In between the target's styles up to a layer, `firsts` for each row, and the source's from there on.
        """
        rows = [self.draw_w(sources).arrays]
        rows[0] = np.concatenate([np.zeros_like(rows[0][:1]), rows[0]])  # PaddleGAN's corner is black
        for target, first in zip(targets, firsts):
            mixed = swap(np.broadcast_to(target, sources.shape), sources, range(first, self.network.count))
            rows.append(self.draw_w(np.concatenate([target[None], mixed])).arrays)
        return Drawings(np.concatenate(rows), len(sources) + 1)

    # ---- photos -------------------------------------------------------------------------------------------

    def features(self) -> Features:
        """What the perceptual part of a projection compares."""
        if self._features is None:
            self._features = faceid_layers(face_box(self.crop)) if self._lpips is None else _vgg_layers(self._lpips)
        return self._features

    def see(self, photo: ImageSource, align: bool = True) -> Seen:
        """The photo as the network draws faces; not aligned: cut to a square and scaled only."""
        return self.pipeline.see(photo, self.network.image_size, self.crop if align else "none", source_name(photo))

    @cached_property
    def crop(self) -> FaceCrop:
        """How the faces of photos are cut out for this network."""
        return "ffhq" if self._ffhq else crop_for(self.name)

    _inverting: Methods | None = None  # the encoder as the runtime runs it

    @property
    def encodes(self) -> bool:
        """Whether there is an encoder into W+."""
        return self._encoder is not None

    @property
    def search_steps(self) -> int:
        """Those of a search where no number is asked for: from an encoder's answer a tenth of those from the mean."""
        return Settings.steps // _SHORTER if self.encodes else Settings.steps

    @cached_property
    def inverter(self) -> Inverter | None:
        """The encoder into W+, in evaluation mode; None: there is none. WeightsError for another generator's."""
        if self._encoder is None:
            return None
        found = check_inverter(hub.load(self._encoder), self.network, str(self._encoder))
        apart = float((found.mean_latent - self.network.mean_of_latents()).norm()) / self.network.spread_of_latents()
        if apart > _SAME:
            raise WeightsError(f"{self._encoder}: was trained for another generator than {self.name}; train one for it")
        return found

    def invert(self, photo: ImageSource, align: bool = True) -> Fitted:
        """What the encoder says of a photo, in one pass, without a search.

        Raises DataError, NoFaceError, and WeightsError where there is no encoder.
        """
        _ = self.network  # a generator that is not there is told of before its encoder
        if self.inverter is None:
            raise WeightsError(f"{self.name}: no encoder comes with this generator; give an encoder's weights")
        seen = self.see(photo, align)
        w_plus = self._said(self.inverter, seen)
        pictures = self.draw_w(w_plus).arrays
        found = Projection(w_plus, None, pictures, [])
        return Fitted(source_name(photo), seen.crop, pictures[0], Latent(w_plus[0]), found, seen.warnings)

    def _said(self, inverter: Inverter, seen: Seen) -> np.ndarray:
        if self._inverting is None:
            self._inverting = Methods(inverter)
        return self._inverting("invert", to_tensor_array(seen.crop[None]))

    def project(
        self,
        photo: ImageSource,
        settings: Settings | None = None,
        align: bool = True,
        start: LatentSource | None = None,
    ) -> Fitted:
        """Find the latent of a photo (a path, an array, a PIL image).

        settings: None: the usual ones, with `search_steps`, or from a `start` as many as from the mean.
        start: a latent to begin at; None: what the encoder says, or without an encoder the mean.
        Raises DataError, NoFaceError, ConfigError, WeightsError.
        """
        settings = settings or Settings(steps=self.search_steps if start is None else Settings.steps)
        seen = self.see(photo, align)
        features = self.features() if settings.perceptual_weight else None
        begin = None if start is None else self.latent(start)
        first = None if begin is None else begin.w_plus[None]
        if first is None and self.inverter is not None:
            first = self._said(self.inverter, seen)
        noise = begin.noise if begin is not None else None
        projection = project(self.network, to_tensor_array(seen.crop[None]), settings, features, first, noise)
        latent = Latent(projection.w_plus[0], projection.noise)
        return Fitted(source_name(photo), seen.crop, projection.pictures[0], latent, projection, seen.warnings)


def faceid_layers(box: tuple[float, float, float, float]) -> Features:
    """FaceID's, on the face's place in a crop: left, top, right, bottom as fractions of its side."""
    from ppgen.losses.perceptual import FacePerception

    return FacePerception(hub.load("face_id"), box).features


def _vgg_layers(path: str | os.PathLike) -> Features:
    from ppgen.networks.vgg import load_vgg

    return load_vgg(path).features
