"""Style mixing (Karras et al., StyleGAN, CVPR 2019, figure 3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import paddle

from ppgen.errors import ConfigError
from ppgen.latent.figures.cells import cells, pictures_of
from ppgen.latent.mixing import swap
from ppgen.latent.sheet import sheet
from ppgen.latent.styles import bands, w_of_seeds
from ppgen.networks.protocols import StyleGenerator


class Row(NamedTuple):
    """One row of the table."""

    place: int  # of its left picture among the seeds of the rows
    band: str
    layers: list[int]


def table_rows(network: StyleGenerator, count: int) -> list[Row]:
    """`count` left pictures shared out evenly among the bands; the first ones come again where there are too few."""
    parts = bands(network)
    each = -(-count // len(parts))
    rows = [(band, layers) for band, layers in parts.items() for _ in range(each)]
    return [Row(place % count, band, layers) for place, (band, layers) in enumerate(rows)]


def mixing_sheet(
    network: StyleGenerator, rows: Sequence[int], columns: Sequence[int], truncation: float = 0.7
) -> np.ndarray:
    """Styles of the upper pictures' resolutions in the left pictures' place.

    Args:
        rows: seeds of the left pictures (A), see `table_rows`.
        columns: seeds of the upper pictures (B), whose styles are copied: the coarse ones, the middle, the fine.
    """
    if not len(rows) or not len(columns):
        raise ConfigError("mixing needs at least one seed for the rows and one for the columns")
    above, left = w_of_seeds(network, columns, truncation), w_of_seeds(network, rows, truncation)
    upper = cells(pictures_of(network, above))
    pictures, titles = [np.full_like(upper[:1], 255), upper], [""]
    for place, band, layers in table_rows(network, len(rows)):
        own = left[place : place + 1]
        mixed = swap(own.expand(above.shape).numpy(), above.numpy(), layers)
        pictures += [cells(pictures_of(network, latents)) for latents in (own, paddle.to_tensor(mixed))]
        titles.append(f"seed {rows[place]}, {band} of B")
    names = ["A \\ B", *(f"seed {seed}" for seed in columns)]
    heading = f"{type(network).__name__}: style mixing"
    return sheet(np.concatenate(pictures), 1 + len(columns), heading, row_titles=titles, column_titles=names)
