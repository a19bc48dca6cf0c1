"""Progressive growing (Karras et al., ICLR 2018): generator and critic gain a resolution at a time.

The critic is WGAN-GP's (Gulrajani et al. 2017, eq. 3) with a small pull of its scores towards 0 (appendix A.1).
"""

from __future__ import annotations

import numpy as np
import paddle
from paddle import nn

from ppgen.losses.gradient_penalty import gradient_penalty
from ppgen.models.adversarial import COLUMNS, Adversarial
from ppgen.models.base import Batch, Losses, Phase, Step
from ppgen.models.growing import Growth, at_level
from ppgen.models.sampling import at_least
from ppgen.registry import MODELS


@MODELS.register()
class ProgressiveGAN(Adversarial):
    """Generator and critic that grow together.

    Batches hold `image` (N, C, S, S) in [-1, 1], S the networks' largest side.

    Args:
        generator: config of a `PGGANGenerator`.
        discriminator: config of a `PGGANDiscriminator` with the same stages.
        stable_images: images a stage is trained on at full strength; one number, or one a stage.
        fade_images: images a new stage is faded in over; one number, or one a fade.
        penalty: weight of the gradient penalty.
        drift: weight of E[D(x)²].

    Raises:
        ConfigError: networks of different size, or lists of another length than the stages ask for.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        stable_images: int | list = 600_000,
        fade_images: int | list = 600_000,
        penalty: float = 10.0,
        drift: float = 0.001,
    ) -> None:
        super().__init__(generator, discriminator, "wgangp")
        self.growth = Growth(self.networks, stable_images, fade_images)
        self.penalty, self.drift = penalty, drift

    def phases(self) -> list[Phase]:
        """One step of the critic, one of the generator (n_critic = 1, appendix A.1)."""
        critic = Phase("discriminator", ("discriminator",), self.discriminator_loss, keeps=("generator",), float32=True)
        return [critic, Phase("generator", ("generator",), self.generator_loss)]

    def real(self, batch: Batch, step: Step) -> paddle.Tensor:
        """The dataset's pictures at the level of this step."""
        return at_level(super().real(batch, step), self.growth.level(step))

    def draw(self, batch: Batch, step: Step) -> paddle.Tensor:
        """A picture of a new latent for each of the batch, at the level of this step."""
        self.growth.level(step)
        return super().draw(batch, step)

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """Scores of drawn minus real pictures at the present level, penalty, drift."""
        critic = self.networks["discriminator"]
        real, fake = self.real(batch, step), self.fake(batch, step).detach()
        real_score, fake_score = critic(real), critic(fake)
        self.report(step, real_score, fake_score)
        alpha = step.uniform(len(real), 1, 1, 1)
        return {
            "d": self.objective.discriminator(real_score, fake_score),
            "penalty": self.penalty * gradient_penalty(critic, real, fake, alpha),
            "drift": self.drift * real_score.square().mean(),
        }

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As `Adversarial.predict`, enlarged to the full side by repeating pixels while the networks grow."""
        return at_least(super().predict(batch, networks), networks["generator"].image_size)

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """One grid from fixed noise, enlarged to the full side."""
        (grid,) = super().visuals(batch, networks).values()
        return {"drawn": at_least(grid, COLUMNS * networks["generator"].image_size)}
