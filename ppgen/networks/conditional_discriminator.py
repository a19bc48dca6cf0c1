"""The patch discriminator that is told the label: one more input channel a class.

Sources: Mirza and Osindero, "Conditional Generative Adversarial Nets" (2014), section 3.2; the body is Isola et al.'s
(`patch_discriminator`). PaddleGAN's NLayerDiscriminatorWithClassification is this network, and its weights load.
"""

import paddle
import paddle.nn.functional as F

from ppgen.errors import DataError
from ppgen.networks.patch_discriminator import PatchDiscriminator
from ppgen.registry import NETWORKS


@NETWORKS.register()
class ConditionalPatchDiscriminator(PatchDiscriminator):
    """Pictures and labels in, logits out: (N, in_channels, H, W), (N,) -> (N, 1, H', W').

    Every class is a channel of ones or zeros beside the picture's; the first convolution holds the embedding.

    Args:
        classes: how many labels there are.
        in_channels, base_channels, layers, norm: see `PatchDiscriminator`.
        sigmoid: return probabilities instead of logits. PaddleGAN's configs ask for them and then take them
            for logits; leave it off with every objective of ours.
    """

    classes: int

    def __init__(
        self,
        classes: int = 10,
        in_channels: int = 1,
        base_channels: int = 64,
        layers: int = 3,
        norm: str = "instance",
        sigmoid: bool = False,
    ) -> None:
        super().__init__(in_channels + classes, base_channels, layers, norm)
        self.channels, self.classes, self.sigmoid = in_channels, classes, sigmoid

    def forward(self, images: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        if labels is None:
            raise DataError(f"this discriminator was built for {self.classes} classes: give a label a picture")
        one_hot = F.one_hot(labels, self.classes).astype(images.dtype).unsqueeze([2, 3])
        planes = one_hot.expand([-1, -1, images.shape[2], images.shape[3]])
        logits = self.model(paddle.concat([images, planes], axis=1))
        return F.sigmoid(logits) if self.sigmoid else logits
