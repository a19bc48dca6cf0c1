"""A generator of nearest upsampling and convolutions; with or without classes.

Upsampling before an ordinary convolution avoids the checkerboards of transposed ones (Odena et al., "Deconvolution
and Checkerboard Artifacts", 2016). PaddleGAN's DeepConvGenerator and ConditionalDeepConvGenerator are this network,
and their weights load.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.resample import upsample_nearest
from ppgen.networks.blocks.sizes import checked_labels
from ppgen.registry import NETWORKS


@NETWORKS.register()
class UpsamplingGenerator(nn.Layer):
    """Noise in, picture out: (N, latent_dim) -> (N, out_channels, image_size, image_size) in [-1, 1].

    Args:
        latent_dim: length of the noise vector.
        out_channels: of the pictures.
        image_size: side of the pictures, a multiple of 4.
        base_channels: width at full resolution; twice that below.
        classes: how many labels there are; None: none. Labels are joined one-hot to the noise, so that the
            first linear layer holds their embedding.

    Raises:
        ConfigError: for another image size.
    """

    def __init__(
        self,
        latent_dim: int = 128,
        out_channels: int = 1,
        image_size: int = 64,
        base_channels: int = 64,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        if image_size < 4 or image_size % 4:
            raise ConfigError(f"UpsamplingGenerator: image_size must be a multiple of 4, got {image_size}")
        self.latent_dim, self.image_size = latent_dim, image_size
        self.channels, self.classes = out_channels, classes
        wide = 2 * base_channels
        self._start_shape = [wide, image_size // 4, image_size // 4]
        self.project = nn.Linear(latent_dim + (classes or 0), wide * (image_size // 4) ** 2)
        self.norm = nn.BatchNorm2D(wide)
        self.conv1, self.norm1 = nn.Conv2D(wide, wide, 3, padding=1), nn.BatchNorm2D(wide)
        self.conv2, self.norm2 = nn.Conv2D(wide, base_channels, 3, padding=1), nn.BatchNorm2D(base_channels)
        self.to_image = nn.Conv2D(base_channels, out_channels, 3, padding=1)

    def forward(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """z (N, latent_dim); labels (N,) where there are classes."""
        if self.classes is not None:
            one_hot = F.one_hot(checked_labels(labels, self.classes), self.classes)
            z = paddle.concat([z, one_hot.astype(z.dtype)], axis=1)
        x = self.norm(self.project(z).reshape([-1, *self._start_shape]))
        x = F.leaky_relu(self.norm1(self.conv1(upsample_nearest(x))), 0.2)
        x = F.leaky_relu(self.norm2(self.conv2(upsample_nearest(x))), 0.2)
        return paddle.tanh(self.to_image(x))

    def generate(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """Pictures of latents (N, latent_dim) and, where there are classes, labels (N,)."""
        return self(z, labels)
