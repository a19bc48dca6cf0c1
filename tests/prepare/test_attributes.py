"""The fit of gender and age: what it recovers from made-up descriptors, and what it was shipped with."""

import numpy as np
import pytest
from conftest import write_table

from ppgen import hub
from ppgen.faces.attributes import estimate_attributes
from ppgen.io.image import load_image
from ppgen.prepare import attributes
from ppgen.prepare.attributes import (
    Faces,
    faces_of,
    fit_age,
    fit_gender,
    group_of,
    scores,
)


@pytest.fixture
def people():
    """Gender is in descriptor 0, age in 1; one in ten is a woman, every age is off by some years."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 128))
    gender = np.where(x[:, 0] > 1.28, 1.0, -1.0)
    age = 55 + 12 * x[:, 1] + rng.normal(0, 9, 2000)
    return Faces(np.arange(2000).astype(str), x, gender, age, np.arange(2000) % 4 == 0)


def test_women_are_found_although_they_are_few(people):
    weights, bias = fit_gender(people, 10.0)
    seen = people.only(people.held)
    right = np.sign(seen.x @ weights + bias) == seen.gender
    assert right[seen.gender > 0].mean() > 0.85 and np.abs(weights).argmax() == 0


def test_ages_keep_their_spread(people):
    weights, bias = fit_age(people, 300.0)
    seen = people.only(people.held)
    found = seen.x @ weights + bias
    assert np.corrcoef(found, seen.age)[0, 1] > 0.7
    assert found.std() == pytest.approx(seen.age.std(), rel=0.15)  # a plain ridge: 0.6 of it
    assert found.mean() == pytest.approx(seen.age.mean(), abs=2)


def test_nothing_is_learnt_from_who_is_held_back(people):
    spoiled = people._replace(
        age=np.where(people.held, 500, people.age), gender=np.where(people.held, -people.gender, people.gender)
    )
    for fit in (fit_age, fit_gender):
        assert np.array_equal(fit(people, 10.0)[0], fit(spoiled, 10.0)[0])


def test_unknown_is_not_counted():
    known = [("F", "70"), ("", "40"), ("M", "")]
    rows = [{"id": str(i), "gender": gender, "approx_age": age} for i, (gender, age) in enumerate(known)]
    faces = faces_of(rows, np.zeros((3, 128)))
    found = scores(faces, np.array([1.0, 1.0, 1.0]), np.array([70.0, 70.0, 70.0]))
    assert found["gender, women (n=1)"] == "1.000 right" and found["gender, men (n=1)"] == "0.000 right"
    assert found["age group, all (n=2)"] == "0.500 right" and found["age group, off by two"] == "0.500"


def test_faces_of_nobody_say_gender_where_the_table_is_sure(tmp_path, monkeypatch):
    rows = [("a", 0.9, 0.9, 0), ("b", 0.1, 0.1, 0), ("c", 0.5, 0.5, 0), ("elf", 0.9, 0.9, 1)]
    write_table(tmp_path / "meta.csv", [dict(zip(("id", "male", "young", "fantasy"), row)) for row in rows])
    np.savez(tmp_path / "landmarks.npz", ids=np.array(list("abc")), p68=np.zeros((3, 68, 2), np.float32))
    monkeypatch.setattr(attributes, "load_image", lambda path: path)
    monkeypatch.setattr(attributes, "describe", lambda image, points: np.zeros(128))
    faces, young = attributes.nobody(tmp_path)
    assert faces.ids.tolist() == ["a", "b", "c"] and faces.gender.tolist() == [-1, 1, 0]
    assert np.isnan(faces.age).all() and young.tolist()[:2] == [1, 0] and np.isnan(young[2])
    both = attributes.joined(faces, faces)
    assert both.x.shape == (6, 128)
    found = attributes.scores_of_nobody(faces, young, np.array([-1.0, -1.0, 1.0]), np.array([40.0, 40.0, 60.0]))
    assert found == {
        "gender, women (n=1)": "0.000 right", "gender, men (n=1)": "1.000 right",
        "age, young (n=1)": "1.000 right", "age, not young (n=1)": "0.000 right",
    }  # fmt: skip


def test_groups_begin_where_the_data_says():
    assert group_of(np.array([49.9, 50, 64.9, 65])).tolist() == [0, 1, 1, 2]


@pytest.mark.slow
def test_the_shipped_estimate_on_portraits(shared):
    """Two dozen held-back portraits: gender nearly always, ages in the right order."""
    from ppgen.datasets.files import is_held_back, read_table

    root = shared("portraits") / "train"
    rows = [row for row in read_table(root / "meta.csv") if is_held_back(row["id"])][:24]
    with np.load(root / "landmarks.npz") as archive:
        points = dict(zip(archive["ids"].tolist(), archive["p68"].astype(np.float64)))
    found = [estimate_attributes(load_image(root / "photo" / f"{r['id']}.jpg"), points[r["id"]]) for r in rows]
    assert sum(one.gender == row["gender"] for one, row in zip(found, rows)) >= 23
    ages = np.array([[one.age, float(row["approx_age"])] for one, row in zip(found, rows)])
    assert np.corrcoef(ages.T)[0, 1] > 0.4


def test_the_shipped_network_is_small_and_has_a_card():
    assert hub.card("face_attributes")["scores"]
    assert hub.path_of("face_attributes").stat().st_size < 8000
