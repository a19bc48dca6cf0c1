"""FaceMesh: 468 points in space on a face in a crop of 192x192 pixels.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019, as MediaPipe ships it.
`ppgen.faces.mesh` cuts the crop and brings the points back into the photo.
"""

from typing import NamedTuple

from paddle import Tensor, nn

from ppgen.errors import DataError
from ppgen.networks.blocks.blaze import BlazeBlock, same_conv
from ppgen.networks.face_inputs import MESH_SIDE as SIDE
from ppgen.registry import NETWORKS

POINTS = 468
_STAGES = (16, 32, 64, 128, 128)  # channels; each stage but the first halves the resolution
_BLOCKS = 2  # of a stage, beside the one that halves
_HEAD = 32  # channels before the last layer


class RawMesh(NamedTuple):
    """What FaceMesh says of a crop."""

    points: Tensor  #: (N, 468, 3) pixels of the crop, x right, y down, z into the picture, 0 in the head's middle
    presence: Tensor  #: (N,) logit of a face being in the crop


@NETWORKS.register()
class FaceMesh(nn.Layer):
    """(N, 3, 192, 192) RGB in [-1, 1] -> `RawMesh`."""

    def __init__(self) -> None:
        super().__init__()
        before = _STAGES[0]
        layers: list[nn.Layer] = [same_conv(3, before, 3, stride=2), nn.PReLU(before)]
        for stage, channels in enumerate(_STAGES):
            for stride in ([2] if stage else []) + [1] * _BLOCKS:
                layers.append(BlazeBlock(before, channels, nn.PReLU(channels), stride))
                before = channels
        self.trunk = nn.Sequential(*layers)
        self.points = _head(before, POINTS * 3, blocks=_BLOCKS)
        self.presence = _head(before, 1, blocks=0)

    def forward(self, x: Tensor) -> RawMesh:
        if list(x.shape[1:]) != [3, SIDE, SIDE]:
            raise DataError(f"FaceMesh takes crops (N, 3, {SIDE}, {SIDE}), not {tuple(x.shape)}")
        x = self.trunk((x + 1) / 2)  # MediaPipe's network sees [0, 1]
        return RawMesh(self.points(x).reshape([0, POINTS, 3]), self.presence(x).reshape([-1]))


def _head(channels: int, outputs: int, blocks: int) -> nn.Sequential:
    """(N, channels, 6, 6) -> (N, outputs, 1, 1)."""
    strides = [2] + [1] * blocks
    return nn.Sequential(
        *[BlazeBlock(channels, channels, nn.PReLU(channels), stride) for stride in strides],
        nn.Conv2D(channels, _HEAD, 1),
        nn.PReLU(_HEAD),
        BlazeBlock(_HEAD, _HEAD, nn.PReLU(_HEAD)),
        nn.Conv2D(_HEAD, outputs, 3),
    )
