"""How alike two pictures of a face look: distances of FaceID's features, and of pixels at several scales."""

from collections.abc import Sequence

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError

DEPTHS = ("side72", "side35", "side17", "side8")  # edges, textures, parts: where things are still has a place
_CHIP = 150  # pixels a side that FaceID takes


def scaled_to(pictures: paddle.Tensor, side: int) -> paddle.Tensor:
    """(N, C, H, W) -> (N, C, side, side): means over whole blocks of pixels first, then linear between pixels."""
    factor = max(1, pictures.shape[2] // side)
    pooled = F.avg_pool2d(pictures, factor, factor) if factor > 1 else pictures
    if pooled.shape[2] == side:
        return pooled
    return F.interpolate(pooled, size=[side, side], mode="bilinear", align_corners=False)


class FacePerception:
    """Pictures of aligned faces -> FaceID's activations, as LPIPS (Zhang et al. 2018, eq. 1) takes those of VGG.

    Args:
        network: a `FaceID`, frozen.
        box: left, top, right, bottom of the face in an aligned picture, as fractions of its side.
        depths: stages to compare, of `FaceFeatures`.
        identity: weight of the descriptor, which says who it is; 0: without it.
        side: pixels at which FaceID looks at the box; fewer than the 150 it was trained at cost less.
    """

    def __init__(
        self,
        network: nn.Layer,
        box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
        depths: Sequence[str] = DEPTHS,
        identity: float = 1.0,
        side: int = _CHIP,
    ) -> None:
        if not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
            raise ConfigError(f"box: expected left < right and top < bottom within 0 to 1, found {box}")
        self.network, self.box, self.depths, self.identity, self.side = network, box, tuple(depths), identity, side

    def features(self, pictures: paddle.Tensor) -> list[paddle.Tensor]:
        """(N, 3, H, W) in [-1, 1] -> by depth (N, C, h, w) of unit length over C; then the weighted descriptor."""
        height, width = pictures.shape[2:]
        left, top, right, bottom = (round(f * n) for f, n in zip(self.box, (width, height, width, height)))
        names = [*self.depths, *(["descriptor"] if self.identity else [])]
        found = self.network.activations(scaled_to(pictures[:, :, top:bottom, left:right], self.side), names)
        features = [_unit(found[depth]) for depth in self.depths]
        if self.identity:
            features.append(_unit(found["descriptor"])[:, :, None, None] * (self.identity**0.5))
        return features


def _unit(x: paddle.Tensor) -> paddle.Tensor:
    return x * paddle.rsqrt(x.square().sum(axis=1, keepdim=True) + 1e-10)


def cosine_distance(a: paddle.Tensor, b: paddle.Tensor) -> paddle.Tensor:
    """1 - cos(a, b), mean over the batch; a and b are descriptors (N, D): whether it is the same person."""
    return (1 - F.cosine_similarity(a, b, axis=1)).mean()


def feature_distance(a: Sequence[paddle.Tensor], b: Sequence[paddle.Tensor]) -> paddle.Tensor:
    """(N,) squared differences of features (N, C, h, w): sums over channels and depths of means over places."""
    parts = [(x - y).square().sum(axis=1).mean(axis=[1, 2]) for x, y in zip(a, b)]
    return paddle.stack(parts).sum(axis=0)


def pyramid_mse(a: paddle.Tensor, b: paddle.Tensor, levels: int = 3) -> paddle.Tensor:
    """(N,) mean over scales 1, 1/2, 1/4 … of the mean squared difference of (N, C, H, W)."""
    difference = a - b
    errors = []
    for _ in range(levels):
        errors.append(difference.square().mean(axis=[1, 2, 3]))
        if difference.shape[2] < 8:
            break
        difference = F.avg_pool2d(difference, 2, 2)
    return paddle.stack(errors).mean(axis=0)


def noise_correlation(noise: Sequence[paddle.Tensor]) -> paddle.Tensor:
    """(N,) how much noise maps (N, 1, h, w) resemble themselves moved by a pixel, at all scales from 8 pixels up.

    Karras et al., StyleGAN2 (CVPR 2020), appendix D: without it a picture would be painted with the noise.
    """
    total = paddle.zeros([noise[0].shape[0]])
    for scale in noise:
        while True:
            for axis in (2, 3):
                total = total + (scale * paddle.roll(scale, 1, axis)).mean(axis=[1, 2, 3]).square()
            if scale.shape[2] <= 8:
                break
            scale = 2 * F.avg_pool2d(scale, 2, 2)  # times 2: its variance stays
    return total
