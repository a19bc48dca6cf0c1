"""StyleGAN's droplets (Karras et al., StyleGAN2, CVPR 2020, figure 1): magnitudes of feature maps."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import paddle

from ppgen.io.brief import short
from ppgen.latent.figures.cells import SIDE, cells, is_skip, observed, pictures_of
from ppgen.latent.sheet import sheet
from ppgen.latent.styles import w_of_seeds
from ppgen.networks.protocols import StyleGenerator

_RANGE = (-2.0, 4.0)  # log2 of the magnitude over its mean, from black to white


@short
class Maps(NamedTuple):
    """Feature maps of one layer."""

    side: int
    magnitude: np.ndarray  # (N, H, W): root mean square over channels, over its mean

    @property
    def peak(self) -> float:
        """How far the strongest place stands out: the maximum over the mean, mean over pictures."""
        return float(self.magnitude.max(axis=(1, 2)).mean())


def feature_maps(network: StyleGenerator, w_plus: paddle.Tensor) -> list[Maps]:
    """Magnitudes of the features after each layer's rectifier; in StyleGAN, what its instance norm is given."""
    if is_skip(network):
        features = observed(network, w_plus, network.layers)
    else:
        features = observed(network, w_plus, [layer.norm for layer in network.layers], inputs=True)
    maps = [np.sqrt(np.square(layer.numpy()).mean(axis=1)) for layer in features]
    return [Maps(x.shape[1], x / np.maximum(x.mean(axis=(1, 2), keepdims=True), 1e-12)) for x in maps]


def droplet_sheet(networks: Mapping[str, StyleGenerator], seeds: Sequence[int], truncation: float = 1.0) -> np.ndarray:
    """A row a network and seed: the picture, then the magnitudes of each resolution's last layer.

    Black is a quarter of a map's mean, white 16 times it, in even steps of the logarithm; titles give the highest
    value in terms of the mean. A droplet is one small white blob at about the same place of all maps from some
    resolution on. StyleGAN2's authors saw them from 64 pixels on; small or briefly trained networks may have none.
    """
    pictures, titles, rows = [], [], []
    columns = 1 + max(len({shape[1] for shape in network.noise_shapes()}) for network in networks.values())
    for name, network in networks.items():
        for seed in seeds:
            w_plus = w_of_seeds(network, [seed], truncation)
            last = {maps.side: maps for maps in feature_maps(network, w_plus)}
            row = [_fitted(cells(pictures_of(network, w_plus)), highest=False)]
            row += [_fitted(cells(_colours(maps.magnitude)), highest=True) for maps in last.values()]
            blank = columns - len(row)
            pictures += row + [np.full_like(row[0], 255)] * blank
            titles += ["picture", *(f"{side}: peak {maps.peak:.1f}" for side, maps in last.items()), *[""] * blank]
            rows.append(f"{name}, seed {seed}")
    heading = "magnitude of features over its mean (black 1/4, white 16): a droplet is a small white blob in all maps"
    return sheet(np.concatenate(pictures), columns, heading, row_titles=rows, titles=titles)


def _colours(magnitude: np.ndarray) -> np.ndarray:
    """(N, H, W) -> uint8 (N, H, W, 3)."""
    from matplotlib import colormaps

    low, high = _RANGE
    level = (np.log2(np.maximum(magnitude, 1e-6)) - low) / (high - low)
    return (255 * colormaps["inferno"](np.clip(level, 0, 1))[..., :3]).astype(np.uint8)


def _fitted(pictures: np.ndarray, highest: bool) -> np.ndarray:
    """uint8 (N, S, S, 3) of at least `SIDE` brought down to it, so that all cells are alike.

    With means, or with the highest values, which keep a droplet of a few pixels visible.
    """
    factor = pictures.shape[1] // SIDE
    if factor == 1:
        return pictures
    blocks = pictures.reshape(len(pictures), SIDE, factor, SIDE, factor, 3)
    return blocks.max(axis=(2, 4)) if highest else blocks.mean(axis=(2, 4)).round().astype(np.uint8)
