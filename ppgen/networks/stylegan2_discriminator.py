"""The StyleGAN2 discriminator: residual blocks, minibatch standard deviation.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), section 4.1; minibatch
standard deviation: Karras et al., "Progressive Growing of GANs" (ICLR 2018), section 3.
"""

import math
import re
import warnings
from collections.abc import Mapping
from typing import cast

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import DataError
from ppgen.networks.blocks.colour_features import fewer_features
from ppgen.networks.blocks.equalized import SLOPE, EqualizedLinear, RectifiedConv
from ppgen.networks.blocks.fir import downsample_filtered
from ppgen.networks.stylegan2_generator import SMALLEST, widths_of
from ppgen.registry import NETWORKS


def group_deviation(x: paddle.Tensor, group: int) -> paddle.Tensor:
    """One more channel, how much the samples of a group differ: (N, C, H, W) -> (N, C + 1, H, W).

    Args:
        group: samples a group; the largest number up to it by which N divides, with a warning where that is less.
            Sample i is in group i mod (N / group), as in the published networks.
    """
    batch, channels, height, width = x.shape
    wanted, group = group, next(size for size in range(min(group, batch), 0, -1) if batch % size == 0)
    if group < wanted:
        warnings.warn(
            f"minibatch standard deviation compares {group} pictures, not {wanted}, as {batch} are seen at a time; "
            f"take a loader.batch_size that gives each process, and each of loader.accumulate, a multiple of {wanted}",
            stacklevel=2,
        )
    grouped = x.reshape([group, -1])
    centered = grouped - grouped.mean(axis=0, keepdim=True)
    deviation = paddle.sqrt((centered * centered).mean(axis=0) + 1e-8)
    mean = deviation.reshape([1, batch // group, -1]).mean(axis=2)  # one number a group
    rows = mean.expand([group, batch // group]).reshape([batch, 1, 1, 1])
    return paddle.concat([x, rows.expand([batch, 1, height, width])], axis=1)


class DownBlock(nn.Layer):
    """Two convolutions, the second halving H and W, and a shortcut; the sum is divided by sqrt(2)."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        half = math.sqrt(0.5)
        self.conv1 = RectifiedConv(inside, inside, 3)
        self.conv2 = RectifiedConv(inside, outside, 3, down=True, gain=half)
        self.skip = RectifiedConv(inside, outside, 1, activate=False, gain=half)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.conv2(self.conv1(x)) + self.skip(downsample_filtered(x))


@NETWORKS.register()
class StyleGAN2Discriminator(nn.Layer):
    """Pictures (N, 3, image_size, image_size) in [-1, 1] -> logits (N, 1): large for real ones.

    Args:
        image_size: of the pictures, a power of two from 8 to 1024.
        channel_multiplier, channel_max: widths, see `widths_of`.
        stddev_group: samples that minibatch standard deviation compares.
        channel_min: no layer is narrower.
    """

    channels = 3
    classes: int | None = None

    def __init__(
        self,
        image_size: int = 1024,
        channel_multiplier: float = 2,
        channel_max: int = 512,
        stddev_group: int = 4,
        channel_min: int = 1,
    ) -> None:
        super().__init__()
        widths = widths_of(image_size, channel_multiplier, channel_max, channel_min)[::-1]
        self.image_size = image_size
        self.stddev_group = stddev_group
        self.from_rgb = RectifiedConv(3, widths[0], 1)
        self.blocks = nn.LayerList([DownBlock(wide, next_wide) for wide, next_wide in zip(widths, widths[1:])])
        last = widths[-1]
        self.final_conv = RectifiedConv(last + 1, last, 3)
        self.hidden = EqualizedLinear(last * SMALLEST * SMALLEST, last, activate=True)
        self.logit = EqualizedLinear(last, 1)

    def of_smaller(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All of this network's arrays, out of those of the same network for fewer pixels a side.

        What only the larger one has begins such that the whole sees in a picture nearly what the smaller one saw in the
        reduced picture (`fewer_features`). Arrays of another network come back as they are.
        """
        count = len({key.split(".")[1] for key in arrays if key.startswith("blocks.")})
        further = len(self.blocks) - count
        known = {}
        for key, value in arrays.items():
            place = re.fullmatch(r"blocks\.(\d+)\.(.+)", key)
            if not key.startswith("from_rgb."):
                known[f"blocks.{int(place[1]) + further}.{place[2]}" if place else key] = value
        result = {key: value.numpy() for key, value in self.state_dict().items()}
        own = ("from_rgb.", *(f"blocks.{k}." for k in range(further)))
        if further < 1 or not all(key.startswith(own) for key in result.keys() - known.keys()):
            return dict(arrays)
        width = result[f"blocks.{further - 1}.skip.weight"].shape[0]
        if arrays.get("from_rgb.weight", np.empty(0)).shape != (width, 3, 1, 1) or "from_rgb.bias" not in arrays:
            return dict(arrays)
        return result | known | self._front(result, arrays["from_rgb.weight"], arrays["from_rgb.bias"], further)

    def _front(
        self, own: Mapping[str, np.ndarray], weight: np.ndarray, bias: np.ndarray, further: int
    ) -> dict[str, np.ndarray]:
        """What reads colours and the `further` first blocks, whose shortcuts alone speak at first.

        weight, bias: of the smaller network's `from_rgb`.
        """
        read, few = self.from_rgb, own["from_rgb.bias"].size
        seen = fewer_features(weight[:, :, 0, 0] * read.scale, bias * read.gain, SLOPE, min(few, bias.size))
        front = {"from_rgb.weight": own["from_rgb.weight"].copy(), "from_rgb.bias": own["from_rgb.bias"].copy()}
        front["from_rgb.weight"][: seen.filters.size] = weight[seen.filters]
        front["from_rgb.bias"][: seen.filters.size] = bias[seen.filters]
        for k in range(further):
            block, last = cast(DownBlock, self.blocks[k]), k == further - 1
            out, channels = own[f"blocks.{k}.skip.weight"].shape[:2]
            passed = np.eye(out, channels, dtype=np.float32)
            if last:
                passed[:] = 0.0
                passed[:, : seen.filters.size] = seen.mixture.T
            front[f"blocks.{k}.skip.weight"] = (passed / block.skip.scale)[:, :, None, None].astype(np.float32)
            constant = (seen.constant if last else np.zeros(out)) / block.conv2.gain
            front[f"blocks.{k}.conv2.bias"] = np.where(constant < 0, constant / SLOPE, constant).astype(np.float32)
            front[f"blocks.{k}.conv2.weight"] = np.zeros_like(own[f"blocks.{k}.conv2.weight"])
        return front

    def forward(self, picture: paddle.Tensor) -> paddle.Tensor:
        if list(picture.shape[1:]) != [3, self.image_size, self.image_size]:
            wanted = f"pictures (N, 3, {self.image_size}, {self.image_size})"
            raise DataError(f"this StyleGAN2 discriminator reads {wanted}, found {tuple(picture.shape)}")
        x = self.from_rgb(picture)
        for block in self.blocks:
            x = block(x)
        x = self.final_conv(group_deviation(x, self.stddev_group))
        return self.logit(self.hidden(x.reshape([x.shape[0], -1])))
