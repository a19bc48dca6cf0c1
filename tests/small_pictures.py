"""Pictures for tests of whatever reads or writes them."""

import numpy as np


def picture(seed: int, height: int = 8, width: int | None = None) -> np.ndarray:
    """Noise whose pixels no other seed has: uint8 (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width or height, 3), dtype=np.uint8)
