"""Generative adversarial networks, plain and conditional, with the objective by config.

Sources: Goodfellow et al. 2014 (vanilla), Mirza and Osindero 2014 (classes), Radford et al. 2016 (DCGAN: the
networks), Mao et al. 2017 (lsgan), Arjovsky et al. 2017 (wgan: clipped weights), Gulrajani et al. 2017 (wgangp: a
penalty), Lim and Ye 2017 (hinge).

One step: the generator draws once; the discriminator learns to tell drawn from real; every `generator_every` steps
the generator learns from the discriminator's verdict on the same drawings.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.losses.adversarial import objective as objective_named
from ppgen.losses.gradient_penalty import gradient_penalty
from ppgen.models.base import Batch, Losses, Model, Phase, Step
from ppgen.models.fit import check_fit, check_sample
from ppgen.models.sampling import fixed_noise, generate, noise_of_ids, tile
from ppgen.networks.blocks.norm import BatchStatisticsNorm
from ppgen.registry import MODELS, NETWORKS

# What the papers of the two Wasserstein GANs say, for arguments that are not given.
CRITIC_STEPS, CLIP, PENALTY = 5, 0.01, 10.0
COLUMNS = 8


def _batch_normalized(network: nn.Layer) -> bool:
    return any(isinstance(part, (nn.BatchNorm2D, BatchStatisticsNorm)) for part in network.sublayers())


@MODELS.register()
class GAN(Model):
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
        objective: Literal["vanilla", "logistic", "lsgan", "wgan", "wgangp", "hinge"] = "vanilla",
        penalty: float | None = None,
        one_sided: bool = False,
        clip: float | None = None,
        generator_every: int | None = None,
    ) -> None:
        self.networks = {"generator": NETWORKS.build(generator), "discriminator": NETWORKS.build(discriminator)}
        check_fit(**self.networks)
        self.objective = objective_named(objective)
        wasserstein = objective in ("wgan", "wgangp")
        self.penalty = (PENALTY if objective == "wgangp" else 0.0) if penalty is None else penalty
        self.clip = (CLIP if objective == "wgan" else 0.0) if clip is None else clip
        self.generator_every = (CRITIC_STEPS if wasserstein else 1) if generator_every is None else generator_every
        self.one_sided = one_sided
        self._check()

    def _check(self) -> None:
        classes = {name: getattr(network, "classes", None) for name, network in self.networks.items()}
        if len(set(classes.values())) > 1:
            found = ", ".join(f"{name}.classes is {count}" for name, count in classes.items())
            raise ConfigError(f"model: both networks need the same classes, found {found}")
        self.classes = classes["generator"]
        if self.clip < 0:
            raise ConfigError(f"model.clip: expected 0 (off) or more, found {self.clip}")
        if self.generator_every < 1:
            raise ConfigError(f"model.generator_every: expected 1 or more, found {self.generator_every}")
        if self.penalty and _batch_normalized(self.networks["discriminator"]):
            raise ConfigError(
                "model.discriminator.norm: a gradient penalty is on single pictures, which batch normalization mixes; "
                "use 'instance' or 'none'"
            )

    def check_sample(self, sample: Batch) -> None:
        """Pictures of the networks' size and channels; labels where they draw classes."""
        check_sample(self.networks["discriminator"], sample, self.classes)

    def phases(self) -> list[Phase]:
        """The discriminator at every step, then the generator on the graph that was drawn for it."""
        double = self.penalty > 0  # a penalty's squares overflow in half precision
        return [
            Phase("discriminator", ("discriminator",), self.discriminator_loss, keeps=("generator",), float32=double),
            Phase("generator", ("generator",), self.generator_loss, every=self.generator_every),
        ]

    def _labels(self, batch: Batch) -> tuple[paddle.Tensor, ...]:
        return () if self.classes is None else (paddle.to_tensor(batch["label"]),)

    def _draw(self, batch: Batch, step: Step) -> paddle.Tensor:
        generator = self.networks["generator"]
        return generator(step.normal(len(batch["image"]), generator.latent_dim), *self._labels(batch))

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """The objective on real and drawn pictures, each as a batch of its own; the penalty between them."""
        if step.index % self.generator_every == 0:
            fake = step.once("fake", lambda: self._draw(batch, step)).detach()
        else:
            with paddle.no_grad():
                fake = self._draw(batch, step)
        real, labels = paddle.to_tensor(batch["image"]), self._labels(batch)
        discriminator = self.networks["discriminator"]
        real_logits, fake_logits = discriminator(real, *labels), discriminator(fake, *labels)
        self._report(step, real_logits, fake_logits)
        losses = {"d": self.objective.discriminator(real_logits, fake_logits)}
        if self.penalty:
            alpha = step.uniform(len(real), 1, 1, 1)
            between = gradient_penalty(lambda x: discriminator(x, *labels), real, fake, alpha, one_sided=self.one_sided)
            losses["penalty"] = self.penalty * between
        return losses

    def _report(self, step: Step, real_logits: paddle.Tensor, fake_logits: paddle.Tensor) -> None:
        """D(x) and D(G(z)), both on their way to ½; of a critic its estimate of the distance."""
        verdict = self.objective.verdict
        if verdict is None:
            step.report["distance"] = float(real_logits.mean() - fake_logits.mean())
        else:
            step.report.update(d_real=float(verdict(real_logits).mean()), d_fake=float(verdict(fake_logits).mean()))

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """The verdict on the drawings that the discriminator has just learnt from."""
        fake = step.once("fake", lambda: self._draw(batch, step))
        return {"g": self.objective.generator(self.networks["discriminator"](fake, *self._labels(batch)))}

    @paddle.no_grad()
    def after(self, phase: Phase) -> None:
        """Clip the critic's weights (Arjovsky et al. 2017, algorithm 1)."""
        if self.clip and phase.name == "discriminator":
            trained = [weight for weight in self.networks["discriminator"].parameters() if weight.trainable]
            for weight in trained:  # Paddle counts running statistics among the parameters; those stay
                weight.set_value(weight.clip(-self.clip, self.clip))

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As many drawings as the batch has samples, with its labels; a sample's id is its seed."""
        generator = networks["generator"]
        labels = None if self.classes is None else np.asarray(batch["label"])
        return generate(generator, noise_of_ids(batch["id"], generator.latent_dim), labels)

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """One grid from fixed noise; with classes one row a class, a column one noise vector."""
        return {"drawn": sample_grid(networks["generator"])}


def sample_grid(generator: Any, columns: int = COLUMNS) -> np.ndarray:
    """One picture (1, 3, H, W) of drawings from fixed noise: a square, or one row a class."""
    if generator.classes is None:
        return tile(generate(generator, fixed_noise(columns**2, generator.latent_dim)), columns)
    latents = np.tile(fixed_noise(columns, generator.latent_dim), (generator.classes, 1))
    return tile(generate(generator, latents, np.repeat(np.arange(generator.classes), columns)), columns)
