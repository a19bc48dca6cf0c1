"""Path lengths in Z and in W (Karras et al., StyleGAN, CVPR 2019, section 4.1)."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ppgen.errors import ConfigError
from ppgen.io.image import save_figure, to_uint8
from ppgen.latent.paths import lerp, slerp
from ppgen.latent.seeds import latents
from ppgen.latent.styles import Space, mapping_and_synthesis
from ppgen.networks.protocols import StyleGenerator

_CANDIDATES = 16  # for the ends of a path that is shown

BySpace = Mapping[Space, np.ndarray]


def path_strip(network: StyleGenerator, seed: int = 0, count: int = 9, truncation: float = 0.7) -> BySpace:
    """The same two ends joined in Z (arc) and in W (line): uint8 (count, H, W, 3) each.

    The ends are the first two of the seed's latents whose w is no farther from the mean than the others' on average,
    and all is pulled to the mean by `truncation`: at the rim of W there are no faces, and a path would end in a ghost.
    """
    mapping, synthesis = mapping_and_synthesis(network)
    z, t = latents(seed, _CANDIDATES, network.latent_dim), np.linspace(0, 1, count)
    mean, w = network.mean_of_latents().numpy(), mapping(z)
    far = np.linalg.norm(w - mean, axis=1)
    a, b = np.flatnonzero(far <= np.median(far))[:2]
    paths: dict[Space, np.ndarray] = {"z": mapping(slerp(z[a], z[b], t).astype(np.float32)), "w": lerp(w[a], w[b], t)}
    pulled = {space: (mean + truncation * (points - mean)).astype(np.float32) for space, points in paths.items()}
    return {space: to_uint8(synthesis(points)) for space, points in pulled.items()}


def save_path_figure(
    path: str | os.PathLike, lengths: Mapping[str, BySpace], strips: Mapping[str, BySpace], distance: str
) -> Path:
    """Histograms of path lengths in Z and in W, and one path of each, network by network.

    Args:
        lengths: network -> space -> (n,) squared differences a squared step, without outliers (means are shown).
        strips: network -> space -> pictures along one path.
        distance: what pictures were compared by, for the label.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4 * len(lengths)), dpi=110, layout="constrained")
    everything = np.concatenate([values for spaces in lengths.values() for values in spaces.values()])
    positive = everything[everything > 0]
    if not len(positive):
        raise ConfigError("all path lengths are 0: this network draws one picture only")
    bins = np.geomspace(positive.min(), positive.max() * (1 + 1e-6), 41)
    for part, (name, spaces) in zip(figure.subfigures(len(lengths), 1, squeeze=False)[:, 0], lengths.items()):
        axes, *rows = part.subplots(3, 1, height_ratios=[2.2, 1, 1])
        for (space, values), colour, row in zip(spaces.items(), ("tab:orange", "tab:blue"), rows):
            label = f"{space.upper()}: mean {values.mean():.3g}, median {np.median(values):.3g}"
            axes.hist(values, bins=bins, color=colour, alpha=0.5, label=label)
            axes.axvline(values.mean(), color=colour)
            row.imshow(np.concatenate(list(strips[name][space]), axis=1), interpolation="nearest")
            row.set(xticks=(), yticks=(), ylabel=space.upper())
        axes.set(xscale="log", yticks=(), xlabel=f"perceptual length by {distance}, {len(spaces['z'])} paths")
        axes.legend(fontsize=8)
        axes.set_title(f"{name}: path length in Z (along the arc) against W (along the line)", fontsize=9)
    return save_figure(path, figure)
