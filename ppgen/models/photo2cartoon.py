"""Photo2Cartoon, the paired form: photo and its drawn cartoon (Minivision 2020; Isola et al. 2017).

One step: the generator draws once; the discriminator learns to tell drawn from true pairs; the generator
learns from the distance to the true cartoon, from the discriminator, and from Face ID: the drawing, made
coarse, must be recognized as the person in the photo. Unpaired training is another recipe.
"""

from typing import Literal, NamedTuple

import numpy as np
import paddle
from paddle import Tensor, nn

from ppgen import hub
from ppgen.faces.skin import estimate_skin
from ppgen.hub.compiled import CompiledNetwork
from ppgen.io.image import to_uint8
from ppgen.losses.adversarial import objective
from ppgen.losses.perceptual import cosine_distance
from ppgen.losses.pictures import edge_l1, flatness, line_energy_l1, weighted_l1
from ppgen.models.base import Batch, Losses, Model, Phase, Pieces, Step
from ppgen.models.fit import check_keys
from ppgen.networks.blocks.norm import clip_shares
from ppgen.networks.face_crop import coarse_chips, jittered_chips
from ppgen.networks.protocols import Translator
from ppgen.registry import MODELS, NETWORKS

_GAME = objective("lsgan")


class Drawn(NamedTuple):
    """What both phases of a step look at, (N, 3, H, W) each."""

    photo: Tensor
    cartoon: Tensor
    fake: Tensor


@paddle.no_grad()
def draw_cartoons(generator: Translator, photo: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Cartoons (N, 3, H, W) of photos (N, 3, H, W) on white with skin colours (N, 3), all in [-1, 1]."""
    return generator.translate(paddle.to_tensor(photo), paddle.to_tensor(skin)).image.numpy()


@MODELS.register()
class PairedPhoto2Cartoon(Model):
    """Generator and discriminator trained on pairs.

    Args:
        generator: config of a network (photo, skin) -> picture.
        discriminator: config of a network on photo and picture joined along channels.
        pixel_weight: of the L1 distance to the cartoon; inside the person it counts three times.
        edge_weight: of the L1 distance between neighbouring-pixel differences.
        line_weight: of the L1 distance between the amounts of line in 16-pixel cells.
        flat_weight: of the fine texture left where the cartoon is flat.
        adversarial_weight: of the LSGAN term; 0 leaves the discriminator out.
        identity_weight: of the cosine distance between Face ID descriptors of drawing and photo.
        feature_weight: of the L1 distance between Face ID activations of drawing and cartoon.
        skin_noise: standard deviation added to the skin colour in training, as estimates err.
        told_skin: the skin colour that validation tells the generator: "estimated" from the photo, as a user's is, or
            "drawn": the paired cartoon's own. The estimate is fitted to one hand's cartoons (those of
            `configs/photo2cartoon_paired.yaml`); of another's it would judge the skin tones, not the network.
        teacher: weights of a generator, shipped or a file, whose drawings of these photos are learnt in place of the
            cartoons (Hinton et al. 2015); validation is against the cartoons all the same.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        pixel_weight: float = 10.0,
        edge_weight: float = 5.0,
        line_weight: float = 0.0,
        flat_weight: float = 0.0,
        adversarial_weight: float = 0.5,
        identity_weight: float = 10.0,
        feature_weight: float = 0.5,
        skin_noise: float = 0.04,
        told_skin: Literal["estimated", "drawn"] = "estimated",
        teacher: str | None = None,
    ) -> None:
        self.networks = {"generator": NETWORKS.build(generator), "discriminator": NETWORKS.build(discriminator)}
        self.face_id = hub.load("face_id")  # frozen
        self.teacher = CompiledNetwork(teacher) if teacher else None  # no gradients are asked of it
        self.pixel_weight, self.edge_weight, self.line_weight = pixel_weight, edge_weight, line_weight
        self.flat_weight, self.adversarial_weight = flat_weight, adversarial_weight
        self.identity_weight, self.feature_weight = identity_weight, feature_weight
        self.skin_noise, self.told_skin = skin_noise, told_skin
        self._skin: dict[str, np.ndarray] = {}  # estimates of validation photos, by id

    def check_sample(self, sample: Batch) -> None:
        """A photo, its cartoon and what is known of the face."""
        check_keys(sample, "photo", "cartoon", "mask", "landmarks", "skin", advice="take Portraits")

    def phases(self) -> list[Phase]:
        """Discriminator first; its graph of the drawing serves the generator too."""
        generator = Phase("generator", ("generator",), self.generator_loss, after=self.clip_shares)
        if not self.adversarial_weight:
            return [generator]
        return [Phase("discriminator", ("discriminator",), self.discriminator_loss, keeps=("generator",)), generator]

    def _draw(self, batch: Batch, step: Step) -> Drawn:
        noise = step.rng.normal(0, self.skin_noise, batch["skin"].shape).astype(np.float32)
        told, cartoon = batch["skin"] + noise, batch["cartoon"]
        if self.teacher is not None:
            cartoon = self.teacher.call("translate", batch["photo"], told)[0]
        photo, skin = paddle.to_tensor(batch["photo"]), paddle.to_tensor(told)
        return Drawn(photo, paddle.to_tensor(cartoon), self.networks["generator"].translate(photo, skin).image)

    def drawn(self, batch: Batch, step: Step) -> Drawn:
        """Photo, cartoon and the drawing of this step, made once for both phases."""
        return step.once("drawn", lambda: self._draw(batch, step))

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """LSGAN on pairs (photo, picture)."""
        photo, cartoon, fake = self.drawn(batch, step)
        discriminator = self.networks["discriminator"]
        real_logit = discriminator(paddle.concat([photo, cartoon], axis=1))
        fake_logit = discriminator(paddle.concat([photo, fake.detach()], axis=1))
        step.report.update(d_real=float(real_logit.mean()), d_fake=float(fake_logit.mean()))
        return {"d": _GAME.discriminator(real_logit, fake_logit)}

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """Pixels, edges, adversary, identity, features."""
        photo, cartoon, fake = self.drawn(batch, step)
        weight = 0.5 + paddle.to_tensor(batch["mask"])
        losses = {
            "pixel": self.pixel_weight * weighted_l1(fake, cartoon, weight),
            "edge": self.edge_weight * edge_l1(fake, cartoon),
        }
        if self.line_weight:
            losses["lines"] = self.line_weight * line_energy_l1(fake, cartoon)
        if self.flat_weight:
            losses["flat"] = self.flat_weight * flatness(fake, cartoon)
        if self.adversarial_weight:
            logit = self.networks["discriminator"](paddle.concat([photo, fake], axis=1))
            losses["adversarial"] = self.adversarial_weight * _GAME.generator(logit)
        return {**losses, **self._face_losses(batch, step)}

    def _face_losses(self, batch: Batch, step: Step) -> Losses:
        photo, cartoon, fake = self.drawn(batch, step)
        if not self.identity_weight and not self.feature_weight:
            return {}
        matrices = jittered_chips(batch["landmarks"], step.rng, pixels=photo.shape[2] * 3 / 128)
        drawn = self.face_id.features(coarse_chips(fake, matrices))
        with paddle.no_grad():
            person = self.face_id(coarse_chips(photo, matrices))
            wanted = self.face_id.features(coarse_chips(cartoon, matrices))
            step.report["identity_of_pair"] = float(cosine_distance(wanted.descriptor, person))
        features = (drawn.side35 - wanted.side35).abs().mean() + (drawn.side17 - wanted.side17).abs().mean()
        return {
            "identity": self.identity_weight * cosine_distance(drawn.descriptor, person),
            "features": self.feature_weight * features,
        }

    def clip_shares(self, _: Pieces) -> None:
        """Keep the mixing shares of the normalizations in [0, 1]."""
        clip_shares(self.networks["generator"])

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """Drawings of a batch, with the skin colours that `told_skin` says."""
        skin = batch["skin"] if self.told_skin == "drawn" else self._estimated_skin(batch)
        return draw_cartoons(networks["generator"], batch["photo"], skin)

    def _estimated_skin(self, batch: Batch) -> np.ndarray:
        photos = to_uint8(batch["photo"])
        for name, photo, points in zip(batch["id"], photos, batch["landmarks"], strict=True):
            if name not in self._skin:
                self._skin[name] = estimate_skin(photo, points)
        return np.stack([self._skin[name] for name in batch["id"]])

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Photo, drawing, target."""
        return {"photo": batch["photo"], "drawn": self.predict(batch, networks), "cartoon": batch["cartoon"]}
