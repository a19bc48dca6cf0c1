"""A memory of made pictures for the discriminator (Shrivastava et al. 2017, section 2.3; CycleGAN, section 4)."""

import numpy as np

from ppgen.errors import ConfigError, WeightsError


class ImagePool:
    """Keeps made pictures; a discriminator that sees older ones too does not chase the newest fashion.

    The state is part of a checkpoint (`Stateful`); what happens is decided by the generator that a step gives, so
    that a resumed run goes on as the unbroken one would. Each process of a data-parallel run keeps its own pool.

    Args:
        capacity: pictures kept, 50 in the papers; 0 passes every picture through.

    Raises:
        ConfigError: a negative capacity.
    """

    def __init__(self, capacity: int = 50) -> None:
        if capacity < 0:
            raise ConfigError(f"model.pool_size: expected 0 or more, found {capacity}")
        self.capacity = capacity
        self._images: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self._images)

    def exchange(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """As many pictures as given, (N, C, H, W): each one itself or, once the pool is full, every second one
        an older picture whose place it takes."""
        given = []
        for image in images:
            shown = image
            if len(self._images) < self.capacity:
                self._images.append(image.copy())
            elif self.capacity and rng.random() < 0.5:
                place = int(rng.integers(self.capacity))
                shown, self._images[place] = self._images[place], image.copy()
            given.append(shown)
        return np.stack(given)

    def arrays(self) -> dict[str, np.ndarray]:
        """The pictures (n, C, H, W) in their order; nothing while there are none."""
        return {"images": np.stack(self._images)} if self._images else {}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned; WeightsError if a checkpoint holds more than there is room for."""
        images = arrays.get("images", ())
        if len(images) > self.capacity:
            held = f"the checkpoint's image pool holds {len(images)} pictures"
            raise WeightsError(f"{held}, model.pool_size is {self.capacity}")
        self._images = [image.copy() for image in images]
