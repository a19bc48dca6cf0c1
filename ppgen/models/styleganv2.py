"""StyleGAN2: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), with the adaptive
augmentation of Karras et al., "Training Generative Adversarial Networks with Limited Data" (NeurIPS 2020).

One step: the generator draws once, with two latents mixed now and then; the discriminator learns to tell its
pictures from real ones (non-saturating logistic loss) and, every 16th step, to be smooth at the real ones (R1); the
generator learns from the discriminator and, every 4th step, that equal steps in w be equal steps in the picture
(path length). What the discriminator sees is augmented.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.losses.adversarial import objective
from ppgen.losses.augment import AUGMENTS
from ppgen.losses.penalties import PathLength, path_lengths, r1_penalty
from ppgen.models.base import Batch, Losses, Model, Phase, Stateful, Step
from ppgen.models.fit import check_fit, check_sample
from ppgen.models.gan import COLUMNS
from ppgen.models.sampling import fixed_noise, generate, noise_of_ids, tile
from ppgen.networks.stylegan2_generator import StyleSpace
from ppgen.registry import MODELS, NETWORKS


@paddle.no_grad()
def _mean_of_all(values: paddle.Tensor, step: Step) -> paddle.Tensor:
    """The mean of (N, …) over N and over the processes that share the batch."""
    mean = values.detach().astype("float32").mean(axis=0)
    if step.world > 1:
        paddle.distributed.all_reduce(mean)
        mean = mean / step.world
    return mean


@MODELS.register()
class StyleGAN2(Model):
    """Generator and discriminator, unconditional.

    Args:
        generator, discriminator: configs of networks.
        r1_weight: gamma of R1 (its half is the factor, as in the papers).
        r1_every: steps between R1 phases.
        path_weight: of the path length penalty; 0 leaves it out.
        path_every: steps between path length phases.
        path_shrink: its batch is smaller by this factor.
        mixing: share of pictures made of two latents.
        augment: "ada", "diffaugment" or "none".
        ada_target, ada_images, ada_start: see `AdaptiveAugment`.
        truncation: of the pictures in the sample grid.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        r1_weight: float = 10.0,
        r1_every: int = 16,
        path_weight: float = 2.0,
        path_every: int = 4,
        path_shrink: int = 2,
        mixing: float = 0.9,
        augment: Literal["ada", "diffaugment", "none"] = "ada",
        ada_target: float = 0.6,
        ada_images: float = 500_000,
        ada_start: float = 0.0,
        truncation: float = 0.7,
    ) -> None:
        if augment not in AUGMENTS:
            raise ConfigError(f"model.augment: expected one of {', '.join(AUGMENTS)}, found {augment!r}")
        if min(r1_every, path_every, path_shrink) < 1:
            raise ConfigError("model: r1_every, path_every and path_shrink must be 1 or more")
        self.networks = {"generator": NETWORKS.build(generator), "discriminator": NETWORKS.build(discriminator)}
        check_fit(**self.networks)
        if not isinstance(self.networks["generator"], StyleSpace):
            found = type(self.networks["generator"]).__name__
            raise ConfigError(f"model.generator: a {found} has no styles; give a StyleGAN's or a StyleGAN2's")
        self.r1_weight, self.r1_every = r1_weight, r1_every
        self.path_weight, self.path_every, self.path_shrink = path_weight, path_every, path_shrink
        self.mixing, self.truncation = mixing, truncation
        settings = {"target": ada_target, "images": ada_images, "start": ada_start} if augment == "ada" else {}
        self.augment, self.path_length = AUGMENTS[augment](**settings), PathLength()
        self.objective = objective("logistic")

    def stateful(self) -> dict[str, Stateful]:
        """The mean path length and, for ADA, its strength."""
        found: dict[str, Stateful] = {"path_length": self.path_length}
        return {**found, "augment": self.augment} if hasattr(self.augment, "arrays") else found

    def check_sample(self, sample: Batch) -> None:
        """Pictures of the networks' size and channels."""
        check_sample(self.networks["discriminator"], sample)

    def phases(self) -> list[Phase]:
        """Discriminator (the generator's graph is kept), R1, generator, path length."""
        found = [Phase("discriminator", ("discriminator",), self.discriminator_loss, keeps=("generator",))]
        if self.r1_weight:
            found.append(Phase("r1", ("discriminator",), self.r1, self.r1_every, lazy=True, float32=True))
        found.append(Phase("generator", ("generator",), self.generator_loss))
        if self.path_weight:
            found.append(Phase("path", ("generator",), self.path, self.path_every, lazy=True, float32=True))
        return found

    # ---- pictures ----------------------------------------------------------------------------------------

    def _real(self, batch: Batch, step: Step) -> paddle.Tensor:
        return paddle.to_tensor(batch["image"])

    def _latents(self, count: int, step: Step) -> paddle.Tensor:
        """W+ (count, L, D) of new latents: w of one, and from some layer on of another in the mixed ones."""
        generator = self.networks["generator"]
        # two draws: one of 2 * count rows would be shared out to processes in other pairs
        z = [step.normal(count, generator.latent_dim) for _ in range(2)]
        w = generator.map(paddle.concat(z))
        generator.track_mean(_mean_of_all(w, step))
        layers = generator.used_layers()
        chance = step.uniform(count, 2).numpy()
        start = np.where(chance[:, 0] < self.mixing, 1 + np.floor(chance[:, 1] * (layers - 1)), generator.count)
        second = paddle.to_tensor((np.arange(generator.count) >= start[:, None]).astype(np.float32)).unsqueeze(2)
        one, two = generator.spread(w[:count]), generator.spread(w[count:])
        return one + second.astype(one.dtype) * (two - one)

    def _noise(self, count: int, step: Step) -> list[paddle.Tensor]:
        return [step.normal(count, *shape) for shape in self.networks["generator"].noise_shapes()]

    def _fake(self, batch: Batch, step: Step) -> paddle.Tensor:
        count = len(batch["image"])
        generator = self.networks["generator"]
        return step.once("fake", lambda: generator.synthesize(self._latents(count, step), self._noise(count, step)))

    def _verdict(self, pictures: paddle.Tensor, step: Step) -> paddle.Tensor:
        """The discriminator's logits of augmented pictures."""
        return self.networks["discriminator"](self.augment(pictures, step.normal, step.uniform))

    # ---- losses ------------------------------------------------------------------------------------------

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """softplus(D(G)) + softplus(-D(x)); ADA looks at the sign of D(x)."""
        fake = self._verdict(self._fake(batch, step).detach(), step)
        real = self._verdict(self._real(batch, step), step)
        sign = float(_mean_of_all(real.sign().reshape([-1]), step))
        self.augment.observe(sign, len(batch["image"]) * step.world)
        step.report.update(d_real=float(real.mean()), d_fake=float(fake.mean()), d_sign=sign)
        if hasattr(self.augment, "p"):
            step.state["augment_p"] = self.augment.p
        return {"d": self.objective.discriminator(real, fake)}

    def r1(self, batch: Batch, step: Step) -> Losses:
        """gamma / 2 * E[|grad D(x)|^2], through the augmentation; the engine multiplies by the interval."""
        real = self._real(batch, step)
        real.stop_gradient = False
        return {"r1": 0.5 * self.r1_weight * r1_penalty(self._verdict(real, step), real)}

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """softplus(-D(G)), on the pictures the discriminator has just seen."""
        return {"g": self.objective.generator(self._verdict(self._fake(batch, step), step))}

    def path(self, batch: Batch, step: Step) -> Losses:
        """Path length penalty on new pictures; the engine multiplies by the interval."""
        count = max(1, len(batch["image"]) // self.path_shrink)
        w_plus = self._latents(count, step)
        pictures = self.networks["generator"].synthesize(w_plus, self._noise(count, step))
        lengths = path_lengths(pictures, w_plus, step.normal(count, *pictures.shape[1:]))
        mean = float(_mean_of_all(lengths, step))
        step.report.update(path_length=mean)
        return {"path": self.path_weight * self.path_length.penalty(lengths, mean)}

    # ---- looking -----------------------------------------------------------------------------------------

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As many made pictures as the batch has real ones, (N, 3, H, W), not truncated; an id is a seed."""
        generator = networks["generator"]
        return generate(generator, noise_of_ids(batch["id"], generator.latent_dim))

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
