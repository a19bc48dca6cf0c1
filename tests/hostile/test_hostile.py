"""Whatever a stranger sends: nothing runs, nothing crashes, memory is bounded, and people read one printable line."""

import pytest
from hostile.case import Outcome, sampled
from hostile.corpus import KINDS, cases
from hostile.runner import outcomes

_QUICK, _MUTATED, _PREDICTED = 12, 100, 60


def wrong(found: list[Outcome]) -> list[str]:
    """What went wrong; how long a case took is for benchmarks, on machines that do nothing else."""
    return [
        f"{outcome.name}: {', '.join(faults)} {outcome.executed} {outcome.said[-300:]!r}"
        for outcome in found
        if (faults := [fault for fault in outcome.faults() if fault != "over 5 s"])
    ]


@pytest.fixture(scope="module")
def some() -> list[Outcome]:
    """Some cases of each kind, in one process."""
    names = [case.name for kind in KINDS for case in sampled(cases(kind), _QUICK)]
    return list(outcomes([*names, *(f"mutated/{number}" for number in range(_MUTATED))]))


@pytest.mark.parametrize("kind", [*KINDS, "mutated"])
def test_some_of_each_kind(some, kind):
    found = [outcome for outcome in some if outcome.kind == kind]
    assert len(found) >= _QUICK and wrong(found) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_all_of_each_kind(kind):
    assert wrong(list(outcomes([case.name for case in cases(kind)]))) == []


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("mutated", 20 * _MUTATED), ("predicted", _PREDICTED)])
def test_pictures_with_bytes_changed(kind, count):
    assert wrong(list(outcomes([f"{kind}/{number}" for number in range(count)]))) == []


def test_the_corpus_is_large_enough():
    assert sum(len(cases(kind)) for kind in KINDS) >= 1500


@pytest.mark.slow
def test_the_runner_sees_what_must_not_happen():
    found = {
        outcome.name.removeprefix("bad/"): outcome for outcome in outcomes([c.name for c in cases("bad")], limit=30)
    }
    assert list(found) == [
        case.name.removeprefix("bad/") for case in cases("bad")
    ]  # one that ends does not end the rest
    assert found.pop("nothing").faults() == found.pop("nothing more").faults() == []
    wanted = {
        "starts a program": "executed", "runs a payload": "executed", "writes elsewhere": "executed",
        "raises": "tracebacks",
        "crashes": "tracebacks", "takes memory": "over 1 GiB", "moves the cursor": "unprintable",
        "never ends": "tracebacks",
    }  # fmt: skip
    told = {name: outcome.faults() for name, outcome in found.items()}  # a busy machine adds "over 5 s"
    assert told.keys() == wanted.keys()
    assert [name for name, fault in wanted.items() if fault not in told[name]] == []
