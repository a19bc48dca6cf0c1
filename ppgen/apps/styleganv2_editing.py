"""Faces moved along directions of W: PaddleGAN's editing of latents, and editing of photos."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ppgen import hub
from ppgen.apps.batch import check_not_input, check_output
from ppgen.apps.pictures import Pictures
from ppgen.apps.styleganv2 import TRUNCATION, StyleGANv2Predictor, check_finite
from ppgen.apps.styleganv2_fitting import Fitted, Latent, StyleGANv2FittingPredictor, read_latent, save_latent
from ppgen.datasets.image_folder import ImageFolder
from ppgen.errors import ConfigError
from ppgen.hub.published import fetch_on_trust
from ppgen.io.image import save_image
from ppgen.io.weights import read_arrays
from ppgen.latent.attributes import Directions, Method, answers_of, load_directions
from ppgen.latent.mixing import moved
from ppgen.latent.project import Settings
from ppgen.latent.supervised import fit_judge, sampled_directions
from ppgen.metrics.dlib_features import all_depths
from ppgen.metrics.features import DESCRIPTOR, extractor

_PUBLISHED = {
    "ffhq-config-f": "https://paddlegan.bj.bcebos.com/models/stylegan2-ffhq-config-f-directions.pdparams",
}
_JUDGED_BY = ("dlib-face@17+std", "dlib-face@8")  # and the descriptor


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
        amounts: Mapping[str, float],
        layers: Sequence[int] | None = None,
        settings: Settings | None = None,
        align: bool = True,
    ) -> Pictures:
        """A photo, its projection, that moved by each amount and, where there are several, by all of them.

        source: a photo, which is projected first; or a latent (.npy, .npz, `Latent`, `Fitted`, or an array of signed
            numbers in this network's shape of a latent).
        Raises ConfigError for unknown directions and amounts that are not finite (known before any work), and as
        `project`.
        """
        if not amounts:
            raise ConfigError("an edit needs at least one direction, such as Smiling=1.5")
        for name, amount in amounts.items():  # before the work
            self.directions[name]
            check_finite(f"the amount of {name}", amount)
        crop, latent = self._latent_of(source, settings, align)
        moves: list[Mapping[str, float]] = [{}, *({name: amount} for name, amount in amounts.items())]
        moves += [amounts] if len(amounts) > 1 else []
        points = np.stack([self.moved(latent, move, layers).w_plus for move in moves])
        titles = ["projected", *(f"{name} {amount:+g}" for name, amount in amounts.items()), "together"][: len(moves)]
        pictures = self.draw_w(points, latent.noise).arrays
        if crop is not None:
            pictures, titles = np.concatenate([crop[None], pictures]), ["photo", *titles]
        return Pictures(pictures, len(pictures), titles=titles)

    def direction_sheet(
        self,
        seed: int,
        directions: Directions,
        span: float = 2.0,
        layers: Sequence[int] | None = None,
        truncation: float | None = TRUNCATION,
        steps: int = 7,
    ) -> Pictures:
        """A row a direction: the face of a seed moved from -span to span along it, in the given layers of W+."""
        check_finite("span", span)
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


def find_attributes(
    predictor: StyleGANv2Predictor,
    data: str,
    table: str = "meta.csv",
    where: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    samples: int = 2000,
    method: Method = "partial",
    seed: int = 0,
) -> tuple[Directions, dict[str, float]]:
    """Attribute vectors in W for a generator of faces, from labelled photos; `ppgen.latent.supervised` says how.

    Args:
        data: folder of aligned faces, below data/. table: its attributes. where: of these faces only.
        names: attributes; None: all that the table answers.
        samples: how many of the generator's pictures are looked at; seed: theirs.
    Returns:
        the vectors; and of the judge's answers on held-back faces the share that is right, by attribute, mean of
        those with and those without it (0.5: guessing).
    Raises:
        DataError: no such data, or all faces have an attribute. WeightsError, ConfigError.
    """
    network = predictor.network

    def side(split: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        faces = ImageFolder(data, network.size, attributes=table, where=dict(where or {}) or None, split=split)
        answers = answers_of(faces, list(names) if names is not None else None)
        return face_features(np.stack([faces.picture(i) for i in range(len(faces))])), answers

    features, answers = side("train")
    judge = fit_judge(features, answers)
    held, truth = side("validation")
    scores = {}
    for name, said in judge.answers(held).items():
        sides = [(said[truth[name] == value] == value).mean() for value in (0, 1) if (truth[name] == value).any()]
        scores[name] = float(np.mean(sides))
    return sampled_directions(network, judge, face_features, samples, seed, method, predictor.batch), scores


def face_features(pictures: np.ndarray) -> np.ndarray:
    """What the judge looks at, uint8 (n, H, W, 3) -> (n, d): two depths of FaceID, and its descriptor.

    Two passes, as the descriptor is of the face alone and the depths are of the whole picture.
    """
    depths = all_depths(pictures)
    return np.concatenate([*(depths[name] for name in _JUDGED_BY), extractor(DESCRIPTOR)(pictures)], axis=1)
