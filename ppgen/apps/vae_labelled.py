"""What labelled faces teach about a VAE: attribute vectors by gradient descent through its decoder."""

from collections.abc import Callable, Mapping

import numpy as np

from ppgen import hub
from ppgen.apps.vae import VAEPredictor
from ppgen.datasets.files import fold_of
from ppgen.datasets.image_folder import Pictures
from ppgen.errors import ConfigError
from ppgen.faces.typical import face_box
from ppgen.latent.attributes import Directions, attribute_vectors
from ppgen.latent.face_features import as_numbers, face_look, features_of
from ppgen.latent.optimized import Optimization, optimized_directions, space_of_codes
from ppgen.latent.render import encode_all
from ppgen.latent.supervised import Score, cross_judged, fit_judge


def optimize_attributes(
    predictor: VAEPredictor,
    faces: Pictures,
    answers: Mapping[str, np.ndarray],
    settings: Optimization | None = None,
    told: Callable[[dict[str, Score]], None] | None = None,
) -> tuple[Directions, dict[str, Score]]:
    """Vectors of a VAE's attributes; `ppgen.latent.optimized` says how. They begin as conditional ones.

    Args:
        faces: that the codes are of, and that a judge learns on, at the network's size.
        answers: by attribute, (n,): 1, 0 or NaN. told: is called with the judge's scores, before the search.
    Returns:
        the vectors, and how well the judge knows each attribute: every face by one that has not seen its tenth.
    Raises:
        ConfigError: a network of grey pictures. DataError: nobody with or without an attribute, or two that always go
        together.
    """
    network = predictor.network
    if network.channels != 3:
        raise ConfigError(f"{predictor.name}: draws in grey, and FaceID judges faces in colour; take another method")
    codes = encode_all(network, faces, predictor.name).mu
    start = attribute_vectors(codes, answers, "conditional")
    features = features_of(faces, as_numbers(face_look))
    scores = cross_judged(features, answers, np.array([fold_of(name) for name in faces.ids]))
    if told is not None:
        told(scores)
    judge, box = fit_judge(features, answers), face_box(hub.crop_of(hub.path_of(predictor.name)))
    return optimized_directions(space_of_codes(network, codes), judge, face_look, start, box, settings), scores
