"""StyleGAN: Karras, Laine, Aila, "A Style-Based Generator Architecture for GANs" (CVPR 2019).

Generator and discriminator grow together (progressive growing, see `ppgen.models.pggan`). One step: the generator
draws once, most pictures mixed of two latents; the discriminator learns to tell its pictures from real ones
(non-saturating logistic loss) and, now and then, to be smooth at the real ones (R1); the generator learns from it.
What both networks do in a step is StyleGAN2's, without path lengths; what they see has the side of their level.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import paddle
from paddle import nn

from ppgen.models.base import Batch, Stateful, Step
from ppgen.models.pggan import at_level, check_growing, level_at, per_stage
from ppgen.models.styleganv2 import StyleGAN2
from ppgen.registry import MODELS


@MODELS.register()
class StyleGAN(StyleGAN2):
    """Generator and discriminator that grow together, unconditional.

    Batches hold `image` (N, 3, S, S) in [-1, 1], S the networks' size.

    Args:
        generator, discriminator: configs of a `StyleGANGenerator` and a `StyleGANDiscriminator` of one size.
        stable_images: images a stage is trained on at full strength, from 4 x 4 up; one number, or one a stage.
        fade_images: images a new stage is faded in over; one number, or one a fade. The published training begins
            at 8 x 8: 0 first in both lists.
        r1_weight: gamma of R1, 10 in the paper (its half is the factor).
        r1_every: steps between R1 phases; the paper adds R1 to the loss of every step instead.
        mixing: share of pictures made of two latents (section 3.1).
        augment: "none" as in the paper; "ada" or "diffaugment" for few pictures.
        ada_target, ada_images, ada_start: see `AdaptiveAugment`.
        truncation: of the pictures in the sample grid.

    Raises:
        ConfigError: networks of different size or that do not grow, or lists of another length than the stages ask for.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        stable_images: int | list = 600_000,
        fade_images: int | list = 600_000,
        r1_weight: float = 10.0,
        r1_every: int = 16,
        mixing: float = 0.9,
        augment: Literal["ada", "diffaugment", "none"] = "none",
        ada_target: float = 0.6,
        ada_images: float = 500_000,
        ada_start: float = 0.0,
        truncation: float = 0.7,
    ) -> None:
        super().__init__(
            generator, discriminator, r1_weight=r1_weight, r1_every=r1_every, path_weight=0.0, mixing=mixing,
            augment=augment, ada_target=ada_target, ada_images=ada_images, ada_start=ada_start, truncation=truncation,
        )  # fmt: skip
        check_growing(self.networks)
        del self.path_length  # it has no phase here, so there is no state to keep
        stages = self.networks["generator"].stages
        self.stable = per_stage(stable_images, stages, "stable_images")
        self.fade = per_stage(fade_images, stages - 1, "fade_images")

    def stateful(self) -> dict[str, Stateful]:
        """The strength of ADA, where it is used; how far the networks have grown follows from the images seen."""
        return {"augment": self.augment} if hasattr(self.augment, "arrays") else {}

    # ---- pictures ----------------------------------------------------------------------------------------

    def _level(self, step: Step) -> float:
        """The level of this step; both networks are grown to it."""
        level = level_at(step.images, self.stable, self.fade)
        for network in self.networks.values():
            network.set_level(level)
        step.state["level"] = level
        return level

    def _real(self, batch: Batch, step: Step) -> paddle.Tensor:
        return at_level(super()._real(batch, step), step.once("level", lambda: self._level(step)))

    def _fake(self, batch: Batch, step: Step) -> paddle.Tensor:
        step.once("level", lambda: self._level(step))
        return super()._fake(batch, step)

    def _noise(self, count: int, step: Step) -> list[paddle.Tensor | None]:
        """Noise of the layers that take part; None for the others."""
        generator = self.networks["generator"]
        used = generator.used_layers()
        shapes = generator.noise_shapes()
        return [step.normal(count, *shape) if index < used else None for index, shape in enumerate(shapes)]

    # ---- looking -----------------------------------------------------------------------------------------

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As `StyleGAN2.predict`, enlarged to the full size by repeating pixels while the networks grow."""
        images = super().predict(batch, networks)
        factor = networks["generator"].size // images.shape[2]
        return images.repeat(factor, axis=2).repeat(factor, axis=3)
