"""What one layer sees in colours, said by another with fewer features: for discriminators that grow.

A discriminator for more pixels reads colours with fewer filters than the smaller one it grows out of. With the filters
and the mixture below it begins by seeing nearly what that one saw in the reduced picture, as in Net2Net (Chen et al.,
ICLR 2016); one that begins with random filters sees nothing that its trained layers know.
"""

from typing import NamedTuple

import numpy as np

#: steps of a colour channel from -1 to 1
_LEVELS = 9


class ColourFeatures(NamedTuple):
    """`filters` of the many, and how the rest of them follow: features @ mixture + constant."""

    filters: np.ndarray  # (few,) indices
    mixture: np.ndarray  # (few, many)
    constant: np.ndarray  # (many,)


def fewer_features(weight: np.ndarray, bias: np.ndarray, slope: float, few: int) -> ColourFeatures:
    """The filters that tell most of the others', chosen one by one, and the least-squares mixture of them.

    Args:
        weight, bias: (many, 3) and (many,), of leaky_relu(colour @ weight.T + bias), colours in [-1, 1].
        slope: of the leaky rectifier.
        few: how many filters to keep, at most as many as there are.
    """
    levels = np.linspace(-1.0, 1.0, _LEVELS)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    features = colours @ weight.T.astype(np.float64) + bias
    features = np.where(features > 0, features, slope * features)
    mean = features.mean(axis=0)
    rest = features - mean
    chosen: list[int] = []
    for _ in range(few):
        told = np.square(rest.T @ rest).sum(axis=1) / (np.square(rest).sum(axis=0) + 1e-12)  # of all, by each
        told[chosen] = -1.0
        chosen.append(int(told.argmax()))
        direction = rest[:, chosen[-1]] / (np.linalg.norm(rest[:, chosen[-1]]) + 1e-12)
        rest = rest - np.outer(direction, direction @ rest)
    filters = np.array(chosen)
    known = features[:, filters]
    mixture = np.linalg.lstsq(known - known.mean(axis=0), features - mean, rcond=1e-4)[0]
    return ColourFeatures(filters, mixture, mean - known.mean(axis=0) @ mixture)
