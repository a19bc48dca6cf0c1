"""Faces as numbers and back: a photo is encoded, moved through the latent space, and decoded.

The way of a photo: read, find the face, cut it out upright as the training faces were (`crop_for`) at the network's
size, encode. What comes back is the network's idea of the face, softer than the photo.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from ppgen.apps.batch import Inputs, Item, Report, is_batch, list_items, run_batch, unread, write_pictures
from ppgen.apps.drawings import Drawing, Drawings, titles_of
from ppgen.apps.latent_model import LatentPredictor, latent_model
from ppgen.apps.portrait import PortraitPipeline, Seen, crop_for
from ppgen.errors import ConfigError, DataError
from ppgen.io.atomic import check_output
from ppgen.io.brief import brief, png_of
from ppgen.io.image import ImageSource, source_name, to_tensor_array
from ppgen.latent.attributes import Directions, load_directions
from ppgen.latent.paths import Interpolation, axis, morph, traverse
from ppgen.latent.render import check_latents, encode
from ppgen.networks.protocols import LatentGenerator


@dataclass(frozen=True, repr=False)
class VAEResult:
    """One face.

    name: of the input. crop: uint8 (S, S, 3), what was encoded. latent: float32 (latent_dim,).
    rebuilt, edited: uint8 (S, S, 3), decoded from the latent, and from the latent moved by the attributes.
    warnings: sentences for the user: small face, several faces … paths: the files written.
    """

    name: str
    crop: np.ndarray
    latent: np.ndarray
    rebuilt: np.ndarray
    edited: np.ndarray
    warnings: tuple[str, ...]
    paths: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        return brief("VAEResult", vars(self))

    def _repr_png_(self) -> bytes | None:
        return png_of(self.crop, self.rebuilt, self.edited)


class VAEPredictor(LatentPredictor[LatentGenerator]):
    """Encodes faces, edits and morphs them, and draws new ones (all that `GANPredictor` does).

    output_path: folder of the pictures that `run` writes.
    weight_path: a VAE's weights, or a shipped one's name; None: what `model` names.
    model: without `weight_path`, a network's name or a weights file; None: the shipped face VAE. With it, which network
        that file fills, where the file does not say so.
    pipeline: the detectors that faces are found with, if not the shipped ones.

        vae = VAEPredictor()
        z = vae.encode('me.jpg')
        vae.decode(z + 1.5 * vae.attributes['Smiling']).save('smile.png')
        vae.morph('a.jpg', 'b.jpg', steps=9).save('morph.gif')

    A photo is a path, an array (H, W, 3) RGB or a PIL image. Raises WeightsError, at first use, where there are no
    such weights or they have no encoder; DataError, NoFaceError for an unusable photo.
    """

    shipped = "vae_nobody64"

    def __init__(
        self,
        output_path: str | os.PathLike = "output",
        weight_path: str | os.PathLike | None = None,
        model: str | os.PathLike | None = None,
        pipeline: PortraitPipeline | None = None,
    ) -> None:
        super().__init__(output_path, latent_model(weight_path, model, self.shipped))
        self.pipeline = pipeline or PortraitPipeline()

    @cached_property
    def attributes(self) -> Directions:
        """The vectors that came with the weights, by CelebA's names; an unknown name is a ConfigError."""
        return load_directions(self.name)

    # ---- photo -> latent ----------------------------------------------------------------------------------

    def crop(self, photo: ImageSource, align: bool | None = None) -> np.ndarray:
        """What the network sees of a photo: uint8 (S, S, 3).

        align: find the face and cut it out; False: the picture is cut already, as in data/faces128. None: True
        for a network of colour pictures, False for one of grey ones, which are no faces.
        """
        return self._see(photo, align, source_name(photo)).crop

    def _see(self, photo: ImageSource, align: bool | None, name: str) -> Seen:
        if align is None:
            align = self.network.channels == 3
        return self.pipeline.see(photo, self.network.image_size, crop_for(self.name) if align else "none", name)

    def _code(self, crops: np.ndarray) -> np.ndarray:
        if self.network.channels == 1:
            crops = np.stack([np.asarray(Image.fromarray(crop).convert("L"))[..., None] for crop in crops])
        return encode(self.network, to_tensor_array(crops), self.name, self.model.compiled).mu

    def encode(self, photo: Inputs, align: bool | None = None) -> np.ndarray:
        """The latent of a photo, float32 (latent_dim,): the mean of q(z|x). Of a list or a folder (n, latent_dim).

        align: see `crop`. Raises the error of the first photo that cannot be used.
        """
        items = list_items(photo)
        for item in items:
            if item.failure is not None:
                raise item.failure
        codes = self._code(np.stack([self._see(item.source, align, item.name).crop for item in items]))
        return codes if is_batch(photo) else codes[0]

    # ---- latent -> picture --------------------------------------------------------------------------------

    def decode(self, z: np.ndarray) -> Drawing | Drawings:
        """The picture of a latent (latent_dim,), or the pictures of several (n, latent_dim)."""
        drawings = self.draw(z)
        return drawings[0] if np.ndim(z) == 1 else drawings

    def latent_of(self, source: Inputs, align: bool | None = None) -> np.ndarray:
        """A latent (latent_dim,): `source` itself where it is one already, else the photo's. DataError for several."""
        if isinstance(source, np.ndarray) and source.ndim == 1:
            return check_latents(source, self.network.latent_dim)[0]
        if is_batch(source):
            raise DataError(f"{source_name(source)}: several pictures or a folder, where one picture is wanted")
        return self.encode(source, align)

    def arithmetic(
        self, photo: ImageSource, amounts: Mapping[str, float] | None = None, align: bool | None = None, **more: float
    ) -> Drawing:
        """z + sum of amount * vector: `vae.arithmetic('me.jpg', Smiling=1.5, Eyeglasses=-1)`.

        photo: or its latent. Raises ConfigError for a name the weights have no vector for.
        """
        return self.draw(self.attributes.moved(self.latent_of(photo, align), {**(amounts or {}), **more}))[0]

    def morph(
        self, a: ImageSource, b: ImageSource, steps: int = 9, way: Interpolation = "lerp", align: bool | None = None
    ) -> Drawings:
        """From one photo (or latent) to another: z = z_A (1 - t) + z_B t, or along the arc with way='slerp'."""
        points = morph(self.latent_of(a, align), self.latent_of(b, align), steps, way)
        return self.draw(points, columns=steps)

    def strongest(self, z: np.ndarray, count: int = 8, span: float = 2.0) -> list[int]:
        """The dimensions that change the picture of a latent most when moved by `span`, the strongest first.

        Of a VAE's latent many dimensions say nothing, and the active ones may be anywhere.
        """
        pictures = self.draw(np.concatenate([z[None], z + span * np.eye(len(z), dtype=np.float32)])).arrays
        moved = np.asarray(pictures, np.float32)
        change = ((moved[1:] - moved[0]) ** 2).mean(axis=(1, 2, 3))
        return [int(dimension) for dimension in np.argsort(-change, kind="stable")[:count]]

    def traverse(
        self,
        photo: ImageSource,
        along: Sequence[str | int] | None = None,
        span: float = 2.0,
        steps: int = 9,
        align: bool | None = None,
    ) -> Drawings:
        """A row for each of `along`, attributes by name or dimensions by number: z - span … z + span in steps.

        photo: or its latent. along: None: the strongest dimensions.
        """
        z = self.latent_of(photo, align)
        along = self.strongest(z, span=span) if along is None else along
        if not along or steps < 2:
            raise ConfigError("a traversal needs at least one attribute or dimension, and 2 steps")
        moves = [self.attributes[w] if isinstance(w, str) else axis(len(z), w) for w in along]
        points = np.concatenate([traverse(z, move, span, steps) for move in moves])
        titles = titles_of(np.linspace(-span, span, steps))
        return self.draw(points, columns=steps, row_titles=[str(w) for w in along], column_titles=titles)

    # ---- files --------------------------------------------------------------------------------------------

    def run(
        self, photos: Inputs, amounts: Mapping[str, float] | None = None, align: bool | None = None
    ) -> VAEResult | list[VAEResult]:
        """Encode, move by the attributes and decode one photo, or several.

        photos: a photo; or a folder, or a list of any of these.
        amounts: by attribute, such as {'Smiling': 1.5}; none: nothing is moved.
        Returns:
            the result, whose pictures are written into the output folder as vae_photo.png, vae_rebuilt.png and
            vae_edited.png; for a folder or a list a list of them, and the files begin with the photos' names.
        Raises:
            DataError, NoFaceError: an unusable photo; in a batch after the rest is done. OutputError,
            WeightsError, ConfigError: known before any work.
        """
        return self.run_many(photos, amounts, align).outcome(is_batch(photos))

    def run_many(
        self, photos: Inputs, amounts: Mapping[str, float] | None = None, align: bool | None = None
    ) -> Report[VAEResult]:
        """As `run`, but what fails is reported instead of raised: `Report(results, failures)`."""
        check_output(self.output_path)
        self.attributes.moved(np.zeros(self.network.latent_dim), amounts or {})  # unknown names fail here
        numbered = is_batch(photos)

        def work(item: Item) -> list[VAEResult]:
            seen = self._see(item.source, align, item.name)
            z = self._code(seen.crop[None])[0]
            rebuilt, edited = self.draw(np.stack([z, self.attributes.moved(z, amounts or {})])).arrays
            pictures = {"photo": seen.crop, "rebuilt": rebuilt, "edited": edited}
            paths = write_pictures(self.output_path, item.stem if numbered else "vae", pictures, item.batch)
            return [VAEResult(item.name, seen.crop, z, rebuilt, edited, seen.warnings, paths)]

        return run_batch(list_items(photos), work, "vae", "decoded", unread(photos))


if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.vae
    import runpy

    runpy.run_module("ppgen.cli.scripts.vae", run_name="__main__")
