"""BlazeFace: faces in a picture of 256x256 pixels, with six points each.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019, as MediaPipe ships it for
back cameras. `ppgen.faces.blaze` makes faces out of what it says.
"""

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppgen.errors import DataError
from ppgen.networks.blocks.blaze import BlazeBlock, same_conv
from ppgen.networks.face_inputs import BLAZE_MAPS as MAPS
from ppgen.networks.face_inputs import BLAZE_SIDE as SIDE
from ppgen.registry import NETWORKS

VALUES = 16  # of an anchor: centre, width and height of the box, then six points
_STAGES = (24, 24, 48, 96)  # channels; each stage but the first starts with a block that halves the resolution
_BLOCKS = 7  # of a stage, beside the one that halves


class RawFaces(NamedTuple):
    """What BlazeFace says of each of its 896 anchors, those of the finer map first, row by row."""

    boxes: Tensor  #: (N, 896, 16) pixels of the input; centres and points are relative to the anchor
    logits: Tensor  #: (N, 896); the sigmoid of it is the score


@NETWORKS.register()
class BlazeFace(nn.Layer):
    """(N, 3, 256, 256) RGB in [-1, 1] -> `RawFaces`."""

    def __init__(self) -> None:
        super().__init__()
        before = _STAGES[0]
        self.stem = same_conv(3, before, 5, stride=2)
        blocks = []
        for stage, channels in enumerate(_STAGES):
            for stride in ([2] if stage else []) + [1] * _BLOCKS:
                blocks.append(BlazeBlock(before, channels, nn.ReLU(), stride))
                before = channels
        self.blocks = nn.Sequential(*blocks)
        self.coarse = BlazeBlock(before, before, nn.ReLU(), stride=2, shortcut=False)
        self.logits = nn.LayerList([nn.Conv2D(before, anchors, 1) for _, anchors in MAPS])
        self.boxes = nn.LayerList([nn.Conv2D(before, anchors * VALUES, 1) for _, anchors in MAPS])

    def forward(self, x: Tensor) -> RawFaces:
        if list(x.shape[1:]) != [3, SIDE, SIDE]:
            raise DataError(f"BlazeFace takes pictures (N, 3, {SIDE}, {SIDE}), not {tuple(x.shape)}")
        fine = self.blocks(F.relu(self.stem(x)))
        maps = [fine, self.coarse(fine)]
        boxes = [_by_anchor(head(features), VALUES) for head, features in zip(self.boxes, maps)]
        logits = [_by_anchor(head(features), 1) for head, features in zip(self.logits, maps)]
        return RawFaces(paddle.concat(boxes, axis=1), paddle.concat(logits, axis=1).squeeze(2))


def _by_anchor(x: Tensor, values: int) -> Tensor:
    """(N, anchors * values, H, W) -> (N, H * W * anchors, values)."""
    return x.transpose([0, 2, 3, 1]).reshape([0, -1, values])
