"""The order of samples is a function of (seed, position), for any number of processes."""

from collections import Counter

import numpy as np
import pytest

from ppgen.datasets.stream import BatchStream, Order, collate
from ppgen.errors import DataError


class Numbers:
    """Ten samples in two groups; each says which it is and what its random generator gave."""

    groups = ["a"] * 8 + ["b"] * 2

    def __len__(self):
        return 10

    def sample(self, index, rng):
        return {"index": np.array(index), "draw": np.array(rng.random()), "name": str(index)}


def test_every_epoch_holds_every_sample_once_in_another_order():
    order = Order(["all"] * 10, seed=3)
    first, second = ([order(p) for p in range(s, s + 10)] for s in (0, 10))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert [Order(["all"] * 10, seed=3)(p) for p in range(10)] == first
    assert [Order(["all"] * 10, seed=4)(p) for p in range(10)] != first


def test_turns_decide_how_often_a_group_comes():
    order = Order(Numbers.groups, seed=1, turns={"a": 3, "b": 2})
    seen = Counter(Numbers.groups[order(p)] for p in range(50))
    assert seen == {"a": 30, "b": 20}
    assert set(order(p) for p in range(50)) == set(range(10))


def test_turns_for_unknown_groups_are_refused():
    with pytest.raises(DataError, match="loader.turns"):
        Order(Numbers.groups, seed=1, turns={"a": 1, "c": 1})


def test_two_processes_see_the_halves_of_one_processes_batches():
    streams = [BatchStream(Numbers(), 4, 5, None, rank, world) for rank, world in ((0, 1), (0, 2), (1, 2))]
    for step in (0, 1, 7):
        whole, left, right = (stream.batch(step) for stream in streams)
        for key in ("index", "draw"):
            assert np.array_equal(whole[key], np.concatenate([left[key], right[key]]))
    for stream in streams:
        stream.close()


def test_pictures_of_different_shapes_are_named():
    samples = [{"image": np.zeros((3, 4, n)), "id": f"p{n}"} for n in (4, 5)]
    with pytest.raises(DataError, match=r"'image' of one shape, found p4 \(3, 4, 4\), p5 \(3, 4, 5\)"):
        collate(samples)
