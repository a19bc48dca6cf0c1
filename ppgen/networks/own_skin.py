"""The skin's own colour as a linear function of what a photo shows."""

import paddle
from paddle import nn

from ppgen.registry import NETWORKS


@NETWORKS.register()
class OwnSkin(nn.Layer):
    """What a photo shows of a face (N, features) -> the skin's CIE L*a*b* in daylight (N, 3).

    Args:
        features: length of the input, see `ppgen.faces.daylight.what_is_seen`.
        reach: deviations from the usual that are believed; what lies beyond counts as so much.

    Fitted in closed form (`tools/fit_artist_light.py`), not by gradient descent. `usual` and `deviation` (features,)
    are those of the training photos.
    """

    def __init__(self, features: int = 148, reach: float = 2.5) -> None:
        super().__init__()
        self.reach = reach
        self.register_buffer("usual", paddle.zeros([features]))
        self.register_buffer("deviation", paddle.ones([features]))
        self.linear = nn.Linear(features, 3)

    def forward(self, seen: paddle.Tensor) -> paddle.Tensor:
        return self.linear(((seen - self.usual) / self.deviation).clip(-self.reach, self.reach))
