"""Principal components against NumPy's own decomposition."""

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.latent.pca import fit


@pytest.fixture
def pictures() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(40, 5)) @ rng.normal(size=(5, 48)) + rng.normal(size=(40, 48)) * 0.01).reshape(40, 3, 4, 4)


def test_components_equal_a_singular_value_decomposition(pictures):
    flat = pictures.reshape(40, -1)
    _, strengths, rows = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
    found = fit(pictures)
    assert found.components.shape == (39, 48)
    np.testing.assert_allclose(found.deviations, strengths[:39] / np.sqrt(39), rtol=1e-6)
    np.testing.assert_allclose(np.abs(np.sum(found.components[:5] * rows[:5], axis=1)), 1, atol=1e-9)
    np.testing.assert_allclose(found.components @ found.components.T, np.eye(39), atol=1e-6)


def test_reconstruction_gets_better_and_ends_exact(pictures):
    found = fit(pictures)
    errors = [np.square(found.first(k).reconstruct(pictures) - pictures).mean() for k in (0, 3, 5, 39)]
    assert errors[0] == pytest.approx(pictures.var(axis=0).mean(), rel=1e-4)
    assert errors[0] > errors[1] > 100 * errors[2] and errors[3] < 1e-10
    assert found.first(2).reconstruct(pictures).shape == pictures.shape
    with pytest.raises(DataError, match="there are 39"):
        found.first(40)
    with pytest.raises(DataError, match=r"\(n, 3, 4, 4\)"):
        found.encode(np.zeros((2, 3, 2, 2)))


def test_samples_have_the_training_mean_and_covariance(pictures):
    found = fit(pictures)
    samples = found.generate(np.random.default_rng(1).standard_normal((20000, 39)))
    assert samples.shape == (20000, 3, 4, 4)
    flat, wanted = samples.reshape(20000, -1), pictures.reshape(40, -1)
    np.testing.assert_allclose(flat.mean(axis=0), wanted.mean(axis=0), atol=0.08)
    covariance = np.cov(wanted.T)
    assert np.abs(np.cov(flat.T) - covariance).max() < 0.05 * np.abs(covariance).max()


def test_more_pictures_than_pixels_and_too_few():
    assert fit(np.random.default_rng(2).normal(size=(30, 1, 2, 2))).components.shape == (4, 4)
    with pytest.raises(DataError, match="at least 2"):
        fit(np.zeros((1, 3, 4, 4)))
