"""Percentile intervals."""

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.metrics.bootstrap import interval


def test_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = interval(values)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_same_seed_same_interval():
    values = np.arange(20.0)
    assert interval(values, seed=3) == interval(values, seed=3) != interval(values, seed=4)


def test_rows_stay_together():
    rows = np.stack([np.arange(1.0, 30), 2 * np.arange(1.0, 30)], axis=1)
    low, high = interval(rows, lambda r: r[:, 0].sum() / r[:, 1].sum())
    assert low == high == pytest.approx(0.5)


@pytest.mark.parametrize("values", [[], [1.0, np.nan]])
def test_no_interval_of_nothing(values):
    with pytest.raises(DataError, match="bootstrap"):
        interval(values)
