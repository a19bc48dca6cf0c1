"""Filters of meta.csv: values, lists, ranges."""

import pytest

from ppgen.datasets.files import matches
from ppgen.datasets.portraits import Portraits
from ppgen.errors import DataError

ROW = {"gender": "F", "age": "64.5", "born": ""}


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"gender": "F"}, True),
        ({"gender": ["M", "F"], "age": {"from": 50, "below": 65}}, True),
        ({"age": {"from": 64.5}}, True),
        ({"age": {"below": 64.5}}, False),
        ({"born": {"from": 0}}, False),  # unknown is in no range
        ({}, True),
    ],
)
def test_matches(where, fits):
    assert matches(ROW, where) is fits


@pytest.mark.parametrize("ends", [{}, {"form": 3}])
def test_a_range_without_ends(ends):
    with pytest.raises(DataError, match="from: A, below: B"):
        matches(ROW, {"age": ends})


def test_portraits_of_a_group(shared, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(shared("portraits").parent))
    every = Portraits("portraits/train", groups_by="age_group")
    women = Portraits("portraits/train", where={"gender": "F", "age_group": "senior"}, groups_by="age_group")
    by_age = Portraits("portraits/train", where={"gender": "F", "approx_age": {"from": 65}})
    assert 0 < len(women) < len(every) and set(women.groups) == {"senior"}
    assert [row["id"] for row in by_age.rows] == [row["id"] for row in women.rows]
    with pytest.raises(DataError, match="no picture has {'gender': 'X'}"):
        Portraits("portraits/train", where={"gender": "X"})


def test_a_range_with_an_end_that_is_no_number():
    with pytest.raises(DataError, match="the ends of a range are numbers"):
        matches({"age": "60"}, {"age": {"from": 50, "below": None}})
