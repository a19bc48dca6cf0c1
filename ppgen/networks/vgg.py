"""VGG16's features, weighted as LPIPS weighs them, where a user has the weights; ppgen ships none.

Simonyan and Zisserman, "Very Deep Convolutional Networks" (2015), configuration D; Zhang et al., "The Unreasonable
Effectiveness of Deep Features as a Perceptual Metric" (CVPR 2018), eq. 1: features of unit length over channels, their
squared differences weighted by channel.
"""

import os

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import WeightsError
from ppgen.io.weights import load_into, read_arrays
from ppgen.registry import NETWORKS

_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels and convolutions between halvings
# Of LPIPS's scaling layer, for pictures in [-1, 1].
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_LARGEST = 256  # pixels a side that are looked at
# Places of the convolutions in torchvision's vgg16().features, rectifiers and poolings between them.
_TORCH_PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


@NETWORKS.register()
class VGG16Features(nn.Layer):
    """Pictures (N, 3, H, W) in [-1, 1] -> five activations of unit length over channels, weighted."""

    def __init__(self) -> None:
        super().__init__()
        convs, before = [], 3
        for channels, count in _STAGES:
            for _ in range(count):
                convs.append(nn.Conv2D(before, channels, 3, padding=1))
                before = channels
        self.convs = nn.LayerList(convs)
        for stage, (channels, _) in enumerate(_STAGES):
            self.register_buffer(f"weight{stage}", paddle.full([channels], 1.0 / channels))

    def features(self, pictures: paddle.Tensor) -> list[paddle.Tensor]:
        """Squared differences of two of these, summed over channels and averaged over places, are LPIPS."""
        factor = max(1, pictures.shape[2] // _LARGEST)
        x = F.avg_pool2d(pictures, factor, factor) if factor > 1 else pictures
        shift, scale = (paddle.to_tensor(v, dtype=x.dtype).reshape([1, 3, 1, 1]) for v in (_SHIFT, _SCALE))
        x, features, convs = (x - shift) / scale, [], iter(self.convs)
        weights = dict(self.named_buffers())
        for stage, (channels, count) in enumerate(_STAGES):
            x = F.max_pool2d(x, 2, 2) if stage else x
            for _ in range(count):
                x = F.relu(next(convs)(x))
            unit = x * paddle.rsqrt(x.square().sum(axis=1, keepdim=True) + 1e-10)
            features.append(unit * weights[f"weight{stage}"].sqrt().reshape([1, channels, 1, 1]))
        return features

    def forward(self, pictures: paddle.Tensor) -> list[paddle.Tensor]:
        """As `features`."""
        return self.features(pictures)


def load_vgg(path: str | os.PathLike) -> VGG16Features:
    """From a .safetensors or .pdparams of torchvision's `vgg16` (keys features.N.weight, features.N.bias).

    Where the file also holds LPIPS's `linK.model.1.weight`, these weigh the channels; otherwise all count alike.
    Raises WeightsError: missing, damaged, or of another network.
    """
    given = read_arrays(path)
    network = VGG16Features()
    try:
        arrays = {
            f"convs.{i}.{part}": given[f"features.{place}.{part}"]
            for i, place in enumerate(_TORCH_PLACES)
            for part in ("weight", "bias")
        }
    except KeyError as error:
        raise WeightsError(f"{path}: holds no {error}; give torchvision's vgg16 as .safetensors") from error
    for stage, (channels, _) in enumerate(_STAGES):
        linear = given.get(f"lin{stage}.model.1.weight")
        weight = np.full(channels, 1 / channels) if linear is None else np.maximum(linear.reshape(-1), 0)
        arrays[f"weight{stage}"] = weight.astype(np.float32)
    load_into(network, arrays)
    network.eval()
    for parameter in network.parameters():
        parameter.stop_gradient = True
    return network
