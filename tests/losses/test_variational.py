"""The bound's terms against float64 NumPy, and the analytic KL against samples."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.losses.variational import bernoulli_error, gaussian_kl, squared_error

RNG = np.random.default_rng(3)
MU, LOG_VARIANCE = RNG.normal(0, 1.5, (7, 12)), RNG.normal(-1, 1.5, (7, 12))
LOGITS, TARGET = RNG.normal(0, 4, (7, 3, 8, 8)), RNG.random((7, 3, 8, 8))


def tensor(array: np.ndarray) -> paddle.Tensor:
    return paddle.to_tensor(array.astype(np.float32))


def exact(array: np.ndarray) -> np.ndarray:
    """What float32 made of it, in float64: rounding the input is not the loss's error."""
    return array.astype(np.float32).astype(np.float64)


def kl() -> np.ndarray:
    mu, log_variance = exact(MU), exact(LOG_VARIANCE)
    return 0.5 * (mu**2 + np.exp(log_variance) - 1 - log_variance)


def test_terms_equal_float64():
    found = gaussian_kl(tensor(MU), tensor(LOG_VARIANCE)).numpy()
    np.testing.assert_allclose(found, kl(), rtol=1e-5)
    logits, target = exact(LOGITS), exact(TARGET)
    wanted = ((1 / (1 + np.exp(-logits)) - target) ** 2).mean()
    assert float(squared_error(tensor(1 / (1 + np.exp(-LOGITS))), tensor(TARGET))) == pytest.approx(wanted, rel=1e-5)
    nats = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
    wanted = nats.sum(axis=(1, 2, 3)).mean()
    assert float(bernoulli_error(tensor(LOGITS), tensor(TARGET))) == pytest.approx(wanted, rel=1e-5)


def test_gradients_equal_float64():
    mu, log_variance = tensor(MU), tensor(LOG_VARIANCE)
    mu.stop_gradient = log_variance.stop_gradient = False
    gaussian_kl(mu, log_variance).sum(axis=1).mean().backward()
    np.testing.assert_allclose(mu.grad.numpy(), exact(MU) / 7, rtol=1e-5)
    np.testing.assert_allclose(log_variance.grad.numpy(), 0.5 * np.expm1(exact(LOG_VARIANCE)) / 7, rtol=1e-5)


def test_small_kl_keeps_its_digits():
    """Near the prior the KL is a difference of nearly equal numbers."""
    tiny = np.full((1, 1), 1e-3)
    exactly = 0.5 * (np.expm1(exact(tiny)) - exact(tiny))
    assert gaussian_kl(tensor(0 * tiny), tensor(tiny)).item() == pytest.approx(exactly.item(), rel=1e-3)


def test_kl_is_the_expected_log_ratio():
    rng, mu, log_variance = np.random.default_rng(0), 0.7, -0.9
    z = mu + np.exp(log_variance / 2) * rng.standard_normal(400_000)
    ratio = 0.5 * (z**2 - (z - mu) ** 2 / np.exp(log_variance) - log_variance)
    found = gaussian_kl(tensor(np.full((1, 1), mu)), tensor(np.full((1, 1), log_variance))).item()
    assert found == pytest.approx(ratio.mean(), rel=1e-2)
