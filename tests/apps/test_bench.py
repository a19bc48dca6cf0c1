"""The bench measures what it says, in turns, with both settings."""

import json
import os

import numpy as np
import pytest

from ppgen.apps import bench
from ppgen.cli import main
from ppgen.errors import ConfigError


def test_settings_take_turns_and_the_first_turn_does_not_count(monkeypatch):
    monkeypatch.delenv("PPGEN_TEST", raising=False)
    seen = []
    row = bench._compared("it", 8, lambda: seen.append(os.environ["PPGEN_TEST"]), "PPGEN_TEST", ("a", "b"), 3)
    assert seen == ["a", "b"] * 4 and "PPGEN_TEST" not in os.environ
    assert row.before > 0 and np.isclose(row.rate, 8 / row.now)


def test_what_cannot_be_measured_is_said(capsys):
    with pytest.raises(ConfigError, match="cartoon"):
        bench.measure("cartoons")
    assert main(["bench", "--repeats", "0"]) == 2 and "give 1 or more" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("subject", bench.SUBJECTS)
def test_each_subject_prints_a_table_and_writes_json(capsys, tmp_path, subject):
    assert main(["bench", subject, "--repeats", "1", "--json", str(tmp_path / "bench.json")]) == 0
    rows = json.loads((tmp_path / "bench.json").read_text())["rows"]
    said = capsys.readouterr().out
    assert rows and all(row["now"] > 0 and row["what"] in said for row in rows)
