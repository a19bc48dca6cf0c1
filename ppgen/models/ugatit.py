"""U-GAT-IT: unpaired translation guided by attention; and its extension, unpaired Photo2Cartoon.

Sources: Kim et al., "U-GAT-IT: Unsupervised Generative Attentional Networks with Adaptive Layer-Instance
Normalization for Image-to-Image Translation" (ICLR 2020); the Photo2Cartoon project of Minivision (2020), which adds
hourglasses, Soft-AdaLIN (both in the generator) and the Face ID loss.

One step: the generators translate both domains and both identities; the four discriminators learn from true and made
pictures; the generators learn from them on the same graph.
"""

from typing import Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppgen import hub
from ppgen.errors import ConfigError, DataError
from ppgen.faces.typical import typical_landmarks
from ppgen.io.heatmap import heat_pictures
from ppgen.losses.adversarial import objective as objective_named
from ppgen.losses.perceptual import cosine_distance
from ppgen.models.base import Batch, Losses, Phase, Pieces, Step
from ppgen.models.translation import Game, UnpairedTranslation, domain, together
from ppgen.networks.blocks.attention import CAMAttention
from ppgen.networks.blocks.norm import clip_shares
from ppgen.networks.face_crop import coarse_chips, jittered_chips
from ppgen.networks.face_id import FaceID
from ppgen.networks.protocols import Translator
from ppgen.networks.ugatit_discriminator import AttentionDiscriminator
from ppgen.registry import MODELS, NETWORKS

GENERATORS = ("generator_ab", "generator_ba")
DISCRIMINATORS = ("global_a", "global_b", "local_a", "local_b")


def cam_loss(source: Tensor, target: Tensor) -> Tensor:
    """-E[log s(η(source))] - E[log(1 - s(η(target)))]: eq. 5, from the attention's logits (N, 2)."""
    entropy = F.binary_cross_entropy_with_logits
    return entropy(source, paddle.ones_like(source)) + entropy(target, paddle.zeros_like(target))


@MODELS.register()
class UGATIT(UnpairedTranslation):
    """Networks `generator_ab`, `generator_ba`; `global_a`, `local_a` judge domain a, `global_b`, `local_b` domain b.

    Args:
        generator: config of a network picture -> (image, cam_logit, heatmap); built for each direction.
        global_discriminator: config of a network picture -> (logit, cam_logit, heatmap) that sees much at once.
        local_discriminator: config of one that sees small patches.
        objective: what both sides minimize, of patches and of the attention's classifiers.
        adversarial_weight: of the objective. The paper's weight of 1 counts LSGAN without the half it has here.
        cycle_weight, identity_weight: of the L1 losses, eqs. 3 and 4.
        cam_weight: of the attention's auxiliary classifier loss, eq. 5.
        shift: the discriminators see windows so many pixels smaller than the pictures, at random places, so that a
            grid of dots is seen wherever it lies (the translation of Zhao et al., "Differentiable Augmentation for
            Data-Efficient GAN Training", 2020). 0: whole pictures.

    Raises:
        ConfigError: a generator or discriminator without attention; a negative shift.
    """

    def __init__(
        self,
        generator: dict,
        global_discriminator: dict,
        local_discriminator: dict,
        objective: Game = "lsgan",
        adversarial_weight: float = 2.0,
        cycle_weight: float = 10.0,
        identity_weight: float = 10.0,
        cam_weight: float = 1000.0,
        shift: int = 0,
    ) -> None:
        super().__init__(generator, identity=True)
        if shift < 0:
            raise ConfigError(f"model.shift must be 0 or more pixels, got {shift}")
        for name in DISCRIMINATORS:
            self.networks[name] = NETWORKS.build(global_discriminator if "global" in name else local_discriminator)
        self.objective = objective_named(objective)
        self.adversarial_weight, self.cycle_weight = adversarial_weight, cycle_weight
        self.identity_weight, self.cam_weight = identity_weight, cam_weight
        self.shift = shift
        self._check()

    def _check(self) -> None:
        for name, network in self.networks.items():
            layers = network.sublayers(include_self=True)
            if not any(isinstance(layer, (CAMAttention, AttentionDiscriminator)) for layer in layers):
                advice = "take UGATITGenerator or Photo2CartoonGenerator to generate, AttentionDiscriminator to judge"
                raise ConfigError(f"model: {name} is a {type(network).__name__}, which has no attention; {advice}")
            if isinstance(network, Translator) and network.takes_skin:
                what = f"{type(network).__name__} needs a skin colour, which unpaired domains do not have"
                raise ConfigError(f"model.generator: {what}; set skin: false")

    def check_sample(self, sample: Batch) -> None:
        """Both domains; ConfigError where `shift` leaves nothing of the pictures."""
        super().check_sample(sample)
        least = min(side for name in "ab" for side in sample[name].shape[1:])
        if self.shift >= least:
            raise ConfigError(f"model.shift: {self.shift} pixels leave nothing of pictures of {least} a side")

    def phases(self) -> list[Phase]:
        """The discriminators first; their graph of the translations serves the generators too."""
        return [
            Phase("discriminator", DISCRIMINATORS, self.discriminator_loss, keeps=GENERATORS),
            Phase("generator", GENERATORS, self.generator_loss, after=self.clip_shares),
        ]

    def discriminator_loss(self, batch: Batch, step: Step) -> Losses:
        """The objective on patches and on the attention's logits: section 2.2.2 for both sides."""
        losses, loss = {}, self.objective.discriminator
        for name in DISCRIMINATORS:
            real, fake = (self._window(x, step) for x in self.translations(batch, step).judged(name[-1]))
            true, made = together(self.networks[name], real, fake.detach(), heavy=True)
            losses[f"d_{name}"] = loss(true.logit, made.logit) + loss(true.cam_logit, made.cam_logit)
        return losses

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """The four losses of section 2.2: adversarial, cycle, identity, CAM."""
        made = self.translations(batch, step)
        # Each attention answers "is this picture from the domain I translate out of?".
        ways = ((made.fake_b, made.same_b), (made.fake_a, made.same_a))
        verdicts = [self.networks[name](self._window(made.judged(name[-1])[1], step)) for name in DISCRIMINATORS]
        logits = [logit for verdict in verdicts for logit in (verdict.logit, verdict.cam_logit)]
        return {
            "adversarial": self.adversarial_weight * paddle.add_n([self.objective.generator(x) for x in logits]),
            "cycle": self.cycle_weight * self.cycle(made),
            "identity": self.identity_weight * self.identity(made),
            "cam": self.cam_weight * paddle.add_n([cam_loss(fake.cam_logit, same.cam_logit) for fake, same in ways]),
        }

    def _window(self, pictures: Tensor, step: Step) -> Tensor:
        """What a discriminator sees of the pictures (N, 3, S, S): (N, 3, S - shift, S - shift), cut at random."""
        if not self.shift:
            return pictures
        top, left = (int(place) for place in step.rng.integers(0, self.shift + 1, 2))
        height, width = (side - self.shift for side in pictures.shape[2:])
        return pictures[:, :, top : top + height, left : left + width]

    def clip_shares(self, _: Pieces) -> None:
        """Keep the mixing shares ρ of the normalizations in [0, 1] (section 2.1.1)."""
        for name in GENERATORS:
            clip_shares(self.networks[name])

    @paddle.no_grad()
    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Each domain, where the generator looked, and its translation."""
        shown: dict[str, np.ndarray] = {}
        for here, there in (("a", "b"), ("b", "a")):
            made = networks[f"generator_{here}{there}"](domain(batch, here))
            heat = heat_pictures(made.heatmap.numpy(), batch[here])
            shown |= {here: batch[here], f"attention {here}": heat, f"{here} to {there}": made.image.numpy()}
        return shown


@MODELS.register()
class Photo2Cartoon(UGATIT):
    """U-GAT-IT from photos (a) to cartoons (b), with a cartoon that Face ID must recognize as the person.

    Minivision's trainer asks the same of the way back; here it is asked of the drawing alone, which is what people get.

    This is the unpaired recipe; with drawn pairs take `PairedPhoto2Cartoon`. The generator is meant to be one with
    hourglasses before the encoder and after the decoder and Soft-AdaLIN in between: `Photo2CartoonGenerator`, or
    `LeanPhoto2CartoonGenerator` with `skin: false`, which learns in a fraction of the time.

    Args:
        face_weight: of the cosine distance between the Face ID descriptors of photo and cartoon.
        landmarks: where the face is: "given": batches hold `landmarks` (N, 68, 2) of `a`, in its pixels; "typical":
            where faces lie on average in crops that `ppgen data portraits` aligns (`ppgen.faces.align`).
        generator, global_discriminator, local_discriminator, objective, adversarial_weight, cycle_weight,
            identity_weight, cam_weight, shift: as in `UGATIT`.
    """

    def __init__(
        self,
        generator: dict,
        global_discriminator: dict,
        local_discriminator: dict,
        objective: Game = "lsgan",
        adversarial_weight: float = 2.0,
        cycle_weight: float = 50.0,
        identity_weight: float = 10.0,
        cam_weight: float = 1000.0,
        face_weight: float = 1.0,
        landmarks: Literal["given", "typical"] = "given",
        shift: int = 0,
    ) -> None:
        super().__init__(
            generator, global_discriminator, local_discriminator, objective,
            adversarial_weight, cycle_weight, identity_weight, cam_weight, shift,
        )  # fmt: skip
        self.face_weight, self.landmarks = face_weight, landmarks
        self.face_id = hub.load("face_id", kind=FaceID) if face_weight else None

    def check_sample(self, sample: Batch) -> None:
        """Both domains, and where the face is."""
        super().check_sample(sample)
        if self.face_weight and self.landmarks == "given":
            self._points(sample, 0)

    def generator_loss(self, batch: Batch, step: Step) -> Losses:
        """The losses of U-GAT-IT and the Face ID loss."""
        losses = super().generator_loss(batch, step)
        if self.face_weight and self.face_id is not None:
            losses["face"] = self.face_weight * self._face(self.face_id, batch, step)
        return losses

    def _face(self, face_id: FaceID, batch: Batch, step: Step) -> Tensor:
        """1 - cos(FaceID(photo), FaceID(cartoon)), faces cut out at the photo's landmarks; gradients through it."""
        made = self.translations(batch, step)
        side = made.a.shape[2]
        matrices = jittered_chips(self._points(batch, side), step.rng, pixels=side * 3 / 128)
        with paddle.no_grad():
            person = face_id(coarse_chips(made.a, matrices))
        return cosine_distance(face_id(coarse_chips(made.fake_b.image, matrices)), person)

    def _points(self, batch: Batch, side: int) -> np.ndarray:
        if self.landmarks == "typical":
            return np.stack([typical_landmarks(side)] * len(batch["a"]))
        if "landmarks" not in batch:
            needs = "the Face ID loss needs 'landmarks' of the photos, and the dataset gives none"
            advice = "set model.landmarks to typical if the photos are aligned, or model.face_weight to 0"
            raise DataError(f"{needs}; take PortraitCartoons, {advice}")
        return batch["landmarks"]
