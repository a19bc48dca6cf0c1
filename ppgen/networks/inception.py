"""Inception-v3 as the Frechet Inception distance uses it.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, in the variant of the TensorFlow
graph of 2015-12-05 that Heusel et al. 2017 measure with: 1008 classes, average pooling that leaves padding out, and
max pooling in the last block. The weights are those of pytorch-fid's file (see `ppgen.metrics.inception_features`);
its keys are translated by `ppgen.compat.state_keys`.
"""

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppgen.errors import DataError
from ppgen.registry import NETWORKS

FEATURES, CLASSES = 2048, 1008
LEAST_SIDE = 75  # below, a pooling layer would be left without pixels
_ROW, _COLUMN = (1, 7), (7, 1)


class Unit(NamedTuple):
    """One convolution with batch norm and ReLU. Stride 2 goes without padding, stride 1 keeps the size."""

    name: str
    channels: int
    kernel: int | tuple[int, int] = 1
    stride: int = 1


class Pool(NamedTuple):
    """3x3 pooling, "avg" or "max"; stride 1 keeps the size."""

    kind: str
    stride: int = 1


class Fork(NamedTuple):
    """Two units on the same input, joined."""

    left: Unit
    right: Unit


Branch = tuple[Unit | Pool | Fork, ...]


def _block_a(pooled: int) -> tuple[Branch, ...]:
    return (
        (Unit("branch1x1", 64),),
        (Unit("branch5x5_1", 48), Unit("branch5x5_2", 64, 5)),
        (Unit("branch3x3dbl_1", 64), Unit("branch3x3dbl_2", 96, 3), Unit("branch3x3dbl_3", 96, 3)),
        (Pool("avg"), Unit("branch_pool", pooled)),
    )


def _block_c(inner: int) -> tuple[Branch, ...]:
    double = [inner, inner, inner, inner, 192]
    shapes: list[int | tuple[int, int]] = [1, _COLUMN, _ROW, _COLUMN, _ROW]
    return (
        (Unit("branch1x1", 192),),
        (Unit("branch7x7_1", inner), Unit("branch7x7_2", inner, _ROW), Unit("branch7x7_3", 192, _COLUMN)),
        tuple(Unit(f"branch7x7dbl_{i + 1}", c, k) for i, (c, k) in enumerate(zip(double, shapes))),
        (Pool("avg"), Unit("branch_pool", 192)),
    )


def _block_e(pool: str) -> tuple[Branch, ...]:
    def fork(name: str) -> Fork:
        return Fork(Unit(f"{name}a", 384, (1, 3)), Unit(f"{name}b", 384, (3, 1)))

    return (
        (Unit("branch1x1", 320),),
        (Unit("branch3x3_1", 384), fork("branch3x3_2")),
        (Unit("branch3x3dbl_1", 448), Unit("branch3x3dbl_2", 384, 3), fork("branch3x3dbl_3")),
        (Pool(pool), Unit("branch_pool", 192)),
    )


_BLOCK_B: tuple[Branch, ...] = (
    (Unit("branch3x3", 384, 3, 2),),
    (Unit("branch3x3dbl_1", 64), Unit("branch3x3dbl_2", 96, 3), Unit("branch3x3dbl_3", 96, 3, 2)),
    (Pool("max", 2),),
)
_BLOCK_D: tuple[Branch, ...] = (
    (Unit("branch3x3_1", 192), Unit("branch3x3_2", 320, 3, 2)),
    (
        Unit("branch7x7x3_1", 192),
        Unit("branch7x7x3_2", 192, _ROW),
        Unit("branch7x7x3_3", 192, _COLUMN),
        Unit("branch7x7x3_4", 192, 3, 2),
    ),
    (Pool("max", 2),),
)
_BLOCKS: dict[str, tuple[Branch, ...]] = {
    "Mixed_5b": _block_a(32),
    "Mixed_5c": _block_a(64),
    "Mixed_5d": _block_a(64),
    "Mixed_6a": _BLOCK_B,
    "Mixed_6b": _block_c(128),
    "Mixed_6c": _block_c(160),
    "Mixed_6d": _block_c(160),
    "Mixed_6e": _block_c(192),
    "Mixed_7a": _BLOCK_D,
    "Mixed_7b": _block_e("avg"),
    "Mixed_7c": _block_e("max"),
}


class ConvUnit(nn.Layer):
    """Convolution without bias - batch norm - ReLU."""

    def __init__(self, in_channels: int, unit: Unit, padded: bool = True) -> None:
        super().__init__()
        sides = unit.kernel if isinstance(unit.kernel, tuple) else (unit.kernel, unit.kernel)
        padding = [side // 2 for side in sides] if padded and unit.stride == 1 else 0
        self.conv = nn.Conv2D(in_channels, unit.channels, sides, unit.stride, padding, bias_attr=False)
        self.bn = nn.BatchNorm2D(unit.channels, epsilon=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class InceptionBlock(nn.Layer):
    """Branches side by side, joined along the channels. `channels` is what comes out."""

    def __init__(self, in_channels: int, branches: tuple[Branch, ...]) -> None:
        super().__init__()
        self._branches, self.channels = branches, 0
        for branch in branches:
            channels = in_channels
            for part in branch:
                channels = self._add(part, channels)
            self.channels += channels

    def _add(self, part: Unit | Pool | Fork, channels: int) -> int:
        if isinstance(part, Pool):
            return channels
        units = part if isinstance(part, Fork) else (part,)
        for unit in units:
            self.add_sublayer(unit.name, ConvUnit(channels, unit))
        return sum(unit.channels for unit in units)

    @staticmethod
    def _through(part: Unit | Pool | Fork, x: Tensor, units: dict[str, nn.Layer]) -> Tensor:
        if isinstance(part, Pool):
            padding = 1 if part.stride == 1 else 0
            if part.kind == "max":
                return F.max_pool2d(x, 3, part.stride, padding)
            return F.avg_pool2d(x, 3, part.stride, padding, exclusive=True)
        if isinstance(part, Fork):
            return paddle.concat([units[unit.name](x) for unit in part], axis=1)
        return units[part.name](x)

    def forward(self, x: Tensor) -> Tensor:
        outputs, units = [], dict(self.named_children())
        for branch in self._branches:
            y = x
            for part in branch:
                y = self._through(part, y, units)
            outputs.append(y)
        return paddle.concat(outputs, axis=1)


class Classes(nn.Layer):
    """features -> logits, with the matrix as (classes, features), the way the weights file has it."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.weight = self.create_parameter([classes, features])
        self.bias = self.create_parameter([classes], is_bias=True)

    def forward(self, x: Tensor) -> Tensor:
        return paddle.matmul(x, self.weight, transpose_y=True)


class InceptionOutput(NamedTuple):
    """What Inception-v3 says about pictures."""

    features: Tensor  #: (N, 2048), the mean over the last 8x8 positions: the features of FID
    logits: Tensor  #: (N, 1008) without the bias, as the Inception Score was first computed


@NETWORKS.register()
class InceptionV3(nn.Layer):
    """Pictures -> features and class logits. Use in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvUnit(3, Unit("1a", 32, 3, 2))
        self.Conv2d_2a_3x3 = ConvUnit(32, Unit("2a", 32, 3), padded=False)
        self.Conv2d_2b_3x3 = ConvUnit(32, Unit("2b", 64, 3))
        self.Conv2d_3b_1x1 = ConvUnit(64, Unit("3b", 80))
        self.Conv2d_4a_3x3 = ConvUnit(80, Unit("4a", 192, 3), padded=False)
        channels = 192
        for name, branches in _BLOCKS.items():
            block = InceptionBlock(channels, branches)
            self.add_sublayer(name, block)
            channels = block.channels
        self.fc = Classes(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> InceptionOutput:
        """(N, 3, H, W) RGB in [-1, 1], 299 pixels a side as trained; DataError below 75."""
        if x.ndim != 4 or x.shape[1] != 3 or min(x.shape[2:]) < LEAST_SIDE:
            raise DataError(f"Inception-v3 takes pictures (N, 3, 299, 299), not {tuple(x.shape)}")
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = F.max_pool2d(x, 3, 2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, 2)
        blocks = dict(self.named_children())
        for name in _BLOCKS:
            x = blocks[name](x)
        features = x.mean(axis=[2, 3])
        return InceptionOutput(features, self.fc(features))
