"""Progressive growing (Karras et al., ICLR 2018): the resolution doubles while training goes on.

Every resolution is faded in over some images and trained on over some more. How far growing has come is a pure
function of the images seen (`level_at`), so that a run resumes inside a fade without any state. The critic is
WGAN-GP's (Gulrajani et al. 2017, eq. 3) with a small pull of its scores towards 0 (appendix A.1).
"""

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.losses.penalties import gradient_penalty
from ppgen.models.adversarial import COLUMNS, Adversarial
from ppgen.models.base import Batch, Losses, Phase, Step
from ppgen.models.sampling import at_least
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.networks.pggan import SMALLEST, Growing
from ppgen.registry import MODELS


def level_at(images: int, stable: list[int], fade: list[int]) -> float:
    """How far a network has grown: k, fully at stage k; k + a, stage k + 1 faded in to a.

    Args:
        images: seen so far.
        stable: images of every stage at full strength, from 4 x 4 up.
        fade: images of every fade; one fewer.
    """
    for stage, lasts in enumerate(fade):
        images -= stable[stage]
        if images < 0:
            return float(stage)
        if images < lasts:
            return stage + images / lasts
        images -= lasts
    return float(len(fade))


def at_level(images: paddle.Tensor, level: float) -> paddle.Tensor:
    """Real pictures as a critic at `level` sees them: averaged down, and inside a fade partly once more.

    Args:
        images: (N, C, S, S) of the full side, S = 4 * 2 ** n.
    """
    stage = int(np.ceil(level))
    small = downsample_mean(images, images.shape[2] // (SMALLEST * 2**stage))
    share = 1.0 - (stage - level)
    if share == 1.0:
        return small
    coarse = upsample_nearest(downsample_mean(small))
    return coarse + share * (small - coarse)


def per_stage(value: int | list[int], count: int, name: str) -> list[int]:
    """One number a stage, or the same for all; ConfigError naming `name` for anything else."""
    numbers = [value] * count if isinstance(value, int) else list(value)
    if len(numbers) != count or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ConfigError(f"model.{name}: expected a whole number or {count} of them, found {value}")
    return numbers


class ProgressivelyGrown(Adversarial):
    """Both networks grow to the level of each step, and see pictures of its side."""

    def grow_by(self, stable_images: int | list[int], fade_images: int | list[int]) -> None:
        """Set the schedule; asked in the constructor, when there are networks.

        Args:
            stable_images: images a stage is trained on at full strength, from 4 x 4 up; one number, or one a stage.
            fade_images: images a new stage is faded in over; one number, or one a fade.

        Raises:
            ConfigError: a network that cannot grow, or lists of another length than the stages ask for.
        """
        for name, network in self.networks.items():
            if not isinstance(network, Growing):
                which = "PGGANGenerator or StyleGANGenerator, and PGGANDiscriminator or StyleGANDiscriminator"
                what = f"a {type(network).__name__} does not grow; both networks of this recipe are to"
                raise ConfigError(f"model.{name}: {what}: {which}")
        stages = self.networks["generator"].stages
        self.stable = per_stage(stable_images, stages, "stable_images")
        self.fade = per_stage(fade_images, stages - 1, "fade_images")

    def level(self, step: Step) -> float:
        """The level of this step; both networks are grown to it."""
        return step.once("level", lambda: self._grow(step))

    def _grow(self, step: Step) -> float:
        level = level_at(step.images, self.stable, self.fade)
        for network in self.networks.values():
            network.set_level(level)
        step.state["level"] = level
        return level

    def real(self, batch: Batch, step: Step) -> paddle.Tensor:
        """The dataset's pictures at the level of this step."""
        return at_level(super().real(batch, step), self.level(step))

    def draw(self, batch: Batch, step: Step) -> paddle.Tensor:
        """A picture of a new latent for each of the batch, at the level of this step."""
        self.level(step)
        return super().draw(batch, step)

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As `Adversarial.predict`, enlarged to the full side by repeating pixels while the networks grow."""
        return at_least(super().predict(batch, networks), networks["generator"].image_size)


@MODELS.register()
class ProgressiveGAN(ProgressivelyGrown):
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
        self.grow_by(stable_images, fade_images)
        self.penalty, self.drift = penalty, drift

    def phases(self) -> list[Phase]:
        """One step of the critic, one of the generator (n_critic = 1, appendix A.1)."""
        critic = Phase("discriminator", ("discriminator",), self.discriminator_loss, keeps=("generator",), float32=True)
        return [critic, Phase("generator", ("generator",), self.generator_loss)]

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

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """One grid from fixed noise, enlarged to the full side."""
        (grid,) = super().visuals(batch, networks).values()
        return {"drawn": at_least(grid, COLUMNS * networks["generator"].image_size)}
