"""What the recipes of StyleGAN and StyleGAN2 share: drawings mixed of two latents, R1, augmentation, the mean of w."""

from typing import ClassVar

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.losses.augment import AdaptiveAugment, Augment
from ppgen.losses.penalties import r1_penalty
from ppgen.models.adversarial import COLUMNS, Adversarial
from ppgen.models.base import Batch, Losses, Phase, Pieces, Stateful, Step
from ppgen.models.sampling import fixed_noise, tile
from ppgen.networks.stylegan2_generator import StyleBasedGenerator


class StyleBasedGAN(Adversarial):
    """Generator with styles against discriminator, unconditional.

    Args:
        generator, discriminator: configs of networks.
        augment: what the discriminator sees pictures through, for real and made ones alike.
        r1_weight: gamma of R1 (its half is the factor, as in the papers); 0 leaves R1 out.
        r1_every: steps between R1 phases.
        mixing: share of pictures made of two latents.
        truncation: of the pictures in the sample grid.
        objective: see `ppgen.losses.adversarial`; the papers' is the non-saturating logistic loss.
        r2_weight: gamma of the same penalty on made pictures (Mescheder et al. 2018; R3GAN), in the phase of R1.

    Raises:
        ConfigError: networks that do not fit, or a generator without styles.
    """

    # a discriminator that has overfitted needs as much augmentation where its weights go on training
    goes_with_networks: ClassVar[tuple[str, ...]] = ("augment",)

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        augment: Augment,
        r1_weight: float,
        r1_every: int,
        mixing: float,
        truncation: float,
        objective: str = "logistic",
        r2_weight: float = 0.0,
    ) -> None:
        if r1_every < 1:
            raise ConfigError(f"model.r1_every: expected 1 or more, found {r1_every}")
        super().__init__(generator, discriminator, objective)
        if not isinstance(self.networks["generator"], StyleBasedGenerator):
            kind = type(self.networks["generator"]).__name__
            raise ConfigError(f"model.generator: a {kind} has no styles; give a StyleGAN's or a StyleGAN2's")
        self.augment, self.r1_weight, self.r1_every = augment, r1_weight, r1_every
        self.mixing, self.truncation, self.r2_weight = mixing, truncation, r2_weight

    def stateful(self) -> dict[str, Stateful]:
        """For ADA, its strength."""
        return {"augment": self.augment} if isinstance(self.augment, AdaptiveAugment) else {}

    def phases(self) -> list[Phase]:
        """Discriminator (the generator's graph is kept), R1, generator."""
        loss, after = self.discriminator_loss, self.after_discriminator
        discriminator = Phase("discriminator", ("discriminator",), loss, keeps=("generator",), after=after)
        r1 = Phase("r1", ("discriminator",), self.r1, self.r1_every, lazy=True, float32=True)
        generator = Phase("generator", ("generator",), self.generator_loss, after=self.follow_latents)
        return [discriminator, r1, generator] if self.r1_weight or self.r2_weight else [discriminator, generator]

    # ---- pictures ----------------------------------------------------------------------------------------

    def draw_w_plus(self, count: int, step: Step) -> paddle.Tensor:
        """W+ (count, L, D) of new latents: w of one, and from some layer on of another in the mixed ones."""
        generator = self.networks["generator"]
        # two draws: one of 2 * count rows would be shared out to processes in other pairs
        z = [step.normal(count, generator.latent_dim) for _ in range(2)]
        w = generator.map(paddle.concat(z))
        step.observed["mean of w"] = step.mean(w)
        layers = generator.used_layers()
        chance = step.uniform(count, 2).numpy()
        start = np.where(chance[:, 0] < self.mixing, 1 + np.floor(chance[:, 1] * (layers - 1)), generator.count)
        second = paddle.to_tensor((np.arange(generator.count) >= start[:, None]).astype(np.float32)).unsqueeze(2)
        one, two = generator.spread(w[:count]), generator.spread(w[count:])
        return one + second.astype(one.dtype) * (two - one)

    def synthesize(self, w_plus: paddle.Tensor, step: Step) -> paddle.Tensor:
        """W+ -> pictures with new noise in the layers that take part."""
        generator, count = self.networks["generator"], w_plus.shape[0]
        used, shapes = generator.used_layers(), generator.noise_shapes()
        noise = [step.normal(count, *shape) if index < used else None for index, shape in enumerate(shapes)]
        return generator.synthesize(w_plus, noise)

    def draw(self, batch: Batch, step: Step) -> paddle.Tensor:
        """A picture for each of the batch, most of them mixed of two latents."""
        return self.synthesize(self.draw_w_plus(len(batch["image"]), step), step)

    def verdict(self, pictures: paddle.Tensor, batch: Batch, step: Step) -> paddle.Tensor:
        """The discriminator's logits of augmented pictures."""
        return self.networks["discriminator"](self.augment(pictures, step.normal, step.uniform))

    # ---- losses ------------------------------------------------------------------------------------------

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """What the objective asks of D on new drawings and real pictures."""
        fake = self.verdict(self.fake(batch, step).detach(), batch, step)
        real = self.verdict(self.real(batch, step), batch, step)
        # what ADA follows; where the objective sees differences alone, D(x) itself may be anything
        sign = float(step.mean((real - fake if self.objective.pairs else real).sign().reshape([-1])))
        step.report.update(d_real=float(real.mean()), d_fake=float(fake.mean()), d_sign=sign)
        return {"d": self.objective.discriminator(real, fake)}

    def r1(self, batch: Batch, step: Step) -> Losses:
        """gamma / 2 * E[|grad D|^2] at real (R1) and made pictures (R2), through the augmentation.

        The engine multiplies by the interval.
        """
        losses = {}
        pictures = {"r1": (self.r1_weight, self.real), "r2": (self.r2_weight, self.fake)}
        for name, (weight, get) in pictures.items():
            if weight:
                seen = get(batch, step).detach()
                seen.stop_gradient = False
                losses[name] = 0.5 * weight * r1_penalty(self.verdict(seen, batch, step), seen)
        return losses

    # ---- what changes after a phase ------------------------------------------------------------------------

    def follow_latents(self, pieces: Pieces) -> None:
        """The generator's mean of w moves towards that of each new batch of latents."""
        for _, step in pieces:
            if "mean of w" in step.observed:
                self.networks["generator"].track_mean(step.observed.pop("mean of w"))

    def after_discriminator(self, pieces: Pieces) -> None:
        """The mean of w moves, and ADA looks at the sign of D(x)."""
        self.follow_latents(pieces)
        for batch, step in pieces:
            self.augment.observe(step.report["d_sign"], len(batch["image"]) * step.world)
            if isinstance(self.augment, AdaptiveAugment):
                step.state["augment_p"] = self.augment.p

    # ---- looking -----------------------------------------------------------------------------------------

    @paddle.no_grad()
    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Grids of the same latents' pictures, truncated and not, on one noise."""
        generator = networks["generator"]
        w = generator.map(paddle.to_tensor(fixed_noise(COLUMNS**2, generator.latent_dim)))
        shown = {}
        for title, truncation in (("truncated", self.truncation), ("all", 1.0)):
            pictures = [generator.synthesize(generator.spread(row, truncation)) for row in w.split(COLUMNS)]
            shown[title] = tile(paddle.concat(pictures).numpy(), COLUMNS)
        return shown
