"""The terms of a variational autoencoder's bound: Kingma and Welling, "Auto-Encoding Variational Bayes" (2014)."""

import paddle
import paddle.nn.functional as F


def gaussian_kl(mu: paddle.Tensor, log_variance: paddle.Tensor) -> paddle.Tensor:
    """KL(N(mu, exp(log_variance)) || N(0, 1)) of every sample and dimension, in nats: the shape of `mu`.

    ½ (mu² + exp(log_variance) - 1 - log_variance), appendix B.
    """
    # expm1(v) - v, not exp(v) - 1 - v: near v = 0 the difference of large numbers would be float32's rounding.
    return 0.5 * (mu.square() + paddle.expm1(log_variance) - log_variance)


def squared_error(output: paddle.Tensor, target: paddle.Tensor) -> paddle.Tensor:
    """Mean squared error over all pixels of the batch, for pixels in [0, 1]: a Gaussian p(x|z) of fixed width."""
    return (output - target).square().mean()


def bernoulli_error(logits: paddle.Tensor, target: paddle.Tensor) -> paddle.Tensor:
    """-log p(x|z) in nats, summed over an image's pixels, mean over the batch (appendix C.1).

    Args:
        logits: log-odds of "white" (N, C, H, W).
        target: pixels in [0, 1].
    """
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / logits.shape[0]
