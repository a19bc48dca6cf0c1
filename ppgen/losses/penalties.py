"""Gradient penalties: what keeps a discriminator smooth, and a generator's latent space even.

All are functions of tensors that are still connected to what made them; each sample's gradient is measured as one
vector over all its channels and pixels. WGAN-GP's penalty is in `gradient_penalty`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import paddle

Critic = Callable[[paddle.Tensor], paddle.Tensor]


def _squared_norms(outputs: paddle.Tensor, inputs: paddle.Tensor) -> paddle.Tensor:
    """|d sum(outputs) / d inputs|^2 of each sample, (N,), itself differentiable."""
    (gradient,) = paddle.grad(outputs.sum(), inputs, create_graph=True)
    gradient = gradient.reshape([inputs.shape[0], -1])
    return (gradient * gradient).sum(axis=1)


def zero_centered_penalty(critic: Critic, images: paddle.Tensor) -> paddle.Tensor:
    """E[|grad D(x)|^2] at given images: Mescheder et al. 2018, eq. 9 without gamma / 2.

    On real images this is R1, on made ones R2, between them the penalty of Thanh-Tung et al. 2019.
    """
    images = images.detach()
    images.stop_gradient = False
    return _squared_norms(critic(images), images).mean()


def r1_penalty(logits: paddle.Tensor, real: paddle.Tensor) -> paddle.Tensor:
    """E[|grad D(x)|^2] on real images: R1 of Mescheder et al. 2018, eq. 9 without gamma / 2.

    Args:
        logits: D(real), or D(augment(real)): the gradient then goes through the augmentation too.
        real: (N, C, H, W), with stop_gradient False when the logits were computed.
    """
    return _squared_norms(logits, real).mean()


def path_lengths(pictures: paddle.Tensor, w_plus: paddle.Tensor, noise: paddle.Tensor) -> paddle.Tensor:
    """|J^T y| of each sample, (N,): Karras et al. 2020 (StyleGAN2), section 3.2.

    Args:
        pictures: (N, C, H, W), made from `w_plus`.
        w_plus: (N, L, D); the mean over the L copies of w of the squared gradients is taken.
        noise: (N, C, H, W) from N(0, 1); it is divided by the root of the pixels here.
    """
    height, width = pictures.shape[2:]
    projected = pictures * (noise / float(np.sqrt(height * width)))
    return paddle.sqrt(_squared_norms(projected, w_plus) / w_plus.shape[1] + 1e-12)


class PathLength:
    """E[(|J^T y| - a)^2] with a the running mean of the lengths: Karras et al. 2020 (StyleGAN2), eq. 4.

    Args:
        decay: how far a moves towards each batch's mean.
    """

    goes_with_networks = True  # the generator's paths are as long in another training

    def __init__(self, decay: float = 0.01) -> None:
        self.decay, self.mean = decay, 0.0

    def penalty(self, lengths: paddle.Tensor, batch_mean: float | None = None) -> paddle.Tensor:
        """Move the mean, then the penalty, a scalar.

        Args:
            lengths: (N,) of `path_lengths`.
            batch_mean: over all processes; None takes these lengths'.
        """
        found = float(lengths.mean()) if batch_mean is None else batch_mean
        self.mean += self.decay * (found - self.mean)
        return (lengths - self.mean).square().mean()

    def arrays(self) -> dict[str, np.ndarray]:
        """The running mean, for a checkpoint."""
        return {"mean": np.array([self.mean], np.float64)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        self.mean = float(arrays["mean"][0])
