"""Frechet distance, KID, precision/recall and Inception Score: other people's formulas, and what they must see."""

from __future__ import annotations

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.metrics.fid import fid, frechet_distance, gaussian, require_samples
from ppgen.metrics.inception_score import inception_score
from ppgen.metrics.kid import kid, subset_size, unbiased_mmd
from ppgen.metrics.pr import precision_recall, radii


def cloud(count: int, dimension: int = 12, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Correlated features (count, dimension); the same mixing for every seed."""
    mixing = np.random.default_rng(99).normal(size=(dimension, dimension))
    return np.random.default_rng(seed).normal(shift, scale, (count, dimension)) @ mixing


def test_frechet_equals_the_formula_with_scipys_matrix_root():
    linalg = pytest.importorskip("scipy.linalg")
    a, b = cloud(300), cloud(260, seed=1, shift=0.3, scale=1.4)
    sa, sb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(sa @ sb).real
    wanted = np.square(a.mean(axis=0) - b.mean(axis=0)).sum() + np.trace(sa + sb - 2 * root)
    assert fid(a, b) == pytest.approx(wanted, rel=1e-6)


def test_frechet_of_known_gaussians():
    a, b = gaussian(cloud(200)), gaussian(cloud(200) + 2.0)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(4 * 12)  # moved alone: the squared shift
    wider = gaussian(a.mean + 3 * (cloud(200) - a.mean))
    assert frechet_distance(a, wider) == pytest.approx(4 * np.trace(a.covariance))  # (3 - 1)^2 tr S


def test_frechet_without_full_rank():
    few = cloud(5)  # 5 points in 12 dimensions
    assert frechet_distance(gaussian(few), gaussian(few)) == pytest.approx(0, abs=1e-9)


def test_fid_is_refused_with_few_pictures():
    require_samples(60, 60, 12)
    for sides in ((59, 1000), (1000, 59)):
        with pytest.raises(DataError, match=r"at least 60 pictures.*use KID"):
            require_samples(*sides, 12)
    with pytest.raises(DataError, match="use KID"):
        fid(cloud(59), cloud(200))


def test_kid_equals_sklearns_kernel():
    pairwise = pytest.importorskip("sklearn.metrics.pairwise")
    a, b = cloud(90), cloud(70, seed=1, shift=0.2)
    within = [pairwise.polynomial_kernel(x, degree=3, coef0=1) for x in (a, b)]
    across = pairwise.polynomial_kernel(a, b, degree=3, coef0=1)
    wanted = sum(k[~np.eye(len(k), dtype=bool)].mean() for k in within) - 2 * across.mean()
    assert unbiased_mmd(a, b) == pytest.approx(wanted, rel=1e-6)


def test_kid_is_unbiased():
    found = [unbiased_mmd(cloud(40, 3, 2 * i), cloud(40, 3, 2 * i + 1)) for i in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0 < max(found)


def test_kid_error_is_that_of_the_sample():
    found = [kid(cloud(80, 3, 2 * i), cloud(80, 3, 2 * i + 1, shift=0.4), subsets=25) for i in range(30)]
    spread = np.std([k.value for k in found])
    assert 0.6 * spread < np.mean([k.error for k in found]) < 1.8 * spread


def test_kid_subsets_leave_room():
    assert subset_size(5000, 50000) == 1000 and subset_size(956, 956) == 478 and subset_size(4, 900) == 2
    found = kid(cloud(50), cloud(60, seed=1), seed=3)
    assert found.error > 0 and found == kid(cloud(50), cloud(60, seed=1), seed=3)
    assert found.value != kid(cloud(50), cloud(60, seed=1), seed=4).value


def test_precision_and_recall_equal_prdc():
    prdc = pytest.importorskip("prdc")
    a, b = cloud(150, 6), cloud(130, 6, seed=1, shift=0.5, scale=0.8)
    wanted = prdc.compute_prdc(real_features=a, fake_features=b, nearest_k=3)
    found = precision_recall(a, b)
    assert found.precision == pytest.approx(wanted["precision"], rel=1e-6)
    assert found.recall == pytest.approx(wanted["recall"], rel=1e-6)
    assert 0 < found.recall < found.precision < 1


def test_precision_sees_bad_fakes_and_recall_missing_ones():
    real = cloud(200, 4)
    few_modes = np.repeat(real[:4], 50, axis=0) + np.random.default_rng(1).normal(0, 1e-3, (200, 4))
    assert precision_recall(real, few_modes) == pytest.approx((1.0, 0.02), abs=0.02)
    half_broken = np.concatenate([real[:100], real[:100] + 1000])
    assert precision_recall(real, half_broken).precision == 0.5


def test_radii_beyond_a_block():
    points = np.arange(1200.0)[:, None]
    assert radii(points, 2)[[0, 600, 1199]].tolist() == [2, 1, 2]


def test_inception_score_of_extremes():
    sure = np.tile(np.eye(7), (100, 1))
    assert inception_score(sure).mean == pytest.approx(7, rel=1e-3)
    assert inception_score(np.full((100, 7), 1 / 7)) == pytest.approx((1, 0))
    stats = pytest.importorskip("scipy.stats")
    p = np.random.default_rng(0).dirichlet(np.ones(5), 60)
    wanted = [np.exp(np.mean([stats.entropy(row, part.mean(axis=0)) for row in part])) for part in np.split(p, 10)]
    assert inception_score(p).mean == pytest.approx(np.mean(wanted), rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fid(np.full((80, 12), np.nan), cloud(80)), "NaN"),
        (lambda: frechet_distance(gaussian(cloud(9)), gaussian(cloud(9, 3))), "one length"),
        (lambda: kid(cloud(3), cloud(50)), "at least 4"),
        (lambda: unbiased_mmd(cloud(9), cloud(9, 3)), "one length"),
        (lambda: kid(cloud(9), cloud(9), subsets=1), "2 subsets"),
        (lambda: precision_recall(cloud(3), cloud(50)), "more than 3"),
        (lambda: inception_score(np.ones((20, 5))), "sum to 1"),
        (lambda: inception_score(np.full((9, 5), 0.2)), "at least 10"),
    ],
)
def test_what_cannot_be_measured_is_said(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_too_few_pictures_are_known_before_a_training():
    from ppgen.engine.settings import ValidateSettings
    from ppgen.engine.validation import check_enough
    from ppgen.errors import ConfigError

    with pytest.raises(ConfigError, match="FID needs at least 320 pictures and this dataset has 137"):
        check_enough(ValidateSettings(metric={"name": "FID"}), 137)
    check_enough(ValidateSettings(metric={"name": "FID"}), 320)
