"""From a run to a shipped file with its card."""

import json

import pytest
import yaml
from engine.toys import run

from ppgen import hub
from ppgen.engine import publish
from ppgen.errors import WeightsError
from ppgen.io.weights import read_metadata

CARD = {"title": "Discs", "licence": "CC0", "data": "discs", "limits": "discs only"}


@pytest.fixture
def runs(tmp_path):
    """Two runs of 4 and of 8 steps, with the record of their start that the command line would have written."""
    for name, steps in (("first", 4), ("second", 8)):
        trainer = run(tmp_path / name, total_iters=steps)
        (tmp_path / name / "config.yaml").write_text(yaml.safe_dump(trainer.config))
        (tmp_path / name / "history.jsonl").write_text(json.dumps({"step": 0, "command": f"train {name}"}) + "\n")
    (tmp_path / "discs.yaml").write_text(yaml.safe_dump({"card": CARD}))
    return tmp_path


def card_of(folder):
    return read_metadata(folder / "discs.safetensors")["card"]


def test_the_card_tells_the_runs_before(runs, monkeypatch):
    monkeypatch.setattr(hub, "ASSETS", runs)
    common = [str(runs / "second"), "discs", "-c", str(runs / "discs.yaml")]
    assert publish.main(common) == 0
    assert card_of(runs)["images seen"] == "32 (8 steps)"
    assert publish.main([*common, "--after", str(runs / "first")]) == 0
    card = card_of(runs)
    assert card["images seen"] == "32 (8 steps); before: 16 (4 steps)"
    assert card["command"] == ["before, from step 0: `train first`", "from step 0: `train second`"]
    assert "; before: 0.0" in card["wall time"] and card["wall time"].endswith(" h")
    (runs / "empty").mkdir()
    with pytest.raises(WeightsError, match="empty.*holds no checkpoint"):
        publish.main([*common, "--after", str(runs / "empty")])
