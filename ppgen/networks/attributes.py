"""Gender and age as linear functions of the face descriptor."""

from typing import NamedTuple

import paddle
from paddle import nn

from ppgen.registry import NETWORKS


class FaceAttributesOutput(NamedTuple):
    """What `FaceAttributes` returns."""

    female: paddle.Tensor  # (N,), above 0 for a woman, about -1 and 1 where it is clear
    age: paddle.Tensor  # (N,), years


@NETWORKS.register()
class FaceAttributes(nn.Layer):
    """Face descriptors (N, features) -> `FaceAttributesOutput`.

    Args:
        features: length of the descriptor, see `ppgen.networks.face_id.FaceID`.

    Fitted in closed form (`ppgen.prepare.attributes`), not by gradient descent.
    """

    def __init__(self, features: int = 128) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 2)

    def forward(self, descriptor: paddle.Tensor) -> FaceAttributesOutput:
        female, age = self.linear(descriptor).unbind(axis=1)
        return FaceAttributesOutput(female, age)
