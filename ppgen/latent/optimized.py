"""Directions found by gradient descent through a generator and a judge of its pictures.

After Goetschalckx et al., "GANalyze: Toward Visual Definitions of Cognitive Image Properties" (ICCV 2019), eq. 1, with
four differences: the judge is to change its mind about a sample, not to say so much more of it; what it says of other
attributes is to stay, and the colours of the face, unless it is about the skin, and of the background; in W+ each w has
its own move; and steps are longer along axes of W on which samples differ more, so that moved faces stay likely ones.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor
from tqdm.auto import tqdm

from ppgen.io.brief import brief
from ppgen.latent.attributes import Directions
from ppgen.latent.face_features import Look
from ppgen.latent.seeds import latents
from ppgen.latent.supervised import Judge
from ppgen.networks.protocols import LatentGenerator, StyleGenerator
from ppgen.runtime.convolutions import fast_convolutions

_SKIN = ("Dark_Skin", "Pale_Skin")  # attributes that change the face's colour
_APART = ("Black_Hair", "Blond_Hair")  # nobody has both: who gets one loses the other
_SHIFT = 32  # a picture is moved by up to its side over this before it is judged, so that no single pixel counts
_SAMPLES = 29  # sets the seeds of samples apart from others that a search, or who measures it, draws
_MEASURED = 5000  # samples whose spread is measured
_THINNEST = 0.05  # length of the shortest axes, over the mean; of length 0 they would let no move go along them
_FALL = 3  # the rate falls over the last third of the steps


@dataclass(frozen=True)
class Optimization:
    """How to search.

    Attributes:
        steps: of Adam, an attribute; batch: samples in each.
        rate: of Adam, as a share of the mean size of the first move's entries.
        margin: score beyond 0 that is asked for; a judge's scores are about 1 and -1.
        others_weight: of the squared changes of the other scores.
        colours_weight: of the squared changes of mean colours, in [-1, 1], of the face's middle and the upper corners.
        seed: of samples and shifts.
    """

    steps: int = 120
    batch: int = 8
    rate: float = 0.1
    margin: float = 0.25
    others_weight: float = 8.0
    colours_weight: float = 10.0
    seed: int = 0


class Space(NamedTuple):
    """Where codes lie, and what they draw.

    name: "w" or "z", of the directions. shape: of a direction.
    sample: seed and count -> codes (count, *shape). draw: these -> pictures (count, 3, S, S) in [-1, 1].
    axes: (d, d), d the last size of `shape`: rows along which codes vary, each as long as they vary along it, over the
        mean of all; None: codes vary alike in all dimensions.
    """

    name: str
    shape: tuple[int, ...]
    sample: Callable[[int, int], Tensor]
    draw: Callable[[Tensor], Tensor]
    axes: np.ndarray | None = None

    def __repr__(self) -> str:
        return brief("Space", self._asdict())


def axes_of(codes: np.ndarray) -> np.ndarray:
    """`Space.axes` of codes (n, d): principal axes; those along which codes hardly vary are `_THINNEST` long."""
    values, vectors = np.linalg.eigh(np.cov(codes.astype(np.float64), rowvar=False))
    spreads = np.sqrt(values.clip(0))
    spreads = np.maximum(spreads / spreads.mean(), _THINNEST)
    return (spreads[:, None] * vectors.T).astype(np.float32)


def style_space(network: StyleGenerator, truncation: float = 1.0) -> Space:
    """W+ of a StyleGAN2 or StyleGAN generator in evaluation mode, and its truncated samples."""

    def sample(seed: int, count: int) -> Tensor:
        return network.spread(network.map(paddle.to_tensor(latents(seed, count, network.latent_dim))), truncation)

    shape = (network.count, network.latent_dim)
    with paddle.no_grad():
        axes = axes_of(sample(_SAMPLES, _MEASURED)[:, 0].numpy())
    return Space("w", shape, sample, lambda w_plus: network.synthesize(w_plus).clip(-1, 1), axes)


def space_of_codes(network: LatentGenerator, codes: np.ndarray) -> Space:
    """z of a VAE; its samples are codes (n, latent_dim) of pictures, such as the means of q(z|x)."""

    def sample(seed: int, count: int) -> Tensor:
        return paddle.to_tensor(codes[np.random.default_rng(seed).integers(0, len(codes), count)])

    return Space("z", (network.latent_dim,), sample, network.generate)


class _Judged:
    """A judge's scores and the colours that are to stay, of pictures, with gradients."""

    def __init__(self, judge: Judge, look: Look, box: tuple[float, float, float, float]):
        self.names, self.look, self.box = judge.names, look, box
        weights = judge.weights / judge.scale[:, None]
        self.weights = paddle.to_tensor(weights.astype(np.float32))
        self.bias = paddle.to_tensor((judge.bias - judge.mean @ weights).astype(np.float32))

    def colours(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3) means of the middle of the face, and of the upper corners."""
        left, top, right, bottom = (round(pictures.shape[3] * f) for f in self.box)
        width, height = max(1, min(left, pictures.shape[3] - right)), max(1, top)
        corners = paddle.concat([pictures[:, :, :height, :width], pictures[:, :, :height, -width:]], axis=3)
        x, y = (right - left) // 4, (bottom - top) // 4
        middle = pictures[:, :, top + y : bottom - y, left + x : right - x]
        return middle.mean(axis=[2, 3]), corners.mean(axis=[2, 3])

    def scores(self, pictures: Tensor) -> Tensor:
        """(N, k)."""
        return self.look(pictures) @ self.weights + self.bias


def optimized_directions(
    space: Space,
    judge: Judge,
    look: Look,
    start: Directions,
    box: tuple[float, float, float, float],
    settings: Optimization | None = None,
    only: Collection[str] | None = None,
) -> Directions:
    """Moves that change an attribute of samples and as little else as they can.

    An amount of 1 changes the judge's mind about most samples without the attribute, -1 about most with it.

    Args:
        judge: of the features that `look` takes; while one attribute changes the others are held equal, but for black
            and blond hair, of which nobody has both.
        start: directions to begin at, such as conditional ones, (latent_dim,) each; names that the judge knows.
        box: where the face lies in the pictures, see `ppgen.faces.typical.face_box`.
        only: these attributes; None: all of `start`.
    """
    settings = settings or Optimization()
    judged = _Judged(judge, look, box)
    names = [name for name in start if only is None or name in only]
    vectors, facts = {}, {}
    with tqdm(total=len(names) * settings.steps, desc="optimizing directions", disable=None) as bar:
        for name in names:
            search = _Search(space, judged, name, start[name], settings)
            with fast_convolutions():
                for step in range(settings.steps):
                    search.step(step)
                    bar.update()
            vectors[name] = search.move.numpy()[0]
            length = float(np.sqrt(np.square(vectors[name]).sum(axis=-1).mean()))
            facts[name] = f"optimized, {settings.steps} steps of {settings.batch} samples; length {length:.2f}"
    return Directions(vectors, space.name, facts)


class _Search:
    """One direction, and a step on it."""

    def __init__(self, space: Space, judged: _Judged, own: str, start: np.ndarray, settings: Optimization) -> None:
        self.space, self.judged, self.settings = space, judged, settings
        self.index, self.keep_face = judged.names.index(own), own not in _SKIN
        stay = [not (name == own or {name, own} == {*_APART}) for name in judged.names]
        self.stay = paddle.to_tensor(np.array(stay, np.float32) / max(1, sum(stay)))
        axes = np.eye(space.shape[-1], dtype=np.float32) if space.axes is None else space.axes
        along = np.linalg.solve(axes.T, start.astype(np.float32))
        self._axes = paddle.to_tensor(axes)
        self._along = paddle.to_tensor(np.broadcast_to(along, (1, *space.shape)).astype(np.float32))
        self._along.stop_gradient = False
        self._rate = settings.rate * float(np.abs(along).mean())
        self._rng = np.random.default_rng([settings.seed, self.index])
        self._adam = paddle.optimizer.Adam(self._rate, parameters=[self._along])

    @property
    def move(self) -> Tensor:
        """(1, *shape)."""
        return self._along @ self._axes

    def _shifted(self, pictures: Tensor) -> Tensor:
        most = pictures.shape[3] // _SHIFT
        return paddle.roll(pictures, self._rng.integers(-most, most + 1, 2).tolist(), [2, 3])

    def step(self, step: int) -> None:
        """One step of Adam."""
        settings, judged, draw = self.settings, self.judged, self.space.draw
        with paddle.no_grad():
            seed = int(np.random.default_rng([settings.seed, _SAMPLES, step]).integers(2**31))
            codes = self.space.sample(seed, settings.batch)
            before = draw(codes)
            said, colours = judged.scores(before), judged.colours(before)
            sign = 1 - 2 * (said[:, self.index] > 0).astype("float32")  # away from what is said
        after = draw(codes + sign.reshape([-1] + [1] * len(self.space.shape)) * self.move)
        scores = judged.scores(self._shifted(after))
        missing = F.relu(settings.margin - sign * scores[:, self.index]).square().mean()
        others = ((scores - said).square().mean(axis=0) * self.stay).sum()
        loss = missing + settings.others_weight * others
        face, corners = ((now - then).square().mean() for now, then in zip(judged.colours(after), colours))
        loss = loss + settings.colours_weight * (corners + face if self.keep_face else corners)
        left = (settings.steps - step) / settings.steps
        self._adam.set_lr(self._rate * min(1.0, _FALL * left))
        loss.backward()
        self._adam.step()
        self._adam.clear_grad()
