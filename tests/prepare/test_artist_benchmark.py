"""benchmarks/artist.py on two made-up portraits."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import mean_colours
from prepare.artist.test_artist import POINTS, portrait

from ppgen.io.image import on_white


@pytest.fixture
def script(benchmark):
    return benchmark("artist")


def case(module, name: str, tone: str, skin: tuple, given: bool):
    photo, mask = portrait(skin=skin)
    row = {"id": name, "gender": "M", "age_group": "young", "has_glasses": "0", "tone_hint": tone}
    cartoon = np.full_like(photo, 128) if given else None
    return module.Case(row, photo, on_white(photo, mask), cartoon, mask, POINTS)


def test_figures(script, benchmark):
    report = benchmark("harness").report
    cases = [case(script, "a", "light", (84, 10, 14), True), case(script, "b", "deep", (26, 14, 16), True)]

    figures = script.measure(cases, [], mean_colours, neutral=False)
    assert figures["rank1"] == 1.0 and figures["rank1_n"] == 2 and figures["rank1_of_given"] == 0.5
    skin = figures["skin"]
    assert set(skin) == {"light", "deep", "men", "no glasses", "young"}
    assert skin["light"]["drawing"] > skin["deep"]["drawing"] + 15
    assert skin["deep"]["signed"] == pytest.approx(skin["deep"]["drawing"] - skin["deep"]["exposed"])
    assert "light" in report(json.loads(json.dumps(figures)))


def test_missing_data_is_one_line(script, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    assert script.main([]) == 2
    message = capsys.readouterr().err.strip()
    assert "make data" in message and "\n" not in message
