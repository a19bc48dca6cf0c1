"""A tree of tiny trainings on made-up portraits: order, starting weights, stopping and going on, faults."""

import json
import shutil

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from ppgen.cli import launch
from ppgen.config import read_yaml
from ppgen.engine import checkpoint
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError, DataError
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import load_image, save_image
from ppgen.io.weights import save_network
from ppgen.registry import METRICS, NETWORKS
from ppgen.tree.picture import draw_tree
from ppgen.tree.stages import check_stages, nodes_of

SIDE, COUNT = 16, 60
NAMES = ["base", "young", "senior", "young-F", "senior-F"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A dataset in the layout of portraits: `age_group` and `gender` in turns, cartoons of one grey a group."""
    root = tmp_path_factory.mktemp("data")
    lines, rng = ["id,gender,age_group,approx_age,tone_hint,has_cartoon,suspect"], np.random.default_rng(0)
    for number in range(COUNT):
        gender, age = "FM"[number % 2], ("young", "senior")[number // 2 % 2]
        identifier = f"p{number:03d}"
        lines.append(f"{identifier},{gender},{age},{30 if age == 'young' else 70},light,1,0")
        save_image(root / "small/photo" / f"{identifier}.jpg", rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
        save_image(root / "small/mask" / f"{identifier}.png", np.full((SIDE, SIDE), 255, np.uint8))
        grey = {"young": 200, "senior": 40}[age] + (10 if gender == "F" else 0)
        save_image(root / "small/cartoon" / f"{identifier}.png", np.full((SIDE, SIDE, 3), grey, np.uint8))
    (root / "small/meta.csv").write_text("\n".join(lines) + "\n")
    ids = np.array([f"p{number:03d}" for number in range(COUNT)])
    np.savez(root / "small/landmarks.npz", ids=ids, p68=np.stack([typical_landmarks(256)] * COUNT))
    return root


def config(tmp_path):
    dataset = {"name": "PortraitCartoons", "dataroot": "small", "paired": True, "size": SIDE}
    return {
        "seed": 5, "total_iters": 3, "output_dir": str(tmp_path / "runs"),
        "model": {
            "name": "Pix2Pix", "generator": {"name": "UNetGenerator", "base_channels": 4, "levels": 2},
            "discriminator": {"name": "PatchDiscriminator", "in_channels": 6, "base_channels": 4, "layers": 1},
        },
        "dataset": {"train": {**dataset, "split": "train"}, "validation": {**dataset, "split": "validation"}},
        "loader": {"batch_size": 2, "turns": {"young": 1, "senior": 1}},
        "optimizer": {name: {"name": "Adam", "learning_rate": 0.01} for name in ("generator", "discriminator")},
        "ema": {"networks": ["generator"], "half_life": 2},
        "log": {"interval": 1, "visual_interval": 100}, "checkpoint": {"interval": 1},
        "validate": {
            "interval": 2, "network": "generator", "best": "mse",
            "metric": {"name": "ReconstructionError", "key": "b"},
        },
        "stages": {"levels": [
            {"by": "age", "groups": {"young": {"below": 50}, "senior": {"from": 50}}, "total_iters": 2},
            {"by": "gender", "groups": ["F"], "total_iters": 2},
        ]},
    }  # fmt: skip


class Runner:
    """Writes a config, changed by the test, and runs it."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, change=lambda wanted: None):
        wanted = config(self.folder)
        change(wanted)
        (self.folder / "tiny_tree.yaml").write_text(yaml.safe_dump(wanted, sort_keys=False))
        return launch.main(["-c", str(self.folder / "tiny_tree.yaml"), *arguments])

    def root(self):
        (found,) = (self.folder / "runs").iterdir()
        return found


@pytest.fixture
def run(data, tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(data))
    return Runner(tmp_path)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The folder of a tree that was trained in one go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PPGEN_DATA", str(data))
        run = Runner(tmp_path_factory.mktemp("whole"))
        assert run() == 0
    return run.root()


def weights(folder):
    return load_file(checkpoint.newest(folder / "checkpoints") / "weights.safetensors")


def tree(root):
    found = json.loads((root / "tree.json").read_text())
    return found, {node["name"]: node for node in found["nodes"]}


@pytest.mark.slow
def test_a_whole_tree(whole):
    found, nodes = tree(whole)
    assert list(nodes) == NAMES
    assert found["levels"][0] == {"by": "age", "groups": {"young": {"below": 50}, "senior": {"from": 50}}}
    assert nodes["senior-F"]["attributes"] == {"age": "senior", "gender": "F"}
    assert nodes["base"]["images"] == sum(nodes[name]["images"] for name in ("young", "senior"))
    assert 0 < nodes["young-F"]["images"] < nodes["young"]["images"]
    for name, node in nodes.items():
        assert node["finished"] and (whole / node["weights"]).is_file() and node["score"] > 0
        assert (node["parent_score"] is None) == (name == "base")
        own = read_yaml(whole / name / "config.yaml")
        assert "stages" not in own and own["total_iters"] == (3 if name == "base" else 2)
    assert read_yaml(whole / "young-F/config.yaml")["dataset"]["train"]["where"] == {
        "age_group": "young", "gender": "F",
    }  # fmt: skip
    assert load_image(whole / "tree.png").shape[1] > 2 * 264


@pytest.mark.slow
def test_a_node_starts_from_its_parents_best_weights(run):
    """With a learning rate of 0 all the tree has the base's weights of its best step."""

    def still(wanted):
        (level, _) = wanted["stages"]["levels"]
        level["change"] = {"optimizer": {name: {"learning_rate": 0.0} for name in wanted["optimizer"]}}
        wanted["stages"]["levels"] = [level]

    assert run(change=still) == 0
    root = run.root()
    _, nodes = tree(root)
    place = checkpoint.best(root / "base/checkpoints")
    assert nodes["young"]["started_from"] == str(place.relative_to(root))
    base = load_file(place / "weights.safetensors")
    for name in ("young", "senior"):
        assert {key: value.tobytes() for key, value in weights(root / name).items()} == {
            key: value.tobytes() for key, value in base.items()
        }
        assert nodes[name]["score"] == pytest.approx(nodes[name]["parent_score"], rel=1e-3)


def test_the_base_starts_from_the_weights_that_load_names(run, tmp_path):
    def still(wanted):
        wanted["load"] = str(tmp_path / "start.safetensors")
        for entry in wanted["optimizer"].values():
            entry["learning_rate"] = 0.0
        wanted["stages"]["levels"] = wanted["stages"]["levels"][:1]
        wanted["total_iters"] = 1

    network = NETWORKS.build(config(tmp_path)["model"]["generator"])
    save_network(network, tmp_path / "start.safetensors")
    assert run(change=still) == 0
    found = weights(run.root() / "base")
    for name, value in network.named_parameters():
        assert np.array_equal(found[f"generator.{name}"], value.numpy()), name
    assert "load" not in read_yaml(run.root() / "young/config.yaml")


def test_weights_that_are_not_there_are_named_before_anything_is_written(run, tmp_path):
    with pytest.raises(ConfigError, match="load: photo2cartoom: no such file"):
        run("--dry-run", change=lambda wanted: wanted.update(load="photo2cartoom"))

    def late(wanted):
        wanted["stages"]["levels"][0]["change"] = {"load": "photo2cartoon"}

    with pytest.raises(ConfigError, match="change.load: cannot differ"):
        run(change=late)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_stopped_tree_goes_on_and_ends_the_same(whole, run, monkeypatch, capsys):
    saves, real = [], checkpoint.save

    def dying(*arguments):
        saves.append(arguments)
        if len(saves) == 7:  # 3 of the base, 2 of young, the first of senior: the next is lost
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(checkpoint, "save", dying)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(checkpoint, "save", real)
    _, nodes = tree(run.root())
    assert [nodes[name]["finished"] for name in NAMES] == [True, True, False, False, False]
    before = (run.root() / "young/best.safetensors").stat().st_mtime_ns
    capsys.readouterr()
    assert run("--resume") == 0
    said = capsys.readouterr().out
    assert "young: finished before" in said and "senior: from step 1 to 2" in said and "senior-F: from step 0" in said
    assert (run.root() / "young/best.safetensors").stat().st_mtime_ns == before
    for name in NAMES:
        one, other = weights(whole / name), weights(run.root() / name)
        assert all(np.array_equal(one[key], other[key]) for key in one), name


def test_dry_run_shows_the_tree_and_writes_nothing(run, tmp_path, capsys):
    assert run("--dry-run") == 0
    said = capsys.readouterr().out
    assert "    senior-F: 2 steps from senior; images:" in said and "generator: UNetGenerator" in said
    assert not (tmp_path / "runs").exists()


def test_a_group_without_images_is_named(run, tmp_path):
    def nobody(wanted):
        wanted["stages"]["levels"][1]["groups"] = ["F", "X"]

    with pytest.raises(DataError, match="the group 'young-X' has no images to train on"):
        run(change=nobody)
    assert not (tmp_path / "runs").exists()


def test_data_made_without_a_table_of_people_say_how_to_make_them(data, run, tmp_path, monkeypatch):
    rows = [line.split(",") for line in (data / "small/meta.csv").read_text().splitlines()]
    (tmp_path / "data").mkdir()
    shutil.copytree(data / "small", tmp_path / "data/small")
    bare = [rows[0], *([one, "", "", *rest] for one, _, _, *rest in rows[1:])]
    (tmp_path / "data/small/meta.csv").write_text("\n".join(map(",".join, bare)) + "\n")
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    with pytest.raises(DataError) as caught:
        run()
    assert "the group 'young' has no images to train on" in str(caught.value)
    assert "age_group is empty in every row: make the data with `ppgen data portraits … --meta TABLE.csv`" in str(
        caught.value
    )
    monkeypatch.setenv("PPGEN_DATA", str(data))
    with pytest.raises(DataError, match="'young-X' has no images(?!.*--meta)"):
        run(change=lambda wanted: wanted["stages"]["levels"][1].update(groups=["X"]))


def test_a_group_too_small_for_its_metric_is_named_before_anything_is_trained(run, tmp_path, monkeypatch):
    monkeypatch.setattr(METRICS.get("ReconstructionError"), "least", 4, raising=False)
    with pytest.raises(ConfigError, match="the group 'young'.*needs at least 4 pictures and this dataset has"):
        run("--dry-run")
    assert not (tmp_path / "runs").exists()


def test_bounds_are_held_against_a_column_of_years(tmp_path):
    wanted = config(tmp_path)
    wanted["stages"]["levels"][0]["column"] = "approx_age"
    nodes = {node.name: node for node in nodes_of(TrainingConfig.of(wanted))}
    assert nodes["senior-F"].settings["dataset"]["validation"]["where"] == {"approx_age": {"from": 50}, "gender": "F"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": []}, "stages.levels: expected at least one"),
        ({"level": []}, "stages.level: unknown key, did you mean 'levels'"),
        ({"levels": [{"by": "gender", "groups": ["F"], "total_iters": 0}]}, "stages.levels.0.total_iters"),
        ({"levels": [{"by": "gender", "groups": ["F", "F"], "total_iters": 1}]}, "stages.levels.0.groups"),
        ({"levels": [{"by": "gender", "groups": ["a/b"], "total_iters": 1}]}, "'a/b' is no name"),
        ({"levels": [{"by": "age", "groups": ["young"], "total_iters": 1}]}, "give the years"),
        ({"levels": [{"by": "age", "groups": {"a": {"form": 3}}, "total_iters": 1}]}, "stages.levels.0.groups.a"),
        (
            {"levels": [{"by": "age", "groups": {"a": {"below": 50}, "b": {"from": 40}}, "total_iters": 1}]},
            "groups.b: overlaps with a",
        ),
        ({"levels": [{"by": "sex", "groups": ["F"], "total_iters": 1}] * 2}, "stages.levels.1.by"),
    ],
)
def test_faults_have_their_place(change, words):
    faults = check_stages(change, "stages")
    assert any(words in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["stages"]["levels"][0].update(change={"loadr": {}}), "stages.levels.0.change: loadr: unknown key"),
        (lambda c: c.pop("validate"), "they choose each node's weights"),
        (lambda c: (c.pop("total_iters"), c.update(epochs=2)), "give total_iters"),
        (lambda c: c["dataset"].update(train={"name": "UnpairedImages", "dataroot_a": "small", "dataroot_b": "small"}),
         "UnpairedImages has no 'where'"),
    ],
)  # fmt: skip
def test_configs_that_cannot_be_a_tree(run, change, words):
    with pytest.raises(ConfigError, match=words):
        run(change=change)


def test_a_folder_that_is_no_tree(run, tmp_path):
    with pytest.raises(ConfigError, match="no tree.json there"):
        run("--resume", str(tmp_path))


def test_picture_places_parents_above_the_middle_of_their_children(tmp_path):
    parents = {"base": None, "a": "base", "b": "base"}
    picture = draw_tree(parents, {name: ("", "") for name in parents}, {name: tmp_path / name for name in parents})
    assert picture.shape[1] == 2 * (264 + 14) + 14 and picture.dtype == np.uint8
