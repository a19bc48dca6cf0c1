"""benchmarks/vae_faces.py and gan_faces.py on made-up faces, with stand-ins for the networks."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from conftest import write_table

from ppgen.datasets.files import is_held_back
from ppgen.io.image import save_image
from ppgen.io.weights import save_network
from ppgen.latent.attributes import Directions
from ppgen.networks.vae import ConvVAE

SIZE = 16


@pytest.fixture
def script(benchmark, monkeypatch, tmp_path):
    """faces128 with 60 training and 20 held-back faces: men are red above, glasses green below."""
    rng, rows, counts = np.random.default_rng(0), [], {True: 20, False: 60}
    for number in range(2000):
        name = f"face{number}"
        if counts[is_held_back(name)] == 0:
            continue
        counts[is_held_back(name)] -= 1
        male, glasses = number % 2, number // 2 % 2
        picture = rng.integers(90, 110, (SIZE, SIZE, 3)).astype(np.uint8)
        picture[: SIZE // 2, :, 0] += np.uint8(100 * male)
        picture[SIZE // 2 :, :, 1] += np.uint8(100 * glasses)
        save_image(tmp_path / "faces128" / f"{name}.png", picture)
        rows.append({"id": name, "colour": 1, "gender": "MF"[male == 0], "has_glasses": glasses if number > 9 else ""})
    write_table(tmp_path / "faces128" / "meta.csv", rows)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    return benchmark


def shades(pictures: np.ndarray) -> np.ndarray:
    """Mean colours of both halves, for FaceID."""
    halves = pictures[:, : SIZE // 2], pictures[:, SIZE // 2 :]
    return np.concatenate([half.reshape(len(pictures), -1, 3).mean(axis=1) for half in halves], axis=1)


class TwoNumbers:
    """A perfect coder of these faces: the red above and the green below, each about N(0, 1)."""

    latent_dim, image_size, channels, classes = 2, SIZE, 3, None

    def encode(self, images):
        mu = paddle.stack([images[:, 0, : SIZE // 2].mean([1, 2]), images[:, 1, SIZE // 2 :].mean([1, 2])], axis=1)
        return (mu - 0.18) / 0.39, paddle.full_like(mu, -5.0)

    def generate(self, z, labels=None):
        images = paddle.full([len(z), 3, SIZE, SIZE], -0.21)
        images[:, 0, : SIZE // 2] = (z[:, 0] * 0.39 + 0.18).reshape([-1, 1, 1])
        images[:, 1, SIZE // 2 :] = (z[:, 1] * 0.39 + 0.18).reshape([-1, 1, 1])
        return images.clip(-1, 1)


def test_a_perfect_vae_reaches_every_target(script):
    module = script("vae_faces")
    figures = module.measure(TwoNumbers(), Directions(), shades, alpha=1.0, methods=["means", "partial"])
    figures["targets"] = module.targets(figures)
    passed = {row["what"]: row["pass"] for row in figures["targets"]}
    assert not passed.pop("active dimensions")  # two
    passed.pop("near N(0, 1), of the active")  # 20 faces with two answers each are not normal
    assert all(passed.values()) and len(passed) == 5, figures["targets"]
    assert figures["reconstruction"]["pca_k"] == 2 and figures["reconstruction"]["mean_face"] > 0.01
    assert set(figures["probe_balanced_accuracy"].values()) == {1.0}
    assert figures["flips"][module.FLOOR].keys() == {"1.0"}
    flips = figures["flips"]["partial"]["1.0"]["Male"]
    assert flips["gained"] == flips["lost"] == 1 and flips["other_Eyeglasses"] == 0
    text = script("harness").report(figures)
    assert "MISSED" in text and "flips / partial / 1.0" in text


def test_wrong_vectors_miss(script):
    module = script("vae_faces")
    swapped = Directions({"Male": np.float32([0, 2]), "Eyeglasses": np.float32([2, 0])})
    figures = module.measure(TwoNumbers(), swapped, shades, alpha=1.0)
    rows = {row["what"]: row for row in module.targets(figures)}
    assert not rows["flips to Male"]["pass"] and not rows["others that flip with Male"]["pass"]


def test_an_attribute_counts_where_its_probe_is_right_on_enough_faces(script):
    module, rng = script("probes"), np.random.default_rng(2)
    shares = {"a": 0.5, "b": 0.5, "c": 0.1}
    answers = {name: (rng.random(400) < share).astype(np.float32) for name, share in shares.items()}
    features = rng.normal(size=(400, 4))
    features[:, 0] += 5 * answers["a"]  # b is guessed, c is clear but rare
    features[:, 2] += 9 * answers["c"]
    scores = module.held_back_scores(features, answers, [f"face{i}" for i in range(400)])
    assert module.counted(scores) == ["a"] and scores["c"].balanced > 0.85 and scores["b"].balanced < 0.6
    row = module.score_rows(scores)["c"]
    assert row["with"] + row["without"] == 400 and row["with"] < 50 and row["counts"] == "no"
    rows = {"a": {"wanted": 0.9, "others": 0.1}, "b": {"wanted": 0.9, "others": 0.2}}
    assert module.reaching({"1.0": rows}, ["a", "b"], 0.8, 0.1) == {"1.0": 1}
    assert module.reaching({"1.0": rows}, ["a", "b", "without a vector"], 0.8, 0.1) == {"1.0": 1}


def test_four_attributes_are_wanted_of_faces_of_nobody_only(script):
    module = script("vae_faces")
    figures = module.measure(TwoNumbers(), Directions(), shades, alpha=1.0)
    assert figures["that_reach"]["1.0"] == 0  # ten held-back faces with each are too few
    last = module.targets(figures, "nobody_faces")[-1]
    assert last["reach"] == ">= 4" and not last["pass"] and last not in module.targets(figures)


def test_probe_leaves_out_the_unknown_and_weighs_both_answers_alike(script):
    module = script("probes")
    rng = np.random.default_rng(1)
    answers = (rng.random(600) < 0.1).astype(np.float32)
    features = rng.normal(size=(600, 3)) + 4 * answers[:, None] * (1, 0, 0)
    hidden = np.where(np.arange(600) < 200, np.nan, answers)
    features[:200] += 100  # would ruin the fit
    said = module.fit_probe(features, hidden)(features[200:])
    assert module.balanced_accuracy(said, answers[200:]) > 0.9
    assert said[answers[200:] == 1].mean() > 0.85  # rare, and still found


@pytest.mark.parametrize(
    ("card", "data"),
    [
        ({}, "faces128"),
        ({"config": {"dataset": {"train": {"dataroot": "mine"}}}}, "faces128"),
        ({"config": {"dataset": {"train": {"dataroot": "nobody"}}}}, "nobody"),
        ({"crop": "nobody", "config": "```yaml\ndataset:\n  train: {dataroot: nobody}\n```"}, "nobody"),
        ({"crop": "nobody", "config": {"dataset": {"train": {"dataroot": "nobody_faces"}}}}, "nobody_faces"),
        ({"crop": "nobody"}, "nobody_faces"),
    ],
)
def test_the_faces_are_those_that_weights_learnt_from(script, tmp_path, card, data):
    module = script("gan_faces")
    paddle.seed(1)
    path = save_network(ConvVAE(3, SIZE, 3, [4]), tmp_path / "vae.safetensors", card)
    assert module.data_of(str(path)) == data
    assert module.labelled("nobody") == "nobody_faces" and module.labelled("faces128") == "faces128"


def test_generators_are_ranked_beside_the_gaussian(script, tmp_path, monkeypatch):
    module = script("gan_faces")

    class Features:
        def __call__(self, pictures):
            return shades(np.stack(list(pictures)))

    monkeypatch.setattr(module, "extractor", lambda name: Features())
    monkeypatch.setattr(module, "cached_features", lambda network, pictures: network(pictures))
    paddle.seed(1)
    weights = str(save_network(ConvVAE(3, SIZE, 3, [4]), tmp_path / "vae.safetensors"))
    figures = module.compare([weights], 100, ["dlib-face"], 0)
    found = figures["kid"]["dlib-face"]
    assert sorted(list(found)[:2]) == [module.GAUSSIAN, module.FLOOR] and list(found)[2] == weights
    assert found[weights]["pictures"] == 100
    assert figures["held_back"] == 20
    assert script("harness").report(figures).splitlines()[-1].startswith(weights)
    assert module.main([weights, "-n", "50"]) == 1  # not below the Gaussian


@pytest.mark.parametrize("name", ["vae_faces", "gan_faces"])
def test_errors_are_one_line(script, capsys, name):
    module = script(name)
    arguments = ["none.safetensors"] if name == "gan_faces" else ["--weights", "none.safetensors"]
    assert module.main(arguments) == 2
    message = capsys.readouterr().err.strip()
    assert "none.safetensors: no such file" in message and "\n" not in message
