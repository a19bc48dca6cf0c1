"""Which leaf serves whom, and that the predictor draws with it."""

import json

import numpy as np
import pytest

from ppgen.apps import Photo2CartoonPredictor
from ppgen.apps.portrait import PortraitPipeline
from ppgen.errors import ConfigError, WeightsError
from ppgen.faces import Face
from ppgen.faces import attributes as estimates
from ppgen.faces.attributes import Attributes
from ppgen.faces.typical import typical_landmarks
from ppgen.io.weights import save_network
from ppgen.tree import routing
from ppgen.tree.routing import Router

CROP, POINTS = np.full((256, 256, 3), 128, np.uint8), typical_landmarks(256)
BOUNDS = {"child": {"below": 18}, "adult": {"from": 18, "below": 60}, "old": {"from": 60}}


@pytest.fixture
def guess(monkeypatch):
    """The estimate is what the test says; without a call it must not be asked for."""

    def set_to(gender, age):
        monkeypatch.setattr(estimates, "estimate_attributes", lambda *_: Attributes(gender, age, 0.0))

    monkeypatch.setattr(estimates, "estimate_attributes", lambda *_: pytest.fail("nothing had to be estimated"))
    return set_to


@pytest.fixture
def tree(tmp_path):
    """A run folder with bounds of its own; old-F and all of adult but adult-M have no weights."""
    nodes = [("base", {}), ("child", {"age": "child"}), ("adult", {"age": "adult"}), ("old", {"age": "old"})]
    nodes += [(f"{name}-{g}", {**groups, "gender": g}) for name, groups in nodes[1:] for g in "FM"]
    have = {"base", "child", "old", "child-F", "adult-M", "old-M"}
    for name in have:
        (tmp_path / name).mkdir()
        (tmp_path / name / "best.safetensors").write_bytes(b"x")
    found = {
        "levels": [{"by": "age", "groups": BOUNDS}, {"by": "gender", "groups": {"F": {}, "M": {}}}],
        "nodes": [{"name": n, "attributes": g, "weights": f"{n}/best.safetensors"} for n, g in nodes],
    }
    (tmp_path / "tree.json").write_text(json.dumps(found))
    return tmp_path


@pytest.mark.parametrize(
    ("known", "leaf", "wanted"),
    [
        ({"age": 17.9, "gender": "F"}, "child-F", "child-F"),
        ({"age": 18, "gender": "M"}, "adult-M", "adult-M"),
        ({"age": 18, "gender": "F"}, "base", "adult-F"),  # neither adult-F nor adult
        ({"age": 60, "gender": "F"}, "old", "old-F"),
        ({"age": "old", "gender": "M"}, "old-M", "old-M"),
    ],
)
def test_fallback_goes_up_the_tree(tree, guess, known, leaf, wanted):
    router = Router(tree)
    route = router.route(router.checked(known), CROP, POINTS)
    assert (route.leaf, route.wanted, route.estimated) == (leaf, wanted, {})
    assert route.weights == tree / leaf / "best.safetensors"
    assert bool(route.warnings) == (leaf != wanted)
    if route.warnings:
        assert wanted in route.warnings[0] and leaf in route.warnings[0]


@pytest.mark.parametrize(
    ("mode", "scores", "leaf"),
    [
        ("min", {"child-F": (0.4, 0.3)}, "child"),
        ("min", {"child-F": (0.4, 0.3), "child": (0.5, 0.45)}, "base"),
        ("min", {"child-F": (0.3, 0.4), "child": (0.5, 0.45)}, "child-F"),
        ("min", {"child-F": (0.3, 0.3)}, "child-F"),
        ("min", {"child-F": (0.4, None)}, "child-F"),
        ("max", {"child-F": (0.3, 0.4)}, "child"),
        ("max", {"child-F": (0.4, 0.3)}, "child-F"),
    ],
)
def test_a_leaf_worse_than_its_parent_does_not_serve(tree, guess, mode, scores, leaf):
    found = json.loads((tree / "tree.json").read_text())
    for node in found["nodes"]:
        own, parent = scores.get(node["name"], (None, None))
        node.update(judged_by="overall", mode=mode, score=own, parent_score=parent)
    (tree / "tree.json").write_text(json.dumps(found))
    route = Router(tree).route({"age": "child", "gender": "F"}, CROP, POINTS)
    assert (route.leaf, route.wanted) == (leaf, "child-F") and route.weights == tree / leaf / "best.safetensors"
    assert len(route.warnings) == {"child-F": 0, "child": 1, "base": 2}[leaf]
    for text, name in zip(route.warnings, ("child-F", "child")):
        own, parent = scores[name]
        assert f"of {name} is worse than its parent (overall {own} against {parent}), so {leaf} drew" in text


def test_what_is_not_known_is_estimated(tree, guess):
    guess("M", 64.0)
    router = Router(str(tree / "tree.json"))
    route = router.route(router.checked({"gender": None, "age": 30}), CROP, POINTS)
    assert route.leaf == "adult-M" and route.estimated == {"gender": "M"}
    assert router.route({}, CROP, POINTS).leaf == "old-M"
    router.levels["gender"] = {"female": None, "male": None}  # words the estimate does not use
    assert router.route({}, CROP, POINTS).leaf == "old"
    router.levels["gender"] = {"F": None, "M": None}
    guess("M", -3.0)  # a straight line knows no limits
    assert router.route({}, CROP, POINTS).groups["age"] == "child"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"gendr": "F"}, "did you mean 'gender'"),
        ({"gender": "woman"}, "gender='woman': give one of 'F', 'M'"),
        ({"age": "young"}, "give one of 'child', 'adult', 'old' or years"),
        ({"age": 200}, "no age in years"),
    ],
)
def test_attributes_nobody_has(tree, known, words):
    with pytest.raises(ConfigError, match=words):
        Router(tree).checked(known)


def test_a_plain_dict(tmp_path, guess):
    for name in "abc":
        (tmp_path / name).write_bytes(b"x")
    router = Router({"senior-F": tmp_path / "a", "young": tmp_path / "b"})
    assert router.route({"age": 65, "gender": "F"}, CROP, POINTS).weights == tmp_path / "a"
    assert router.route({"age": 49, "gender": "F"}, CROP, POINTS).leaf == "young"
    nobody = router.route({"age": 50, "gender": "F"}, CROP, POINTS)
    assert nobody.leaf is None and nobody.weights is None and "middle-F" in nobody.warnings[0]
    with pytest.raises(ConfigError, match="'old-F' is no leaf"):
        Router({"old-F": tmp_path / "a"})
    with pytest.raises(WeightsError, match="gone"):
        Router({"base": tmp_path / "gone"})


def test_folders_that_are_no_tree(tmp_path):
    with pytest.raises(WeightsError, match="give the run folder of a training"):
        Router(tmp_path)
    (tmp_path / "tree.json").write_text("{}")
    with pytest.raises(WeightsError, match="is not what a training"):
        Router(tmp_path)
    (tmp_path / "tree.json").write_text(json.dumps({"levels": [], "nodes": []}))
    with pytest.raises(WeightsError, match="no node of this tree has weights"):
        Router(tmp_path)
    (tmp_path / "tree.json").rename(tmp_path / "emptytree.json")
    with pytest.raises(WeightsError, match="/emptytree.json: no node of this tree"):
        Router(str(tmp_path / "emptytree.json"))
    (tmp_path / "emptytree.json").write_text("[]")
    with pytest.raises(WeightsError, match="/emptytree.json: is not what a training"):
        Router(tmp_path / "emptytree.json")
    for levels in ("[" * 100_000, '{"levels": [{"by": "age", "groups": 5}], "nodes": []}'):
        (tmp_path / "emptytree.json").write_text(levels)
        with pytest.raises(WeightsError, match="/emptytree.json: is no"):
            Router(tmp_path / "emptytree.json")
    with pytest.raises(WeightsError, match="^routing: no node of this tree"):
        Router({"levels": [], "nodes": []})


def test_bounds_of_plain_dicts_are_those_the_shipped_estimate_was_judged_with():
    from ppgen.prepare.attributes import BOUNDS as judged

    groups = routing._LEVELS["age"]
    assert (groups["middle"]["from"], groups["senior"]["from"]) == judged


@pytest.fixture(scope="module")
def leaves(tmp_path_factory):
    """Two generators that differ, one of them taught at 64 pixels."""
    import paddle

    from ppgen.networks.photo2cartoon import Photo2CartoonGenerator

    folder = tmp_path_factory.mktemp("leaves")
    for seed, (name, size) in enumerate((("base", 256), ("senior-F", 64))):
        paddle.seed(seed)
        card = {"config": {"dataset": {"train": {"size": size}}}}
        network = Photo2CartoonGenerator(base_channels=4, blocks=1)
        save_network(network, folder / f"{name}.safetensors", card=card)
    return {name: folder / f"{name}.safetensors" for name in ("base", "senior-F")}


@pytest.fixture
def pipeline():
    """The face is where it usually is, and the whole crop is the person."""
    face = Face((60, 60, 200, 200), 1.0, 0, POINTS)
    everywhere, skin = np.ones((256, 256), np.float32), np.zeros(3, np.float32)
    return PortraitPipeline(lambda image, **_: [face], lambda *_: everywhere, lambda *_: skin)


def test_the_predictor_draws_with_the_leaf_and_says_so(pipeline, guess, leaves, tmp_path):
    predictor = Photo2CartoonPredictor(tmp_path, routing=leaves, pipeline=pipeline)
    old = predictor.run(CROP, align=False, full=True, attributes={"gender": "F", "age": 70})
    other = predictor.run(CROP, align=False, full=True, attributes={"gender": "M", "age": 70})
    assert old.route.leaf == "senior-F" and not old.warnings and old.timings["route"] >= 0
    assert other.route.leaf == "base" and "senior-M" in other.warnings[0]
    assert predictor.generators[leaves["senior-F"]].size == 64 and old.cartoon.shape == (256, 256, 3)
    plain = Photo2CartoonPredictor(tmp_path, leaves["base"], pipeline=pipeline)
    assert np.array_equal(plain.run(CROP, align=False), other.cartoon)
    assert not np.array_equal(old.cartoon, other.cartoon)
    with pytest.raises(ConfigError, match="give routing"):
        plain.run(CROP, attributes={"age": 70})
