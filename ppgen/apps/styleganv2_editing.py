"""Faces moved along directions of W: PaddleGAN's editing of latents, and editing of photos."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ppgen import hub
from ppgen.apps.batch import check_not_input
from ppgen.apps.drawings import Drawings
from ppgen.apps.styleganv2 import TRUNCATION, check_finite
from ppgen.apps.styleganv2_fitting import Fitted, Latent, StyleGANv2FittingPredictor, read_latent, save_latent
from ppgen.errors import ConfigError
from ppgen.hub.published import fetch_on_trust
from ppgen.io.atomic import check_output
from ppgen.io.image import save_image
from ppgen.io.weights import read_arrays
from ppgen.latent.attributes import Directions, load_directions
from ppgen.latent.channels import (
    Channel,
    Spread,
    check_channels,
    moved_styles,
    paint,
    sampled_styles,
    spread_of,
    styles_of,
)
from ppgen.latent.mixing import check_layers, moved
from ppgen.latent.project import Settings

_PUBLISHED = {
    "ffhq-config-f": "https://paddlegan.bj.bcebos.com/models/stylegan2-ffhq-config-f-directions.pdparams",
}


class StyleGANv2EditingPredictor(StyleGANv2FittingPredictor):
    """Moves latents along named directions.

    model_type: as `StyleGANv2Predictor`; PaddleGAN publishes directions for 'ffhq-config-f'.
    direction_path: directions by name, (latent_dim,) or (count, latent_dim) each: a .pdparams or .safetensors of
        nothing else, or the weights that `ppgen directions --save` put them into; None: those of the weights.
    The others as `StyleGANv2FittingPredictor`, by name.

        StyleGANv2EditingPredictor().edit('me.jpg', {'Smiling': 1.5}).save('smile.png')
    """

    def __init__(
        self, model_type: str | None = None, direction_path: str | os.PathLike | None = None, **named: Any
    ) -> None:
        super().__init__(model_type=model_type, **named)
        self._direction_path = direction_path
        self._directions: Directions | None = None
        self._spread: Spread | None = None

    @property
    def directions(self) -> Directions:
        """By name; an unknown name is a ConfigError with the nearest."""
        if self._directions is None:
            self._directions = self._read_directions()
        return self._directions

    def _read_directions(self) -> Directions:
        if self._direction_path is not None:
            path = hub.path_of(self._direction_path)
            return load_directions(path, "w") or Directions(_alone(path), "w")
        if self.model_type in _PUBLISHED:
            return Directions(read_arrays(fetch_on_trust(_PUBLISHED[self.model_type])), "w")
        self._check_there()
        return load_directions(self.name, "w")

    def moved(self, latent: Latent, amounts: Mapping[str, float], layers: Sequence[int] | None = None) -> Latent:
        """The latent plus amount * direction for each, in the given layers of W+ (None: all)."""
        return latent._replace(w_plus=moved(latent.w_plus[None], self.directions, amounts, layers)[0])

    def run(  # type: ignore[override]  (PaddleGAN's arguments)
        self, latent: Any, direction: str, offset: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Move a latent; writes src.editing.png, dst.editing.png, dst.editing.npy, and dst.editing.npz.

        The .npz also holds the noise, where the latent came with some: it draws the same picture again.

        Args:
            latent: a .npy or .npz file, or an array (count, latent_dim).
            direction: its name. offset: how far; 0: not at all.
        Returns:
            uint8 (S, S, 3) before and after, and the moved latent (count, latent_dim).
        Raises:
            DataError: a latent of another network. ConfigError: no direction of this name, or an offset
                that is not finite. OutputError: a result would overwrite the latent (known before any work).
        """
        check_output(self.output_path)
        paths = [self.output_path / f"{name}.editing.png" for name in ("src", "dst")]
        kept = [self.output_path / f"dst.editing.{end}" for end in ("npy", "npz")]
        check_not_input([*paths, *kept], latent)
        check_finite("offset", offset)
        before = read_latent(latent, self.network)
        after = self.moved(before, {direction: offset})
        pictures = self.draw_w(np.stack([before.w_plus, after.w_plus]), before.noise).arrays
        for picture, path in zip(pictures, paths):
            save_image(path, picture)
        for path in kept:  # the .npz without noise too: an earlier one would be of another latent
            save_latent(path, after)
        return pictures[0], pictures[1], after.w_plus

    def edit(
        self,
        source: Any,
        amounts: Mapping[str, float] | None = None,
        layers: Sequence[int] | None = None,
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
        if not amounts and not channels:
            raise ConfigError("an edit needs at least one direction, such as Smiling=1.5, or channel, such as 9:45=3")
        self._check_edit(amounts, channels, layers)
        crop, latent = self._latent_of(source, settings, align)
        alone: list[tuple[dict, dict]] = [({name: amount}, {}) for name, amount in amounts.items()]
        alone += [({}, {channel: amount}) for channel, amount in channels.items()]
        moves = [({}, {}), *alone, *([(amounts, channels)] if len(alone) > 1 else [])]
        titles = [f"{name} {amount:+g}" for name, amount in [*amounts.items(), *channels.items()]]
        titles = ["projected", *titles, "together"][: len(moves)]
        pictures = np.concatenate([self._edited(latent, *move, layers) for move in moves])
        if crop is not None:
            pictures, titles = np.concatenate([crop[None], pictures]), ["photo", *titles]
        return Drawings(pictures, len(pictures), titles=titles)

    def _check_edit(
        self, amounts: Mapping[str, float], channels: Mapping[Channel, float], layers: Sequence[int] | None
    ) -> None:
        if layers is not None and not amounts:
            raise ConfigError("layers are of directions; a channel of S names its layer itself")
        if layers is not None:
            check_layers(layers, self.network)
        if channels:
            check_channels(self.network, channels)
        for name, amount in [*amounts.items(), *channels.items()]:
            check_finite(f"the amount of {name}", amount)
        nowhere = np.zeros((1, self.network.count, self.network.latent_dim), np.float32)
        for name, amount in amounts.items():
            moved(nowhere, self.directions, {name: amount}, layers)

    def _edited(
        self,
        latent: Latent,
        amounts: Mapping[str, float],
        channels: Mapping[Channel, float],
        layers: Sequence[int] | None,
    ) -> np.ndarray:
        w_plus = self.moved(latent, amounts, layers).w_plus[None]
        if not channels:
            return self.draw_w(w_plus, latent.noise).arrays
        styles = moved_styles(styles_of(self.network, w_plus), self.spread_of_styles(), channels)
        return paint(self.network, styles, latent.noise)

    def spread_of_styles(self) -> Spread:
        """How the channels of S spread over 1000 samples; the unit in which they are moved."""
        if self._spread is None:
            self._spread = spread_of(sampled_styles(self.network))
        return self._spread

    def channel_sheet(
        self,
        seed: int,
        channels: Mapping[Channel, str],
        span: float = 10.0,
        truncation: float | None = TRUNCATION,
        steps: int = 7,
    ) -> Drawings:
        """A row a channel, titled as given: the face of a seed moved from -span to span deviations of it."""
        check_finite("span", span)
        if not channels:
            raise ConfigError("a sheet of channels needs at least one")
        check_channels(self.network, channels)
        start, spread = styles_of(self.network, self.w_of_seeds([seed], truncation)), self.spread_of_styles()
        amounts = np.linspace(-span, span, steps)
        points = [moved_styles(start, spread, {channel: float(a)}) for channel in channels for a in amounts]
        pictures = paint(self.network, [np.concatenate(rows) for rows in zip(*points)])
        titles = [f"{amount:+.2g}" if amount else "0" for amount in amounts]
        return Drawings(pictures, steps, row_titles=list(channels.values()), column_titles=titles)

    def direction_sheet(
        self,
        seed: int,
        directions: Directions,
        span: float = 2.0,
        layers: Sequence[int] | None = None,
        truncation: float | None = TRUNCATION,
        steps: int = 7,
    ) -> Drawings:
        """A row a direction: the face of a seed moved from -span to span along it, in the given layers of W+."""
        check_finite("span", span)
        if not len(directions):
            raise ConfigError("a sheet of directions needs at least one")
        if layers is not None:
            check_layers(layers, self.network)
        start = self.w_of_seeds([seed], truncation)
        amounts = np.linspace(-span, span, steps)
        points = [moved(start, directions, {name: float(a)}, layers) for name in directions for a in amounts]
        titles = [f"{amount:+.2g}" if amount else "0" for amount in amounts]
        return self.draw_w(np.concatenate(points), None, steps, row_titles=list(directions), column_titles=titles)

    def _latent_of(self, source: Any, settings: Settings | None, align: bool) -> tuple[np.ndarray | None, Latent]:
        if isinstance(source, Fitted):
            return source.crop, source.latent
        is_file = isinstance(source, (str, os.PathLike)) and str(source).endswith((".npy", ".npz"))
        if is_file or isinstance(source, Latent) or self._is_latent_array(source):
            return None, read_latent(source, self.network)
        fitted = self.project(source, settings, align)
        return fitted.crop, fitted.latent

    def _is_latent_array(self, source: Any) -> bool:
        if not isinstance(source, np.ndarray) or source.dtype.kind not in "fi":
            return False
        count, dim = self.network.count, self.network.latent_dim
        return source.shape in ((count, dim), (1, count, dim), (dim,))


def _alone(path: Path) -> dict[str, np.ndarray]:
    """Directions of a file that holds nothing else; ConfigError for a network's weights."""
    arrays = read_arrays(path)
    if any(array.ndim > 3 for array in arrays.values()):  # kernels of convolutions
        raise ConfigError(f"{path}: holds a network and no directions; `ppgen directions --save` puts some into it")
    return arrays
