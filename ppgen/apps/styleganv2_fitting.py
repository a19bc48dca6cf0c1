"""Photos into StyleGAN2's latent space: PaddleGAN's fitting, and projection into W and W+."""

from __future__ import annotations

import io
import operator
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen import hub
from ppgen.apps.batch import check_not_input
from ppgen.apps.drawings import Drawing
from ppgen.apps.photos import Seen, Way, see
from ppgen.apps.styleganv2 import StyleGANv2Predictor
from ppgen.errors import DataError
from ppgen.hub.published import PUBLISHED
from ppgen.io.atomic import check_output, write_bytes
from ppgen.io.image import save_image, source_name, to_tensor_array
from ppgen.latent.project import Features, Projection, Settings, project

_FFHQ = "ffhq-config-f"  # its faces are cut as FFHQ's are
_PADDLEGAN_LEVELS = 12  # PaddleGAN fits the first 12 of 18 layers
_CROP_ONLY = "none"


class Latent(NamedTuple):
    """W+ of one picture, and the noise that was fitted with it."""

    w_plus: np.ndarray  # float32 (count, latent_dim)
    noise: list[np.ndarray] | None = None  # (1, 1, h, w) a layer; None: the stored


@dataclass(frozen=True)
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


def save_latent(path: str | os.PathLike, latent: Latent) -> Path:
    """Write .npy (W+ alone, as PaddleGAN's) or .npz (with the noise); atomic."""
    path, buffer = Path(path), io.BytesIO()
    if path.suffix == ".npz":
        maps = {f"noise_{i}": n for i, n in enumerate(latent.noise or [])}
        np.savez_compressed(buffer, w_plus=latent.w_plus, **maps)
    else:
        np.save(buffer, latent.w_plus)
    write_bytes(path, buffer.getvalue())
    return path


def read_latent(source: Any, network: Any) -> Latent:
    """A latent from .npy, .npz or an array: (count, dim), (1, count, dim), or (dim,) for all layers.

    Raises:
        DataError: it cannot be read, or belongs to another network.
    """
    name = str(source) if isinstance(source, (str, os.PathLike)) else "the given latent"
    noise = None
    if isinstance(source, (str, os.PathLike)):
        array, noise = _read(Path(source).expanduser())
    else:
        array = np.asarray(source.w_plus if isinstance(source, Latent) else source)
        noise = source.noise if isinstance(source, Latent) else None
    shape = (network.count, network.latent_dim)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.shape == shape[1:]:
        array = np.tile(array, (shape[0], 1))
    if array.shape != shape or array.dtype.kind not in "fiu":
        found = f"{array.dtype} {array.shape}"
        raise DataError(f"{name}: expected numbers of shape {shape} for this network, found {found}")
    if not np.isfinite(array).all():
        raise DataError(f"{name}: expected finite numbers, found some that are not")
    if noise is not None and [n.shape[1:] for n in noise] != network.noise_shapes():
        raise DataError(f"{name}: its noise belongs to another network")
    return Latent(array.astype(np.float32), noise)


def _read(path: Path) -> tuple[np.ndarray, list[np.ndarray] | None]:
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found, None
        with found:
            count = sum(key.startswith("noise_") for key in found.files)
            return found["w_plus"], [found[f"noise_{i}"] for i in range(count)] or None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: is no latent; give a .npy or .npz that a projection wrote") from error


class StyleGANv2FittingPredictor(StyleGANv2Predictor):
    """Finds the latent of a photo; constructor as `StyleGANv2Predictor`.

    lpips_path: weights of VGG16 (and LPIPS) as .safetensors, see `ppgen.networks.vgg`; None: FaceID's features.
    ffhq: cut faces as FFHQ's are, for networks of such faces; always so for 'ffhq-config-f' and a file that is called
        as PaddleGAN published it.

        StyleGANv2FittingPredictor().run('me.jpg', need_align=True)     # PaddleGAN's way, 100 steps
        StyleGANv2FittingPredictor().project('me.jpg').latent.w_plus    # W+, with noise, 300 steps
    """

    def __init__(
        self, *arguments: Any, lpips_path: str | os.PathLike | None = None, ffhq: bool = False, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        known = {_FFHQ, PUBLISHED[_FFHQ].file}
        self._ffhq = ffhq or self.model_type in known or Path(self.name).name in known
        self._lpips = lpips_path
        self._features: Features | None = None

    def features(self) -> Features:
        """What the perceptual part compares."""
        if self._features is None:
            self._features = _vgg_features(self._lpips) if self._lpips is not None else _face_features()
        return self._features

    def see(self, photo: Any, align: bool = True) -> Seen:
        """The photo as the network draws faces; not aligned: cut to a square and scaled only."""
        way: Way = "ffhq" if self._ffhq else "close"
        return see(photo, self.network.size, way if align else _CROP_ONLY, source_name(photo))

    def project(self, photo: Any, settings: Settings | None = None, align: bool = True, start: Any = None) -> Fitted:
        """Find the latent of a photo (a path, an array, a PIL image).

        start: a latent to begin at; None: the mean.
        Raises DataError, NoFaceError, ConfigError, WeightsError.
        """
        settings = settings or Settings()
        seen = self.see(photo, align)
        features = self.features() if settings.perceptual_weight else None
        first = None if start is None else read_latent(start, self.network).w_plus[None]
        found = project(self.network, to_tensor_array(seen.crop[None]), settings, features, first)
        latent = Latent(found.w_plus[0], found.noise)
        return Fitted(source_name(photo), seen.crop, found.pictures[0], latent, found, seen.warnings)

    def run(  # type: ignore[override]  (PaddleGAN's arguments)
        self,
        image: Any,
        need_align: bool = False,
        start_lr: float = 0.1,
        final_lr: float = 0.025,
        latent_level: int | Sequence[int] | None = None,
        step: int = 100,
        mse_weight: float = 1,
        pre_latent: Any = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fit W+ with the stored noise; writes src.fitting.png, dst.fitting.png and dst.fitting.npy.

        Args:
            image: the photo. need_align: find its face and cut it out first.
            start_lr, final_lr: learning rate of the first and of the last step.
            latent_level: which of W+ may change, one or several; None: the first 12, as far as the network has them.
            step: how many. mse_weight: of the pixels; the features count 1.
            pre_latent: to begin at; None: the mean latent.
        Returns:
            the photo as it was fitted, uint8 (S, S, 3), the picture found, and its latent (count, latent_dim).
        Raises:
            OutputError: a result would overwrite the photo or the latent (known before any work). The others as
                `project`.
        """
        check_output(self.output_path)
        paths = [self.output_path / name for name in ("src.fitting.png", "dst.fitting.png", "dst.fitting.npy")]
        check_not_input(paths, image, pre_latent)
        first = range(min(_PADDLEGAN_LEVELS, self.network.count))
        levels = first if latent_level is None else np.atleast_1d(latent_level)
        settings = Settings(
            steps=step, rate=start_lr, final_rate=final_lr, levels=[operator.index(level) for level in levels],
            pixel_weight=mse_weight, noise_weight=None, jitter=0.0,
        )  # fmt: skip
        fitted = self.project(image, settings, need_align, pre_latent)
        save_image(paths[0], fitted.crop)
        save_image(paths[1], fitted.picture)
        save_latent(paths[2], fitted.latent)
        return fitted.crop, fitted.picture, fitted.latent.w_plus

    def picture(self, latent: Latent) -> Drawing:
        """What a latent looks like."""
        return self.draw_w(latent.w_plus, latent.noise)[0]


def _face_features() -> Callable[[Any], list[Any]]:
    from ppgen.losses.perceptual import FacePerception
    from ppgen.metrics.dlib_features import FACE_BOX

    return FacePerception(hub.load("face_id"), FACE_BOX).features


def _vgg_features(path: str | os.PathLike) -> Callable[[Any], list[Any]]:
    from ppgen.networks.vgg import load_vgg

    return load_vgg(path).features
