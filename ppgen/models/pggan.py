"""Progressive growing (Karras et al., ICLR 2018): the resolution doubles while training goes on.

Every resolution is faded in over some images and trained on over some more. How far growing has come is a pure
function of the images seen (`level_at`), so that a run resumes inside a fade without any state. The critic is
WGAN-GP's (Gulrajani et al. 2017, eq. 3) with a small pull of its scores towards 0 (appendix A.1).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.losses.adversarial import objective
from ppgen.losses.gradient_penalty import gradient_penalty
from ppgen.models.base import Batch, Losses, Model, Phase, Step
from ppgen.models.fit import check_fit, check_sample
from ppgen.models.gan import COLUMNS
from ppgen.models.sampling import fixed_noise, generate, noise_of_ids, tile
from ppgen.networks.blocks.resample import downsample_mean, upsample_nearest
from ppgen.networks.pggan import Growing
from ppgen.registry import MODELS, NETWORKS


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


def per_stage(value: int | list, count: int, name: str) -> list[int]:
    """One number a stage, or the same for all; ConfigError naming `name` for anything else."""
    numbers = [value] * count if isinstance(value, int) else list(value)
    if len(numbers) != count or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ConfigError(f"model.{name}: expected a whole number or {count} of them, found {value}")
    return numbers


def at_level(images: paddle.Tensor, level: float) -> paddle.Tensor:
    """Real pictures as a critic at `level` sees them: averaged down, and inside a fade partly once more.

    Args:
        images: (N, C, S, S) of the full side, S = 4 * 2 ** n.
    """
    stage = int(np.ceil(level))
    small = downsample_mean(images, images.shape[2] // (4 * 2**stage))
    share = 1.0 - (stage - level)
    if share == 1.0:
        return small
    coarse = upsample_nearest(downsample_mean(small))
    return coarse + share * (small - coarse)


def check_growing(networks: Mapping[str, nn.Layer]) -> None:
    """ConfigError naming the network that cannot grow."""
    for name, network in networks.items():
        if not isinstance(network, Growing):
            raise ConfigError(
                f"model.{name}: a {type(network).__name__} does not grow; both networks of this recipe are to: "
                "PGGANGenerator or StyleGANGenerator, and PGGANDiscriminator or StyleGANDiscriminator"
            )


@MODELS.register()
class ProgressiveGAN(Model):
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
        self.networks = {"generator": NETWORKS.build(generator), "discriminator": NETWORKS.build(discriminator)}
        check_fit(**self.networks)
        check_growing(self.networks)
        stages = {name: network.stages for name, network in self.networks.items()}
        if len(set(stages.values())) > 1:
            raise ConfigError(f"model: both networks need as many widths, found {stages}")
        self.stable = per_stage(stable_images, stages["generator"], "stable_images")
        self.fade = per_stage(fade_images, stages["generator"] - 1, "fade_images")
        self.penalty, self.drift, self.objective = penalty, drift, objective("wgangp")

    def check_sample(self, sample: Batch) -> None:
        """Pictures of the networks' size and channels."""
        check_sample(self.networks["discriminator"], sample)

    def phases(self) -> list[Phase]:
        """One step of the critic, one of the generator (n_critic = 1, appendix A.1)."""
        critic = Phase("discriminator", ("discriminator",), self.discriminator_loss, keeps=("generator",), float32=True)
        return [critic, Phase("generator", ("generator",), self.generator_loss)]

    def _grow(self, step: Step) -> float:
        level = level_at(step.images, self.stable, self.fade)
        for network in self.networks.values():
            network.set_level(level)
        step.state["level"] = level
        return level

    def _draw(self, batch: Batch, step: Step) -> paddle.Tensor:
        generator = self.networks["generator"]
        return generator(step.normal(len(batch["image"]), generator.latent_dim))

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """Scores of drawn minus real pictures at the present level, penalty, drift."""
        level = self._grow(step)
        critic = self.networks["discriminator"]
        real = at_level(paddle.to_tensor(batch["image"]), level)
        fake = step.once("fake", lambda: self._draw(batch, step)).detach()
        real_score, fake_score = critic(real), critic(fake)
        step.report["distance"] = float(real_score.mean() - fake_score.mean())
        alpha = step.uniform(len(real), 1, 1, 1)
        return {
            "d": self.objective.discriminator(real_score, fake_score),
            "penalty": self.penalty * gradient_penalty(critic, real, fake, alpha),
            "drift": self.drift * real_score.square().mean(),
        }

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """The critic's score of the same drawings."""
        fake = step.once("fake", lambda: self._draw(batch, step))
        return {"g": self.objective.generator(self.networks["discriminator"](fake))}

    def _full_size(self, generator: nn.Layer, latents: np.ndarray) -> np.ndarray:
        images = generate(generator, latents)
        factor = generator.image_size // images.shape[2]
        return images.repeat(factor, axis=2).repeat(factor, axis=3)

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As many drawings as the batch has samples, enlarged to the full side; a sample's id is its seed."""
        generator = networks["generator"]
        return self._full_size(generator, noise_of_ids(batch["id"], generator.latent_dim))

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """One grid from fixed noise, enlarged to the full side."""
        generator = networks["generator"]
        return {"drawn": tile(self._full_size(generator, fixed_noise(COLUMNS**2, generator.latent_dim)), COLUMNS)}
