"""An encoder into W+ of a trained StyleGAN: pixel2style2pixel (Richardson et al., CVPR 2021).

One phase. Half of the pictures it learns from are real; the other half are the generator's own, whose latents are
known. A drawing of what the encoder says must look like the picture: pixels at several scales, FaceID's features and
its descriptor (who it is). Latents of the generator's own pictures are also compared themselves, and the styles of a
picture are held near each other, as those of one w are (Tov et al. 2021, "Designing an Encoder for StyleGAN Image
Manipulation", eq. 1), so that directions of W go on working.
"""

from typing import NamedTuple

import numpy as np
import paddle
from paddle import Tensor, nn

from ppgen import hub
from ppgen.faces.typical import face_box
from ppgen.losses.perceptual import FacePerception, feature_distance, pyramid_mse
from ppgen.models.base import Batch, Losses, Model, Phase, Step
from ppgen.models.fit import check_sample
from ppgen.networks.protocols import StyleGenerator, check_inverter
from ppgen.registry import MODELS, NETWORKS


class Shown(NamedTuple):
    """What a step looks at: real pictures first, then as many of the generator's."""

    pictures: Tensor  # (2N, 3, S, S)
    known: Tensor  # W+ of the second half, (N, count, latent_dim)


@MODELS.register()
class StyleEncoding(Model):
    """Trains an encoder; the generator stays as it is.

    Args:
        encoder: config of a network that is an `Inverter`.
        generator: weights of the StyleGAN or StyleGAN2, shipped or a file; pictures are cut as its card says.
        pixel_weight: of the squared differences of pixels in [-1, 1] at 3 scales.
        feature_weight: of the distance of FaceID's features and descriptor, as projections have it.
        identity_weight: of the descriptor's part in that distance.
        latent_weight: of the squared distance from the latents that are known, in units of W's spread.
        offset_weight: of the squared distance of a picture's styles from their mean, in the same units.

    Raises ConfigError where the encoder is not of the generator's size.
    """

    def __init__(
        self,
        encoder: dict,
        generator: str,
        pixel_weight: float = 1.0,
        feature_weight: float = 1.0,
        latent_weight: float = 0.5,
        offset_weight: float = 0.05,
        identity_weight: float = 1.0,
    ) -> None:
        self.generator = hub.load(generator, kind=StyleGenerator)
        network = NETWORKS.build(encoder)
        self.networks = {"encoder": network}
        self.after_load(self.networks)
        self.pixel_weight, self.feature_weight = pixel_weight, feature_weight
        self.latent_weight, self.offset_weight = latent_weight, offset_weight
        box = face_box(hub.crop_of(hub.path_of(generator)))
        self.perception = FacePerception(hub.load("face_id"), box, identity=identity_weight)
        self._spread = self.generator.spread_of_latents()

    def after_load(self, networks: dict[str, nn.Layer]) -> None:
        """An encoder that learnt with another generator goes on with this one's mean latent."""
        if "encoder" in networks:
            encoder = check_inverter(networks["encoder"], self.generator, "model.encoder")
            encoder.mean_latent.set_value(self.generator.mean_of_latents())

    def check_sample(self, sample: Batch) -> None:
        """Pictures of the networks' size."""
        check_sample(self.networks["encoder"], sample)

    def phases(self) -> list[Phase]:
        """One."""
        return [Phase("encoder", ("encoder",), self.loss)]

    @paddle.no_grad()
    def _shown(self, batch: Batch, step: Step) -> Shown:
        real = paddle.to_tensor(batch["image"])
        w = self.generator.map(step.normal(len(real), self.generator.latent_dim))
        known = self.generator.spread(w)
        return Shown(paddle.concat([real, self.generator.synthesize(known).clip(-1, 1)]), known)

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Pixels, features, latents."""
        pictures, known = self._shown(batch, step)
        said = self.networks["encoder"](pictures)
        drawn = self.generator.synthesize(said)
        with paddle.no_grad():
            wanted = self.perception.features(pictures)
        unit = self._spread**2
        real = len(known)
        apart = (said - said.mean(axis=1, keepdim=True)).square().sum(axis=2).mean()
        return {
            "pixels": self.pixel_weight * pyramid_mse(drawn, pictures).mean(),
            "features": self.feature_weight * feature_distance(self.perception.features(drawn), wanted).mean(),
            "latent": self.latent_weight * (said[real:] - known).square().sum(axis=2).mean() / unit,
            "offset": self.offset_weight * apart / unit,
        }

    @paddle.no_grad()
    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """Drawings (N, 3, S, S) of what the encoder says of the batch's pictures."""
        return self.generator.synthesize(networks["encoder"](paddle.to_tensor(batch["image"]))).clip(-1, 1).numpy()

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Picture, drawing."""
        return {"picture": batch["image"], "drawn": self.predict(batch, networks)}
