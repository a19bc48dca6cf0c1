"""Run folders, and what a start records in them."""

import json

import pytest
from engine.toys import run, trainer

from ppgen import hub
from ppgen.engine import checkpoint, runs, starts
from ppgen.engine.lock import folder_lock
from ppgen.engine.log import RunLog, read_log
from ppgen.engine.processes import process_count
from ppgen.errors import ConfigError, OutputError, TrainingDiverged, WeightsError


def test_the_newest_run_is_found_by_date_and_number_and_not_by_the_beginning_of_its_name(tmp_path):
    for name in (
        "gan-20260101-000000",
        "gan-20260101-000000-2",
        "gan-20260101-000000-10",
        "gan-2layers-20260201-000000",
    ):
        (tmp_path / name / "checkpoints/step_00000001").mkdir(parents=True)
    (tmp_path / "gan-20260301-000000").mkdir()  # no checkpoint yet
    assert runs.newest_run(tmp_path, "gan").name == "gan-20260101-000000-10"
    assert runs.newest_run(tmp_path, "vae") is None


def test_a_refused_second_training_leaves_the_first_ones_record_alone(tmp_path):
    first = run(tmp_path, total_iters=2)
    runs.record(tmp_path, first.config, 0, False, ["-c", "a.yaml"])
    before = {p.name: p.read_bytes() for p in tmp_path.glob("*.*l*")}
    second = trainer(tmp_path, total_iters=99)
    with folder_lock(tmp_path), pytest.raises(OutputError, match="another training"):
        (tmp_path / ".lock.owner").write_bytes(b"[" * 10_000)  # whoever holds it, holds it
        second.run(started=lambda: runs.record_start(tmp_path, second.config, 0, True, ["-c", "b.yaml"]))
    assert {p.name: p.read_bytes() for p in tmp_path.glob("*.*l*")} == before and "a.yaml" in before[
        "history.jsonl"
    ].decode()


def test_every_network_ends_up_in_a_file_that_describes_itself_the_average_where_there_is_one(tmp_path):
    done = run(tmp_path, total_iters=3, validate={})
    found = hub.load(tmp_path / "final/network.safetensors")
    wanted = done.snapshot.averages["network"].network.logit.weight.numpy()
    assert (found.logit.weight.numpy() == wanted).all() and (
        done.model.networks["network"].logit.weight.numpy() != wanted
    ).any()
    again = trainer(tmp_path / "again", validate={})
    starts.load(again, str(tmp_path / "final/network.safetensors"))
    assert (again.model.networks["network"].logit.weight.numpy() == wanted).all()


def test_a_weights_file_of_a_network_that_the_model_has_not_is_refused(tmp_path):
    from ppgen.io.weights import save_network
    from ppgen.networks.mlp_gan import MLPGenerator

    save_network(MLPGenerator(), tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="does not fit SegmentationUNet"):
        starts.load(trainer(tmp_path / "run"), str(tmp_path / "other.safetensors"))


def test_a_changed_step_number_is_damage_too(tmp_path):
    run(tmp_path, total_iters=3)
    place = checkpoint.newest(tmp_path / "checkpoints")
    facts = json.loads((place / "state.json").read_text())
    (place / "state.json").write_text(json.dumps({**facts, "step": 1}))
    with pytest.raises(WeightsError, match="state.json: is damaged"):
        checkpoint.load(place)


def test_lost_weights_do_not_replace_a_good_checkpoint(tmp_path):
    done = run(tmp_path, total_iters=3)
    weight = done.model.networks["network"].logit.weight
    weight.set_value(weight * float("nan"))
    done.snapshot.step = 4
    with pytest.raises(TrainingDiverged, match="not finite .network.logit.weight"):
        done.snapshot.save()
    assert checkpoint.newest(tmp_path / "checkpoints").name == "step_00000003"


def test_resuming_with_another_list_of_averages_says_so(tmp_path):
    run(tmp_path, total_iters=3)
    with pytest.raises(ConfigError, match="holds averages of network, and ema.networks says none"):
        trainer(tmp_path, ema={}).snapshot.resume_newest()


def test_processes_share_a_batch_in_its_pieces():
    assert process_count("1", 4, 4) == 1 and process_count("2", 8, 4) == 2 and process_count("2", 0) == 2
    assert process_count("auto", 3, 1) == 1
    with pytest.raises(ConfigError, match="batch_size 4 cannot be shared by 2 processes in 4 pieces each"):
        process_count("2", 4, 4)


def test_runs_of_a_config_whose_name_begins_alike_are_others(tmp_path):
    folder = tmp_path / "p2c-256-20260501-101010"
    assert runs.is_run_of(folder, "p2c-256") and not runs.is_run_of(folder, "p2c")
    assert runs.is_run_of(tmp_path / "p2c-20260501-101010-2", "p2c").group(2) == "2"


def test_hostile_run_folders_are_damage_and_nothing_else(tmp_path):
    run(tmp_path, total_iters=2)
    place = checkpoint.newest(tmp_path / "checkpoints")
    good = json.loads((place / "state.json").read_text())
    endless = {**good, "sha256": {"/dev/zero": "x"}}
    for text in (json.dumps(endless), json.dumps({**good, "step": "x"}), "[" * 100_000, "5", "{}"):
        (place / "state.json").write_text(text)
        with pytest.raises(WeightsError, match="damaged|cannot be read"):
            checkpoint.load(place)
    rows = (b"\xff\x00", b"5", b"[]", b"[" * 100_000, b'{"step": "x"}', b'{"step": 1, "a": 2}')
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(rows) + b"\n")
    RunLog(tmp_path / "log.jsonl", 5)
    assert read_log(tmp_path / "log.jsonl") == [{"step": 1, "a": 2}]


def test_a_link_in_the_place_of_the_lock_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "precious").write_text("data")
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="is a link"), folder_lock(tmp_path / "run"):
        pass
    assert (tmp_path / "precious").read_text() == "data"

