"""Faces moved along directions of W and by single channels of S: latents, photos, and sheets of such moves."""

import os
from collections.abc import Mapping, Sequence, Sized
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

import numpy as np

from ppgen import hub
from ppgen.apps.drawings import Drawings, titles_of
from ppgen.apps.latent_model import check_finite
from ppgen.apps.stylegan2_model import TRUNCATION, Fitted, StyleModel
from ppgen.errors import ConfigError
from ppgen.hub.published import fetch_on_trust
from ppgen.io.image import ImageSource
from ppgen.io.weights import read_arrays
from ppgen.latent import channels as style_space
from ppgen.latent.attributes import Directions, load_directions
from ppgen.latent.channels import Channel
from ppgen.latent.mixing import check_layers, moved
from ppgen.latent.project import Settings
from ppgen.latent.seeds import check_count
from ppgen.latent.w_plus import Latent, LatentSource

_PUBLISHED = {
    "ffhq-config-f": "https://paddlegan.bj.bcebos.com/models/stylegan2-ffhq-config-f-directions.pdparams",
}
Layers = Sequence[int] | None  # of W+; None: all
Channels = Mapping[Channel, float]  # in standard deviations of the samples


class StyleEditor:
    """Moves the latents of a model.

    direction_path: directions by name, (latent_dim,) or (count, latent_dim) each: a .pdparams or .safetensors of
        nothing else, or the weights that `ppgen directions --save` put them into; None: those of the model's weights.
    published: the name of one of PaddleGAN's models whose published directions to use instead of the weights'.
    """

    def __init__(
        self, model: StyleModel, direction_path: str | os.PathLike | None = None, published: str | None = None
    ) -> None:
        self.model, self._path, self._url = model, direction_path, _PUBLISHED.get(published or "")

    @cached_property
    def directions(self) -> Directions:
        """By name; an unknown name is a ConfigError with the nearest."""
        if self._path is not None:
            path = hub.path_of(self._path)
            return load_directions(path, "w") or Directions(_alone(path), "w")
        if self._url is not None:
            return Directions(read_arrays(fetch_on_trust(self._url)), "w")
        return load_directions(self.model.name, "w")

    @cached_property
    def _spread(self) -> style_space.Spread:
        return style_space.spread_of(style_space.sampled_styles(self.model.network))

    def spread_of_styles(self) -> style_space.Spread:
        """How the channels of S spread over 1000 samples; the unit in which they are moved."""
        return self._spread

    def moved(self, latent: Latent, amounts: Mapping[str, float], layers: Layers = None) -> Latent:
        """The latent plus amount * direction for each, in the given layers of W+ (None: all)."""
        return latent._replace(w_plus=moved(latent.w_plus[None], self.directions, amounts, layers)[0])

    def edit(
        self,
        source: ImageSource | Latent | Fitted,
        amounts: Mapping[str, float] | None = None,
        layers: Layers = None,
        settings: Settings | None = None,
        align: bool = True,
        channels: Mapping[Channel, float] | None = None,
    ) -> Drawings:
        """A photo, its projection, that moved by each amount and, where there are several, by all of them.

        source: a photo, which is projected first; or a latent (.npy, .npz, `Latent`, `Fitted`, or an array of signed
            numbers in this network's shape of a latent).
        amounts: along directions of W. channels: of single channels of S, in standard deviations of the samples.
        Raises ConfigError for unknown directions and channels and amounts that are not finite (known before any
        work), and as `project`.
        """
        amounts, channels = dict(amounts or {}), {Channel(*c): amount for c, amount in (channels or {}).items()}
        self._check(amounts, channels, layers)
        crop, latent = self._latent_of(source, settings, align)
        alone: list[tuple[Mapping[str, float], Channels]] = [({name: amount}, {}) for name, amount in amounts.items()]
        alone += [({}, {channel: amount}) for channel, amount in channels.items()]
        moves = [({}, {}), *alone, *([(amounts, channels)] if len(alone) > 1 else [])]
        titles = [f"{name} {amount:+g}" for name, amount in [*amounts.items(), *channels.items()]]
        titles = ["projected", *titles, "together"][: len(moves)]
        pictures = np.concatenate([self._edited(latent, *move, layers) for move in moves])
        if crop is not None:
            pictures, titles = np.concatenate([crop[None], pictures]), ["photo", *titles]
        return Drawings(pictures, len(pictures), titles=titles)

    def _check(self, amounts: Mapping[str, float], channels: Channels, layers: Layers) -> None:
        if not amounts and not channels:
            raise ConfigError("an edit needs at least one direction, such as Smiling=1.5, or channel, such as 9:45=3")
        network = self.model.network
        if layers is not None and not amounts:
            raise ConfigError("layers are of directions; a channel of S names its layer itself")
        if layers is not None:
            check_layers(layers, network)
        if channels:
            style_space.check_channels(network, channels)
        for name, amount in [*amounts.items(), *channels.items()]:
            check_finite(f"the amount of {name}", amount)
        nowhere = np.zeros((1, network.count, network.latent_dim), np.float32)
        for name, amount in amounts.items():
            moved(nowhere, self.directions, {name: amount}, layers)

    def _edited(self, latent: Latent, amounts: Mapping[str, float], channels: Channels, layers: Layers) -> np.ndarray:
        w_plus = self.moved(latent, amounts, layers).w_plus[None]
        if not channels:
            return self.model.draw_w(w_plus, latent.noise).arrays
        styles = style_space.moved_styles(style_space.styles_of(self.model.network, w_plus), self._spread, channels)
        return style_space.paint(self.model.network, styles, latent.noise, self.model.compiled)

    def _latent_of(
        self, source: ImageSource | Latent | Fitted, settings: Settings | None, align: bool
    ) -> tuple[np.ndarray | None, Latent]:
        """(the photo as it was projected, None where there is none; the latent)."""
        if isinstance(source, Latent) or self._is_latent(source):
            return None, self.model.latent(source)
        fitted = source if isinstance(source, Fitted) else self.model.project(source, settings, align)
        return fitted.crop, fitted.latent

    def _is_latent(self, source: object) -> TypeGuard[LatentSource]:
        """Whether this is a latent's file, or an array of signed numbers in its shape."""
        if not isinstance(source, np.ndarray):
            return isinstance(source, (str, os.PathLike)) and str(source).endswith((".npy", ".npz"))
        count, dim = self.model.network.count, self.model.network.latent_dim
        return source.dtype.kind in "fi" and source.shape in ((count, dim), (1, count, dim), (dim,))

    def channel_sheet(
        self,
        seed: int,
        channels: Mapping[Channel, str],
        span: float = 10.0,
        truncation: float | None = TRUNCATION,
        steps: int = 7,
    ) -> Drawings:
        """A row a channel, titled as given: the face of a seed moved from -span to span deviations of it."""
        network, amounts = self.model.network, _amounts("channels", channels, span, steps)
        style_space.check_channels(network, channels)
        start = style_space.styles_of(network, self.model.w_of_seeds([seed], truncation))
        moves = [{channel: float(amount)} for channel in channels for amount in amounts]
        points = [style_space.moved_styles(start, self._spread, move) for move in moves]
        styles = [np.concatenate(rows) for rows in zip(*points)]
        pictures = style_space.paint(network, styles, None, self.model.compiled)
        rows, columns = list(channels.values()), titles_of(amounts)
        return Drawings(pictures, steps, row_titles=rows, column_titles=columns)

    def direction_sheet(
        self,
        seed: int | Sequence[int],
        directions: Directions,
        span: float = 2.0,
        layers: Layers = None,
        truncation: float | None = TRUNCATION,
        steps: int = 7,
    ) -> Drawings:
        """A row a direction and seed: the seed's face moved from -span to span, in the given layers of W+."""
        amounts = _amounts("directions", directions, span, steps)
        seeds = list(seed) if isinstance(seed, Sequence) else [seed]
        check_count(len(directions) * len(seeds) * steps)
        if layers is not None:
            check_layers(layers, self.model.network)
        faces = self.model.w_of_seeds(seeds, truncation)[:, None]
        points = [
            moved(face, directions, {name: float(amount)}, layers)
            for name in directions for face in faces for amount in amounts
        ]  # fmt: skip
        rows = [name if len(seeds) == 1 else f"{name} {seed}" for name in directions for seed in seeds]
        columns = titles_of(amounts)
        return self.model.draw_w(np.concatenate(points), None, steps, row_titles=rows, column_titles=columns)


def _amounts(what: str, rows: Sized, span: float, steps: int) -> np.ndarray:
    """Those of a sheet's columns, from -span to span; ConfigError where the sheet cannot be."""
    check_finite("span", span)
    if not len(rows):
        raise ConfigError(f"a sheet of {what} needs at least one")
    return np.linspace(-span, span, steps)


def _alone(path: Path) -> dict[str, np.ndarray]:
    """Directions of a file that holds nothing else; ConfigError for a network's weights."""
    arrays = read_arrays(path)
    if any(array.ndim > 3 for array in arrays.values()):  # kernels of convolutions
        raise ConfigError(f"{path}: holds a network and no directions; `ppgen directions --save` puts some into it")
    return arrays
