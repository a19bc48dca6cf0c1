"""Person segmentation: binary cross-entropy and soft Dice on aligned portraits."""

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.models.base import Batch, Losses, Model, Phase, Step
from ppgen.models.fit import check_keys
from ppgen.models.sampling import in_colour
from ppgen.registry import MODELS, NETWORKS


@MODELS.register()
class PersonSegmentation(Model):
    """One network, portrait -> logit of "this pixel is the person".

    Args:
        network: config of that network.
        dice_weight: of 1 - soft Dice (Milletari et al. 2016, V-Net), which does not care how large the person is.
    """

    def __init__(self, network: dict, dice_weight: float = 0.5) -> None:
        self.networks = {"network": NETWORKS.build(network)}
        self.dice_weight = dice_weight

    def check_sample(self, sample: Batch) -> None:
        """A photo and who is where on it."""
        check_keys(sample, "photo", "mask", advice="take Portraits")

    def phases(self) -> list[Phase]:
        """One phase."""
        return [Phase("network", ("network",), self.loss)]

    def loss(self, batch: Batch, step: Step) -> Losses:
        """Cross-entropy and Dice."""
        logit, mask = self.networks["network"](paddle.to_tensor(batch["photo"])), paddle.to_tensor(batch["mask"])
        share = F.sigmoid(logit)
        overlap = (2 * (share * mask).sum(axis=[1, 2, 3]) + 1) / ((share + mask).sum(axis=[1, 2, 3]) + 1)
        return {
            "entropy": F.binary_cross_entropy_with_logits(logit, mask),
            "dice": self.dice_weight * (1 - overlap).mean(),
        }

    @paddle.no_grad()
    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """Masks (N, 1, H, W) in [0, 1]."""
        return F.sigmoid(networks["network"](paddle.to_tensor(batch["photo"]))).numpy()

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Photo, found mask, given mask."""
        masks = {"found": self.predict(batch, networks), "mask": batch["mask"]}
        return {"photo": batch["photo"], **{name: in_colour(mask * 2 - 1) for name, mask in masks.items()}}
