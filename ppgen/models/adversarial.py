"""What recipes of a generator of latents and its discriminator share: building, drawing, looking; what bounds a critic.

One step of each: the generator draws once (`fake`); the discriminator learns to tell drawn from real; the generator
learns from the discriminator's verdict on the same drawings.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import paddle
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.losses.adversarial import objective as objective_named
from ppgen.models.base import Batch, Losses, Model, Phase, Pieces, Step
from ppgen.models.fit import check_fit, check_sample
from ppgen.models.sampling import fixed_noise, generate, noise_of_ids, tile
from ppgen.networks.blocks.norm_choice import mixes_samples
from ppgen.registry import NETWORKS

COLUMNS = 8  # of a grid of drawings
CLIP, PENALTY = 0.01, 10.0  # of a Wasserstein critic in the papers, for arguments that are not given


class Adversarial(Model):
    """Generator against discriminator. A subclass adds `phases` and `discriminator_loss`.

    Batches hold `image` (N, C, H, W) in [-1, 1] and, where the networks have classes, `label` (N,).

    Args:
        generator: config of a network latent (and label) -> picture.
        discriminator: config of a network picture (and label) -> logits.
        objective: what both minimize, see `ppgen.losses.adversarial`.

    Raises:
        ConfigError: networks for pictures of another size, of other channels, or with other classes.
    """

    def __init__(self, generator: dict, discriminator: dict, objective: str) -> None:
        self.networks = {"generator": NETWORKS.build(generator), "discriminator": NETWORKS.build(discriminator)}
        check_fit(**self.networks)
        self.classes: int | None = self.networks["generator"].classes
        self.objective = objective_named(objective)

    def check_sample(self, sample: Batch) -> None:
        """Pictures of the networks' size and channels; labels where they draw classes."""
        check_sample(self.networks["discriminator"], sample)

    def labels(self, batch: Batch) -> tuple[paddle.Tensor, ...]:
        """What both networks take besides a latent or a picture."""
        return () if self.classes is None else (paddle.to_tensor(batch["label"]),)

    def real(self, batch: Batch, step: Step) -> paddle.Tensor:
        """The dataset's pictures as the discriminator is to see them."""
        return paddle.to_tensor(batch["image"])

    def draw(self, batch: Batch, step: Step) -> paddle.Tensor:
        """A picture of a new latent for each of the batch."""
        generator = self.networks["generator"]
        return generator(step.normal(len(batch["image"]), generator.latent_dim), *self.labels(batch))

    def fake(self, batch: Batch, step: Step) -> paddle.Tensor:
        """The drawings of this step, on the generator's graph: made once, for both networks."""
        return step.once("fake", lambda: self.draw(batch, step))

    def verdict(self, pictures: paddle.Tensor, batch: Batch, step: Step) -> paddle.Tensor:
        """The discriminator's logits."""
        return self.networks["discriminator"](pictures, *self.labels(batch))

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """The objective on the drawings that the discriminator has just learnt from."""
        logits = self.verdict(self.fake(batch, step), batch, step)
        if self.objective.pairs:
            with paddle.no_grad():
                real = self.verdict(self.real(batch, step), batch, step)
            logits = logits - real
        return {"g": self.objective.generator(logits)}

    def report(self, step: Step, real: paddle.Tensor, fake: paddle.Tensor) -> None:
        """D(x) and D(G(z)), both on their way to ½; of a critic its estimate of the distance."""
        verdict = self.objective.verdict
        if verdict is None:
            step.report["distance"] = float(real.mean() - fake.mean())
        else:
            step.report.update(d_real=float(verdict(real).mean()), d_fake=float(verdict(fake).mean()))

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """As many drawings as the batch has samples, with its labels; a sample's id is its seed."""
        labels = None if self.classes is None else np.asarray(batch["label"])
        return generate(networks["generator"], noise_of_ids(batch["id"], networks["generator"].latent_dim), labels)

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """One grid from fixed noise: a square, or with classes one row a class and a column one noise vector."""
        generator = networks["generator"]
        if self.classes is None:
            drawn = generate(generator, fixed_noise(COLUMNS**2, generator.latent_dim))
        else:
            latents = np.tile(fixed_noise(COLUMNS, generator.latent_dim), (self.classes, 1))
            drawn = generate(generator, latents, np.repeat(np.arange(self.classes), COLUMNS))
        return {"drawn": tile(drawn, COLUMNS)}


def bounds(
    critic: nn.Layer, objective: str, penalty: float | None = None, clip: float | None = None
) -> tuple[float, float]:
    """Weight of the gradient penalty and limit of the weights, by the objective's paper unless they are given.

    Raises:
        ConfigError: a penalty with a critic that normalizes over the batch, or a negative `clip`.
    """
    penalty = (PENALTY if objective == "wgangp" else 0.0) if penalty is None else penalty
    clip = (CLIP if objective == "wgan" else 0.0) if clip is None else clip
    if clip < 0:
        raise ConfigError(f"model.clip: expected 0 (off) or more, found {clip}")
    if penalty and mixes_samples(critic):
        why = "a gradient penalty is on single pictures, which batch normalization mixes"
        raise ConfigError(f"model.discriminator.norm: {why}; use 'instance' or 'none'")
    return penalty, clip


@paddle.no_grad()
def clip_weights(critic: nn.Layer, limit: float, _: Pieces = ()) -> None:
    """Weights into [-limit, limit] (Arjovsky et al. 2017, algorithm 1)."""
    for weight in critic.parameters():
        if weight.trainable:  # not running statistics, which Paddle counts among the parameters, nor fixed scales
            weight.set_value(weight.clip(-limit, limit))


def critic_phase(loss: Callable[[Batch, Step], Losses], critic: nn.Layer, penalty: float, clip: float) -> Phase:
    """The phase of the network `discriminator`, on the graph that the generator's phase goes on with."""
    after = partial(clip_weights, critic, clip) if clip else None
    double = penalty > 0  # a penalty's squares overflow in half precision
    return Phase("discriminator", ("discriminator",), loss, keeps=("generator",), float32=double, after=after)
