"""What every metric asks of the arrays it is given."""

from __future__ import annotations

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
