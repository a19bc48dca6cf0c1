"""Shipped networks: found by name, described, loaded."""

import numpy as np
import pytest

from ppgen import hub
from ppgen.errors import WeightsError
from ppgen.io.weights import card_of, write_arrays


def test_every_shipped_network_has_a_whole_card():
    assert "face_id" in hub.names()
    for name in hub.names():
        assert not [field for field in hub.cards.REQUIRED if not hub.card(name).get(field)], name
        assert (hub.ASSETS / f"{name}.md").read_text(encoding="utf-8") == hub.card_text(name)


CARTOON_CHAIN = (
    "blazeface", "face_mesh", "face_id", "photo2cartoon", "segmentation", "skin_tone", "own_skin", "face_attributes"
)


def test_shipped_networks_stay_small():
    """What a cartoon needs below 33 MB, and all together below 80."""
    sizes = {path.stem: path.stat().st_size for path in hub.ASSETS.glob("*.safetensors")}
    assert sum(sizes[name] for name in CARTOON_CHAIN) < 33e6
    assert sum(sizes.values()) < 80e6


def test_near_match():
    for call in (hub.load, hub.card):
        with pytest.raises(WeightsError, match="did you mean 'face_id'"):
            call("faceid")
    with pytest.raises(WeightsError, match="there are: .*face_id"):
        hub.load("zzz.safetensors")


def test_load_by_name_and_by_path():
    for which in ("face_id", hub.path_of("face_id"), str(hub.path_of("face_id"))):
        network = hub.load(which)
        assert type(network).__name__ == "FaceID" and not network.training
        assert all(parameter.stop_gradient for parameter in network.parameters())


@pytest.mark.parametrize(
    "metadata, told",
    [
        ({}, "which network"),
        ({"class": "NoSuchNet", "args": "{}"}, "NoSuchNet"),
        ({"class": "FaceID", "args": '{"colour": 1}'}, "colour"),
        ({"class": "FaceID", "args": "[1]"}, "no description"),
        ({"class": "FaceID", "card": "3"}, "no description"),
    ],
)
def test_file_that_cannot_be_built(tmp_path, metadata, told):
    path = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2, np.float32)}, metadata)
    with pytest.raises(WeightsError, match=told):
        hub.load(path)
    with pytest.raises(WeightsError, match="folder"):
        hub.load(tmp_path)


def test_publish_demands_a_card_and_writes_both_files(tmp_path):
    network = hub.load("face_id")
    with pytest.raises(WeightsError, match="lacks title"):
        hub.publish(network, tmp_path / "x.safetensors", {"licence": "CC0"})
    facts = {field: f"the {field}" for field in hub.cards.REQUIRED} | {"scores": {"IoU": 0.97}}
    path = hub.publish(network, tmp_path / "x.safetensors", facts)
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert card_of(path) == facts and "# the title" in text and "| IoU | 0.97 |" in text


@pytest.mark.parametrize("name", ["dcgan_faces64", "stylegan-portraits-64", "styleganv2-nobody-128"])
def test_weights_that_only_a_config_makes_say_how(name, monkeypatch):
    monkeypatch.setattr(hub, "names", lambda: ["face_id"])
    with pytest.raises(WeightsError) as caught:
        hub.load(name)
    text, config = str(caught.value), f"configs/{name.replace('-', '_')}.yaml"
    assert text.startswith(f"{name}: ") and f"python tools/main.py -c {config}" in text and "\n" not in text
    assert "--weights" in text and f"python tools/publish.py RUN {name} -c {config}" in text


def test_a_file_is_described_as_markdown(tmp_path):
    told = hub.markdown("mine", hub.path_of("skin_tone"))
    assert "`SkinTone(" in told and "ppgen.hub.load('mine')" in told.replace('"', "'")
    (tmp_path / "card.md").write_text(told)
    (tmp_path / "other.md").write_text("# mine\n")
    (tmp_path / "odd.md").write_bytes(b"\xff")
    assert [hub.cards.is_card("mine", tmp_path / name) for name in ("card.md", "other.md", "odd.md", "none.md")] == [
        True, False, False, False
    ]  # fmt: skip
    plain = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2, np.float32)})
    with pytest.raises(WeightsError, match="so it has no card"):
        hub.markdown("mine", plain)


def test_figures_measured_later_stand_in_the_card_of_these_weights_alone(tmp_path, monkeypatch):
    network = hub.load("skin_tone")
    monkeypatch.setattr("ppgen.hub.cards.ASSETS", tmp_path)
    facts = dict.fromkeys(hub.cards.REQUIRED, "x")
    hub.publish(network, tmp_path / "tone.safetensors", facts)
    hub.cards.add_figures("tone", {"By group": {"men": {"n": 3, "error": 0.5}, "women": {"n": 4}}})
    text = (tmp_path / "tone.md").read_text(encoding="utf-8")
    assert "| men | 3 | 0.5 |\n| women | 4 |  |" in text and text == hub.card_text("tone")
    for parameter in network.parameters():
        parameter.set_value(2 * parameter)
    hub.publish(network, tmp_path / "tone.safetensors", facts)
    assert "By group" not in hub.card("tone")
