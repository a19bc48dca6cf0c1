"""Diversity: how similar two random pictures of a set are, by multi-scale structural similarity.

Wang et al., "Multiscale structural similarity for image quality assessment", 2003, with its constants; as a measure of
variety Odena et al., "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017. Near 1 all pictures are
one; the figure of the reals says how varied the fakes ought to be.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.metrics.accumulate import PictureMetric, Score, Side, counts
from ppgen.metrics.arrays import standard_error
from ppgen.registry import METRICS

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the five scales, finest first
WINDOW, SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
LEAST_SIDE = 32
PAIRS = 1000
KEPT = 500  # pictures a side that pairs are made of


def _similarity(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Mean SSIM, and mean of its contrast-structure factor, of float64 pictures (H, W, C) in [0, 255].

    Only windows that lie inside count; where a picture is smaller than the window, the window shrinks with
    its sigma.
    """
    size = min(WINDOW, *a.shape[:2])
    window = cv2.getGaussianKernel(size, SIGMA * size / WINDOW)
    edge = slice(size // 2, None), slice(size // 2, None)

    def mean(x: np.ndarray) -> np.ndarray:
        filtered = cv2.sepFilter2D(x, cv2.CV_64F, window, window).reshape(x.shape)
        return filtered[edge][: x.shape[0] - size + 1, : x.shape[1] - size + 1]

    mean_a, mean_b = mean(a), mean(b)
    variances = mean(a * a) - mean_a**2 + mean(b * b) - mean_b**2
    contrast = (2 * (mean(a * b) - mean_a * mean_b) + _C2) / (variances + _C2)
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return float((luminance * contrast).mean()), float(contrast.mean())


def ms_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Multi-scale SSIM of two pictures (H, W, C) with values 0..255, at least 32 pixels a side; 1 for equal ones.

    A negative factor, where two pictures are opposites, counts as 0.
    """
    a, b = (np.asarray(x, np.float64) for x in (a, b))
    if a.ndim != 3 or a.shape != b.shape or min(a.shape[:2]) < LEAST_SIDE:
        raise DataError(f"MS-SSIM compares pictures of one size from 32 pixels up, not {a.shape} and {b.shape}")
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        full, contrast = _similarity(a, b)
        factor = full if scale == len(WEIGHTS) - 1 else contrast
        result *= max(factor, 0.0) ** weight
        a, b = _halved(a), _halved(b)
    return result


def random_pairs(count: int, pairs: int = PAIRS, seed: int = 0) -> np.ndarray:
    """`pairs` different pairs of different numbers below `count`, or all there are: int (n, 2)."""
    if count < 2:
        raise DataError(f"MS-SSIM diversity compares pictures in pairs and needs at least 2 of them, not {count}")
    first, second = np.triu_indices(count, 1)
    chosen = np.random.default_rng(seed).permutation(len(first))[:pairs]
    return np.stack([first[chosen], second[chosen]], axis=1)


def diversity(pictures: Sequence[np.ndarray], pairs: int = PAIRS, seed: int = 0) -> tuple[float, float | None]:
    """Mean MS-SSIM of random pairs of uint8 (N, H, W, C), lower is more varied; its standard error, of one None."""
    values = np.array([ms_ssim(pictures[i], pictures[j]) for i, j in random_pairs(len(pictures), pairs, seed)])
    return float(values.mean()), standard_error(values)


def _halved(x: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in x.shape[:2])
    x = x[:height, :width]
    return (x[0::2, 0::2] + x[1::2, 0::2] + x[0::2, 1::2] + x[1::2, 1::2]) / 4


@METRICS.register()
class MSSSIM(PictureMetric):
    """`ms_ssim` of pairs of fakes with `ms_ssim_se`, and `ms_ssim_real` of pairs of reals, which it should be near.

    Args:
        key: where a batch holds the real pictures.
        pairs: how many are compared, about 5 ms each at 128 pixels.
    """

    short, least, least_side = "ms-ssim", 2, LEAST_SIDE

    def __init__(self, key: str = "image", pairs: int = PAIRS) -> None:
        self.key, self.pairs = key, pairs
        self._kept: dict[Side, list[np.ndarray]] = {"real": [], "fake": []}

    def add(self, side: Side, pictures: np.ndarray) -> None:
        """See the base; the first `KEPT` are kept."""
        kept = self._kept[side]
        kept.extend(pictures[: KEPT - len(kept)])

    def scores(self) -> list[Score]:
        """Both, of the pictures kept."""
        real, fake = self._kept["real"], self._kept["fake"]
        suffix = f"{counts(len(real), len(fake))}/pairs={self.pairs}"
        sides = (("ms_ssim", fake), ("ms_ssim_real", real))
        return [Score(name, f"{name}/{suffix}", *diversity(side, self.pairs)) for name, side in sides]
