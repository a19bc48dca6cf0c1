"""What each resolution contributes (Karras et al., StyleGAN2, CVPR 2020, figure 8)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import paddle

from ppgen.io.brief import short
from ppgen.latent.figures.cells import cells, is_skip, observed, pictures_of
from ppgen.latent.sheet import sheet
from ppgen.latent.styles import sides_of_w, w_of_seeds
from ppgen.networks.blocks.fir import upsample_filtered
from ppgen.networks.protocols import StyleGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator


@short
class Steps(NamedTuple):
    """A picture built up resolution by resolution."""

    titles: list[str]
    so_far: np.ndarray  # (K, N, 3, H, W): up to each resolution
    added: np.ndarray  # the same shape: what that resolution added


def contributions(network: StyleGenerator, w_plus: paddle.Tensor) -> Steps:
    """How pictures of W+ come about.

    StyleGAN2: the sum of the colours of the resolutions so far, and each one's own. StyleGAN has no such sum: there
    the resolutions so far have the latent's style and the rest the mean latent's; first with none of them.
    """
    return _sums(network, w_plus) if isinstance(network, StyleGAN2Generator) else _styles_so_far(network, w_plus)


def _sums(network: StyleGAN2Generator, w_plus: paddle.Tensor) -> Steps:
    sums = observed(network, w_plus, network.to_rgb)
    with paddle.no_grad():
        alone = [sums[0], *(new - upsample_filtered(old) for old, new in zip(sums, sums[1:]))]
        so_far, added = (np.stack([_full(picture, network.image_size) for picture in parts]) for parts in (sums, alone))
    return Steps([str(picture.shape[2]) for picture in sums], so_far, added)


def _full(picture: paddle.Tensor, side: int) -> np.ndarray:
    while picture.shape[2] < side:
        picture = upsample_filtered(picture)
    return picture.numpy()


def _styles_so_far(network: StyleGenerator, w_plus: paddle.Tensor) -> Steps:
    sides = sides_of_w(network)
    steps = sorted(set(sides.tolist()))
    mean = network.mean_of_latents().reshape([1, 1, -1]).expand(w_plus.shape)
    counts = [int((sides <= side).sum()) for side in steps]
    mixed = [mean, *(paddle.concat([w_plus[:, :count], mean[:, count:]], axis=1) for count in counts)]
    so_far = np.stack([pictures_of(network, latents) for latents in mixed])
    return Steps(["mean w", *(f"to {side}" for side in steps)], so_far, np.diff(so_far, axis=0, prepend=so_far[:1]))


def contribution_sheet(network: StyleGenerator, seeds: Sequence[int], truncation: float = 0.7) -> np.ndarray:
    """Two rows a seed: the picture so far, and what the resolution adds, stretched, with its standard deviation."""
    steps = contributions(network, w_of_seeds(network, seeds, truncation))
    pictures, titles, rows = [], [], []
    for i, seed in enumerate(seeds):
        pictures += [cells(steps.so_far[:, i]), cells(_stretched(steps.added[:, i]))]
        titles += [*steps.titles, *(f"±{value:.2f}" for value in steps.added[:, i].std(axis=(1, 2, 3)))]
        rows += [f"seed {seed}, so far", "added, stretched"]
    kind = "sums of colours (skip generator)" if is_skip(network) else "styles of w so far, then of the mean w"
    heading = f"{type(network).__name__}: what each resolution contributes: {kind}"
    return sheet(np.concatenate(pictures), len(steps.titles), heading, row_titles=rows, titles=titles)


def _stretched(pictures: np.ndarray) -> np.ndarray:
    """Differences (N, 3, H, W) around 0 brought to [-1, 1], each by its own 99th percentile."""
    top = np.percentile(np.abs(pictures), 99, axis=(1, 2, 3), keepdims=True)
    return pictures / np.maximum(top, 1e-12)
