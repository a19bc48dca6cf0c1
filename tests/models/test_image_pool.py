"""The pool: what it gives, that chance comes from the step alone, that a resume finds it as it was."""

import numpy as np
import pytest

from ppgen.errors import ConfigError, WeightsError
from ppgen.models.image_pool import ImagePool


def pictures(first: int, count: int) -> np.ndarray:
    """Pictures that are constant, each at its own level."""
    return np.arange(first, first + count, dtype=np.float32).reshape(-1, 1, 1, 1) * np.ones((1, 3, 2, 2), np.float32)


def levels(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].astype(int).tolist()


def test_it_fills_first_and_then_gives_every_second_picture_an_older_one():
    pool, rng = ImagePool(5), np.random.default_rng(0)
    assert levels(pool.exchange(pictures(0, 5), rng)) == [0, 1, 2, 3, 4]
    given = levels(pool.exchange(pictures(5, 400), rng))
    older = [value != index for index, value in enumerate(given, 5)]
    assert 0.4 < np.mean(older) < 0.6
    # no picture is lost or given twice: those given and those kept are those that came
    assert sorted(given + levels(pool.arrays()["images"])) == list(range(405))


def test_the_pictures_given_are_not_tied_to_the_callers_arrays():
    pool, rng = ImagePool(1), np.random.default_rng(0)
    mine = pictures(7, 1)
    pool.exchange(mine, rng)
    mine[:] = -1
    assert levels(pool.arrays()["images"]) == [7]


def test_no_capacity_passes_through():
    pool = ImagePool(0)
    assert levels(pool.exchange(pictures(3, 4), np.random.default_rng(0))) == [3, 4, 5, 6]
    assert pool.arrays() == {} and len(pool) == 0


@pytest.mark.parametrize("steps_before", [0, 2, 7])
def test_a_restored_pool_goes_on_as_the_unbroken_one(steps_before):
    def run(pool: ImagePool, steps: range) -> list[list[int]]:
        return [levels(pool.exchange(pictures(2 * s, 2), np.random.default_rng([9, s]))) for s in steps]

    unbroken = run(ImagePool(6), range(12))
    before, after = ImagePool(6), ImagePool(6)
    after.exchange(pictures(900, 3), np.random.default_rng(0))  # what restore must forget
    head = run(before, range(steps_before))
    after.restore(before.arrays())
    assert head + run(after, range(steps_before, 12)) == unbroken


def test_what_cannot_be_is_named():
    with pytest.raises(ConfigError, match="pool_size"):
        ImagePool(-1)
    with pytest.raises(WeightsError, match="holds 3 pictures, model.pool_size is 2"):
        ImagePool(2).restore({"images": pictures(0, 3)})
