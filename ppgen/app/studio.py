"""The predictors behind the page. Each is made once, when it is first needed, and shared by all visitors.

Only one visitor is served at a time (`page.py` gives every event the same queue), so nothing here is locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from ppgen import hub
from ppgen.apps.drawings import Drawings
from ppgen.apps.photo2cartoon import CartoonResult, Photo2CartoonPredictor
from ppgen.apps.portrait import Faces, PortraitPipeline
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.apps.stylegan2 import StyleGANv2EditingPredictor
from ppgen.apps.stylegan2_model import Fitted
from ppgen.apps.translate import MODELS, Translation, TranslationPredictor
from ppgen.apps.vae import VAEPredictor
from ppgen.io.weights import description
from ppgen.latent.project import Settings
from ppgen.latent.w_plus import Latent

_STYLE_NETWORKS = ("StyleGAN2Generator", "StyleGANGenerator")
_REMEMBERED = 16  # photos whose latent is kept


class Edited(NamedTuple):
    """uint8 (S, S, 3) each: what the network saw of a photo, that drawn again, and moved."""

    seen: np.ndarray
    rebuilt: np.ndarray
    edited: np.ndarray


class Studio:
    """Everything that the page can ask for; photos are paths. Raises what the predictors raise."""

    def __init__(self) -> None:
        self.pipeline = PortraitPipeline()
        self._cartoonists: dict[Path, PortraitGenerator] = {}
        self._translators: dict[str, PortraitGenerator] = {}
        self._painters: dict[str, StyleGANv2EditingPredictor] = {}
        self._encoded = lru_cache(_REMEMBERED)(self._encode)

    # ---- portraits ----------------------------------------------------------------------------------------

    def cartoons(self, photo: str, style: str, size: int, faces: Faces) -> list[CartoonResult]:
        """The faces of a photo, drawn; `size` is the artist's."""
        with TemporaryDirectory(prefix="ppgen-cartoon-") as folder:
            predictor = Photo2CartoonPredictor(folder, pipeline=self.pipeline, style=style, size=size)
            predictor.generators = self._cartoonists
            report = predictor.run_many(photo, faces)
        report.raise_first()
        return report.results

    @staticmethod
    def translators() -> list[str]:
        """The networks that redraw portraits whose weights are here."""
        return [name for name, model in MODELS.items() if model.weights in hub.names()]

    def translation(self, photo: str, model: str, background: bool) -> Translation:
        """The best face of a photo, redrawn; with attention, where the network has some."""
        with TemporaryDirectory(prefix="ppgen-translation-") as folder:
            predictor = TranslationPredictor(folder, model, background=background, pipeline=self.pipeline)
            predictor.generator = self._translators.setdefault(model, predictor.generator)
            predictor.attention = predictor.generator.compiled.traits.attends
            report = predictor.run_many(photo)
        report.raise_first()
        return report.results[0]

    # ---- style-based generators ---------------------------------------------------------------------------

    @staticmethod
    def style_models() -> list[str]:
        """The shipped generators of faces that have styles, StyleGAN2 first."""
        networks = {name: described.network for name in hub.names() if (described := description(hub.path_of(name)))}
        return [name for network in _STYLE_NETWORKS for name, own in networks.items() if own == network]

    def painter(self, model: str) -> StyleGANv2EditingPredictor:
        """The predictor of a style-based generator."""
        if model not in self._painters:
            self._painters[model] = StyleGANv2EditingPredictor(model, pipeline=self.pipeline)
        return self._painters[model]

    def mixed(self, model: str, rows: Sequence[int], columns: Sequence[int], first: int, truncation: float) -> Drawings:
        """A table: the styles of the left faces up to layer `first`, from there on those of the upper ones."""
        painter = self.painter(model)
        above, left = (painter.w_of_seeds(seeds, truncation) for seeds in (columns, rows))
        return painter.model.mix(above, left, [min(first, painter.network.count)] * len(rows))

    def directed(
        self, model: str, seed: int, amounts: Mapping[str, float], truncation: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The face of a seed, and that moved along directions: uint8 (S, S, 3) each."""
        painter = self.painter(model)
        start = Latent(painter.w_of_seeds([seed], truncation)[0])
        pictures = painter.draw_w(np.stack([start.w_plus, painter.moved(start, amounts).w_plus])).arrays
        return pictures[0], pictures[1]

    def projection(self, photo: str, model: str, steps: int) -> Fitted:
        """The latent of a photo: what the encoder says, where there is one, and so many steps of search."""
        painter = self.painter(model)
        if steps == 0:
            return painter.invert(photo)
        return painter.project(photo, Settings(steps=steps))

    def moved(self, model: str, latent: Latent, amounts: Mapping[str, float]) -> np.ndarray:
        """What a latent looks like after moves along directions: uint8 (S, S, 3)."""
        painter = self.painter(model)
        return painter.picture(painter.moved(latent, amounts)).array

    # ---- the autoencoder ----------------------------------------------------------------------------------

    @cached_property
    def vae(self) -> VAEPredictor:
        """Of faces."""
        return VAEPredictor(pipeline=self.pipeline)

    def _encode(self, photo: str) -> tuple[np.ndarray, np.ndarray]:
        """(crop, latent)."""
        crop = self.vae.crop(photo)
        return crop, self.vae.encode(crop, align=False)

    def edited(self, photo: str, amounts: Mapping[str, float]) -> Edited:
        """A photo's face drawn again, and with attributes added."""
        crop, z = self._encoded(photo)
        rebuilt, edited = self.vae.draw(np.stack([z, self.vae.attributes.moved(z, amounts)])).arrays
        return Edited(crop, rebuilt, edited)

    def morph(self, first: str, last: str, steps: int) -> Drawings:
        """One photo's face becomes another's."""
        one, other = (self._encoded(photo)[1] for photo in (first, last))
        return self.vae.morph(one, other, steps)
