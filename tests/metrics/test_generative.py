"""Metrics over sets of pictures in a training, and `ppgen evaluate`, with mean colours for features."""

from __future__ import annotations

import json

import numpy as np
import paddle
import pytest
from metrics.test_features import Means
from metrics.test_picture_distances import textures

from ppgen import cli
from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.image import save_image, to_tensor_array
from ppgen.metrics import accumulate, evaluate, generative
from ppgen.networks import StyleGAN2Generator
from ppgen.registry import METRICS


@pytest.fixture(autouse=True)
def means(monkeypatch, tmp_path):
    """Mean colours as features, kept in a cache of the test's own."""
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    return Means()


def built(name: str, **arguments: object):
    return METRICS.build({"name": name, **arguments})


def fed(metric, real: np.ndarray, fake: np.ndarray, key: str = "image"):
    """The metric after batches of 4 reals, and all fakes with the first of them."""
    for start in range(0, len(real), 4):
        batch = {key: to_tensor_array(real[start : start + 4])}
        metric.update(batch, to_tensor_array(fake if start == 0 else fake[:0]))
    return metric


def test_fid_carries_its_protocol(means):
    real, fake = textures(20), textures(24, seed=1)
    found = fed(built("FID", features=means), real, fake).compute()
    assert found["fid"] == found["fid/means/n=20:24/resize=area"] > 0
    same = fed(built("FID", features=means), real, real).compute()
    assert same["fid/means/n=20/resize=area"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(DataError, match="use KID"):
        fed(built("FID", features=means), real[:12], fake).compute()


def test_kid_and_precision_over_another_key(means):
    real, fake = textures(12), textures(16, seed=1)
    found = fed(built("KID", features=means, key="photo"), real, fake, "photo").compute()
    assert found["kid_se"] > 0 and "kid/means/n=12:16/resize=area/subsets=100x6" in found
    found = fed(built("PrecisionRecall", features=means), real, real).compute()
    assert found["precision"] == found["recall"] == 1 and "recall/means/n=12/resize=area/k=3" in found
    with pytest.raises(DataError, match="holds no 'image' .it holds photo"):
        fed(built("KID"), real, fake, "photo")
    with pytest.raises(DataError, match="no real pictures"):
        built("KID").compute()


def test_identity_with_pairs_and_without(means):
    real = textures(8)
    found = fed(built("Identity", descriptor=means), real, real).compute()
    assert found["identity"] == pytest.approx(1) and found["identity_se"] == pytest.approx(0, abs=1e-6)
    found = fed(built("Identity", paired=False, descriptor=means), real, real[[3, 1]]).compute()
    assert found["identity_nearest/means/n=8:2/resize=area"] == pytest.approx(1)


def test_each_picture_goes_through_a_network_once(means):
    real, fake = textures(10), textures(5, seed=1)
    given = {"scores": ["kid", "pr", "swd", "ms-ssim", "identity"], "features": means}
    first = fed(built("GenerativeScores", **given), real, fake).compute()
    assert means.calls == 10 + 5
    again = fed(built("GenerativeScores", **given), real, fake).compute()
    assert again == first and means.calls == 15 + 5  # the reals come out of the cache
    assert {"kid", "precision", "recall", "identity_nearest", "swd", "ms_ssim"} <= set(first)


def test_what_a_score_needs_is_declared(means):
    assert {kind.short: kind.least for kind in generative.kinds().values() if kind.short != "fid"} == {
        "identity": 1, "is": 10, "kid": 4, "ms-ssim": 2, "pr": 4, "swd": 1,
    }  # fmt: skip
    assert built("FID", features=means).least == 15
    assert built("GenerativeScores", scores=["swd", "kid"]).least == 4


def test_long_streams_are_cut_into_blocks(means, monkeypatch):
    monkeypatch.setattr(accumulate, "BLOCK", 8)
    real = textures(20)
    sink = accumulate.FeatureSink(means)
    for start in range(0, 20, 3):
        sink.add("real", real[start : start + 3])
    assert sink.real == pytest.approx(means(real)) and len(sink.real) == 20


def test_scores_that_there_are_not():
    with pytest.raises(ConfigError, match="did you mean 'kid'"):
        generative.GenerativeScores(["kidd"])
    with pytest.raises(ConfigError, match="at least one"):
        generative.GenerativeScores([])
    with pytest.raises(ConfigError, match="dlib-face"):
        built("FID", features="dlib")
    with pytest.raises(WeightsError, match="do not come with ppgen"):
        built("InceptionScore")


class Painter:
    """A generator: the first latent is the brightness, the label the red."""

    latent_dim, image_size, channels = 4, 32, 3

    def __init__(self, classes: int | None = None) -> None:
        self.classes, self.seen = classes, []

    def generate(self, z, labels=None):
        self.seen.append(None if labels is None else labels.numpy().tolist())
        grey = paddle.tanh(z[:, :1] + z[:, 1:2] * 0.3).reshape([-1, 1, 1, 1])
        return paddle.tile(grey, [1, 3, 32, 32]) * paddle.linspace(0.2, 1, 32)


@pytest.fixture
def folders(tmp_path):
    """`real` with 20 pictures of 32 pixels, `fake` with 16 others."""
    for name, pictures in (("real", textures(20, 32)), ("fake", textures(16, 32, seed=1))):
        for i, picture in enumerate(pictures):
            save_image(tmp_path / name / f"{name}{i:02d}.png", picture)
    return tmp_path


def test_evaluate_two_folders(folders, means):
    real, fake = str(folders / "real"), str(folders / "fake")
    found = evaluate.evaluate(["fid", "kid", "pr", "identity"], real, fake, features=means)
    assert [s.name for s in found] == ["fid", "kid", "precision", "recall", "identity_nearest"]
    assert found[0].protocol == "fid/means/n=20:16/resize=area"
    lines = evaluate.table(found).splitlines()
    assert len(lines) == 5 and "±" in lines[1] and lines[0].endswith(found[0].protocol)
    chosen = [evaluate.evaluate(["kid"], real, fake, 8, means, seed=seed)[0] for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2] and "n=20:8" in chosen[0].protocol


def test_files_of_one_name_are_pairs(folders):
    pairs = folders / "pairs"
    for i in (7, 3):
        save_image(pairs / f"real{i:02d}.jpg", textures(20, 32)[i], quality=100)
    (score,) = evaluate.evaluate(["identity"], str(folders / "real"), str(pairs))
    assert score.name == "identity" and score.value > 0.95 and "n=20:2" in score.protocol


def test_evaluate_a_generator(folders, means):
    painter, real = Painter(classes=3), str(folders / "real")
    runs = [evaluate.evaluate(["kid"], real, painter, features=means, seed=s)[0] for s in (0, 0, 1)]
    assert runs[0] == runs[1] and runs[0].value != runs[2].value and "/n=20/" in runs[0].protocol
    assert [0, 1, 2] * 5 + [0] in painter.seen and [1, 2, 0, 1] in painter.seen
    (ppl,) = evaluate.evaluate(["ppl"], real, painter, count=4)
    assert ppl.protocol == "ppl/dlib-face/n=2/space=z/epsilon=0.0001" and ppl.value > 0


def test_path_lengths_of_a_style_generator_are_in_both_spaces(folders):
    paddle.seed(3)
    network = StyleGAN2Generator(image_size=16, latent_dim=8, mapping_layers=2, channel_multiplier=0.01, channel_max=16)
    network.eval()
    z, w = evaluate.evaluate(["ppl"], str(folders / "real"), network, count=4)
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
    given = {"metrics": ["kid"], "real": "real", "fake": "fake", "features": means} | change
    for side in ("real", "fake"):
        given[side] = str(folders / given[side]) if given[side] != "face_id" else "face_id"
    with pytest.raises(error, match=message) as caught:
        evaluate.evaluate(**given)
    assert "\n" not in str(caught.value) and means.calls == 0


def test_sizes_must_agree_or_be_given(folders, means):
    small = folders / "small"
    for i, picture in enumerate(textures(6, 16)):
        save_image(small / f"{i}.png", picture)
    real = str(folders / "real")
    with pytest.raises(DataError, match="--size 16"):
        evaluate.evaluate(["kid"], real, str(small), features=means)
    assert evaluate.evaluate(["kid"], real, str(small), features=means, size=16)[0].value


def test_all_headers_are_read_before_any_network(folders, means):
    real, fake = str(folders / "real"), folders / "fake"
    save_image(fake / "fake07.png", textures(1, 16)[0])
    with pytest.raises(DataError, match=r"fake07.png: is 16x16 pixels, 15 of 16 .* 32x32; .*--size 16"):
        evaluate.evaluate(["kid"], real, str(fake), features=means)
    (fake / "fake07.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="fake07.png"):
        evaluate.evaluate(["kid"], real, str(fake), features=means)
    for n in range(3):
        save_image(folders / "few" / f"{n}.png", textures(1, 24)[0])
        save_image(folders / "small" / f"{n}.png", textures(1, 24)[0])
    for metrics, words in ((["kid"], "kid needs at least 4"), (["pr"], "pr needs at least 4"),
                           (["ms-ssim"], "at least 32 pixels a side")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            evaluate.evaluate(metrics, str(folders / "small"), str(folders / "few"), features=means)
    assert means.calls == 0


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
