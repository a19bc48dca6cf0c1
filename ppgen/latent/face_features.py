"""What a judge of faces looks at, with gradients, so that a direction can be found by what the judge says."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import paddle
from paddle import Tensor

from ppgen import hub
from ppgen.datasets.image_folder import Pictures
from ppgen.io.image import to_tensor_array
from ppgen.latent.supervised import Features
from ppgen.losses.perceptual import scaled_to
from ppgen.networks.face_id import CHIP_SIZE, FaceID

#: pictures (N, 3, S, S) in [-1, 1] -> features (N, d), with gradients
Look = Callable[[Tensor], Tensor]

_PLACES = 8  # a side, whose colours are told
_NO_ROOT_OF_ZERO = 1e-8  # whose slope is infinite
_AT_ONCE = 64  # pictures


@lru_cache(maxsize=1)
def _face_id() -> FaceID:
    return hub.load("face_id", kind=FaceID)


def face_look(pictures: Tensor) -> Tensor:
    """(N, 3, S, S) in [-1, 1] -> (N, 448): means over positions of two depths of FaceID, one's deviations; colours.

    FaceID tells faces apart in any light and sees little of colours, so the mean colours of 8x8 places are told too.
    """
    found = _face_id().activations(scaled_to(pictures, CHIP_SIZE), ["side17", "side8"])
    parts, eight = found["side17"], found["side8"]
    middle = parts.mean(axis=[2, 3], keepdim=True)
    spread = ((parts - middle).square().mean(axis=[2, 3]) + _NO_ROOT_OF_ZERO).sqrt()
    colours = scaled_to(pictures, _PLACES)
    return paddle.concat([middle.flatten(1), spread, eight.mean(axis=[2, 3]), colours.flatten(1)], axis=1)


def as_numbers(look: Look) -> Features:
    """The same features of 8-bit pictures, as numbers."""

    @paddle.no_grad()
    def features(pictures: np.ndarray) -> np.ndarray:
        return look(paddle.to_tensor(to_tensor_array(pictures))).numpy()

    return features


def features_of(faces: Pictures, features: Features) -> np.ndarray:
    """Features of all pictures of a dataset, (n, d)."""
    parts = [range(i, min(i + _AT_ONCE, len(faces))) for i in range(0, len(faces), _AT_ONCE)]
    return np.concatenate([features(np.stack([faces.picture(i) for i in part])) for part in parts])
