"""What an encoder makes of real pictures, dimension by dimension: is it used, and does it look like N(0, 1)?

KL(q(z|x) || N(0, 1)) averaged over pictures says how much a dimension tells (Kingma and Welling 2014, appendix B;
below `ACTIVE` it is not used, Burda et al. 2016 count likewise). Draws of q(z|x), one a picture, are what the decoder
was trained on; where they are N(0, 1) in every dimension, samples of the prior can look like faces.
"""

import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ppgen.errors import ConfigError, DataError
from ppgen.io.brief import short
from ppgen.io.image import check_figure, save_figure
from ppgen.latent.render import Codes
from ppgen.latent.seeds import check_seed

ACTIVE = 0.05  # nats
MAX_MEAN, STD = 0.2, (0.8, 1.2)  # what counts as near N(0, 1)
_COLUMNS, _RANGE, _BINS = 10, 4.0, 33


@short
class Report(NamedTuple):
    """By dimension, float64 (d,), over draws of q(z|x).

    Attributes:
        kl: nats, mean over pictures.
        mean, std: of the draws.
        distance: Kolmogorov-Smirnov, the largest gap between their distribution function and that of N(0, 1).
        p: how probable a gap so large were if they came from N(0, 1).
    """

    kl: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    distance: np.ndarray
    p: np.ndarray

    @property
    def active(self) -> np.ndarray:
        """bool (d,): dimensions that tell more than `ACTIVE` nats."""
        return self.kl > ACTIVE

    @property
    def near_normal(self) -> np.ndarray:
        """bool (d,): |mean| at most 0.2 and standard deviation 0.8 to 1.2."""
        return (np.abs(self.mean) <= MAX_MEAN) & (self.std >= STD[0]) & (self.std <= STD[1])

    def summary(self) -> dict[str, float]:
        """Figures over the active dimensions, JSON-able; shares are NaN-free zeros where none is active."""
        active = self.active
        shares = {"near_normal_share": self.near_normal, "passes_ks_share": self.p > 0.05}
        return {
            "dimensions": len(self.kl),
            "active": int(active.sum()),
            "kl_nats": float(self.kl.sum()),
            **{name: float(of[active].mean()) if active.any() else 0.0 for name, of in shares.items()},
        }


def kl_per_dimension(codes: Codes) -> np.ndarray:
    """KL(q(z|x) || N(0, 1)) of each dimension in nats, mean over pictures: float64 (d,)."""
    mu, log_variance = codes.mu.astype(np.float64), codes.log_variance.astype(np.float64)
    return 0.5 * (mu**2 + np.exp(log_variance) - 1 - log_variance).mean(axis=0)


def draws(codes: Codes, seed: int = 0) -> np.ndarray:
    """One z of q(z|x) for each picture: float64 (n, d). ConfigError for a negative seed."""
    check_seed(seed)
    noise = np.random.default_rng([seed, 11]).standard_normal(codes.mu.shape)
    return codes.mu + np.exp(0.5 * codes.log_variance.astype(np.float64)) * noise


def kolmogorov_smirnov(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to N(0, 1) and its p-value for each column of (n, d).

    The p-value by Kolmogorov's series with Stephens' 1970 correction for finite n, good to 0.01 from n = 5 on.
    """
    n = len(samples)
    if n < 5:
        raise DataError(f"a distribution cannot be judged by {n} pictures; give at least 5")
    ordered = np.sort(np.asarray(samples, np.float64), axis=0)
    below = 0.5 * (1 + np.vectorize(math.erf)(ordered / math.sqrt(2)))
    ranks = np.arange(n)[:, None]
    distance = np.maximum(below - ranks / n, (ranks + 1) / n - below).max(axis=0)
    x = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * distance
    k = np.arange(1, 101)[:, None]
    series = 2 * ((-1.0) ** (k - 1) * np.exp(-2 * (k * x) ** 2)).sum(axis=0)
    return distance, np.where(x < 0.2, 1.0, np.clip(series, 0, 1))  # below 0.2 the series has not converged


def examine(codes: Codes, seed: int = 0) -> Report:
    """The report of an encoder's codes; `seed` is of the draws. DataError for fewer than 5 pictures."""
    z = draws(codes, seed)
    distance, p = kolmogorov_smirnov(z)
    return Report(kl_per_dimension(codes), z.mean(axis=0), z.std(axis=0), distance, p)


def check_histograms(path: str | os.PathLike, count: int) -> None:
    """ConfigError where `save_histograms` cannot draw that many, OutputError where not to such a file."""
    if count < 1:
        raise ConfigError(f"the number of dimensions to draw must be 1 or more, not {count}")
    check_figure(path)


def save_histograms(
    path: str | os.PathLike, codes: Codes, count: int = 50, seed: int = 0, active: bool = False
) -> Path:
    """Histograms of the first `count` dimensions of the draws against N(0, 1), as a picture.

    `active`: of the first that are used, of all where none is. Above each its number, KL in nats, mean and standard
    deviation; dimensions that are not used are grey.
    Raises what `check_histograms` raises.
    """
    from matplotlib.figure import Figure

    check_histograms(path, count)
    report, z = examine(codes, seed), draws(codes, seed)
    used = np.flatnonzero(report.active) if active and report.active.any() else np.arange(z.shape[1])
    shown = used[:count]
    count = len(shown)
    rows, columns = -(-count // _COLUMNS), min(count, _COLUMNS)
    figure = Figure(figsize=(1.5 * columns, 1.35 * rows + 0.7), dpi=110, layout="constrained")
    x = np.linspace(-_RANGE, _RANGE, 121)
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    for place, i in enumerate(shown):
        axes = figure.add_subplot(rows, columns, place + 1)
        colour = "tab:blue" if report.active[i] else "lightgrey"
        axes.hist(z[:, i], bins=_BINS, range=(-_RANGE, _RANGE), density=True, color=colour)
        axes.plot(x, density, color="black", linewidth=0.8)
        axes.set_title(f"{i}: {report.kl[i]:.2f} nats\n{report.mean[i]:+.2f} ± {report.std[i]:.2f}", fontsize=6)
        axes.set(xticks=(-2, 0, 2), yticks=(), ylim=(0, 0.6))
        axes.tick_params(labelsize=5, length=2)
    of = report.summary()
    in_use = f"{of['active']} of {of['dimensions']} dimensions active (> {ACTIVE} nats)"
    near = f"{of['near_normal_share']:.0%} of these near N(0, 1)"
    figure.suptitle(f"draws of q(z|x), {len(z)} pictures, against N(0, 1): {in_use}, {near}", fontsize=8)
    return save_figure(path, figure)
