"""The variational autoencoder: Kingma and Welling, "Auto-Encoding Variational Bayes" (ICLR 2014), algorithm 1.

One phase minimizes reconstruction_weight * reconstruction + kl_weight * KL(q(z|x) || N(0, 1)). Pixels alone make soft
pictures; of faces a feature loss can be added (Hou et al., "Deep Feature Consistent Variational Autoencoder", WACV
2017). It is no part of the bound, so the log tells pixels, KL and features apart.
"""

from typing import Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen import hub
from ppgen.errors import ConfigError
from ppgen.losses.perceptual import FacePerception, feature_distance
from ppgen.losses.variational import bernoulli_error, gaussian_kl, squared_error
from ppgen.models.base import Batch, Losses, Model, Phase, Step
from ppgen.models.fit import check_sample
from ppgen.models.sampling import at_least, fixed_noise, generate, in_colour, noise_of_ids
from ppgen.registry import MODELS, NETWORKS

ACTIVE = 0.05  # nats: a latent dimension with less says nothing
SHOWN = 56  # pixels a picture of the grid has at least, so that "sample 1" and the losses fit above
SAMPLE_COLUMNS = 4
SMALLEST = 64  # pixels a side that FaceID can look at


def _perception(network: nn.Layer, side: int) -> FacePerception:
    """FaceID's first stages, which see edges, textures and parts. ConfigError where it cannot look at the pictures."""
    if network.channels != 3 or side < SMALLEST:
        raise ConfigError(
            f"model.feature_weight: FaceID looks at colour pictures at {SMALLEST} pixels or more, "
            f"found network.channels: {network.channels} and feature_side: {side}"
        )
    return FacePerception(hub.load("face_id"), identity=0.0, side=side)


def _apart(perception: FacePerception, rebuilt: paddle.Tensor, images: paddle.Tensor) -> paddle.Tensor:
    """Mean distance of the features of reconstructions and pictures, both (N, 3, S, S) in [-1, 1]."""
    with paddle.no_grad():
        wanted = perception.features(images)
    return feature_distance(perception.features(rebuilt), wanted).mean()


@MODELS.register()
class VAE(Model):
    """Encoder and decoder as one network.

    Batches hold `image` (N, C, H, W) in [-1, 1]; losses are on pixels in [0, 1], as in the literature.

    Args:
        network: config of a network with `encode`, `decode` and `decode_logits`.
        reconstruction: "mse", mean squared error over all pixels, or "bernoulli", cross-entropy in nats an image.
        reconstruction_weight: of that error; of "mse" the literature's is 2000.
        kl_weight: of the KL in nats an image (beta of Higgins et al. 2017).
        kl_warmup: images during which `kl_weight` rises from 0 (Sønderby et al. 2016), so that dimensions are
            not given up before the decoder can read them; 0: at once.
        feature_weight: of the distance of FaceID's features of picture and reconstruction; 0: none. Faces in colour.
        feature_side: pixels at which FaceID looks; the cost of a step grows with its square.
        predicts: what a metric judges: "samples" from the prior, or "reconstructions" by the posterior's mean.
    """

    def __init__(
        self,
        network: dict,
        reconstruction: Literal["mse", "bernoulli"] = "mse",
        reconstruction_weight: float = 1.0,
        kl_weight: float = 1.0,
        kl_warmup: int = 0,
        predicts: Literal["samples", "reconstructions"] = "samples",
        feature_weight: float = 0.0,
        feature_side: int = 64,
    ) -> None:
        self.networks = {"network": NETWORKS.build(network)}
        self.reconstruction, self.predicts = reconstruction, predicts
        self.reconstruction_weight, self.kl_weight, self.kl_warmup = reconstruction_weight, kl_weight, kl_warmup
        self.feature_weight = feature_weight
        self.perception = _perception(self.networks["network"], feature_side) if feature_weight else None

    def check_sample(self, sample: Batch) -> None:
        """Pictures of the networks' size and channels."""
        check_sample(self.networks["network"], sample)

    def phases(self) -> list[Phase]:
        """One."""
        return [Phase("vae", ("network",), self.loss)]

    def loss(self, batch: Batch, step: Step) -> Losses:
        """The negative bound, both terms weighted."""
        network = self.networks["network"]
        images = paddle.to_tensor(batch["image"])
        coded = network(images, step.normal(len(images), network.latent_dim))
        pixels = (images + 1) / 2
        if self.reconstruction == "mse":
            error = squared_error(F.sigmoid(coded.logits), pixels)
        else:
            error = bernoulli_error(coded.logits, pixels)
        nats = gaussian_kl(*coded.posterior)
        kl = nats.sum(axis=1).mean()
        share = min(1.0, step.images / self.kl_warmup) if self.kl_warmup else 1.0
        with paddle.no_grad():
            active = (nats.mean(axis=0) > ACTIVE).astype("float32").sum()
            step.report.update(error=float(error), kl_nats=float(kl), active=float(active))
        losses = {"reconstruction": self.reconstruction_weight * error, "kl": self.kl_weight * share * kl}
        if self.perception is not None:
            apart = _apart(self.perception, 2 * F.sigmoid(coded.logits) - 1, images)
            step.report["feature_distance"] = float(apart)
            losses["features"] = self.feature_weight * apart
        return losses

    @paddle.no_grad()
    def _reconstruct(self, network: nn.Layer, images: np.ndarray) -> np.ndarray:
        return network.decode(network.encode(paddle.to_tensor(images)).mu).numpy()

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """Samples (a sample's id is its seed) or reconstructions."""
        network = networks["network"]
        if self.predicts == "reconstructions":
            return self._reconstruct(network, batch["image"])
        return generate(network, noise_of_ids(batch["id"], network.latent_dim))

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Pictures, their reconstructions, and samples from fixed noise; small ones enlarged."""
        network, rows = networks["network"], len(batch["image"])
        pictures = {"picture": batch["image"], "rebuilt": self._reconstruct(network, batch["image"])}
        for column in range(SAMPLE_COLUMNS):
            pictures[f"sample {column + 1}"] = generate(network, fixed_noise(rows, network.latent_dim, column))
        return {name: at_least(in_colour(images), SHOWN) for name, images in pictures.items()}
