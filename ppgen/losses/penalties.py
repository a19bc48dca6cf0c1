"""Gradient penalties: what keeps a discriminator smooth, and a generator's latent space even.

All are functions of tensors that are still connected to what made them; each sample's gradient is measured as one
vector over all its channels and pixels.
"""

from collections.abc import Callable

import numpy as np
import paddle

from ppgen.runtime.convolutions import gradients_of_pictures


def _squared_norms(outputs: paddle.Tensor, inputs: paddle.Tensor) -> paddle.Tensor:
    """|d sum(outputs) / d inputs|^2 of each sample, (N,), itself differentiable.

    The sum over samples gives every sample its own gradient where samples do not depend on each other.
    """
    with gradients_of_pictures():
        (gradient,) = paddle.grad(outputs.sum(), inputs, create_graph=True)
    gradient = gradient.reshape([inputs.shape[0], -1])
    return (gradient * gradient).sum(axis=1)


def gradient_penalty(
    critic: Callable[[paddle.Tensor], paddle.Tensor],
    real: paddle.Tensor,
    fake: paddle.Tensor,
    alpha: paddle.Tensor,
    center: float = 1.0,
    one_sided: bool = False,
) -> paddle.Tensor:
    """E[(|grad D(x)|₂ - center)²] at x = alpha real + (1 - alpha) fake; a scalar, not weighted.

    WGAN-GP's: Gulrajani et al. 2017, eq. 3; one-sided as in its section 4 ("Two-sided penalty") and Petzka et al. 2018.

    The norm is a sample's, over all of its pixels and channels.

    Args:
        critic: images -> scores of any shape; with several scores a sample their mean is differentiated. Every
            operation in it needs a second derivative, and no sample may depend on another.
        real, fake: (N, C, H, W).
        alpha: (N, 1, 1, 1), uniform in [0, 1).
        one_sided: only gradients longer than `center` cost.
    """
    between = (alpha * real + (1 - alpha) * fake).detach()
    between.stop_gradient = False
    scores = critic(between)
    squares = _squared_norms(scores.reshape([scores.shape[0], -1]).mean(axis=1), between)
    # A root's derivative is infinite at 0, where a critic that ignores its input starts.
    norm = paddle.sqrt(squares + 1e-12)
    excess = paddle.nn.functional.relu(norm - center) if one_sided else norm - center
    return excess.square().mean()


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


def path_length_penalty(lengths: paddle.Tensor, mean: float) -> paddle.Tensor:
    """E[(|J^T y| - mean)^2], a scalar: Karras et al. 2020 (StyleGAN2), eq. 4; lengths (N,) of `path_lengths`."""
    return (lengths - mean).square().mean()


class MeanPathLength:
    """The running mean of path lengths, eq. 4's a.

    Args:
        decay: how far it moves towards each batch's mean.
    """

    def __init__(self, decay: float = 0.01) -> None:
        self.decay, self.mean = decay, 0.0

    def moved_by(self, batch_mean: float) -> float:
        """Where the mean is after a batch."""
        return self.mean + self.decay * (batch_mean - self.mean)

    def arrays(self) -> dict[str, np.ndarray]:
        """The running mean, for a checkpoint."""
        return {"mean": np.array([self.mean], np.float64)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        self.mean = float(arrays["mean"][0])
