"""FaceID: dlib's face descriptor network as Paddle layers.

A residual network after He et al., "Deep Residual Learning for Image Recognition" (2016), with 29
convolutions, as built and trained by Davis King (dlib's `dnn_face_recognition_ex`). Two pictures of one
person lie closer than 0.6 in Euclidean distance. The weights come from
`dlib_face_recognition_resnet_model_v1.dat` by `ppgen.compat.dlib_dat`; each convolution carries the affine
layer that follows it in dlib, folded in.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppgen.errors import DataError
from ppgen.registry import NETWORKS

CHIP_SIZE = 150
# dlib's input layer: (pixel - mean) / 256, pixels in [0, 255]
_PIXEL_MEAN = (122.782, 117.001, 104.298)
_PIXEL_SCALE = 256.0
# One stage is (channels, residual blocks, does the first block halve the resolution).
_STAGES = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))


class FaceFeatures(NamedTuple):
    """Activations after the stem and after each stage, named by their side, and the descriptor."""

    side72: Tensor  #: (N, 32, 72, 72), edges and colours
    side35: Tensor  #: (N, 32, 35, 35)
    side17: Tensor  #: (N, 64, 17, 17)
    side8: Tensor  #: (N, 128, 8, 8)
    side4: Tensor  #: (N, 256, 4, 4); the last row and column come from the skip path alone, as in dlib
    side2: Tensor  #: (N, 256, 2, 2)
    descriptor: Tensor  #: (N, 128)


def _grow(x: Tensor, shape: list[int]) -> Tensor:
    """Zeros behind the last channel, row and column until `x` has the given ones."""
    missing = [wanted - held for wanted, held in zip(shape, x.shape[1:])]
    return F.pad(x, [0, 0, 0, missing[0], 0, missing[1], 0, missing[2]]) if any(missing) else x


class FaceIDBlock(nn.Layer):
    """conv - ReLU - conv, plus the input; with `down` both paths halve the resolution.

    dlib's shortcut has no weights: average pooling 2x2 where the block halves, and zeros where the two
    paths differ in channels or side (its stride-2 convolution is unpadded, so 8 becomes 3 there and 4 here).
    """

    def __init__(self, in_channels: int, channels: int, down: bool) -> None:
        super().__init__()
        self.down = down
        stride, padding = (2, 0) if down else (1, 1)
        self.conv1 = nn.Conv2D(in_channels, channels, 3, stride, padding)
        self.conv2 = nn.Conv2D(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(x)))
        skip = F.avg_pool2d(x, 2, 2) if self.down else x
        shape = [max(sizes) for sizes in zip(y.shape[1:], skip.shape[1:])]
        return F.relu(_grow(y, shape) + _grow(skip, shape))


@NETWORKS.register()
class FaceID(nn.Layer):
    """Aligned face -> descriptor; differentiable, and its stages serve as features for perceptual losses.

    Args:
        descriptor_size: length of the descriptor (128 in dlib).
    """

    def __init__(self, descriptor_size: int = 128) -> None:
        super().__init__()
        self.stem = nn.Conv2D(3, 32, 7, 2, 0)
        stages, before = [], 32
        for channels, count, down in _STAGES:
            first = FaceIDBlock(before, channels, down)
            others = [FaceIDBlock(channels, channels, down=False) for _ in range(count - 1)]
            stages.append(nn.Sequential(first, *others))
            before = channels
        self.stages = nn.LayerList(stages)
        self.fc = nn.Linear(before, descriptor_size, bias_attr=False)

    def activations(self, x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """Those that `FaceFeatures` names so, of pictures of any size; no further than the deepest is computed.

        Args:
            x: (N, 3, H, W) RGB in [-1, 1], 64 pixels a side or more. Chips have 150; on smaller pictures the first
                stages still see edges and textures, for less, and the sides in the names are smaller too.
            names: some of `FaceFeatures._fields`.
        """
        deepest = max(FaceFeatures._fields.index(name) for name in names)
        mean = paddle.to_tensor(_PIXEL_MEAN, dtype=x.dtype).reshape([1, 3, 1, 1])
        x = ((x + 1) * 127.5 - mean) / _PIXEL_SCALE
        found = [F.relu(self.stem(x))]
        x = F.max_pool2d(found[0], 3, 2)
        for stage in islice(self.stages, deepest):
            x = stage(x)
            found.append(x)
        if deepest > len(self.stages):
            found.append(self.fc(x.mean(axis=[2, 3])))
        known = dict(zip(FaceFeatures._fields, found))
        return {name: known[name] for name in names}

    def features(self, x: Tensor) -> FaceFeatures:
        """Activations at six depths and the descriptor.

        Args:
            x: (N, 3, 150, 150) RGB in [-1, 1], the chip that `ppgen.faces.identify.face_chip` or
                `ppgen.networks.face_crop.crop_chips` cuts out.
        Raises:
            DataError: another shape.
        """
        if x.ndim != 4 or list(x.shape[1:]) != [3, CHIP_SIZE, CHIP_SIZE]:
            what = f"FaceID takes chips of shape (N, 3, 150, 150), not {tuple(x.shape)}"
            raise DataError(f"{what}: cut them out with face_chip or crop_chips")
        return FaceFeatures(**self.activations(x, FaceFeatures._fields))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 150, 150) RGB in [-1, 1] -> (N, 128)."""
        return self.features(x).descriptor
