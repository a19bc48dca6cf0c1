"""What labelled faces teach about a generator: attribute vectors in W, and channels of S that attributes hang on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ppgen.apps.stylegan2 import StylePredictor
from ppgen.apps.stylegan2_model import TRUNCATION, StyleModel
from ppgen.datasets.files import VALIDATION, fold_of
from ppgen.datasets.image_folder import ImageFolder
from ppgen.errors import DataError
from ppgen.faces.typical import face_box
from ppgen.io.brief import brief
from ppgen.latent.attributes import Directions, Method, answers_of
from ppgen.latent.channels import FEWEST, Channel, relevance, sampled_styles, strongest
from ppgen.latent.face_features import as_numbers, face_look, features_of
from ppgen.latent.optimized import Optimization, optimized_directions, style_space
from ppgen.latent.seeds import latents
from ppgen.latent.supervised import (
    RAREST,
    Features,
    Judge,
    Score,
    cross_judged,
    features_of_samples,
    fit_judge,
    sampled_directions,
)
from ppgen.metrics.dlib_features import all_depths
from ppgen.metrics.features import descriptor, extractor

_JUDGED_BY = ("dlib-face@17+std", "dlib-face@8")  # and the descriptor
_SEARCH = Optimization(steps=200, margin=0.6)  # of directions: an amount of 1 is to change most minds


def face_features(pictures: np.ndarray, crop: str = "close") -> np.ndarray:
    """What the judge looks at, uint8 (n, H, W, 3) -> (n, d): two depths of FaceID, and its descriptor.

    Two passes, as the descriptor is of the face alone and the depths are of the whole picture.
    crop: how the faces are cut, as a card says it; it decides where in the pictures the descriptor looks.
    """
    depths = all_depths(pictures)
    return np.concatenate([*(depths[name] for name in _JUDGED_BY), extractor(descriptor(crop))(pictures)], axis=1)


class Labelled(NamedTuple):
    """Labelled photos that a judge learns from.

    data: folder of aligned faces, below data/. table: its attributes. where: of these faces only.
    names: attributes; None: all that the table answers.
    features: what the judge looks at; None: `face_features` of faces cut as the generator's card says.
    least: leave out attributes of which the judge is right on fewer held-back faces (`Score.balanced`), or that fewer
        than 50 of them have, or lack; 0: none.
    """

    data: str
    table: str = "meta.csv"
    where: Mapping[str, object] | None = None
    names: Sequence[str] | None = None
    features: Features | None = None
    least: float = 0.0

    def faces(self, size: int) -> Faces:
        """All faces, seen at `size` pixels."""
        where = dict(self.where or {}) or None
        faces = ImageFolder(self.data, size, attributes=self.table, where=where)
        answers = answers_of(faces, list(self.names) if self.names is not None else None)
        seen = features_of(faces, self.features or face_features)
        return Faces(seen, answers, np.array([fold_of(name) for name in faces.ids]))


class Faces(NamedTuple):
    """Labelled faces.

    features: (n, d). answers: by attribute, (n,): 1, 0 or NaN. folds: (n,), the remainder of the id's crc32 by ten, 2
    being validation: faces that belong together, as those of one description in data/nobody, share it.
    """

    features: np.ndarray
    answers: dict[str, np.ndarray]
    folds: np.ndarray

    def __repr__(self) -> str:
        return brief("Faces", self._asdict())


def _seen(labelled: Labelled, predictor: StylePredictor | StyleModel) -> tuple[Labelled, Features]:
    """The same with features that suit a generator's faces, and these."""
    model = predictor if isinstance(predictor, StyleModel) else predictor.model
    features = labelled.features or partial(face_features, crop=model.crop)
    return labelled._replace(features=features), features


def learn_judge(labelled: Labelled, size: int) -> tuple[Judge, dict[str, Score]]:
    """A judge of attributes learnt on the faces of the training split, and how good it is.

    Returns:
        the judge, of the attributes that are known well enough; and the scores of all, where each tenth of the faces is
        judged by one that is learnt on the others.
    Raises:
        DataError: no such data, all faces have an attribute, or none is known well enough.
    """
    faces = labelled.faces(size)
    scores = cross_judged(faces.features, faces.answers, faces.folds)
    train = faces.folds != VALIDATION
    kept = {name: values[train] for name, values in faces.answers.items() if scores[name].reaches(labelled.least)}
    if not kept:
        told = ", ".join(f"{name} {score.balanced:.2f}" for name, score in scores.items())
        raise DataError(f"{labelled.data}: no attribute reaches {labelled.least:g} on held-back faces ({told})")
    return fit_judge(faces.features[train], kept), scores


def find_attributes(
    predictor: StylePredictor | StyleModel,
    labelled: Labelled,
    samples: int = 2000,
    method: Method = "partial",
    seed: int = 0,
    truncation: float = TRUNCATION,
) -> tuple[Directions, dict[str, Score]]:
    """Attribute vectors in W for a generator of faces; `ppgen.latent.supervised` says how.

    Args:
        samples: how many of the generator's pictures are looked at; seed and truncation: theirs.
    Returns:
        the vectors, and the judge's scores as `learn_judge` gives them.
    Raises:
        DataError: no such data, or all faces have an attribute. WeightsError, ConfigError.
    """
    network, batch = predictor.network, predictor.batch
    labelled, features = _seen(labelled, predictor)
    judge, scores = learn_judge(labelled, network.image_size)
    return sampled_directions(network, judge, features, samples, seed, method, batch, truncation), scores


def optimize_attributes(
    predictor: StylePredictor | StyleModel,
    labelled: Labelled,
    samples: int = 2000,
    settings: Optimization | None = None,
    truncation: float = TRUNCATION,
    control: Collection[str] = (),
    told: Callable[[dict[str, Score]], None] | None = None,
) -> tuple[Directions, dict[str, Score]]:
    """Directions of W+ for a generator of faces; `ppgen.latent.optimized` says how. They begin as conditional ones.

    Attributes that nearly all samples have, or nearly none, get a direction too. The judge looks at
    `ppgen.latent.face_features.face_look`, whatever `labelled.features` says.

    Args:
        settings: of the search. control: attributes that are held equal but get no direction.
        told: is called with the judge's scores, before the search.
        The others, and what is returned: as `find_attributes`.
    Raises:
        As `find_attributes`; DataError where no attribute is left but the control, or one follows from the others.
    """
    model = predictor if isinstance(predictor, StyleModel) else predictor.model
    network, features = model.network, as_numbers(face_look)
    judge, scores = learn_judge(labelled._replace(features=features), network.image_size)
    if told is not None:
        told(scores)
    only = {*judge.names} - {*control}
    if not only:
        raise DataError(f"{labelled.data}: only {', '.join(control)} is known well enough, which is to be held equal")
    start = sampled_directions(network, judge, features, samples, 0, "conditional", predictor.batch, truncation, True)
    box = face_box(model.crop)
    space = style_space(network, truncation)
    return optimized_directions(space, judge, face_look, start, box, settings or _SEARCH, only), scores


def find_channels(
    predictor: StylePredictor | StyleModel,
    labelled: Labelled,
    count: int = 5,
    samples: int = 2000,
    seed: int = 0,
    truncation: float = TRUNCATION,
) -> tuple[dict[str, dict[Channel, float]], dict[str, Score]]:
    """The channels of S that tell most surely who has an attribute, by attribute; `relevance` says how.

    Args and raises as `find_attributes`, with the `count` best channels of each attribute.
    Returns:
        relevance by channel by attribute, the largest first, of those with it or of those without, whichever are
        fewer (then with its sign turned); without attributes that nearly no sample or nearly every one has; and
        the judge's scores.
    """
    network = predictor.network
    labelled, features = _seen(labelled, predictor)
    judge, scores = learn_judge(labelled, network.image_size)
    styles = sampled_styles(network, samples, seed, truncation)
    z = latents(seed, samples, network.latent_dim)
    answers = judge.answers(features_of_samples(network, z, features, predictor.batch, truncation))
    best = {}
    for name, said in answers.items():
        has = said == 1
        least = max(FEWEST, RAREST * len(has))
        if least <= has.sum() <= len(has) - least:
            rare, sign = (has, 1) if 2 * has.sum() <= len(has) else (~has, -1)  # of the rarer side more is told
            best[name] = strongest([sign * score for score in relevance(styles, rare)], count)
    return best, scores
