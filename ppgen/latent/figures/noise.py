"""What the noise inputs do (Karras et al., StyleGAN, CVPR 2019, figures 4 and 5)."""

from collections.abc import Sequence

import numpy as np
import paddle

from ppgen.latent.figures.cells import cells, pictures_of
from ppgen.latent.sheet import sheet
from ppgen.latent.styles import w_of_seeds
from ppgen.networks.protocols import StyleGenerator

DRAWS = 16  # for the deviation over noise


def noise_sets(network: StyleGenerator) -> dict[str, list[paddle.Tensor | None]]:
    """The stored noise of all layers, of none, of the finer and of the coarser half of the resolutions."""
    sides = np.array([shape[1] for shape in network.noise_shapes()])
    levels = sorted(set(sides[: network.used_layers()].tolist()))
    border = levels[len(levels) // 2]
    kept = {
        "all noise": sides > 0,
        "no noise": sides < 0,
        f"fine only (from {border})": sides >= border,
        f"coarse only (below {border})": sides < border,
    }
    return {
        name: [layer.noise if keep else None for layer, keep in zip(network.layers, layers)]
        for name, layers in kept.items()
    }


def noise_sheet(
    network: StyleGenerator, seeds: Sequence[int], truncation: float = 0.7, draws: int = DRAWS
) -> np.ndarray:
    """A row a seed: with all noise, none, fine, coarse; and the deviation over `draws` of all noise.

    The deviation is stretched from 0 (black) to its own highest value, which its title gives (of [-1, 1]).
    """
    w_plus, sets = w_of_seeds(network, seeds, truncation), noise_sets(network)
    columns = [cells(pictures_of(network, w_plus, noise)) for noise in sets.values()]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        noise = [paddle.to_tensor(rng.standard_normal((1, *s), dtype=np.float32)) for s in network.noise_shapes()]
        drawn.append(pictures_of(network, w_plus, noise))
    deviation = np.std(drawn, axis=0).mean(axis=1)  # (N, H, W)
    top = deviation.max(axis=(1, 2))
    grey = (255 * deviation / np.maximum(top, 1e-12)[:, None, None]).astype(np.uint8)
    columns.append(cells(np.repeat(grey[..., None], 3, axis=3)))
    titles = [text for peak in top for text in [*sets, f"deviation to {peak:.3f}"]]
    pictures = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
    heading = f"{type(network).__name__}: noise"
    return sheet(pictures, len(columns), heading, row_titles=[f"seed {seed}" for seed in seeds], titles=titles)
