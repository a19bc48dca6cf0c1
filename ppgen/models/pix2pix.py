"""pix2pix: translation learnt from pairs.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks" (CVPR 2017).

One step: the generator translates once; the discriminator learns to tell made from true pairs; the generator learns
from the discriminator and from the distance to the true picture.
"""

import numpy as np
import paddle
from paddle import Tensor, nn

from ppgen.errors import ConfigError
from ppgen.losses.adversarial import objective as objective_named
from ppgen.losses.penalties import gradient_penalty
from ppgen.models.adversarial import bounds, critic_phase
from ppgen.models.base import Batch, Losses, Model, Phase, Step
from ppgen.models.translation import check_domains, domain, picture, together
from ppgen.registry import MODELS, NETWORKS


def joined(a: Tensor, b: Tensor) -> Tensor:
    """A pair as a conditional discriminator sees it, (N, 6, H, W)."""
    return paddle.concat([a, b], axis=1)


@MODELS.register()
class Pix2Pix(Model):
    """Networks `generator` (a -> b) and `discriminator` (pair -> logits); batches hold pairs `a` and `b`.

    Args:
        generator: config of a network picture -> picture.
        discriminator: config of a network that takes both pictures joined along the channels.
        objective: what both sides minimize, see `ppgen.losses.adversarial`.
        l1_weight: of the distance to the true picture, λ of eq. 4.
        adversarial_weight: of the objective for the generator.
        penalty: weight of the gradient penalty, 10 in the paper of "wgangp"; None: 10 for wgangp, else 0.
        clip: the discriminator's weights are kept in [-clip, clip]; None: 0.01 for wgan, else 0, which is off.

    Raises:
        ConfigError: a penalty with a discriminator that normalizes over the batch, a negative `clip`, or an objective
            of pairs.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        objective: str = "vanilla",
        l1_weight: float = 100.0,
        adversarial_weight: float = 1.0,
        penalty: float | None = None,
        clip: float | None = None,
    ) -> None:
        self.networks = {"generator": NETWORKS.build(generator), "discriminator": NETWORKS.build(discriminator)}
        self.objective = objective_named(objective)
        if self.objective.pairs:  # a translation is judged beside its own photo, not beside another picture
            raise ConfigError(f"model.objective: '{objective}' compares two pictures, which Pix2Pix does not")
        self.l1_weight, self.adversarial_weight = l1_weight, adversarial_weight
        self.penalty, self.clip = bounds(self.networks["discriminator"], objective, penalty, clip)

    def check_sample(self, sample: Batch) -> None:
        """Both pictures, of a size the generator takes."""
        check_domains(self, sample)

    def phases(self) -> list[Phase]:
        """The discriminator first; its graph of the translation serves the generator too."""
        critic = critic_phase(self.discriminator_loss, self.networks["discriminator"], self.penalty, self.clip)
        return [critic, Phase("generator", ("generator",), self.generator_loss)]

    def _translate(self, batch: Batch, step: Step) -> tuple[Tensor, Tensor, Tensor]:
        """a, b, and a translated, once a step."""
        a, b = domain(batch, "a"), domain(batch, "b")
        return a, b, step.once("translation", lambda: picture(self.networks["generator"](a)))

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """The objective on pairs (a, b) and (a, G(a)): eq. 1 for "vanilla"."""
        a, b, fake = self._translate(batch, step)
        discriminator = self.networks["discriminator"]
        real_pair, fake_pair = joined(a, b), joined(a, fake.detach())
        real_logit, fake_logit = together(discriminator, real_pair, fake_pair)
        step.report.update(d_real=float(real_logit.mean()), d_fake=float(fake_logit.mean()))
        losses = {"d": self.objective.discriminator(real_logit, fake_logit)}
        if self.penalty:
            alpha = step.uniform(a.shape[0], 1, 1, 1)
            losses["penalty"] = self.penalty * gradient_penalty(discriminator, real_pair, fake_pair, alpha)
        return losses

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """Eq. 4: the objective and λ times the L1 distance."""
        a, b, fake = self._translate(batch, step)
        logit = self.networks["discriminator"](joined(a, fake))
        return {
            "adversarial": self.adversarial_weight * self.objective.generator(logit),
            "l1": self.l1_weight * (fake - b).abs().mean(),
        }

    @paddle.no_grad()
    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """The pictures of `a` translated to `b`."""
        return picture(networks["generator"](domain(batch, "a"))).numpy()

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """a, a translated, b."""
        return {"a": batch["a"], "a to b": self.predict(batch, networks), "b": batch["b"]}
