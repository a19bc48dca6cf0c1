"""What every metric asks of the arrays it is given."""

import numpy as np

from ppgen.errors import DataError


def checked_features(features: np.ndarray, what: str, least: int = 1) -> np.ndarray:
    """Features as float64 (n, d) with n >= `least`; DataError, naming the metric `what`, for anything else."""
    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2 or len(x) < least or not x.shape[1]:
        raise DataError(f"{what} needs features (n, d) of at least {least} pictures, not an array of shape {x.shape}")
    if not np.isfinite(x).all():
        raise DataError(f"{what}: the features hold NaN or infinite values; the pictures or the network are broken")
    return x


def checked_sides(real: np.ndarray, fake: np.ndarray, what: str, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """`checked_features` of both sides, (n, d) and (m, d); DataError where they are not of one length d."""
    x, y = checked_features(real, what, least), checked_features(fake, what, least)
    if x.shape[1] != y.shape[1]:
        raise DataError(f"{what} compares features of one length, not {x.shape[1]} and {y.shape[1]}")
    return x, y


def standard_error(values: np.ndarray) -> float | None:
    """Of the mean of (n,) values; None of a single one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
