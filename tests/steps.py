"""Steps of recipes for tests."""

import numpy as np

from ppgen.models.base import Step


def a_step(index: int = 0, images: int = 0, **more: int) -> Step:
    """A step with randomness of its own, as the trainer hands it to a recipe."""
    return Step(index, np.random.default_rng([1, index]), np.random.default_rng([2, index]), images=images, **more)
