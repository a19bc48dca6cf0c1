"""From a run to a shipped file with its card."""

import json

import numpy as np
import pytest
import yaml
from engine.toys import run

from ppgen import hub
from ppgen.engine import checkpoint, publish
from ppgen.errors import WeightsError
from ppgen.io.weights import card_of, read_arrays

CARD = {"title": "Discs", "licence": "CC0", "data": "discs", "limits": "discs only"}


@pytest.fixture
def runs(tmp_path):
    """Two runs of 4 and of 8 steps, with the record of their start that the command line would have written."""
    for name, steps in (("first", 4), ("second", 8)):
        trainer = run(tmp_path / name, total_iters=steps)
        (tmp_path / name / "config.yaml").write_text(yaml.safe_dump(trainer.config.as_settings()))
        (tmp_path / name / "history.jsonl").write_text(json.dumps({"step": 0, "command": f"train {name}"}) + "\n")
    (tmp_path / "discs.yaml").write_text(yaml.safe_dump({"card": CARD}))
    return tmp_path


def shipped_card(folder, name="discs"):
    return card_of(folder / f"{name}.safetensors")


def test_the_card_tells_the_runs_before(runs, monkeypatch):
    monkeypatch.setattr(hub, "ASSETS", runs)
    common = [str(runs / "second"), "discs", "-c", str(runs / "discs.yaml")]
    assert publish.main(common) == 0
    assert shipped_card(runs)["images seen"] == "32 (8 steps)"
    assert publish.main([*common, "--after", str(runs / "first")]) == 0
    card = shipped_card(runs)
    assert card["images seen"] == "32 (8 steps); before: 16 (4 steps)"
    assert card["command"] == ["before, from step 0: `train first`", "from step 0: `train second`"]
    assert "; before: 0.0" in card["wall time"] and card["wall time"].endswith(" h")
    resumed = {"step": 4, "command": "train on", "commit": "0123456789"}
    (runs / "first" / "history.jsonl").write_text(
        json.dumps({"step": 0, "command": "train first", "commit": "abcdef01"}) + "\n" + json.dumps(resumed) + "\n"
    )
    one = checkpoint.newest(runs / "first" / "checkpoints")
    assert publish.main([*common, "--after", str(one)]) == 0
    assert shipped_card(runs)["command"][0] == "before, from step 0: `train first` (commit abcdef0)"
    assert shipped_card(runs)["images seen"].endswith("before: 16 (4 steps)")
    assert len(shipped_card(runs)["command"]) == 2
    with (runs / "second" / "history.jsonl").open("a") as history:  # went on from its best step: not what ships
        history.write(json.dumps({"step": 8, "command": "train on"}) + "\n")
    assert publish.main(common) == 0
    assert shipped_card(runs)["command"] == ["from step 0: `train second`"]
    (runs / "empty").mkdir()
    with pytest.raises(WeightsError, match="empty.*holds no checkpoint"):
        publish.main([*common, "--after", str(runs / "empty")])


def test_the_card_goes_on_where_that_of_shipped_weights_ends(runs, monkeypatch):
    monkeypatch.setattr(hub, "ASSETS", runs)
    config = ["-c", str(runs / "discs.yaml")]
    assert publish.main([str(runs / "first"), "old", *config]) == 0
    assert publish.main([str(runs / "second"), "new", *config, "--after", str(runs / "old.safetensors")]) == 0
    assert publish.main([str(runs / "second"), "newer", *config, "--after", str(runs / "new.safetensors")]) == 0
    card = shipped_card(runs, "newer")
    assert card["images seen"] == "32 (8 steps); before: 16 (4 steps), 32 (8 steps)"
    before = "before, from step 0: `train second`"
    assert card["command"] == ["before, from step 0: `train first`", before, "from step 0: `train second`"]
    assert len(card["wall time"].split("; before: ")[1].split(", ")) == 2 and card["wall time"].endswith(" h")
    with pytest.raises(WeightsError, match="discs.yaml"):
        publish.main([str(runs / "second"), "newer", *config, "--after", str(runs / "discs.yaml")])
    with pytest.raises(WeightsError, match=r"best\.safetensors: its card does not tell how it was trained"):
        publish.main([str(runs / "second"), "newer", *config, "--after", str(runs / "first" / "best.safetensors")])


def test_what_is_unfinished_is_no_asset(runs, monkeypatch):
    monkeypatch.setattr(hub, "ASSETS", runs)
    monkeypatch.setattr(publish, "STARTS", runs / "starts")
    where = [str(runs / "second"), "discs", "-c", str(runs / "discs.yaml"), "--unfinished"]
    assert publish.main([*where, "--also", "network"]) == 0
    assert not (runs / "discs.safetensors").exists() and not (runs / "discs.md").exists()
    assert shipped_card(runs / "starts")["images seen"] == "32 (8 steps)"
    beside = shipped_card(runs / "starts", "discs_network")
    assert "--load starts/discs.safetensors starts/discs_network.safetensors`" in beside["use"]


def test_the_network_beside_is_of_the_best_step(runs, monkeypatch):
    monkeypatch.setattr(hub, "ASSETS", runs)
    monkeypatch.setattr(publish, "STARTS", runs / "starts")
    checkpoint.mark_best(runs / "second" / "checkpoints", 6)
    log = runs / "second" / "log.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    log.write_text("".join(json.dumps({**row, "augment_p": 0.1 if row["step"] <= 6 else 0.2}) + "\n" for row in rows))
    assert publish.main([str(runs / "second"), "discs", "-c", str(runs / "discs.yaml"), "--also", "network"]) == 0
    card = shipped_card(runs / "starts", "discs_network")
    assert card["title"] == "Discs: its network" and card["scores"].endswith("of the run's checkpoint of step 6")
    assert "--load discs starts/discs_network.safetensors -o model.ada_start=0.1`" in card["use"]
    kept = read_arrays(runs / "starts" / "discs_network.safetensors")
    wanted = checkpoint.load(runs / "second" / "checkpoints" / "step_00000006").weights
    assert all(np.allclose(kept[key], wanted[f"network.{key}"], atol=1e-3) for key in kept)
