"""Attribute vectors of a generator, whose samples nobody has labelled: a judge learnt on real faces labels them.

After Shen et al., "Interpreting the Latent Space of GANs for Semantic Face Editing" (CVPR 2020), with two differences:
the judge is a ridge regression on FaceID's features, and a vector is the difference between the latents of both
groups (`ppgen.latent.attributes`), not the normal of a plane between them: it moves a face as far as the groups differ
and stays where samples lie.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import paddle

from ppgen.errors import DataError
from ppgen.io.brief import short
from ppgen.latent.attributes import Directions, Method, attribute_vectors
from ppgen.latent.render import drawn, generator_of
from ppgen.latent.seeds import latents
from ppgen.networks.protocols import StyleGenerator

PENALTY = 0.1  # of squared weights, as a share of the number of faces, features being standardized
FEWEST = 50  # held-back faces with an attribute, and as many without, that a judge is measured on if it is to count
RAREST = 0.01  # share of the samples that must have an attribute, and must not

#: uint8 (n, H, W, 3) -> (n, d)
Features = Callable[[np.ndarray], np.ndarray]


@short
class Judge(NamedTuple):
    """One ridge regression an attribute, on standardized features."""

    names: list[str]
    mean: np.ndarray  # (d,)
    scale: np.ndarray  # (d,)
    weights: np.ndarray  # (d, k)
    bias: np.ndarray  # (k,)

    def scores(self, features: np.ndarray) -> np.ndarray:
        """(n, k): about 1 with the attribute, -1 without."""
        return (features - self.mean) / self.scale @ self.weights + self.bias

    def answers(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """1 or 0 for each picture, float32 (n,) by name."""
        return {name: (column > 0).astype(np.float32) for name, column in zip(self.names, self.scores(features).T)}


def fit_judge(features: np.ndarray, answers: Mapping[str, np.ndarray], penalty: float = PENALTY) -> Judge:
    """A judge from labelled faces, both answers of equal weight; NaN answers are left out.

    Args:
        features: (n, d). answers: by name, (n,): 1 with, 0 without, NaN unknown.
    Raises:
        DataError: nobody with or without an attribute.
    """
    features = np.asarray(features, np.float64)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    x = (features - mean) / scale
    columns, biases = [], []
    for name, values in answers.items():
        known = np.isfinite(values)
        yes = values[known] == 1
        if not yes.any() or yes.all():
            raise DataError(f"{name}: all faces of which it is known are {'with' if yes.any() else 'without'} it")
        share = np.where(yes, 0.5 / yes.mean(), 0.5 / (1 - yes.mean())) / len(yes)  # sums up to 1
        target = np.where(yes, 1.0, -1.0)
        centre, middle = share @ x[known], share @ target
        part = x[known] - centre
        curve = (part * share[:, None]).T @ part + penalty * np.eye(x.shape[1])
        columns.append(np.linalg.solve(curve, (part * share[:, None]).T @ (target - middle)))
        biases.append(middle - centre @ columns[-1])
    return Judge(list(answers), mean, scale, np.stack(columns, axis=1), np.array(biases))


class Score(NamedTuple):
    """How well a judge knows an attribute, on faces that it has not seen."""

    balanced: float  # mean of the shares that are right of those with and of those without it; 0.5: guessing
    yes: int  # faces with it
    no: int  # and without

    def reaches(self, least: float) -> bool:
        """Whether it counts; `least` 0: every one does."""
        return least <= 0 or (self.balanced >= least and min(self.yes, self.no) >= FEWEST)


class Answering(Protocol):
    """A judge of any kind."""

    def answers(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """1 or 0 for each row of (n, d), float32 (n,) by name."""


def cross_judged(
    features: np.ndarray,
    answers: Mapping[str, np.ndarray],
    folds: np.ndarray,
    fit: Callable[[np.ndarray, Mapping[str, np.ndarray]], Answering] = fit_judge,
) -> dict[str, Score]:
    """Scores by attribute, every face judged by a judge that has not seen its fold.

    Faces of a fold are judged only where both answers are known outside of it.
    Args:
        folds: (n,) numbers. fit: features and answers to a judge.
    """
    said = {name: np.full(len(folds), np.nan) for name in answers}
    for fold in np.unique(folds):
        held = folds == fold
        seen = {name: values[~held] for name, values in answers.items()}
        known = {name: values for name, values in seen.items() if {0.0, 1.0} <= set(values[np.isfinite(values)])}
        if known:
            for name, values in fit(features[~held], known).answers(features[held]).items():
                said[name][held] = values
    return {name: _score_of(said[name], values) for name, values in answers.items()}


def _score_of(said: np.ndarray, truth: np.ndarray) -> Score:
    sides = [said[np.isfinite(said) & (truth == value)] == value for value in (1, 0)]
    shares = [float(side.mean()) for side in sides if len(side)]
    return Score(float(np.mean(shares)) if shares else 0.0, len(sides[0]), len(sides[1]))


def features_of_samples(
    network: StyleGenerator, z: np.ndarray, features: Features, batch: int = 32, truncation: float = 1.0
) -> np.ndarray:
    """Features of the pictures of latents (n, dim) -> (n, d); only a batch of the pictures is kept at a time."""
    pictures = drawn(generator_of(network, "the network", truncation), z, batch=batch, label="sampling")
    return np.concatenate([features(seen) for seen in pictures])


def sampled_directions(
    network: StyleGenerator,
    judge: Judge,
    features: Features,
    count: int = 2000,
    seed: int = 0,
    method: Method = "partial",
    batch: int = 32,
    truncation: float = 1.0,
    rare: bool = False,
) -> Directions:
    """Attribute vectors in W of a StyleGAN2 or StyleGAN generator, from `count` samples that a judge looks at.

    truncation: of the samples; below 1 the odd ones, which mislead a judge of photos, are fewer.
    rare: of attributes that fewer than a hundredth of the samples have, or lack: the half that has more of it is
        taken for those with it; False: they get no vector.
    Raises:
        DataError: no attribute is left.
    """
    z = latents(seed, count, network.latent_dim)
    with paddle.no_grad():
        w = network.spread(network.map(paddle.to_tensor(z)), truncation)[:, 0].numpy()
    seen = features_of_samples(network, z, features, batch, truncation)
    answers = judge.answers(seen)
    kept = {name: values for name, values in answers.items() if RAREST <= values.mean() <= 1 - RAREST}
    if rare:
        scores = judge.scores(seen)
        halves = dict(zip(judge.names, (scores > np.median(scores, axis=0)).astype(np.float32).T))
        kept = {name: kept.get(name, halves[name]) for name in answers}
    if not kept:
        raise DataError(f"of {count} samples nearly all have, or nearly none has, {', '.join(answers)}")
    directions = attribute_vectors(w, kept, method)
    directions.space = "w"
    return directions
