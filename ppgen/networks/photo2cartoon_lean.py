"""The lean member of the Photo2Cartoon family: for training and running on two CPU cores.

The published generator spends most of its time in narrow hourglasses at full resolution. Here the photo is
folded (4x4 pixels become channels), the hourglasses work at a quarter of the resolution, and the picture is
unfolded at the end. Two paths are added that the published one lacks:

- skips from the encoder's features, which no normalization has touched, to the decoder: they carry absolute
  colour and fine position past the instance normalization in the middle;
- the skin colour to draw with, estimated beforehand (`ppgen.faces.skin`), and a code of the photo's mean
  colours: both join the style vector that scales and shifts every decoder block, and the skin colour also
  enters and leaves with the picture as three constant planes. A network left to guess turned dark skin light.

Where nobody knows that colour, between unpaired domains, `skin=False` leaves it out.
"""

from collections.abc import Mapping

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import DataError
from ppgen.networks.blocks.attention import CAMAttention
from ppgen.networks.blocks.border import MirrorConv2D, mirror_borders
from ppgen.networks.blocks.conv import ResidualBlock
from ppgen.networks.blocks.fold import fold, unfold
from ppgen.networks.blocks.hourglass import Hourglass
from ppgen.networks.blocks.norm import LIN, SoftAdaLIN
from ppgen.networks.blocks.resample import upsample_nearest
from ppgen.networks.blocks.sizes import check_sides
from ppgen.networks.photo2cartoon import CartoonOutput
from ppgen.networks.protocols import Translation
from ppgen.registry import NETWORKS


class UpBlock(nn.Layer):
    """Twice the resolution, joined with the encoder's features of that size, LIN, ReLU."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.enter = MirrorConv2D(in_channels, out_channels)
        self.norm = LIN(out_channels)
        self.join = MirrorConv2D(out_channels + skip_channels, out_channels, bias=True)

    def forward(self, x: paddle.Tensor, skip: paddle.Tensor) -> paddle.Tensor:
        x = F.relu(self.norm(self.enter(upsample_nearest(x))))
        return F.leaky_relu(self.join(paddle.concat([x, skip], axis=1)), 0.2)


class Finish(nn.Layer):
    """A small correction of a picture (N, 3, H, W) at full resolution, which sees the photo; it begins as none."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = MirrorConv2D(6, channels, bias=True)
        self.correct = MirrorConv2D(channels, 3, bias=True)
        self.correct.weight.set_value(self.correct.weight * 0.0)

    def forward(self, drawn: paddle.Tensor, photo: paddle.Tensor) -> paddle.Tensor:
        seen = paddle.concat([paddle.tanh(drawn), photo], axis=1)
        return drawn + self.correct(F.leaky_relu(self.look(seen), 0.2))


def _with_planes(x: paddle.Tensor, values: paddle.Tensor | None) -> paddle.Tensor:
    """(N, C, H, W) and (N, K) -> (N, C + K, H, W), each value a constant plane; without values x itself."""
    if values is None:
        return x
    ones = paddle.ones([1, 1, *x.shape[2:]], x.dtype)
    return paddle.concat([x, values.unsqueeze([2, 3]) * ones], axis=1)


@NETWORKS.register()
class LeanPhoto2CartoonGenerator(nn.Layer):
    """Photo with white background (N, 3, H, W) and skin colour (N, 3), all in [-1, 1] -> `CartoonOutput` of that size.

    Args:
        base_channels: channels at a quarter of the resolution; twice and three times that at an eighth and sixteenth.
        blocks: residual encoder blocks, and as many Soft-AdaLIN decoder blocks.
        hourglass_depth: levels of the two hourglasses, which work at a quarter of the resolution.
        detail: channels of the last convolutions, at half the resolution.
        skin: is the skin colour told? If not, `forward` takes the photo alone.
        finish: channels of two last convolutions at full resolution, which see the photo too; 0: there are none. The
            four pixels that unfold from one place do not know of each other, which shows as a fine mesh in flat areas.
        mirror: do borders mirror the picture? If not, they are zero, which takes ONNX Runtime less time.

    H and W must be multiples of 4 * 2**hourglass_depth and of 16; DataError otherwise.
    """

    image_size = 256

    def __init__(
        self,
        base_channels: int = 64,
        blocks: int = 4,
        hourglass_depth: int = 2,
        detail: int = 32,
        skin: bool = True,
        finish: int = 0,
        mirror: bool = True,
    ) -> None:
        super().__init__()
        self.takes_skin = skin
        told = 3 if skin else 0
        wide, wider = 2 * base_channels, 3 * base_channels
        self.enter = MirrorConv2D(48 + told, base_channels, bias=True)
        self.hourglass_in = Hourglass(base_channels, depth=hourglass_depth)
        self.cell = 4 * 2 ** max(2, hourglass_depth)
        self.down1 = MirrorConv2D(base_channels, wide, stride=2, bias=True)
        self.down2 = MirrorConv2D(wide, wider, stride=2, bias=True)
        self.encode = nn.LayerList([ResidualBlock(wider) for _ in range(blocks)])
        self.attention = CAMAttention(wider)
        self.style = nn.Sequential(nn.Linear(wider + 96 + told, wider), nn.ReLU(), nn.Linear(wider, wider), nn.ReLU())
        self.decode = nn.LayerList([ResidualBlock(wider, SoftAdaLIN) for _ in range(blocks)])
        self.up1 = UpBlock(wider, wide, wide)
        self.up2 = UpBlock(wide, base_channels, base_channels)
        self.hourglass_out = Hourglass(base_channels, depth=hourglass_depth)
        self.widen = MirrorConv2D(base_channels, 4 * detail, bias=True)
        self.detail = MirrorConv2D(detail + 12 + told, detail, bias=True)
        self.draw = MirrorConv2D(detail, 12, bias=True)
        self.draw.weight.set_value(self.draw.weight * 0.1)  # start grey: a saturated tanh learns nothing at first
        self.finish = Finish(finish) if finish else None
        mirror_borders(self, mirror)

    def colour_code(self, photo: paddle.Tensor) -> paddle.Tensor:
        """Mean colours of a 4x4 grid over the picture and of its middle half: (N, 96), no normalization."""
        height, width = photo.shape[2:]
        coarse = F.avg_pool2d(photo, (height // 4, width // 4)).reshape([0, 48])
        middle = photo[:, :, height // 4 : height * 3 // 4, width // 4 : width * 3 // 4]
        return paddle.concat([coarse, F.avg_pool2d(middle, (height // 8, width // 8)).reshape([0, 48])], axis=1)

    def forward(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> CartoonOutput:
        if self.takes_skin != (skin is not None):
            raise DataError(f"this network {'needs a skin colour' if self.takes_skin else 'takes no skin colour'}")
        check_sides("this network", photo, self.cell)
        quarter = F.leaky_relu(self.enter(_with_planes(fold(photo, 4), skin)), 0.2)
        quarter = self.hourglass_in(quarter)
        eighth = F.leaky_relu(self.down1(quarter), 0.2)
        x = F.leaky_relu(self.down2(eighth), 0.2)
        contents = []
        for block in self.encode:
            x = block(x)
            contents.append(x.mean(axis=[2, 3]))
        attended = self.attention(x)
        pooled = attended.features.mean(axis=[2, 3])
        told = [pooled, self.colour_code(photo), *([] if skin is None else [skin])]
        style = self.style(paddle.concat(told, axis=1))
        x = attended.features
        for block in self.decode:
            x = block(x, contents.pop(), style)
        x = self.up2(self.up1(x, eighth), quarter)
        x = F.leaky_relu(self.widen(self.hourglass_out(x)), 0.2)
        x = paddle.concat([unfold(x, 2), _with_planes(fold(photo, 2), skin)], axis=1)
        x = F.leaky_relu(self.detail(x), 0.2)
        drawn = unfold(self.draw(x), 2)
        if self.finish is not None:
            drawn = self.finish(drawn, photo)
        return CartoonOutput(paddle.tanh(drawn), attended.logit, attended.heatmap)

    def of_plainer(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Weights of such a network, to start from; where they lack `finish`, it begins as none."""
        own = {key: value.numpy() for key, value in self.state_dict().items() if key.startswith("finish.")}
        return {**own, **arrays}

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """The cartoon, and where the attention looked; `skin` as in `forward`."""
        return self(photo, skin if self.takes_skin else None).translation()
