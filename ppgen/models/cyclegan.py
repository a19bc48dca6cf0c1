"""CycleGAN: translation learnt from two domains without pairs.

Source: Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (ICCV 2017).

One step: both generators translate; they learn from the discriminators, from the way back (cycle) and from
pictures that need no translation (identity); then the discriminators learn from true pictures and made ones, old
and new. The made ones come out of the generators' own pass: no picture is made twice.
"""

import paddle

from ppgen.losses.adversarial import objective as objective_named
from ppgen.models.base import Batch, Losses, Phase, Stateful, Step
from ppgen.models.image_pool import ImagePool
from ppgen.models.translation import Game, UnpairedTranslation, together
from ppgen.registry import MODELS, NETWORKS


@MODELS.register()
class CycleGAN(UnpairedTranslation):
    """Networks `generator_ab`, `generator_ba`, and `discriminator_a`, `discriminator_b`, which judge domain a and b.

    Args:
        generator: config of a network picture -> picture; built for each direction.
        discriminator: config of a network picture -> logits; built for each domain.
        objective: what both sides minimize, see `ppgen.losses.adversarial`.
        adversarial_weight: of the objective. The paper's weight of 1 counts LSGAN without the half it has here.
        cycle_weight: of the cycle loss.
        identity_weight: of the identity loss, half the cycle's in the paper; 0 saves the pass.
        pool_size: made pictures remembered for each discriminator.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        objective: Game = "lsgan",
        adversarial_weight: float = 2.0,
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        pool_size: int = 50,
    ) -> None:
        super().__init__(generator, identity=identity_weight > 0)
        self.networks |= {name: NETWORKS.build(discriminator) for name in ("discriminator_a", "discriminator_b")}
        self.objective = objective_named(objective)
        self.adversarial_weight, self.cycle_weight = adversarial_weight, cycle_weight
        self.identity_weight = identity_weight
        self.pools = {"a": ImagePool(pool_size), "b": ImagePool(pool_size)}

    def stateful(self) -> dict[str, Stateful]:
        """The pools."""
        return {f"pool_{name}": pool for name, pool in self.pools.items()}

    def phases(self) -> list[Phase]:
        """Generators, then discriminators on what the generators made."""
        return [
            Phase("generator", ("generator_ab", "generator_ba"), self.generator_loss),
            Phase("discriminator", ("discriminator_a", "discriminator_b"), self.discriminator_loss),
        ]

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """Eq. 3, with the identity loss of section 5.2."""
        made = self.translations(batch, step)
        verdicts = [self.networks[f"discriminator_{name}"](made.judged(name)[1]) for name in "ab"]
        adversarial = paddle.add_n([self.objective.generator(verdict) for verdict in verdicts])
        losses = {"adversarial": self.adversarial_weight * adversarial, "cycle": self.cycle_weight * self.cycle(made)}
        if self.identity_weight:
            losses["identity"] = self.identity_weight * self.identity(made)
        return losses

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """The objective on true pictures and on made ones out of the pool."""
        losses = {}
        for name in "ab":
            real, fake = self.translations(batch, step).judged(name)
            pooled = paddle.to_tensor(self.pools[name].exchange(fake.detach().numpy(), step.rng))
            verdicts = together(self.networks[f"discriminator_{name}"], real, pooled)
            losses[f"d_{name}"] = self.objective.discriminator(*verdicts)
        return losses
