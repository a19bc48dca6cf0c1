"""StyleGAN2's pictures: samples, mixtures, truncation, walks, with PaddleGAN's names and arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen import hub
from ppgen.apps.drawings import Drawings
from ppgen.apps.gan import GANPredictor
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.hub.published import PUBLISHED
from ppgen.hub.stylegan2 import check_wanted
from ppgen.io.atomic import check_output
from ppgen.latent.mixing import swap
from ppgen.latent.paths import Interpolation, through
from ppgen.latent.render import batch_of, check_labels, check_latents, draw
from ppgen.latent.seeds import latents, latents_of
from ppgen.registry import nearest

SHIPPED = "styleganv2-portraits-64"
TRUNCATION = 0.7  # of samples, as PaddleGAN has it


class Sheets(NamedTuple):
    """What `StyleGANv2Predictor.run` drew."""

    seed: int
    sample: Drawings
    mixing: tuple[Drawings, ...]
    paths: tuple[Path, ...]


def seed_or_any(seed: int | None) -> int:
    """The seed, or one that nobody chose. ConfigError for a negative one, and for what is no whole number."""
    if seed is None:
        return int(np.random.default_rng().integers(2**31))
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ConfigError(f"seed {seed}: expected a whole number, 0 or more")
    return int(seed)


def check_finite(name: str, value: Any) -> None:
    """ConfigError, which names the option, for a number that is not finite in float32, or several with such a one."""
    values = np.asarray(value, float)
    wrong = values[~(np.abs(values) <= np.finfo(np.float32).max)]
    if wrong.size:
        raise ConfigError(f"{name}: expected a finite number, found {wrong[0]:g}")


class StyleGANv2Predictor(GANPredictor):
    """Draws pictures with a StyleGAN2 (or StyleGAN) generator; the same seed gives the same ones on every device.

    output_path: folder of the pictures that `run` writes.
    weight_path: a generator's weights (ours or PaddleGAN's .pdparams), or a shipped network's name.
    model_type: PaddleGAN's 'ffhq-config-f' or 'animeface-512' (fetched at first use), or a shipped network's name.
        Neither: the shipped face model.
    seed: of `run`; None: another one every time.
    size, style_dim, n_mlp, channel_multiplier: None: as the weights say; otherwise they have to fit.
    The network is loaded when the first picture is drawn, once.

        StyleGANv2Predictor(seed=233).run()    # output_dir/sample.png, sample_mixing_0.png, sample_mixing_1.png
        StyleGANv2Predictor().truncation_sheet([1, 2]).save('truncation.png')

    Raises, at the first drawing, WeightsError: no such weights, of another network, or not of this size; and
    DownloadError.
    """

    shipped = SHIPPED

    def __init__(
        self,
        output_path: str | os.PathLike = "output_dir",
        weight_path: str | os.PathLike | None = None,
        model_type: str | None = None,
        seed: int | None = None,
        size: int | None = None,
        style_dim: int | None = None,
        n_mlp: int | None = None,
        channel_multiplier: float | None = None,
    ) -> None:
        super().__init__(output_path, weight_path, model_type)
        self.seed = seed
        self.model_type = model_type
        self._wanted = {
            "size": size, "style_dim": style_dim, "n_mlp": n_mlp, "channel_multiplier": channel_multiplier,
        }  # fmt: skip

    @property
    def network(self) -> Any:
        """The generator, in evaluation mode."""
        if self._network is None:
            self._check_there()
            from ppgen.networks.protocols import StyleGenerator

            self._network = hub.load(self.name, kind=StyleGenerator)
            check_wanted(self._network, hub.path_of(self.name), **self._wanted)
        return self._network

    def _check_there(self) -> None:
        """WeightsError for a model that is not there, with what can be done."""
        if self._weights is not None or self.name in hub.names() or self.name in PUBLISHED or Path(self.name).is_file():
            return
        if self.name == self.shipped:
            raise WeightsError(f"{hub.how_to_make(self.name)}; or name PaddleGAN's ffhq-config-f")
        known = [*PUBLISHED, *hub.names()]
        raise WeightsError(
            f"model_type '{self.name}' is not known{nearest(self.name, known)} "
            "(there are: ffhq-config-f, animeface-512, and what `ppgen list weights` shows)"
        )

    @property
    def batch(self) -> int:
        """Pictures a forward pass."""
        return batch_of(self.network)

    # ---- latents ------------------------------------------------------------------------------------------

    def map(self, z: np.ndarray) -> np.ndarray:
        """Latents (n, latent_dim) -> w, float32 (n, latent_dim)."""
        import paddle
        with paddle.no_grad():
            return self.network.map(paddle.to_tensor(check_latents(z, self.network.latent_dim))).numpy()

    def mean_w(self) -> np.ndarray:
        """The mean latent, float32 (latent_dim,)."""
        return self.network.mean_of_latents().numpy()

    def spread(self, w: np.ndarray, truncation: float | np.ndarray | None = None) -> np.ndarray:
        """w (n, latent_dim) -> W+ (n, count, latent_dim), truncated: one for all, or one each (n,).

        Raises ConfigError for a truncation that is not finite.
        """
        check_finite("truncation", 1.0 if truncation is None else truncation)
        psi = np.broadcast_to(np.asarray(1.0 if truncation is None else truncation, np.float32), len(w))
        mean = self.mean_w()
        w = np.where(psi[:, None] == 1, w, mean + psi[:, None] * (w - mean)).astype(np.float32)
        return np.repeat(w[:, None], self.network.count, axis=1)

    def w_of_seeds(self, seeds: Sequence[int], truncation: float | None = None) -> np.ndarray:
        """W+ of seeds: float32 (n, count, latent_dim)."""
        return self.spread(self.map(latents_of(list(seeds), self.network.latent_dim)), truncation)

    # ---- pictures -----------------------------------------------------------------------------------------

    def draw(
        self,
        z: np.ndarray,
        labels: int | Sequence[int] | None = None,
        truncation: float | None = None,
        columns: int | None = None,
        **titles: Any,
    ) -> Drawings:
        """Pictures of latents z, as `GANPredictor.draw`."""
        z = check_latents(z, self.network.latent_dim)
        check_labels(labels, len(z), None)
        return self.draw_w(self.spread(self.map(z), truncation), None, columns, **titles)

    def draw_w(
        self,
        w_plus: np.ndarray,
        noise: Sequence[np.ndarray] | None = None,
        columns: int | None = None,
        **titles: Any,
    ) -> Drawings:
        """Pictures of W+ (n, count, latent_dim) or (count, latent_dim).

        noise: one array (1, 1, h, w) or (n, 1, h, w) a layer; None: the stored.
        Raises DataError for another shape, and for numbers that are not finite.
        """
        w_plus = np.asarray(w_plus, np.float32)
        w_plus = w_plus[None] if w_plus.ndim == 2 else w_plus
        shape = (self.network.count, self.network.latent_dim)
        if w_plus.shape[1:] != shape:
            raise DataError(f"latents: expected shape (n, {shape[0]}, {shape[1]}), found {w_plus.shape}")
        if not np.isfinite(w_plus).all():
            raise DataError("latents: expected finite numbers, found some that are not")
        maps = [np.asarray(n, np.float32) for n in noise or []]
        maps = [np.broadcast_to(n, (len(w_plus), *n.shape[1:])) for n in maps]

        def synthesize(w: Any, *given: Any) -> Any:
            return self.network.synthesize(w, list(given) or None)

        return Drawings(draw(synthesize, w_plus, *maps, batch=self.batch), columns, **titles)

    def truncation_sheet(self, seeds: Sequence[int], values: Sequence[float] | None = None) -> Drawings:
        """A row a seed, a column a truncation; None: -1 (the opposite) over 0 (the mean picture) to 1."""
        psi = np.linspace(-1, 1, 9) if values is None else np.asarray(values, float)
        if not len(psi) or not len(seeds):
            raise ConfigError("a truncation sheet needs at least one seed and one truncation")
        w = self.map(latents_of(list(seeds), self.network.latent_dim))
        points = self.spread(np.repeat(w, len(psi), axis=0), np.tile(psi, len(seeds)))
        titles = {"column_titles": [f"{p:+.2g}" if p else "0" for p in psi], "row_titles": [str(s) for s in seeds]}
        return self.draw_w(points, None, len(psi), **titles)

    def walk_w(
        self, seeds: Sequence[int], steps: int = 12, way: Interpolation = "lerp", closed: bool = False,
        truncation: float | None = None,
    ) -> Drawings:  # fmt: skip
        """As `walk`, but through W, where straight lines are the natural way."""
        w = self.map(latents_of(list(seeds), self.network.latent_dim))
        return self.draw_w(self.spread(through(w, steps, way, closed), truncation), columns=steps)

    # ---- files --------------------------------------------------------------------------------------------

    def run(  # type: ignore[override]  (PaddleGAN's arguments)
        self, n_row: int = 3, n_col: int = 5, seed: int | None = None, truncation: float = TRUNCATION
    ) -> Sheets:
        """Write `sample.png`, n_row * n_col pictures, and two mixtures, `sample_mixing_0.png` and `_1.png`.

        A mixture has n_col sources above and n_row targets at the left; in between the target's styles up to a layer
        that the seed chooses for each row, and the source's from there on. Truncated as PaddleGAN's are.
        Raises OutputError (known before any work), WeightsError, ConfigError.
        """
        if n_row < 1 or n_col < 1:
            raise ConfigError(f"a sheet needs at least one row and one column, not {n_row} and {n_col}")
        check_output(self.output_path)
        seed = seed_or_any(self.seed if seed is None else seed)
        count, dim = n_row * n_col, self.network.latent_dim
        # One stream for all: the samples are the seed's first latents, as everywhere in ppgen.
        w = self.spread(self.map(latents(seed, count + 2 * (n_row + n_col), dim)), truncation)
        sample = self.draw_w(w[:count], columns=n_col)
        parts = np.split(w[count:], 2)
        rng = np.random.default_rng([seed, 23])
        mixing = tuple(self._mixture(part[:n_col], part[n_col:], rng) for part in parts)
        names = ("sample.png", "sample_mixing_0.png", "sample_mixing_1.png")
        paths = tuple(p.save(self.output_path / name) for p, name in zip((sample, *mixing), names))
        return Sheets(seed, sample, mixing, paths)

    def _mixture(self, sources: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> Drawings:
        rows = [self.draw_w(sources).arrays]
        rows[0] = np.concatenate([np.zeros_like(rows[0][:1]), rows[0]])  # PaddleGAN's corner is black
        for target in targets:
            first = int(rng.integers(1, self.network.count))
            mixed = swap(np.broadcast_to(target, sources.shape), sources, range(first, self.network.count))
            rows.append(self.draw_w(np.concatenate([target[None], mixed])).arrays)
        return Drawings(np.concatenate(rows), len(sources) + 1)

    def run_seeds(self, seeds: Sequence[int], truncation: float = TRUNCATION) -> Path:
        """Write `seeds.png`, a sheet of a picture a seed, its number above; returns the path."""
        check_output(self.output_path)
        return self.seeds(seeds, truncation=truncation, titled=True).save(self.output_path / "seeds.png")
