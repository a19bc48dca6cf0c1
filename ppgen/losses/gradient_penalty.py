"""The gradient penalty of WGAN-GP: a critic's slope between real and made pictures is kept near 1.

Source: Gulrajani et al., "Improved Training of Wasserstein GANs" (2017), eq. 3; one-sided as in its section 4
("Two-sided penalty") and Petzka et al. 2018.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle


def gradient_penalty(
    critic: Callable[[paddle.Tensor], paddle.Tensor],
    real: paddle.Tensor,
    fake: paddle.Tensor,
    alpha: paddle.Tensor,
    center: float = 1.0,
    one_sided: bool = False,
) -> paddle.Tensor:
    """E[(|grad D(x)|₂ - center)²] at x = alpha real + (1 - alpha) fake; a scalar, not weighted.

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
    # The sum over samples gives every sample its own gradient, because samples do not depend on each other.
    total = scores.reshape([scores.shape[0], -1]).mean(axis=1).sum()
    (slope,) = paddle.grad(total, between, create_graph=True)
    # A root's derivative is infinite at 0, where a critic that ignores its input starts.
    norm = paddle.sqrt(slope.square().sum(axis=[1, 2, 3]) + 1e-12)
    excess = paddle.nn.functional.relu(norm - center) if one_sided else norm - center
    return excess.square().mean()
