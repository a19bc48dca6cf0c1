"""Metrics over sets of pictures in a training, and `ppgen evaluate`, with mean colours for features."""

from __future__ import annotations

import json

import numpy as np
import pytest
from metrics.test_features import Means
from metrics.test_picture_distances import textures

from ppgen import cli
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.image import save_image, to_tensor_array
from ppgen.metrics import accumulate, evaluate, features, generative
from ppgen.registry import METRICS


@pytest.fixture(autouse=True)
def means(monkeypatch, tmp_path):
    """All features are mean colours, kept in a cache of the test's own."""
    made = Means()
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(accumulate, "extractor", lambda name, weights=None: made)
    monkeypatch.setattr(evaluate, "dimension", lambda name, weights=None: 3)
    return made


def fed(metric, real: np.ndarray, fake: np.ndarray, key: str = "image"):
    """The metric after batches of 4 reals, and all fakes with the first of them."""
    for start in range(0, len(real), 4):
        batch = {key: to_tensor_array(real[start : start + 4])}
        metric.update(batch, to_tensor_array(fake if start == 0 else fake[:0]))
    return metric


def test_fid_carries_its_protocol():
    real, fake = textures(20), textures(24, seed=1)
    found = fed(METRICS.build({"name": "FID"}), real, fake).compute()
    assert found["fid"] == found["fid/means/n=20:24/resize=area"] > 0
    same = fed(METRICS.build({"name": "FID"}), real, real).compute()
    assert same["fid/means/n=20/resize=area"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(DataError, match="use KID"):
        fed(METRICS.build({"name": "FID"}), real[:12], fake).compute()


def test_kid_and_precision_over_another_key():
    real, fake = textures(12), textures(16, seed=1)
    found = fed(METRICS.build({"name": "KID", "key": "photo"}), real, fake, "photo").compute()
    assert found["kid_se"] > 0 and "kid/means/n=12:16/resize=area/subsets=100x6" in found
    found = fed(METRICS.build({"name": "PrecisionRecall"}), real, real).compute()
    assert found["precision"] == found["recall"] == 1 and "recall/means/n=12/resize=area/k=3" in found
    with pytest.raises(DataError, match="holds no 'image' .it holds photo"):
        fed(METRICS.build({"name": "KID"}), real, fake, "photo")
    with pytest.raises(DataError, match="no real pictures"):
        METRICS.build({"name": "KID"}).compute()


def test_identity_with_pairs_and_without():
    real = textures(8)
    found = fed(METRICS.build({"name": "Identity"}), real, real).compute()
    assert found["identity"] == pytest.approx(1) and found["identity_se"] == pytest.approx(0, abs=1e-6)
    found = fed(METRICS.build({"name": "Identity", "paired": False}), real, real[[3, 1]]).compute()
    assert found["identity_nearest/means/n=8:2/resize=area"] == pytest.approx(1)


def test_reals_are_computed_once(means):
    real, fake = textures(10), textures(5, seed=1)
    wanted = ["kid", "pr", "identity", "swd", "ms-ssim"]
    first = fed(METRICS.build({"name": "GenerativeScores", "scores": wanted}), real, fake).compute()
    assert means.calls == 2 * 5 + 10  # fakes for two sinks; the second sink finds the reals in the cache
    again = fed(METRICS.build({"name": "GenerativeScores", "scores": wanted}), real, fake).compute()
    assert again == first and means.calls == 20 + 2 * 5
    assert {"kid", "precision", "recall", "identity_nearest", "swd", "ms_ssim"} <= set(first)


def test_long_streams_are_cut_into_blocks(means, monkeypatch):
    monkeypatch.setattr(accumulate, "BLOCK", 8)
    real = textures(20)
    sink = accumulate.FeatureSink("dlib-face")
    for start in range(0, 20, 3):
        sink.add_real(real[start : start + 3])
    assert sink.real == pytest.approx(means(real)) and len(sink.real) == 20


def test_scores_that_there_are_not():
    with pytest.raises(ConfigError, match="did you mean 'kid'"):
        generative.GenerativeScores(["kidd"])
    with pytest.raises(ConfigError, match="at least one"):
        generative.GenerativeScores([])
    with pytest.raises(ConfigError, match="dlib-face"):
        METRICS.build({"name": "FID", "features": "dlib"})
    with pytest.raises(WeightsError, match="do not come with ppgen"):
        METRICS.build({"name": "InceptionScore"})


class Painter:
    """A generator: the first latent is the brightness, the label the red."""

    latent_dim = 4

    def __init__(self, classes: int | None = None) -> None:
        self.classes, self.seen = classes, []

    def generate(self, z, labels=None):

        import paddle
        self.seen.append(None if labels is None else labels.numpy().tolist())
        grey = paddle.tanh(z[:, :1] + z[:, 1:2] * 0.3).reshape([-1, 1, 1, 1])
        return paddle.tile(grey, [1, 3, 32, 32]) * paddle.linspace(0.2, 1, 32)


def normal(seed: int, count: int, dimension: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)


@pytest.fixture
def folders(tmp_path):
    """`real` with 20 pictures of 32 pixels, `fake` with 16 others."""
    for name, pictures in (("real", textures(20, 32)), ("fake", textures(16, 32, seed=1))):
        for i, picture in enumerate(pictures):
            save_image(tmp_path / name / f"{name}{i:02d}.png", picture)
    return tmp_path


def test_evaluate_two_folders(folders):
    real, fake = str(folders / "real"), str(folders / "fake")
    found = evaluate.evaluate(["fid", "kid", "pr", "identity"], real, fake)
    assert [s.name for s in found] == ["fid", "kid", "precision", "recall", "identity_nearest"]
    assert found[0].protocol == "fid/means/n=20:16/resize=area"
    lines = evaluate.table(found).splitlines()
    assert len(lines) == 5 and "±" in lines[1] and lines[0].endswith(found[0].protocol)
    chosen = [evaluate.evaluate(["kid"], real, fake, count=8, seed=seed)[0] for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2] and "n=20:8" in chosen[0].protocol


def test_files_of_one_name_are_pairs(folders):
    pairs = folders / "pairs"
    for i in (7, 3):
        save_image(pairs / f"real{i:02d}.jpg", textures(20, 32)[i], quality=100)
    (score,) = evaluate.evaluate(["identity"], str(folders / "real"), str(pairs))
    assert score.name == "identity" and score.value > 0.99 and "n=20:2" in score.protocol


def test_evaluate_a_generator(folders, monkeypatch):
    painter = Painter(classes=3)
    monkeypatch.setattr(evaluate, "_load_generator", lambda source: painter)
    real = str(folders / "real")
    runs = [evaluate.evaluate(["kid"], real, "model", seed=s, latents=normal)[0] for s in (0, 0, 1)]
    assert runs[0] == runs[1] and runs[0].value != runs[2].value and "/n=20/" in runs[0].protocol
    assert [0, 1, 2] * 5 + [0] in painter.seen and [1, 2, 0, 1] in painter.seen
    (ppl,) = evaluate.evaluate(["ppl"], real, "model", count=4, latents=normal)
    assert ppl.protocol == "ppl/dlib-face/n=2/space=z/epsilon=0.0001" and ppl.value > 0


def test_path_lengths_of_a_style_generator_are_in_both_spaces(folders, monkeypatch):
    import paddle

    from ppgen.networks import StyleGAN2Generator

    paddle.seed(3)

    network = StyleGAN2Generator(image_size=16, latent_dim=8, mapping_layers=2, channel_multiplier=0.01, channel_max=16)
    network.eval()
    monkeypatch.setattr(evaluate, "_load_generator", lambda source: network)
    z, w = evaluate.evaluate(["ppl"], str(folders / "real"), "model", count=4, latents=normal)
    assert (z.name, w.name) == ("ppl", "ppl_w") and z.value > 0 and w.value > 0
    assert w.protocol == "ppl/dlib-face/n=2/space=w/epsilon=0.0001"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"metrics": ["fidd"]}, ConfigError, "did you mean 'fid'"),
        ({"metrics": []}, ConfigError, "at least one"),
        ({"metrics": ["ppl"]}, ConfigError, "give its weights file"),
        ({"real": "gone"}, DataError, "no such folder"),
        ({"fake": "gone"}, WeightsError, "no such file"),
        ({"fake": "face_id"}, WeightsError, "no pictures from latents"),
        ({"count": 1}, ConfigError, "2 or more"),
        ({"count": 99}, DataError, "holds 16 pictures"),
        ({"metrics": ["fid"], "count": 14}, DataError, "use KID"),
        ({"metrics": ["is"]}, WeightsError, "do not come with ppgen"),
        ({"size": 4}, ConfigError, "16 or more"),
    ],
)
def test_evaluate_refuses(folders, means, change, error, message):
    given = {"metrics": ["kid"], "real": "real", "fake": "fake"} | change
    for side in ("real", "fake"):
        given[side] = str(folders / given[side]) if given[side] != "face_id" else "face_id"
    with pytest.raises(error, match=message) as caught:
        evaluate.evaluate(**given)
    assert "\n" not in str(caught.value) and means.calls == 0


def test_sizes_must_agree_or_be_given(folders):
    small = folders / "small"
    for i, picture in enumerate(textures(6, 16)):
        save_image(small / f"{i}.png", picture)
    real = str(folders / "real")
    with pytest.raises(DataError, match="--size 16"):
        evaluate.evaluate(["kid"], real, str(small))
    assert evaluate.evaluate(["kid"], real, str(small), size=16)[0].value


def test_command(folders, capsys):
    out = folders / "scores.json"
    argv = ["evaluate", "--metric", "kid, pr", "--real", str(folders / "real"), "--fake", str(folders / "fake")]
    assert cli.main([*argv, "-n", "10", "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    written = json.loads(out.read_text())
    assert [s["name"] for s in written["scores"]] == ["kid", "precision", "recall"] and written["seed"] == 0
    assert all(s["protocol"] in printed for s in written["scores"])
    assert cli.main(["evaluate", "--real", "gone", "--fake", "gone"]) == 2
    assert capsys.readouterr().err == "error: gone: no such folder; check the path\n"


def test_names_need_no_network():
    assert features.dimension("dlib-face") == 64 and features.dimension("dlib-face@8+std") == 256
