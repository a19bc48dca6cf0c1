"""Codes against N(0, 1): each figure against what SciPy or the formula says."""

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.io.image import load_image
from ppgen.latent.posterior import draws, examine, kl_per_dimension, kolmogorov_smirnov, save_histograms
from ppgen.latent.render import Codes


@pytest.fixture
def codes() -> Codes:
    """Dimension 0 is used and normal, 1 is not used, 2 is used and off by 1, 3 is used and too narrow."""
    rng = np.random.default_rng(0)
    mu = np.zeros((3000, 4), np.float32)
    variance = np.ones((3000, 4), np.float32)
    mu[:, 0], variance[:, 0] = rng.normal(0, 0.8, 3000), 0.36
    mu[:, 2], variance[:, 2] = rng.normal(1, 0.8, 3000), 0.36
    mu[:, 3], variance[:, 3] = rng.normal(0, 0.3, 3000), 0.01
    return Codes(mu, np.log(variance))


def test_kl_is_the_formula():
    codes = Codes(np.array([[1.0, 0.0]]), np.log(np.array([[1.0, 0.25]])))
    np.testing.assert_allclose(kl_per_dimension(codes), [0.5, 0.5 * (0.25 - 1 + np.log(4))])


def test_draws_have_the_posterior_s_moments():
    codes = Codes(np.full((20000, 1), 3.0), np.full((20000, 1), np.log(4.0)))
    z = draws(codes)
    assert z.mean() == pytest.approx(3, abs=0.05) and z.std() == pytest.approx(2, abs=0.05)
    assert (draws(codes) == z).all() and (draws(codes, seed=1) != z).any()


def test_report(codes):
    report = examine(codes)
    assert report.active.tolist() == [True, False, True, True]
    assert report.near_normal.tolist() == [True, True, False, False]
    assert report.p[0] > 0.01 and report.p[1] > 0.01 and report.p[2] < 1e-6 and report.p[3] < 1e-6
    found = report.summary()
    assert (found["dimensions"], found["active"]) == (4, 3)
    assert found["near_normal_share"] == pytest.approx(1 / 3)
    nothing = examine(Codes(np.zeros((50, 2)), np.zeros((50, 2)))).summary()
    assert (nothing["active"], nothing["near_normal_share"]) == (0, 0)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.4])
def test_kolmogorov_smirnov_equals_scipy(shift):
    stats = pytest.importorskip("scipy.stats")
    samples = np.random.default_rng(4).normal(shift, 1, (200, 3))
    distance, p = kolmogorov_smirnov(samples)
    for column in range(3):
        wanted = stats.kstest(samples[:, column], "norm")
        assert distance[column] == pytest.approx(wanted.statistic, abs=1e-9)
        assert p[column] == pytest.approx(wanted.pvalue, abs=0.01)
    with pytest.raises(DataError, match="at least 5"):
        kolmogorov_smirnov(samples[:4])


def test_histograms_are_drawn(codes, tmp_path):
    path = save_histograms(tmp_path / "h.png", codes, count=50)
    picture = load_image(path)
    blue = (picture[..., 2].astype(int) - picture[..., 0] > 60).mean()
    assert picture.shape[1] > 400 and 0.02 < blue < 0.5
    used = int(examine(codes).active.sum())
    active = load_image(save_histograms(tmp_path / "a.png", codes, count=50, active=True))
    assert 0 < used < codes.mu.shape[1] and active.size < picture.size
    grey = [((x.max(axis=2) == x.min(axis=2)) & (x[..., 0] == 211)).mean() > 0.01 for x in (picture, active)]
    assert grey == [True, False]  # "lightgrey" is (211, 211, 211)
