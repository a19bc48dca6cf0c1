"""What all figures need: pictures of W+ as cells of a sheet, and looks at a network's inside."""

from collections.abc import Iterable, Sequence

import numpy as np
import paddle
from paddle import nn

from ppgen.io.image import to_uint8
from ppgen.latent.sheet import repeat_pixels
from ppgen.networks.protocols import StyleGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator

SIDE = 128  # pixels that small pictures and maps are brought up to


def is_skip(network: StyleGenerator) -> bool:
    """Whether pictures are a sum over resolutions (StyleGAN2)."""
    return isinstance(network, StyleGAN2Generator)


def pictures_of(
    network: StyleGenerator, w_plus: paddle.Tensor, noise: Sequence[paddle.Tensor | None] | None = None
) -> np.ndarray:
    """float32 (N, 3, H, W), drawn one after the other: memory of one picture, however large."""
    with paddle.no_grad():
        return np.concatenate([network.synthesize(w_plus[i : i + 1], noise).numpy() for i in range(len(w_plus))])


def cells(pictures: np.ndarray) -> np.ndarray:
    """float (N, 3, H, W) in [-1, 1] or uint8 (N, H, W, 3) -> uint8 (N, S, S, 3), small ones in larger pixels."""
    pictures = pictures if pictures.dtype == np.uint8 else to_uint8(pictures)
    return repeat_pixels(pictures, max(1, -(-SIDE // pictures.shape[1])))


def observed(
    network: StyleGenerator, w_plus: paddle.Tensor, parts: Iterable[nn.Layer], inputs: bool = False
) -> list[paddle.Tensor]:
    """What comes out of each part of the network, or goes into it, while it makes pictures of W+."""
    seen: list[paddle.Tensor] = []

    def keep(_: nn.Layer, given: paddle.Tensor, result: paddle.Tensor) -> paddle.Tensor:
        seen.append(given[0] if inputs else result)
        return result

    hooks = [part.register_forward_post_hook(keep) for part in parts]
    try:
        with paddle.no_grad():
            network.synthesize(w_plus)
    finally:
        for hook in hooks:
            hook.remove()
    return seen
