"""A convolutional variational autoencoder.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (ICLR 2014); strided convolutions with batch norm and
leaky ReLU as in DCGAN. The decoder speaks in log-odds of "white", so that one network serves both a Bernoulli and a
Gaussian likelihood on pixels in [0, 1].
"""

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.sizes import check_sizes
from ppgen.registry import NETWORKS

SLOPE = 0.2


class Posterior(NamedTuple):
    """q(z|x), a diagonal Gaussian."""

    mu: paddle.Tensor  # (N, latent_dim)
    log_variance: paddle.Tensor  # (N, latent_dim)

    def draw(self, noise: paddle.Tensor) -> paddle.Tensor:
        """z = mu + exp(½ log_variance) * noise (section 2.4, the reparameterization); noise ~ N(0, 1) as `mu`."""
        return self.mu + paddle.exp(0.5 * self.log_variance) * noise


class VAEOutput(NamedTuple):
    """What a VAE's training step needs."""

    logits: paddle.Tensor  # (N, channels, S, S), log-odds of pixels in [0, 1]
    posterior: Posterior


def _blocks(conv: type, widths: list[int], batch_norm: bool) -> list[nn.Layer]:
    parts: list[nn.Layer] = []
    for narrow, wide in zip(widths, widths[1:]):
        parts.append(conv(narrow, wide, 4, 2, 1, bias_attr=False if batch_norm else None))
        parts += [nn.BatchNorm2D(wide)] if batch_norm else []
        parts.append(nn.LeakyReLU(SLOPE))
    return parts


@NETWORKS.register()
class ConvVAE(nn.Layer):
    """Picture -> q(z|x) -> picture; (N, channels, image_size, image_size) in [-1, 1] at both ends.

    Args:
        latent_dim: length of z.
        image_size: side of the pictures, a multiple of 2 ** len(widths).
        channels: of the pictures.
        widths: of the encoder's layers, each of which halves the side; the decoder mirrors them.
        batch_norm: normalize after every convolution.

    Raises:
        ConfigError: for an image size that cannot be halved so often, or sizes below 1.
    """

    classes: int | None = None

    def __init__(
        self,
        latent_dim: int = 200,
        image_size: int = 64,
        channels: int = 3,
        widths: list[int] | tuple[int, ...] = (32, 64, 128, 256),
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        widths = list(widths)
        sizes = {"latent_dim": latent_dim, "image_size": image_size, "channels": channels}
        check_sizes("ConvVAE", **sizes, **{f"widths[{i}]": width for i, width in enumerate(widths)})
        if not widths or image_size % 2 ** len(widths):
            wanted = f"a multiple of {2 ** len(widths)} with {len(widths)} widths (at least one)"
            raise ConfigError(f"ConvVAE: image_size must be {wanted}, got {image_size}")
        self.latent_dim, self.image_size, self.channels = latent_dim, image_size, channels
        side = image_size // 2 ** len(widths)
        self._code_shape = [widths[-1], side, side]
        code = widths[-1] * side * side
        self.encoder = nn.Sequential(*_blocks(nn.Conv2D, [channels, *widths], batch_norm))
        self.to_mu, self.to_log_variance = nn.Linear(code, latent_dim), nn.Linear(code, latent_dim)
        self.from_latent = nn.Linear(latent_dim, code)
        self.decoder = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            *_blocks(nn.Conv2DTranspose, widths[::-1], batch_norm),
            nn.Conv2DTranspose(widths[0], channels, 4, 2, 1),
        )

    def encode(self, images: paddle.Tensor) -> Posterior:
        """q(z|x) of images in [-1, 1]."""
        code = self.encoder(images)
        code = code.reshape([code.shape[0], -1])
        return Posterior(self.to_mu(code), self.to_log_variance(code))

    def decode_logits(self, z: paddle.Tensor) -> paddle.Tensor:
        """Log-odds (N, channels, S, S) of pixels in [0, 1]; z (N, latent_dim)."""
        return self.decoder(self.from_latent(z).reshape([-1, *self._code_shape]))

    def decode(self, z: paddle.Tensor) -> paddle.Tensor:
        """Pictures in [-1, 1] of latents (N, latent_dim)."""
        return 2 * F.sigmoid(self.decode_logits(z)) - 1

    def generate(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """The same as `decode`; there are no classes."""
        return self.decode(z)

    def forward(self, images: paddle.Tensor, noise: paddle.Tensor) -> VAEOutput:
        """Encode, draw z with noise (N, latent_dim) ~ N(0, 1), decode."""
        posterior = self.encode(images)
        return VAEOutput(self.decode_logits(posterior.draw(noise)), posterior)
