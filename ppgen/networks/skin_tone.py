"""The skin colour a cartoon is drawn with, as a linear function of what a photo shows."""

import paddle
from paddle import nn

from ppgen.registry import NETWORKS


@NETWORKS.register()
class SkinTone(nn.Layer):
    """Features of a face (N, features) -> the artist's skin colour in CIE L*a*b* (N, 3).

    Args:
        features: length of the input, see `ppgen.faces.skin.skin_features`.

    Fitted in closed form (`ppgen.prepare.skin_tone`), not by gradient descent.
    """

    def __init__(self, features: int = 137) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 3)

    def forward(self, features: paddle.Tensor) -> paddle.Tensor:
        return self.linear(features)
