"""What labelled faces teach about a generator: attribute vectors in W, and channels of S that attributes hang on."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ppgen.apps.stylegan2 import StylePredictor
from ppgen.apps.stylegan2_model import TRUNCATION, StyleModel
from ppgen.datasets.files import Split
from ppgen.datasets.image_folder import ImageFolder
from ppgen.latent.attributes import Directions, Method, answers_of
from ppgen.latent.channels import FEWEST, Channel, relevance, sampled_styles, strongest
from ppgen.latent.seeds import latents
from ppgen.latent.supervised import RAREST, Features, Judge, features_of_samples, fit_judge, sampled_directions
from ppgen.metrics.dlib_features import all_depths
from ppgen.metrics.features import DESCRIPTOR, extractor

_AT_ONCE = 64  # photos
_JUDGED_BY = ("dlib-face@17+std", "dlib-face@8")  # and the descriptor


def face_features(pictures: np.ndarray) -> np.ndarray:
    """What the judge looks at, uint8 (n, H, W, 3) -> (n, d): two depths of FaceID, and its descriptor.

    Two passes, as the descriptor is of the face alone and the depths are of the whole picture.
    """
    depths = all_depths(pictures)
    return np.concatenate([*(depths[name] for name in _JUDGED_BY), extractor(DESCRIPTOR)(pictures)], axis=1)


class Labelled(NamedTuple):
    """Labelled photos that a judge learns from.

    data: folder of aligned faces, below data/. table: its attributes. where: of these faces only.
    names: attributes; None: all that the table answers. features: what the judge looks at.
    """

    data: str
    table: str = "meta.csv"
    where: Mapping[str, object] | None = None
    names: Sequence[str] | None = None
    features: Features = face_features

    def side(self, split: Split, size: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Features and answers of the faces of a split, seen at `size` pixels."""
        where = dict(self.where or {}) or None
        faces = ImageFolder(self.data, size, attributes=self.table, where=where, split=split)
        answers = answers_of(faces, list(self.names) if self.names is not None else None)
        parts = [range(i, min(i + _AT_ONCE, len(faces))) for i in range(0, len(faces), _AT_ONCE)]
        seen = [self.features(np.stack([faces.picture(i) for i in part])) for part in parts]
        return np.concatenate(seen), answers


def learn_judge(labelled: Labelled, size: int) -> tuple[Judge, dict[str, float]]:
    """A judge of attributes, and how good it is.

    Returns:
        the judge; and of its answers on held-back faces the share that is right, by attribute, mean of those with and
        those without it (0.5: guessing).
    Raises:
        DataError: no such data, or all faces have an attribute.
    """
    judge = fit_judge(*labelled.side("train", size))
    held, truth = labelled.side("validation", size)
    scores = {}
    for name, said in judge.answers(held).items():
        sides = [(said[truth[name] == value] == value).mean() for value in (0, 1) if (truth[name] == value).any()]
        scores[name] = float(np.mean(sides))
    return judge, scores


def find_attributes(
    predictor: StylePredictor | StyleModel,
    labelled: Labelled,
    samples: int = 2000,
    method: Method = "partial",
    seed: int = 0,
    truncation: float = TRUNCATION,
) -> tuple[Directions, dict[str, float]]:
    """Attribute vectors in W for a generator of faces; `ppgen.latent.supervised` says how.

    Args:
        samples: how many of the generator's pictures are looked at; seed and truncation: theirs.
    Returns:
        the vectors, and the judge's scores as `learn_judge` gives them.
    Raises:
        DataError: no such data, or all faces have an attribute. WeightsError, ConfigError.
    """
    network, features, batch = predictor.network, labelled.features, predictor.batch
    judge, scores = learn_judge(labelled, network.image_size)
    return sampled_directions(network, judge, features, samples, seed, method, batch, truncation), scores


def find_channels(
    predictor: StylePredictor | StyleModel, labelled: Labelled, count: int = 5, samples: int = 2000, seed: int = 0
) -> tuple[dict[str, dict[Channel, float]], dict[str, float]]:
    """The channels of S that tell most surely who has an attribute, by attribute; `relevance` says how.

    Args and raises as `find_attributes`, with the `count` best channels of each attribute.
    Returns:
        relevance by channel by attribute, the largest first, of those with it or of those without, whichever are
        fewer (then with its sign turned); without attributes that nearly no sample or nearly every one has; and
        the judge's scores.
    """
    network = predictor.network
    judge, scores = learn_judge(labelled, network.image_size)
    styles = sampled_styles(network, samples, seed)
    z = latents(seed, samples, network.latent_dim)
    answers = judge.answers(features_of_samples(network, z, labelled.features, predictor.batch))
    best = {}
    for name, said in answers.items():
        has = said == 1
        least = max(FEWEST, RAREST * len(has))
        if least <= has.sum() <= len(has) - least:
            rare, sign = (has, 1) if 2 * has.sum() <= len(has) else (~has, -1)  # of the rarer side more is told
            best[name] = strongest([sign * score for score in relevance(styles, rare)], count)
    return best, scores
