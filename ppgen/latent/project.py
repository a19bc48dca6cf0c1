"""Projection: the latent whose picture looks like a given one.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), section 5 and appendix D: Adam on
w from the mean latent, with noise on w that fades, and on the noise maps, kept from learning the picture. In W one w
steers all layers; in W+ each has its own (Abdal et al. 2019, "Image2StyleGAN"), which comes closer to the picture and
farther from what the generator has learnt. The loss is of perceptual features and of pixels at several scales.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import paddle
from tqdm.auto import tqdm

from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.brief import brief, png_of
from ppgen.io.image import to_uint8
from ppgen.latent.mixing import check_layers
from ppgen.latent.styles import sides_of_w
from ppgen.losses.perceptual import feature_distance, noise_correlation, pyramid_mse
from ppgen.networks.protocols import StyleGenerator
from ppgen.runtime.convolutions import fast_convolutions

_EVERY = 10  # steps between two entries of the history
_JITTER = 0.05

#: pictures (N, 3, S, S) -> features to compare
Features = Callable[[paddle.Tensor], list[paddle.Tensor]]


@dataclass(frozen=True)
class Settings:
    """How to search.

    Attributes:
        space: "w" or "w+".
        steps: of Adam.
        rate: of Adam; it rises over the first 20th of the steps and falls over the last quarter.
        final_rate: None, or the rate falls from `rate` to this by one factor a step, as PaddleGAN's does.
        levels: which of W+ may move; None: all.
        pixel_weight: of the squared differences of pixels in [-1, 1] at 3 scales.
        perceptual_weight: of the distance of features.
        noise_weight: of the noise maps' likeness to themselves; None: they stay as stored.
        jitter: noise on w as a share of the spread of W, fading over the first three quarters; None: 0.05, or from a
            start, which lies near already, 0.
        seed: of noise and jitter.
    """

    space: Literal["w", "w+"] = "w+"
    steps: int = 300
    rate: float = 0.1
    final_rate: float | None = None
    levels: Sequence[int] | None = None
    pixel_weight: float = 1.0
    perceptual_weight: float = 1.0
    noise_weight: float | None = 1e5
    jitter: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.space not in ("w", "w+"):
            raise ConfigError(f"a projection is into 'w' or 'w+', not '{self.space}'")
        for name in ("rate", "final_rate", "pixel_weight", "perceptual_weight", "noise_weight", "jitter"):
            value = vars(self)[name]
            if value is not None and not math.isfinite(value):
                raise ConfigError(f"{name}: expected a finite number, found {value}")
        if isinstance(self.steps, bool) or not isinstance(self.steps, numbers.Integral):
            raise ConfigError(f"steps: expected a whole number, found {self.steps!r}")
        if self.steps < 1 or self.rate <= 0 or (self.final_rate is not None and self.final_rate <= 0):
            raise ConfigError(f"a projection needs at least 1 step and rates above 0, not {self.steps} and {self.rate}")
        if self.pixel_weight < 0 or self.perceptual_weight < 0 or self.pixel_weight + self.perceptual_weight == 0:
            raise ConfigError("a projection needs a weight above 0 for pixels or features, and none below")

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        t = step / self.steps
        if self.final_rate is not None:
            return self.rate * (self.final_rate / self.rate) ** t
        fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / 0.25))
        return self.rate * fall * min(1.0, (step + 1) / max(1.0, 0.05 * self.steps))


class Projection(NamedTuple):
    """What was found."""

    w_plus: np.ndarray  # float32 (N, count, latent_dim)
    noise: list[np.ndarray] | None  # float32 (N, 1, h, w) a layer; None: the stored noise
    pictures: np.ndarray  # uint8 (N, S, S, 3)
    history: list[dict[str, float]]  # step, loss, pixels, features: means over the pictures

    def __repr__(self) -> str:
        return brief("Projection", self._asdict())

    def _repr_png_(self) -> bytes | None:
        return png_of(*self.pictures)

    def part(self, index: int) -> Projection:
        """That of one picture."""
        noise = None if self.noise is None else [n[index : index + 1] for n in self.noise]
        return self._replace(
            w_plus=self.w_plus[index : index + 1], noise=noise, pictures=self.pictures[index : index + 1]
        )


def project(
    network: StyleGenerator,
    targets: np.ndarray,
    settings: Settings | None = None,
    features: Features | None = None,
    start: np.ndarray | None = None,
    noise: Sequence[np.ndarray] | None = None,
) -> Projection:
    """Find latents of pictures; all of them at once, each for itself.

    Args:
        network: a StyleGAN2 or StyleGAN generator in evaluation mode.
        targets: float32 (N, 3, S, S) in [-1, 1], S the generator's size.
        features: for the perceptual part, such as `FacePerception.features`; None: pixels only.
        start: W+ (N or 1, count, latent_dim) to begin at; None: the mean latent, with random noise.
        noise: that of the start, (N or 1, 1, h, w) a layer; None: the stored.
    Raises:
        DataError: targets or start of another shape. ConfigError: levels that the network does not have.
        WeightsError: a StyleGAN that has not grown up yet.
    """
    settings = settings or Settings()
    search = _Search(network, _checked(network, targets), settings, features, start, noise)
    history = []
    bar = tqdm(range(settings.steps), desc=f"projecting into {settings.space}", disable=None, delay=2)
    with fast_convolutions():
        for step in bar:
            figures = search.step(step)
            if step % _EVERY == 0 or step == settings.steps - 1:
                history.append({"step": step, **{key: float(value) for key, value in figures.items()}})
                bar.set_postfix(loss=f"{history[-1]['loss']:.4f}")
    return search.result(history)


def _checked(network: StyleGenerator, targets: np.ndarray) -> np.ndarray:
    targets = np.asarray(targets, np.float32)
    side, drawn = network.image_size, int(sides_of_w(network).max())
    if drawn != side:
        what = f"this {type(network).__name__} still grows: it draws {drawn} pixels of {side}"
        raise WeightsError(f"{what}; project into a finished one")
    if targets.ndim != 4 or targets.shape[1:] != (3, side, side) or not len(targets):
        raise DataError(f"targets: expected shape (N, 3, {side}, {side}), found {targets.shape}")
    if not np.isfinite(targets).all():
        raise DataError("targets: expected finite numbers")
    return targets


def _variable(start: np.ndarray) -> paddle.Tensor:
    """What Adam may change."""
    tensor = paddle.to_tensor(start.astype(np.float32))
    tensor.stop_gradient = False
    return tensor


class _Search:
    """The variables of a projection and one step on them."""

    def __init__(
        self,
        network: StyleGenerator,
        targets: np.ndarray,
        settings: Settings,
        features: Features | None,
        start: np.ndarray | None,
        noise: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.network, self.settings = network, settings
        self.features = features if settings.perceptual_weight else None
        self.target = paddle.to_tensor(targets)
        with paddle.no_grad():
            self.wanted = self.features(self.target) if self.features is not None else []
        count = len(targets)
        self.base = self._base(start, count)
        levels = list(range(network.count) if settings.levels is None else settings.levels)
        check_layers(levels, network)
        moves = np.isin(np.arange(network.count), levels).astype(np.float32)
        self.mask = paddle.to_tensor(moves[None, :, None])
        self.shift = _variable(np.zeros((count, 1 if settings.space == "w" else network.count, network.latent_dim)))
        self._rng = np.random.default_rng([settings.seed, 17])
        self.noise = None if settings.noise_weight is None else self._first_noise(count, start is not None, noise)
        usual = _JITTER if start is None else 0.0
        self._jitter = network.spread_of_latents() * (usual if settings.jitter is None else settings.jitter)
        self._adam = paddle.optimizer.Adam(settings.rate, 0.9, 0.999, parameters=[self.shift, *(self.noise or [])])

    def _base(self, start: np.ndarray | None, count: int) -> paddle.Tensor:
        shape = [count, self.network.count, self.network.latent_dim]
        if start is None:
            return self.network.mean_of_latents().detach().reshape([1, 1, -1]).expand(shape)
        start = np.asarray(start, np.float32)
        if start.ndim != 3 or list(start.shape[1:]) != shape[1:] or start.shape[0] not in (1, count):
            raise DataError(f"start: expected shape {tuple(shape)}, found {start.shape}")
        if self.settings.space == "w":  # one w for all layers, whatever the start says of each
            start = start.mean(axis=1, keepdims=True)
        return paddle.to_tensor(np.broadcast_to(start, shape).copy())

    def _first_noise(self, count: int, begun: bool, noise: Sequence[np.ndarray] | None) -> list[paddle.Tensor]:
        """Random maps; from a start its own, or the stored ones, which encoders learn with."""
        if begun:
            maps = noise if noise is not None else [layer.noise.numpy() for layer in self.network.layers]
            return [_variable(np.broadcast_to(each, (count, *each.shape[1:])).copy()) for each in maps]
        return [_variable(self._rng.standard_normal((count, *s), "f4")) for s in self.network.noise_shapes()]

    def w_plus(self) -> paddle.Tensor:
        return self.base + self.mask * self.shift

    def _jittered(self, step: int) -> paddle.Tensor:
        left = max(0.0, 1 - step / self.settings.steps / 0.75)
        scale = self._jitter * left**2
        if not scale:
            return self.w_plus()
        noise = self._rng.standard_normal(tuple(self.shift.shape), dtype=np.float32)
        return self.w_plus() + self.mask * paddle.to_tensor(scale * noise)

    def step(self, step: int) -> dict[str, paddle.Tensor]:
        """One step; the means of loss, pixels and features before it."""
        settings = self.settings
        pictures = self.network.synthesize(self._jittered(step), self.noise)
        pixels = pyramid_mse(pictures, self.target)
        loss, figures = settings.pixel_weight * pixels, {"pixels": pixels.mean()}
        if self.features is not None:
            distance = feature_distance(self.features(pictures), self.wanted)
            loss, figures["features"] = loss + settings.perceptual_weight * distance, distance.mean()
        figures["loss"] = loss.mean()
        if self.noise is not None and settings.noise_weight is not None:
            loss = loss + settings.noise_weight * noise_correlation(self.noise)
        self._adam.set_lr(settings.rate_at(step))
        loss.sum().backward()
        self._adam.step()
        self._adam.clear_grad()
        self._normalize_noise()
        return figures

    def _normalize_noise(self) -> None:
        """Every map back to mean 0 and deviation 1."""
        with paddle.no_grad():
            for tensor in self.noise or []:
                centred = tensor - tensor.mean(axis=[1, 2, 3], keepdim=True)
                tensor.set_value(centred / (centred.square().mean(axis=[1, 2, 3], keepdim=True) + 1e-8).sqrt())

    def result(self, history: list[dict[str, float]]) -> Projection:
        with paddle.no_grad():
            w_plus = self.w_plus()
            pictures = to_uint8(self.network.synthesize(w_plus, self.noise).numpy())
        noise = None if self.noise is None else [tensor.numpy() for tensor in self.noise]
        return Projection(w_plus.numpy(), noise, pictures, history)
