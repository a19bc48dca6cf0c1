"""StyleGAN: Karras, Laine, Aila, "A Style-Based Generator Architecture for GANs" (CVPR 2019).

Generator and discriminator grow together (progressive growing, see `ppgen.models.pggan`). One step: the generator
draws once, most pictures mixed of two latents; the discriminator learns to tell its pictures from real ones
(non-saturating logistic loss) and, now and then, to be smooth at the real ones (R1); the generator learns from it.
"""

from typing import Literal

from ppgen.losses.augment import augment_named
from ppgen.models.pggan import ProgressivelyGrown
from ppgen.models.style_based import StyleBasedGAN
from ppgen.registry import MODELS


@MODELS.register()
class StyleGAN(ProgressivelyGrown, StyleBasedGAN):
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
        augmentation = augment_named(augment, ada_target, ada_images, ada_start)
        super().__init__(generator, discriminator, augmentation, r1_weight, r1_every, mixing, truncation)
        self.grow_by(stable_images, fade_images)
