"""Attribute vectors: found, kept in the weights file, read again, and what they never touch."""

from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.weights import add_extra, card_of, description, load_into, read_arrays, read_extra, write_arrays
from ppgen.latent.attributes import (
    Directions,
    answers_of,
    attribute_vectors,
    load_directions,
    parse_amounts,
    save_directions,
)
from ppgen.latent.supervised import fit_judge
from ppgen.networks.vae import ConvVAE


def correlated(count: int = 4000):
    """Codes in which glasses move dimension 0 by 2 and age moves dimension 1 by 3; the old wear glasses oftener."""
    rng = np.random.default_rng(0)
    old = (rng.random(count) < 0.5).astype(np.float32)
    glasses = (rng.random(count) < 0.2 + 0.6 * old).astype(np.float32)
    codes = rng.normal(size=(count, 4))
    codes[:, 0] += 2 * glasses
    codes[:, 1] += 3 * old
    return codes, {"Eyeglasses": glasses, "Young": 1 - old}


def test_means_are_the_difference_of_the_means_without_the_unknown():
    codes, answers = correlated()
    answers["Eyeglasses"][:1000] = np.nan
    known = answers["Eyeglasses"][1000:]
    wanted = codes[1000:][known == 1].mean(axis=0) - codes[1000:][known == 0].mean(axis=0)
    found = attribute_vectors(codes, answers)
    np.testing.assert_allclose(found["Eyeglasses"], wanted, rtol=1e-5)
    assert found["Eyeglasses"].dtype == np.float32
    assert found["Eyeglasses"][1] > 1  # age came along
    assert f"{int(known.sum())} with, {int((1 - known).sum())} without" in found.facts["Eyeglasses"]


def test_partial_leaves_the_others_where_they_are():
    found = attribute_vectors(*correlated(), method="partial")
    np.testing.assert_allclose(found["Eyeglasses"], [2, 0, 0, 0], atol=0.2)
    np.testing.assert_allclose(found["Young"], [0, -3, 0, 0], atol=0.2)
    assert abs(found.cosines()[0, 1]) < 0.15 < abs(attribute_vectors(*correlated()).cosines()[0, 1])


def test_partial_takes_what_is_unknown_as_usual():
    codes, answers = correlated()
    answers["Young"][::3] = np.nan
    answers["Eyeglasses"][1::3] = np.nan
    found, means = attribute_vectors(codes, answers, "partial"), attribute_vectors(codes, answers)
    np.testing.assert_allclose(found["Young"][1:], [-3, 0, 0], atol=0.3)
    assert abs(found["Young"][0]) < 0.75 * abs(means["Young"][0])  # of half of them the glasses are known


def test_conditional_changes_one_answer_of_a_linear_judge_and_hardly_the_other():
    codes, answers = correlated()
    judge, other = fit_judge(codes, answers), {"Eyeglasses": "Young", "Young": "Eyeglasses"}
    before, flips = judge.answers(codes), {}
    for method in ("means", "conditional"):
        for name, vector in attribute_vectors(codes, answers, method).items():
            after = judge.answers(codes + vector)
            flips[method, name] = {asked: (after[asked] != before[asked]).mean() for asked in other}
    for name, also in other.items():
        assert flips["conditional", name][name] > 0.4
        assert flips["conditional", name][also] < 0.5 * flips["means", name][also]
    with pytest.raises(DataError, match="follows from the others"):
        attribute_vectors(codes, {"Young": answers["Young"], "Old": 1 - answers["Young"]}, "conditional")


def test_attributes_that_say_nothing():
    codes, answers = correlated(50)
    with pytest.raises(DataError, match="Male: all pictures .* are with it"):
        attribute_vectors(codes, {"Male": np.ones(50)})
    with pytest.raises(DataError, match="49 answers for 50"):
        attribute_vectors(codes, {"Male": answers["Young"][1:]})
    with pytest.raises(DataError, match="follows from the others"):
        attribute_vectors(codes, {"Young": answers["Young"], "Old": 1 - answers["Young"]}, method="partial")
    with pytest.raises(ConfigError, match="'means', 'partial' or 'conditional'"):
        attribute_vectors(codes, answers, method="median")


def test_moved_is_z_plus_amount_times_vector():
    directions = Directions({"Smiling": np.array([1, 2], np.float32), "Male": np.array([0, 1], np.float32)})
    z = np.zeros((3, 2), np.float32)
    np.testing.assert_allclose(directions.moved(z, {"Smiling": 1.5, "Male": -1}), np.tile([1.5, 2], (3, 1)))
    np.testing.assert_allclose(directions.moved(z[0], {}), z[0])
    with pytest.raises(ConfigError, match="did you mean 'Smiling'"):
        directions.moved(z, {"Smile": 1})
    assert "Smiling" in directions and "Smile" not in directions and directions.get("Smile") is None


def test_amounts_on_a_command_line():
    assert parse_amounts(["Smiling=1.5", "Male=-1"]) == {"Smiling": 1.5, "Male": -1.0}
    for bad in ("Smiling", "Smiling=", "=1", "Smiling=much", "Smiling=nan"):
        with pytest.raises(ConfigError, match="such as Smiling=1.5"):
            parse_amounts([bad])


def test_answers_of_a_table():
    asked = []
    dataset = SimpleNamespace(
        rows=[{"gender": "M", "has_glasses": "1"}], table="meta.csv", has=lambda name: asked.append(name) or np.ones(1)
    )
    assert list(answers_of(dataset)) == ["Eyeglasses", "Male"]
    with pytest.raises(DataError, match="none of CelebA's"):
        answers_of(SimpleNamespace(rows=[{"shoe": "42"}], table="meta.csv"))


# ---- in a weights file ----------------------------------------------------------------------------------


@pytest.fixture
def published(tmp_path):
    """A VAE as it is shipped, with eight-bit matrices and a card beside it."""
    paddle.seed(1)
    network = ConvVAE(6, 16, 3, [8, 64])
    facts = {field: f"the {field}" for field in hub.cards.REQUIRED}
    return hub.publish(network, tmp_path / "vae.safetensors", facts, eight_bit=True)


def test_vectors_live_in_the_file_and_the_network_never_sees_them(published):
    before = read_arrays(published)
    vectors = {"Smiling": np.arange(6, dtype=np.float32), "Male": np.ones(6, np.float32)}
    save_directions(published, Directions(vectors, facts={"Smiling": "7 with, 3 without"}))
    found = load_directions(published)
    assert list(found) == ["Male", "Smiling"] and found.space == "z"
    np.testing.assert_array_equal(found["Smiling"], vectors["Smiling"])
    after = read_arrays(published)
    assert after.keys() == before.keys() and all((after[k] == before[k]).all() for k in before)
    network = hub.load(published)  # strict
    assert network.latent_dim == 6
    assert load_into(ConvVAE(6, 16, 3, [8, 64]), published).unexpected == []
    card = published.with_suffix(".md").read_text()
    assert "## Attribute vectors in z" in card and "| Smiling | 7 with, 3 without |" in card
    assert card == hub.markdown("vae", published)
    assert card_of(published)["title"] == "the title"


def test_the_card_keeps_the_facts_of_earlier_vectors(published):
    one = np.ones(6, np.float32)
    save_directions(published, Directions({"Male": one, "Young": one}, facts={"Male": "first", "Young": "first"}))
    save_directions(published, Directions({"sefa-1": one, "Male": one}, facts={"sefa-1": "second", "Male": "second"}))
    wanted = {"Male": "second", "Young": "first", "sefa-1": "second"}
    assert description(published).extra == {"attribute vectors in z": wanted}
    card = published.with_suffix(".md").read_text()
    assert all(f"| {name} | {fact} |" in card for name, fact in wanted.items())


def test_a_text_that_is_no_card_is_left_alone(published, tmp_path):
    for name, text in (("vae", "my notes"), ("other", '# x\n\n`ppgen.hub.load("vae")` says who I am')):
        (tmp_path / f"{name}.md").write_text(text)
        save_directions(published, Directions({"Male": np.ones(6, np.float32)}), tmp_path / f"{name}.safetensors")
        assert (tmp_path / f"{name}.md").read_text() == text


def test_facts_come_back_with_the_vectors_of_their_space(published):
    one = np.ones(6, np.float32)
    save_directions(published, Directions({"Male": one}, facts={"Male": "of z"}))
    found = Directions({"sefa-1": one, "Male": one, "bare": one}, "w", {"sefa-1": "SeFa", "Male": "of w"})
    save_directions(published, found, title="directions in w")
    assert load_directions(published).facts == {"Male": "of z"}
    assert load_directions(published, "w").facts == {"Male": "of w", "sefa-1": "SeFa"}


def test_spaces_and_later_vectors_do_not_disturb_each_other(published, tmp_path):
    save_directions(published, Directions({"Male": np.ones(6, np.float32)}))
    save_directions(published, Directions({"Male": np.zeros(2, np.float32)}, space="w"))
    copy = save_directions(published, Directions({"Young": np.ones(6, np.float32)}), tmp_path / "copy.safetensors")
    assert list(load_directions(copy)) == ["Male", "Young"] and list(load_directions(copy, "w")) == ["Male"]
    assert list(load_directions(published)) == ["Male"]
    assert load_directions(copy, "w")["Male"].shape == (2,)


def test_files_that_hold_none(tmp_path):
    assert len(load_directions("face_id")) == 0
    with pytest.raises(ConfigError, match="ppgen latent attributes"):
        load_directions("face_id")["Smiling"]
    with pytest.raises(ConfigError, match="ppgen directions --sefa .*--data"):
        load_directions("face_id", "w")["Smiling"]
    stranger = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2, np.float32)})
    assert read_extra(stranger) == {}
    with pytest.raises(WeightsError, match="does not say which network"):
        add_extra(stranger, {"z/Male": np.zeros(2)})
    with pytest.raises(WeightsError, match="no such file"):
        load_directions(tmp_path / "none.safetensors")


def test_a_wrong_name_names_a_dozen_of_many():
    many = Directions({f"sefa-{i}": np.zeros(2, np.float32) for i in range(14)}, "w")
    with pytest.raises(ConfigError, match="no vector for 'smile'.*sefa-11 and 2 more"):
        many["smile"]


def test_cosines_of_moves_of_w_plus_beside_those_of_w():
    flat, deep = np.array([1, 0], np.float32), np.array([[0, 1], [0, 1], [1, 0]], np.float32)
    np.testing.assert_allclose(Directions({"a": flat, "b": deep}, "w").cosines(), [[1, 1 / 3], [1 / 3, 1]], atol=1e-6)
