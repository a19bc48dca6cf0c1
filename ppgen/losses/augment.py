"""Augmentation between the pictures and the discriminator: for real and made ones alike, and differentiable.

`AdaptiveAugment` is ADA (Karras et al., "Training Generative Adversarial Networks with Limited Data", NeurIPS
2020): a chain of changes, each applied with probability p, which follows how well the discriminator knows the
training pictures by heart. `LightAugment` is DiffAugment (Zhao et al., "Differentiable Augmentation for
Data-Efficient GAN Training", NeurIPS 2020): every picture is changed, always.

Both have second derivatives, as R1 needs: pictures are warped by picking pixels (take_along_axis), not by
grid_sample, which has none. ADA's authors enlarge a picture twofold and filter it (sym6) before they warp it; here it
is warped bilinearly as it is, a fraction of the work, which blurs a little where it moves by parts of a pixel. Their
random numbers are handed in.
"""

from collections.abc import Callable

import numpy as np
import paddle

from ppgen.errors import ConfigError
from ppgen.losses import augment_parameters as parameters

Draw = Callable[..., paddle.Tensor]  # (rows, *shape) -> random numbers, as Step.normal and Step.uniform


def warp(pictures: paddle.Tensor, matrices: np.ndarray) -> paddle.Tensor:
    """Bilinear, mirrored at the borders: output pixel (u, v) shows what `matrices` (N, 2, 3) maps it to.

    Coordinates are pixels from the middle of the picture. Pictures (N, C, H, W) -> the same shape.
    """
    batch, channels, height, width = pictures.shape
    v, u = np.mgrid[0:height, 0:width].astype(np.float64)
    target = np.stack([u - (width - 1) / 2, v - (height - 1) / 2, np.ones_like(u)]).reshape(3, -1)
    source = matrices @ target  # (N, 2, pixels)
    x, y = source[:, 0] + (width - 1) / 2, source[:, 1] + (height - 1) / 2
    left, top = np.floor(x), np.floor(y)
    right_share, lower_share = x - left, y - top
    places, shares = [], []
    for down in (0, 1):
        for along in (0, 1):
            row, column = _mirrored(top + down, height), _mirrored(left + along, width)
            places.append(np.arange(batch)[:, None] * height * width + row * width + column)
            shares.append((lower_share if down else 1 - lower_share) * (right_share if along else 1 - right_share))
    planes = pictures.transpose([1, 0, 2, 3]).reshape([channels, batch * height * width])
    index = paddle.to_tensor(np.stack(places).reshape(1, -1)).expand([channels, 4 * batch * height * width])
    share = paddle.to_tensor(np.stack(shares).reshape(1, -1)).astype(pictures.dtype)
    picked = (paddle.take_along_axis(planes, index, 1, broadcast=False) * share).reshape([channels, 4, -1]).sum(axis=1)
    return picked.reshape([channels, batch, height, width]).transpose([1, 0, 2, 3])


def _mirrored(place: np.ndarray, size: int) -> np.ndarray:
    """Places on an endless line -> 0 … size - 1, reflected at the middles of the border pixels."""
    period = max(2 * (size - 1), 1)
    folded = np.mod(place, period)
    return np.minimum(folded, period - folded).astype(np.int64)


def recolor(pictures: paddle.Tensor, matrices: np.ndarray) -> paddle.Tensor:
    """Colours (N, 3, H, W) through affine maps (N, 3, 4)."""
    batch, channels, height, width = pictures.shape
    matrix = paddle.to_tensor(matrices).astype(pictures.dtype)
    mixed = paddle.matmul(matrix[:, :, :3], pictures.reshape([batch, channels, height * width])) + matrix[:, :, 3:]
    return mixed.reshape(pictures.shape)


class Augment:
    """Pictures as they are: what the others start from."""

    def __call__(self, pictures: paddle.Tensor, normal: Draw, uniform: Draw) -> paddle.Tensor:
        """Pictures (N, 3, H, W) changed; `normal` and `uniform` draw (rows, *shape)."""
        return pictures

    def observe(self, sign: float, images: int) -> None:
        """Take note of the mean sign of D on `images` real pictures; only ADA adapts to it."""


class AdaptiveAugment(Augment):
    """ADA: pixel blitting, geometry and colour, each change with probability p.

    Args:
        target: of r_t = E[sign D(real)]; above it the discriminator overfits, and p rises.
        images: p moves from 0 to 1 in no fewer than so many images.
        start: p at first; after `--load` of a run that run's p takes its place.
        interval: steps of `observe` between changes of p.
    """

    def __init__(self, target: float = 0.6, images: float = 500_000, start: float = 0.0, interval: int = 4) -> None:
        self.target, self.images, self.interval = target, images, interval
        self.p, self._signs, self._seen, self._steps = start, 0.0, 0, 0

    def __call__(self, pictures: paddle.Tensor, normal: Draw, uniform: Draw) -> paddle.Tensor:
        """Pictures (N, 3, H, W) changed; `normal` and `uniform` draw (rows, *shape)."""
        batch, _, height, width = pictures.shape
        chances = uniform(batch, parameters.UNIFORMS).numpy().astype(np.float64)
        amounts = normal(batch, parameters.NORMALS).numpy().astype(np.float64)
        if self.p <= 0:
            return pictures
        matrices = parameters.geometry(chances, amounts, self.p, height, width)
        if not np.allclose(matrices, np.eye(2, 3)):
            pictures = warp(pictures, matrices)
        return recolor(pictures, parameters.colour(chances, amounts, self.p))

    def observe(self, sign: float, images: int) -> None:
        """Take note of the mean sign of D on `images` real pictures; now and then move p."""
        self._signs += sign * images
        self._seen += images
        self._steps += 1
        if self._steps % self.interval == 0:
            step = np.sign(self._signs / self._seen - self.target) * self._seen / self.images
            self.p = float(np.clip(self.p + step, 0.0, 1.0))
            self._signs, self._seen = 0.0, 0

    def arrays(self) -> dict[str, np.ndarray]:
        """p and what was observed since it last moved, for a checkpoint."""
        return {"state": np.array([self.p, self._signs, self._seen, self._steps], np.float64)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned; nothing, of a run that had another augmentation, leaves it at `start`."""
        if not arrays:
            return
        self.p, self._signs, seen, steps = (float(v) for v in arrays["state"])
        self._seen, self._steps = int(seen), int(steps)


class LightAugment(Augment):
    """DiffAugment: colour, translation by up to 1/8, and a hole of half the side, on every picture."""

    def __call__(self, pictures: paddle.Tensor, normal: Draw, uniform: Draw) -> paddle.Tensor:
        """Pictures (N, 3, H, W) changed; what moves in from outside, and the hole, are 0 (mid-grey)."""
        batch, _, height, width = pictures.shape
        chances = uniform(batch, 7).numpy().astype(np.float64)
        brightness, saturation, contrast = (
            paddle.to_tensor(strength).astype(pictures.dtype).reshape([-1, 1, 1, 1])
            for strength in (chances[:, 0] - 0.5, chances[:, 1] * 2, chances[:, 2] + 0.5)
        )
        x = pictures + brightness
        grey = x.mean(axis=1, keepdim=True)
        x = (x - grey) * saturation + grey
        middle = x.reshape([batch, -1]).mean(axis=1).reshape([-1, 1, 1, 1])
        x = (x - middle) * contrast + middle
        rows, columns, kept = parameters.shift_and_hole(chances[:, 3:], height, width)
        x = paddle.matmul(paddle.to_tensor(rows).astype(x.dtype), x)
        x = paddle.matmul(x, paddle.to_tensor(columns).astype(x.dtype))
        return x * paddle.to_tensor(kept).astype(x.dtype)


def augment_named(name: str, target: float, images: float, start: float) -> Augment:
    """"ada" with these settings (see `AdaptiveAugment`), "diffaugment" or "none"; ConfigError for another name."""
    if name == "ada":
        return AdaptiveAugment(target, images, start)
    if name not in ("diffaugment", "none"):
        raise ConfigError(f"model.augment: expected one of none, ada, diffaugment, found {name!r}")
    return LightAugment() if name == "diffaugment" else Augment()
