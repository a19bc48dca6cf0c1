"""PaddleGAN's five StyleGAN2 predictors: its names, arguments and files around one `StyleModel`."""

import operator
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen.apps.batch import check_not_input
from ppgen.apps.drawings import Drawings
from ppgen.apps.latent_model import LatentPredictor, check_finite
from ppgen.apps.portrait import PortraitPipeline
from ppgen.apps.stylegan2_editing import StyleEditor
from ppgen.apps.stylegan2_model import FFHQ, SHIPPED, TRUNCATION, Architecture, StyleModel
from ppgen.errors import ConfigError
from ppgen.io.atomic import check_output, say_replaced, write_files
from ppgen.io.image import ImageSource, image_bytes, save_images
from ppgen.latent.attributes import Directions
from ppgen.latent.mixing import blend
from ppgen.latent.project import Features, Settings
from ppgen.latent.w_plus import LatentSource, latent_bytes
from ppgen.networks.protocols import StyleGenerator

_PADDLEGAN_LEVELS = 12  # PaddleGAN fits the first 12 of 18 layers


class Sheets(NamedTuple):
    """What `StyleGANv2Predictor.run` drew."""

    seed: int
    sample: Drawings
    mixing: tuple[Drawings, ...]
    paths: tuple[Path, ...]

    def _repr_png_(self) -> bytes:
        return self.sample._repr_png_()


class StylePredictor(LatentPredictor[StyleGenerator]):
    """What they share: PaddleGAN's arguments, and a `StyleModel` whose methods are offered as their own.

    output_path: folder of the pictures that `run` writes.
    weight_path: a generator's weights (ours or PaddleGAN's .pdparams), or a shipped network's name.
    model_type: PaddleGAN's 'ffhq-config-f' or 'animeface-512' (fetched at first use), or a shipped network's name.
        Neither, or 'default': the shipped face model.
    seed: of `StyleGANv2Predictor.run`; None: another one every time.
    size, style_dim, n_mlp, channel_multiplier: None: as the weights say; otherwise they have to fit.
    lpips_path, ffhq, features, pipeline, encoder_path: of projections, see `StyleModel`.
    The network is loaded when the first picture is drawn, once.
    Raises, at the first drawing, WeightsError: no such weights, of another network, or not of this size; and
    DownloadError.
    """

    shipped = SHIPPED
    files: tuple[str, ...] = ()  # that `run` writes
    model: StyleModel

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
        *,
        lpips_path: str | os.PathLike | None = None,
        ffhq: bool = False,
        features: Features | None = None,
        pipeline: PortraitPipeline | None = None,
        encoder_path: str | os.PathLike | None = None,
    ) -> None:
        model_type = None if model_type == "default" else model_type
        self.seed, self.model_type = seed, model_type
        architecture = Architecture(size, style_dim, n_mlp, channel_multiplier)
        source = weight_path if weight_path is not None else SHIPPED if model_type is None else model_type
        ffhq = ffhq or (model_type is not None and Path(model_type).name in FFHQ)
        model = StyleModel(source, architecture, ffhq, lpips_path, features, pipeline, encoder_path)
        super().__init__(output_path, model)
        self.map, self.mean_w, self.spread, self.w_of_seeds = model.map, model.mean_w, model.spread, model.w_of_seeds
        self.draw_w, self.picture, self.walk_w = model.draw_w, model.picture, model.walk_w
        self.truncation_sheet, self.features = model.truncation_sheet, model.features
        self.see, self.project, self.invert = model.see, model.project, model.invert

    @property
    def batch(self) -> int:
        """Pictures a forward pass."""
        return self.model.batch


class StyleGANv2Predictor(StylePredictor):
    """Draws pictures with a StyleGAN2 (or StyleGAN) generator; the same seed gives the same ones on every device.

        StyleGANv2Predictor(seed=233).run()    # output_dir/sample.png, sample_mixing_0.png, sample_mixing_1.png
        StyleGANv2Predictor().truncation_sheet([1, 2]).save('truncation.png')

    Arguments as `StylePredictor`.
    """

    files = ("sample.png", "sample_mixing_0.png", "sample_mixing_1.png")

    def run(self, n_row: int = 3, n_col: int = 5, seed: int | None = None, truncation: float = TRUNCATION) -> Sheets:
        """Write `sample.png`, n_row * n_col pictures, and two mixtures, `sample_mixing_0.png` and `_1.png`.

        A mixture has n_col sources above and n_row targets at the left; in between the target's styles up to a layer
        that the seed chooses for each row, and the source's from there on. Truncated as PaddleGAN's are.
        Raises OutputError (known before any work), WeightsError, ConfigError.
        """
        if n_row < 1 or n_col < 1:
            raise ConfigError(f"a sheet needs at least one row and one column, not {n_row} and {n_col}")
        check_output(self.output_path)
        seed = self.seed if seed is None else seed
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        sheets = self.model.samples(seed, n_row, n_col, truncation)
        paths = tuple(self.output_path / name for name in self.files)
        say_replaced(*paths)
        save_images({path: drawings.sheet() for path, drawings in zip(paths, sheets)})
        return Sheets(seed, sheets[0], sheets[1:], paths)

    def run_seeds(self, seeds: Sequence[int], truncation: float = TRUNCATION) -> Path:
        """Write `seeds.png`, a sheet of a picture a seed, its number above; returns the path."""
        check_output(self.output_path)
        say_replaced(self.output_path / "seeds.png")
        return self.seeds(seeds, truncation=truncation, titled=True).save(self.output_path / "seeds.png")


class StyleGANv2FittingPredictor(StylePredictor):
    """Finds the latent of a photo; arguments as `StylePredictor`.

    StyleGANv2FittingPredictor().run('me.jpg', need_align=True)     # PaddleGAN's way, 100 steps
    StyleGANv2FittingPredictor().project('me.jpg').latent.w_plus    # W+, with noise, 300 steps (30 with an encoder)
    """

    files = ("src.fitting.png", "dst.fitting.png", "dst.fitting.npy")

    def run(
        self,
        image: ImageSource,
        need_align: bool = False,
        start_lr: float = 0.1,
        final_lr: float = 0.025,
        latent_level: int | Sequence[int] | None = None,
        step: int = 100,
        mse_weight: float = 1,
        pre_latent: LatentSource | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fit W+ with the stored noise; writes src.fitting.png, dst.fitting.png and dst.fitting.npy.

        Args:
            image: the photo. need_align: find its face and cut it out first.
            start_lr: learning rate of the first step. final_lr: of the last.
            latent_level: which of W+ may change, one or several; None: the first 12, as far as the network has them.
            step: how many. mse_weight: of the pixels; the features count 1.
            pre_latent: to begin at; None: what the encoder says, or without an encoder the mean latent.
        Returns:
            the photo as it was fitted, uint8 (S, S, 3), the picture found, and its latent (count, latent_dim).
        Raises:
            OutputError: a result would overwrite the photo or the latent (known before any work). The others as
                `project`.
        """
        check_output(self.output_path)
        paths = [self.output_path / name for name in self.files]
        check_not_input(paths, image, pre_latent)
        first = range(min(_PADDLEGAN_LEVELS, self.network.count))
        levels = first if latent_level is None else np.atleast_1d(latent_level)
        settings = Settings(
            steps=step, rate=start_lr, final_rate=final_lr, levels=[operator.index(level) for level in levels],
            pixel_weight=mse_weight, noise_weight=None, jitter=0.0,
        )  # fmt: skip
        fitted = self.project(image, settings, need_align, pre_latent)
        fitted.save(*paths)
        return fitted.crop, fitted.picture, fitted.latent.w_plus


class Pixel2Style2PixelPredictor(StylePredictor):
    """Finds the latent of a photo in one pass of an encoder; arguments as `StylePredictor`.

    encoder_path: the encoder's weights; None: those shipped with the generator.

        Pixel2Style2PixelPredictor().run('me.jpg')
    """

    files = ("src.png", "dst.png", "dst.npy")

    def run(self, image: ImageSource) -> np.ndarray:
        """Find a photo's face and encode it; writes src.png, the face, dst.png, what the generator makes of its
        latent, and dst.npy, the latent (count, latent_dim); returns the face, uint8 (S, S, 3), as PaddleGAN does.

        Raises OutputError: a result would overwrite the photo (known before any work). The others as `invert`.
        """
        check_output(self.output_path)
        paths = [self.output_path / name for name in self.files]
        check_not_input(paths, image)
        fitted = self.invert(image)
        fitted.save(*paths)
        return fitted.crop


class StyleGANv2MixingPredictor(StylePredictor):
    """Blends two latents, such as `StyleGANv2FittingPredictor` writes; arguments as `StylePredictor`."""

    files = ("src1.mixing.png", "src2.mixing.png", "dst.mixing.png")

    def run(
        self, latent1: LatentSource, latent2: LatentSource, weights: float | Sequence[float] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw both and their mixture; writes src1.mixing.png, src2.mixing.png and dst.mixing.png.

        Each is drawn with its own noise, the mixture with the first's; without any: with the stored.

        Args:
            latent1: .npy or .npz file, or array (count, latent_dim). latent2: another.
            weights: of the first, one for each layer or one for all; None: half of each.
        Returns:
            uint8 (S, S, 3) of the first, the second, the mixture.
        Raises:
            DataError: latents of another network. ConfigError: not one finite weight a layer.
        """
        check_output(self.output_path)
        if weights is not None:
            check_finite("weights", weights)
        first, second = self.model.latent(latent1), self.model.latent(latent2)
        mixed = first._replace(w_plus=blend(first.w_plus, second.w_plus, weights))
        one, two, both = (self.picture(latent).array for latent in (first, second, mixed))
        paths = [self.output_path / name for name in self.files]
        say_replaced(*paths)
        save_images(dict(zip(paths, (one, two, both))))
        return one, two, both


class StyleGANv2EditingPredictor(StylePredictor):
    """Moves latents along named directions.

    model_type: as `StylePredictor`; PaddleGAN publishes directions for 'ffhq-config-f'.
    direction_path: see `StyleEditor`, whose methods are offered as the predictor's own.
    The others as `StylePredictor`, by name.

        StyleGANv2EditingPredictor().edit('me.jpg', {'Smiling': 1.5}).save('smile.png')
    """

    files = ("src.editing.png", "dst.editing.png", "dst.editing.npy", "dst.editing.npz")

    def __init__(
        self, model_type: str | None = None, direction_path: str | os.PathLike | None = None, **named: Any
    ) -> None:
        super().__init__(model_type=model_type, **named)
        self.editor = editor = StyleEditor(self.model, direction_path, model_type)
        self.moved, self.edit, self.spread_of_styles = editor.moved, editor.edit, editor.spread_of_styles
        self.channel_sheet, self.direction_sheet = editor.channel_sheet, editor.direction_sheet

    @property
    def directions(self) -> Directions:
        """By name; an unknown name is a ConfigError with the nearest."""
        return self.editor.directions

    def run(
        self, latent: LatentSource, direction: str, offset: float = 0.0
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
        src, dst, npy, npz = (self.output_path / name for name in self.files)
        check_not_input([src, dst, npy, npz], latent)
        check_finite("offset", offset)
        before = self.model.latent(latent)
        after = self.moved(before, {direction: offset})
        old, new = self.picture(before).array, self.picture(after).array
        # the .npz without noise too: an earlier one would be of another latent
        kept = {path: latent_bytes(path, after) for path in (npy, npz)}
        say_replaced(src, dst, npy, npz)
        write_files({src: image_bytes(src, old), dst: image_bytes(dst, new), **kept})
        return old, new, after.w_plus
