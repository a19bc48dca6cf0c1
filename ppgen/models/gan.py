"""Generative adversarial networks, plain and conditional, with the objective by config.

Sources: Goodfellow et al. 2014 (vanilla), Mirza and Osindero 2014 (classes), Radford et al. 2016 (DCGAN: the
networks), Mao et al. 2017 (lsgan), Arjovsky et al. 2017 (wgan: clipped weights), Gulrajani et al. 2017 (wgangp: a
penalty), Lim and Ye 2017 (hinge).

One step: the generator draws once; the discriminator learns to tell drawn from real; every `generator_every` steps
the generator learns from the discriminator's verdict on the same drawings.
"""

import paddle

from ppgen.errors import ConfigError
from ppgen.losses.penalties import gradient_penalty
from ppgen.models.adversarial import Adversarial, bounds, critic_phase
from ppgen.models.base import Batch, Losses, Phase, Step
from ppgen.registry import MODELS

CRITIC_STEPS = 5  # to one of the generator, in the papers of the two Wasserstein GANs


@MODELS.register()
class GAN(Adversarial):
    """Generator against discriminator (or critic).

    Batches hold `image` (N, C, H, W) in [-1, 1] and, where the networks have classes, `label` (N,).

    Args:
        generator: config of a network latent (and label) -> picture.
        discriminator: config of a network picture (and label) -> logits.
        objective: what both minimize, see `ppgen.losses.adversarial`.
        penalty: weight of the gradient penalty; None: 10 for wgangp, else 0.
        one_sided: the penalty counts gradients longer than 1 only.
        clip: the discriminator's weights are kept in [-clip, clip]; None: 0.01 for wgan, else 0, which is off.
        generator_every: steps of the discriminator to one of the generator; None: 5 for wgan and wgangp, else 1.

    Raises:
        ConfigError: networks for pictures of another size, one has classes and the other has not, a penalty meets
            batch normalization, or `clip` is negative.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        objective: str = "vanilla",
        penalty: float | None = None,
        one_sided: bool = False,
        clip: float | None = None,
        generator_every: int | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective)
        self.penalty, self.clip = bounds(self.networks["discriminator"], objective, penalty, clip)
        if generator_every is None:
            generator_every = CRITIC_STEPS if objective in ("wgan", "wgangp") else 1
        if generator_every < 1:
            raise ConfigError(f"model.generator_every: expected 1 or more, found {generator_every}")
        self.one_sided, self.generator_every = one_sided, generator_every

    def phases(self) -> list[Phase]:
        """The discriminator at every step, then the generator on the graph that was drawn for it."""
        critic = critic_phase(self.discriminator_loss, self.networks["discriminator"], self.penalty, self.clip)
        return [critic, Phase("generator", ("generator",), self.generator_loss, every=self.generator_every)]

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """The objective on real and drawn pictures, each as a batch of its own; the penalty between them."""
        if step.index % self.generator_every == 0:
            fake = self.fake(batch, step).detach()
        else:
            with paddle.no_grad():
                fake = self.draw(batch, step)
        real = self.real(batch, step)
        real_logits, fake_logits = self.verdict(real, batch, step), self.verdict(fake, batch, step)
        self.report(step, real_logits, fake_logits)
        losses = {"d": self.objective.discriminator(real_logits, fake_logits)}
        if self.penalty:
            alpha = step.uniform(len(real), 1, 1, 1)
            slope = gradient_penalty(
                lambda x: self.verdict(x, batch, step), real, fake, alpha, one_sided=self.one_sided
            )
            losses["penalty"] = self.penalty * slope
        return losses
