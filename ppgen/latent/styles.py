"""A style generator seen from outside: its latents by seed, its mapping, which of W+ steers which resolution."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import paddle

from ppgen.latent.seeds import latents_of
from ppgen.networks.protocols import StyleGenerator

Space = Literal["z", "w"]
#: float32 (n, …) -> float32 (n, …)
OverArrays = Callable[[np.ndarray], np.ndarray]


def w_of_seeds(network: StyleGenerator, seeds: Sequence[int], truncation: float = 1.0) -> paddle.Tensor:
    """W+ (len(seeds), count, latent_dim)."""
    with paddle.no_grad():
        z = paddle.to_tensor(latents_of(list(seeds), network.latent_dim))
        return network.spread(network.map(z), truncation).clone()


def mapping_and_synthesis(network: StyleGenerator) -> tuple[OverArrays, OverArrays]:
    """Over arrays: z (n, latent_dim) -> w (n, latent_dim); w -> pictures (n, 3, S, S), not truncated."""

    def mapping(z: np.ndarray) -> np.ndarray:
        with paddle.no_grad():
            return network.map(paddle.to_tensor(z)).numpy()

    def synthesis(w: np.ndarray) -> np.ndarray:
        with paddle.no_grad():
            return network.synthesize(network.spread(paddle.to_tensor(w))).numpy()

    return mapping, synthesis


def sides_of_w(network: StyleGenerator) -> np.ndarray:
    """The resolution that each of W+ steers, (used layers,): that of its convolution, for the last `ToRGB` its own."""
    sides = [shape[1] for shape in network.noise_shapes()]
    sides += sides[-1:] * (network.count - len(sides))
    return np.array(sides[: network.used_layers()])


def bands(network: StyleGenerator) -> dict[str, list[int]]:
    """Coarse, middle and fine resolutions -> which of W+ belong to them.

    As in StyleGAN's paper two resolutions are coarse (4, 8), two middle (16, 32) and the rest fine; small networks
    have fewer of each, and at least one as long as they last.
    """
    sides = sides_of_w(network)
    steps = sorted(set(sides.tolist()))
    coarse = min(2, max(1, len(steps) - 2))
    middle = min(2, max(1, len(steps) - coarse - 1))
    parts = {"coarse": steps[:coarse], "middle": steps[coarse : coarse + middle], "fine": steps[coarse + middle :]}
    named = {}
    for name, part in parts.items():
        if part:
            span = f"{part[0]}-{part[-1]}" if len(part) > 1 else f"{part[0]}"
            named[f"{name} ({span})"] = np.flatnonzero(np.isin(sides, part)).tolist()
    return named
