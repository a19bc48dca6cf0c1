"""StyleGAN2: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), with the adaptive
augmentation of Karras et al., "Training Generative Adversarial Networks with Limited Data" (NeurIPS 2020).

One step: the generator draws once, with two latents mixed now and then; the discriminator learns to tell its
pictures from real ones (non-saturating logistic loss) and, every 16th step, to be smooth at the real ones (R1); the
generator learns from the discriminator and, every 4th step, that equal steps in w be equal steps in the picture
(path length). What the discriminator sees is augmented. All but the path length stands in `ppgen.models.style_based`,
which StyleGAN shares.
"""

from typing import Literal

from ppgen.errors import ConfigError
from ppgen.losses.augment import augment_named
from ppgen.losses.penalties import MeanPathLength, path_length_penalty, path_lengths
from ppgen.models.base import Batch, Losses, Phase, Pieces, Stateful, Step
from ppgen.models.style_based import StyleBasedGAN
from ppgen.registry import MODELS


@MODELS.register()
class StyleGAN2(StyleBasedGAN):
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
        objective: "logistic" as in the paper, or another of `ppgen.losses.adversarial`.
        r2_weight: gamma of R1's penalty on made pictures too, as R3GAN's objective ("relativistic") wants it.
    """

    # the mean path length belongs to the generator's weights, so it goes wherever they go
    goes_with_networks = ("path_length", *StyleBasedGAN.goes_with_networks)

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
        objective: str = "logistic",
        r2_weight: float = 0.0,
    ) -> None:
        if min(path_every, path_shrink) < 1:
            raise ConfigError("model: path_every and path_shrink must be 1 or more")
        augmentation = augment_named(augment, ada_target, ada_images, ada_start)
        super().__init__(
            generator, discriminator, augmentation, r1_weight, r1_every, mixing, truncation, objective, r2_weight
        )
        self.path_weight, self.path_every, self.path_shrink = path_weight, path_every, path_shrink
        self.path_length = MeanPathLength()

    def stateful(self) -> dict[str, Stateful]:
        """The mean path length and, for ADA, its strength."""
        return {"path_length": self.path_length, **super().stateful()}

    def phases(self) -> list[Phase]:
        """Discriminator (the generator's graph is kept), R1, generator, path length."""
        path = Phase(
            "path", ("generator",), self.path, self.path_every, lazy=True, float32=True, after=self.track_paths
        )
        return [*super().phases(), path] if self.path_weight else super().phases()

    def path(self, batch: Batch, step: Step) -> Losses:
        """Path length penalty on new pictures; the engine multiplies by the interval."""
        w_plus = self.draw_w_plus(max(1, len(batch["image"]) // self.path_shrink), step)
        pictures = self.synthesize(w_plus, step)
        lengths = path_lengths(pictures, w_plus, step.normal(*pictures.shape))
        mean = float(step.mean(lengths))
        step.report.update(path_length=mean)
        return {"path": self.path_weight * path_length_penalty(lengths, self.path_length.moved_by(mean))}

    def track_paths(self, pieces: Pieces) -> None:
        """The mean of w and the mean path length move."""
        self.follow_latents(pieces)
        for _, step in pieces:
            self.path_length.mean = self.path_length.moved_by(step.report["path_length"])
