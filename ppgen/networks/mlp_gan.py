"""The first GAN's networks: three linear layers each, on the pixels as one long vector.

Source: Goodfellow et al., "Generative Adversarial Nets" (2014), section 5: perceptrons on MNIST, noise into the
generator's first layer only, dropout in the discriminator. Instead of its maxout, leaky ReLU.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.networks.blocks.sizes import check_sizes
from ppgen.registry import NETWORKS

SLOPE = 0.2


@NETWORKS.register()
class MLPGenerator(nn.Layer):
    """Noise in, picture out: (N, latent_dim) -> (N, channels, image_size, image_size) in [-1, 1].

    Args:
        latent_dim: length of the noise vector.
        image_size: side of the pictures.
        channels: of the pictures.
        width: of both hidden layers.

    Raises:
        ConfigError: for sizes below 1.
    """

    classes: int | None = None

    def __init__(self, latent_dim: int = 100, image_size: int = 28, channels: int = 1, width: int = 512) -> None:
        super().__init__()
        check_sizes("MLPGenerator", latent_dim=latent_dim, image_size=image_size, channels=channels, width=width)
        self.latent_dim, self.image_size, self.channels = latent_dim, image_size, channels
        self.hidden1 = nn.Linear(latent_dim, width)
        self.hidden2 = nn.Linear(width, width)
        self.to_pixels = nn.Linear(width, channels * image_size**2)

    def forward(self, z: paddle.Tensor) -> paddle.Tensor:
        hidden = F.relu(self.hidden2(F.relu(self.hidden1(z))))
        return paddle.tanh(self.to_pixels(hidden)).reshape([-1, self.channels, self.image_size, self.image_size])

    def generate(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """Pictures of latents (N, latent_dim); there are no classes."""
        return self(z)


@NETWORKS.register()
class MLPDiscriminator(nn.Layer):
    """Picture in, logit of "real" out: (N, channels, image_size, image_size) -> (N, 1).

    Args:
        image_size: side of the pictures.
        channels: of the pictures.
        width: of both hidden layers.
        dropout: share of hidden units silenced in training; 0 where a gradient penalty is used.

    Raises:
        ConfigError: for sizes below 1.
    """

    classes: int | None = None

    def __init__(self, image_size: int = 28, channels: int = 1, width: int = 512, dropout: float = 0.3) -> None:
        super().__init__()
        check_sizes("MLPDiscriminator", image_size=image_size, channels=channels, width=width)
        self.image_size, self.channels, self.dropout = image_size, channels, dropout
        self.hidden1 = nn.Linear(channels * image_size**2, width)
        self.hidden2 = nn.Linear(width, width)
        self.verdict = nn.Linear(width, 1)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        x = images.reshape([images.shape[0], -1])
        for layer in (self.hidden1, self.hidden2):
            x = F.leaky_relu(layer(x), SLOPE)
            if self.dropout:
                x = F.dropout(x, self.dropout, training=self.training)
        return self.verdict(x)
