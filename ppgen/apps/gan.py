"""Pictures out of nothing but a seed, by any network that draws from a latent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ppgen import hub
from ppgen.apps.drawings import Drawings
from ppgen.errors import ConfigError
from ppgen.io.atomic import check_output
from ppgen.latent.paths import Interpolation, circle, through
from ppgen.latent.render import batch_of, check_labels, check_latents, draw, generator_of
from ppgen.latent.seeds import latents, latents_of
from ppgen.latent.sheet import columns_for


class GANPredictor:
    """Draws pictures from seeds; the same seed gives the same picture on every device.

    output_path: folder of the pictures that `run` writes.
    weight_path: a generator's weights (or a VAE's), or a shipped network's name; None: the shipped DCGAN.
    model: which network `weight_path` fills, where that file does not say so.
    The network is loaded when the first picture is drawn, once.

        gan = GANPredictor()
        gan.grid(seed=7, count=64).save('grid.png')
        gan.seeds([233])[0].save('face.png')

    Raises WeightsError, at the first drawing, where there is no such file or name.
    """

    shipped = "dcgan_faces64"  # its name in the hub

    def __init__(
        self,
        output_path: str | os.PathLike = "output",
        weight_path: str | os.PathLike | None = None,
        model: str | os.PathLike | None = None,
    ) -> None:
        self.output_path = Path(output_path).expanduser()
        self.name = str(weight_path or model or self.shipped)
        self._weights, self._model = weight_path, model
        self._network: Any = None

    @property
    def network(self) -> Any:
        """The generator, in evaluation mode."""
        if self._network is None:
            if self._weights is None:
                self._network = hub.load(self._model or self.shipped)
            else:
                self._network = hub.load(self._weights, self._model)
            generator_of(self._network, self.name)
        return self._network

    @property
    def classes(self) -> int | None:
        """How many classes it draws; None: it has none."""
        return self.network.classes

    def draw(
        self,
        z: np.ndarray,
        labels: int | Sequence[int] | None = None,
        truncation: float | None = None,
        columns: int | None = None,
        **titles: Any,
    ) -> Drawings:
        """Pictures of latents (n, latent_dim) or (latent_dim,).

        labels: of a network with classes, one for all or one each. truncation: of StyleGAN2, 1 for all its
        variety, 0 for its mean picture. columns, titles: of the sheet, see `ppgen.latent.sheet`.
        Raises DataError, ConfigError: latents or labels that do not fit.
        """
        z = check_latents(z, self.network.latent_dim)
        given = check_labels(labels, len(z), self.classes)
        function = generator_of(self.network, self.name, truncation)
        return Drawings(draw(function, z, given, batch=batch_of(self.network)), columns, **titles)

    def seeds(
        self,
        seeds: Sequence[int],
        labels: int | Sequence[int] | None = None,
        truncation: float | None = None,
        titled: bool = False,
    ) -> Drawings:
        """One picture a seed; `titled` writes the seed above each.

        With classes and without labels: one row a class, one column a seed.
        """
        seeds = list(seeds)
        names, z = [str(seed) for seed in seeds], latents_of(seeds, self.network.latent_dim)
        if self.classes is None or labels is not None:
            return self.draw(z, labels, truncation, **({"titles": names} if titled else {}))
        return self._classes_by(z, truncation, **({"column_titles": names} if titled else {}))

    def _classes_by(self, z: np.ndarray, truncation: float | None, **titles: Any) -> Drawings:
        """A row a class, a column a latent."""
        rows = np.repeat(np.arange(self.classes), len(z))
        names = [str(k) for k in range(self.classes)]
        return self.draw(np.tile(z, (self.classes, 1)), rows, truncation, len(z), row_titles=names, **titles)

    def grid(
        self,
        seed: int = 0,
        count: int = 64,
        labels: int | Sequence[int] | None = None,
        truncation: float | None = None,
    ) -> Drawings:
        """`count` pictures of one seed.

        With classes and without labels: one row a class, the latent of a column the same in every row, `count`
        rounded up to whole rows.
        """
        if count < 1:
            raise ConfigError(f"the number of pictures must be 1 or more, not {count}")
        dim = self.network.latent_dim
        if self.classes is None or labels is not None:
            return self.draw(latents(seed, count, dim), labels, truncation, columns_for(count))
        return self._classes_by(latents(seed, -(-count // self.classes), dim), truncation)

    def walk(
        self,
        seeds: Sequence[int],
        steps: int = 12,
        way: Interpolation = "slerp",
        closed: bool = False,
        label: int | None = None,
        truncation: float | None = None,
    ) -> Drawings:
        """From seed to seed, `steps` pictures from one to the next; `closed` goes back to the first."""
        points = through(latents_of(list(seeds), self.network.latent_dim), steps, way, closed)
        return self.draw(points, label, truncation, columns=steps)

    def loop(
        self, seed: int = 0, steps: int = 60, label: int | None = None, truncation: float | None = None
    ) -> Drawings:
        """A closed loop through latents of which each is as probable as any."""
        points = circle(*latents(seed, 2, self.network.latent_dim), steps)
        return self.draw(points, label, truncation)

    def run(
        self,
        seed: int = 0,
        count: int = 1,
        label: int | None = None,
        truncation: float | None = None,
    ) -> Drawings:
        """Draw and write `sample.png` into the output folder: one picture, or a sheet of `count`.

        With classes and no label, one picture of each class.
        Raises OutputError (known before any work), WeightsError, ConfigError.
        """
        check_output(self.output_path)
        if self.classes is not None and label is None:
            count = max(count, self.classes)
        pictures = self.grid(seed, count, label, truncation)
        (pictures[0] if len(pictures) == 1 else pictures).save(self.output_path / "sample.png")
        return pictures
