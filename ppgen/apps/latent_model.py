"""A generator and what can be drawn from its latents: single seeds, sheets, walks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from ppgen import hub
from ppgen.apps.drawings import Drawings, Titles
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.image import MAX_PIXELS
from ppgen.io.weights import card_of
from ppgen.latent.paths import Way, circle, through
from ppgen.latent.render import batch_of, check_labels, check_latents, draw, generator_of
from ppgen.latent.seeds import check_count, latents, latents_of
from ppgen.latent.sheet import columns_for
from ppgen.networks.protocols import LatentGenerator
from ppgen.registry import unknown
from ppgen.runtime import Methods

if TYPE_CHECKING:
    from typing_extensions import Unpack

G = TypeVar("G", bound=LatentGenerator)
_MOST_PIXELS = 4 * MAX_PIXELS  # of all drawings of a call
Labels = int | str | Sequence[int] | np.ndarray | None  #: classes by number, or one by its name


def check_finite(name: str, value: float | Sequence[float] | np.ndarray) -> None:
    """ConfigError, which names the option, for a number that is not finite in float32, or several with such a one."""
    values = np.asarray(value, float)
    wrong = values[~(np.abs(values) <= np.finfo(np.float32).max)]
    if wrong.size:
        raise ConfigError(f"{name}: expected a finite number, found {wrong[0]:g}")


class LatentModel(Generic[G]):
    """Draws from latents; the same seed gives the same picture on every device.

    name: how messages call the weights. load: gives the network in evaluation mode; called when it is first needed,
    once.
    """

    def __init__(self, name: str, load: Callable[[], G]) -> None:
        self.name, self._load = name, load

    @cached_property
    def network(self) -> G:
        """The generator, in evaluation mode."""
        return self._load()

    @cached_property
    def compiled(self) -> Methods:
        """The generator's methods as the runtime runs them."""
        return Methods(self.network)

    @property
    def batch(self) -> int:
        """Pictures a forward pass."""
        return batch_of(self.network)

    @cached_property
    def class_names(self) -> list[str]:
        """What the classes are called, as the weights file says; their numbers where it does not."""
        count = self.network.classes or 0
        try:
            names = card_of(hub.path_of(self.name)).get("classes")
        except WeightsError:  # a network that was handed in
            names = None
        known = isinstance(names, list) and len(names) == count and all(isinstance(name, str) for name in names)
        return names if isinstance(names, list) and known else [str(number) for number in range(count)]

    def numbers_of(self, labels: Labels) -> int | Sequence[int] | np.ndarray | None:
        """Classes by number; ConfigError for a name that none has."""
        if not isinstance(labels, str) or self.network.classes is None:
            return 0 if isinstance(labels, str) else labels  # `check_labels` says that there are no classes
        if labels in self.class_names:
            return self.class_names.index(labels)
        if labels.isdecimal() and int(labels) < self.network.classes:
            return int(labels)
        raise ConfigError(unknown("class", labels, self.class_names))

    def draw(
        self,
        z: np.ndarray,
        labels: Labels = None,
        truncation: float | None = None,
        columns: int | None = None,
        **titles: Unpack[Titles],
    ) -> Drawings:
        """Pictures of latents (n, latent_dim) or (latent_dim,).

        labels: of a network with classes, one for all or one each. truncation: of StyleGAN2, 1 for all its
        variety, 0 for its mean picture. columns, titles: of the sheet, see `ppgen.latent.sheet`.
        Raises DataError, ConfigError: latents or labels that do not fit.
        """
        z = check_latents(z, self.network.latent_dim)
        self.check_room(len(z))
        labels = check_labels(self.numbers_of(labels), len(z), self.network.classes)
        check_finite("truncation", 1.0 if truncation is None else truncation)
        function = generator_of(self.network, self.name, truncation, self.compiled)
        return Drawings(draw(function, z, labels, batch=self.batch), columns, **titles)

    def check_room(self, count: int) -> None:
        """ConfigError where so many pictures together are more than memory should hold."""
        if (pixels := count * self.network.image_size**2) > _MOST_PIXELS:
            raise ConfigError(f"{count} pictures have {pixels / 1e6:.0f} megapixels together; draw them in parts")

    def seeds(
        self, seeds: Sequence[int], labels: Labels = None, truncation: float | None = None, titled: bool = False
    ) -> Drawings:
        """One picture a seed; `titled` writes the seed above each.

        With classes and without labels: one row a class, one column a seed.
        """
        names, z = [str(seed) for seed in seeds], latents_of(list(seeds), self.network.latent_dim)
        if self.network.classes is not None and labels is None:
            return self._row_a_class(z, truncation, names if titled else ())
        return self.draw(z, labels, truncation, titles=names) if titled else self.draw(z, labels, truncation)

    def grid(self, seed: int = 0, count: int = 64, labels: Labels = None, truncation: float | None = None) -> Drawings:
        """`count` pictures of one seed.

        With classes and without labels: one row a class, the latent of a column the same in every row, `count`
        rounded up to whole rows.
        """
        if count < 1:
            raise ConfigError(f"the number of pictures must be 1 or more, not {count}")
        check_count(count)
        classes, dim = self.network.classes, self.network.latent_dim
        if classes is None or labels is not None:
            return self.draw(latents(seed, count, dim), labels, truncation, columns_for(count))
        return self._row_a_class(latents(seed, -(-count // classes), dim), truncation)

    def _row_a_class(self, z: np.ndarray, truncation: float | None, titles: Sequence[str] = ()) -> Drawings:
        """A column a latent."""
        classes = self.network.classes or 1
        points, labels = np.tile(z, (classes, 1)), np.repeat(np.arange(classes), len(z))
        return self.draw(points, labels, truncation, len(z), row_titles=self.class_names, column_titles=titles)

    def walk(
        self,
        seeds: Sequence[int],
        steps: int = 12,
        way: Way = "slerp",
        closed: bool = False,
        label: int | str | None = None,
        truncation: float | None = None,
    ) -> Drawings:
        """From seed to seed, `steps` pictures from one to the next; `closed` goes back to the first."""
        points = through(latents_of(list(seeds), self.network.latent_dim), steps, way, closed)
        return self.draw(points, label, truncation, columns=steps)

    def loop(
        self, seed: int = 0, steps: int = 60, label: int | str | None = None, truncation: float | None = None
    ) -> Drawings:
        """A closed loop through latents of which each is as probable as any."""
        one, other = latents(seed, 2, self.network.latent_dim)
        return self.draw(circle(one, other, steps), label, truncation)


def latent_model(
    weights: str | os.PathLike | None, model: str | os.PathLike | None, shipped: str
) -> LatentModel[LatentGenerator]:
    """The model of `weights`, which fill the network `model` where they do not say theirs (see `hub.load`); without
    weights that of `model` itself; `shipped` is its name where neither is given."""
    if weights is not None:
        return LatentModel(str(weights), lambda: hub.load(weights, model, kind=LatentGenerator))
    source = shipped if model is None else model
    return LatentModel(str(source), lambda: hub.load(source, kind=LatentGenerator))


class LatentPredictor(Generic[G]):
    """What predictors share that draw from latents: a folder, and a model whose drawings they offer as their own."""

    def __init__(self, output_path: str | os.PathLike, model: LatentModel[G]) -> None:
        self.output_path, self.model, self.name = Path(output_path).expanduser(), model, model.name
        self.draw, self.seeds, self.grid = model.draw, model.seeds, model.grid
        self.walk, self.loop = model.walk, model.loop

    @property
    def network(self) -> G:
        """The generator, in evaluation mode, loaded when it is first asked for."""
        return self.model.network

    @property
    def classes(self) -> int | None:
        """How many classes it draws; None: it has none."""
        return self.network.classes
