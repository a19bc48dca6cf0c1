"""The benchmarks of trainings: on made-up runs, with stand-ins for networks and features."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import yaml
from conftest import ROOT, mean_colours
from metrics.schematic import drawing, face_points

from ppgen.engine import checkpoint
from ppgen.engine.schema import load_config
from ppgen.errors import ConfigError, WeightsError

MODEL = {
    "name": "GAN",
    "generator": {"name": "DCGANGenerator", "latent_dim": 4, "base_channels": 2, "image_size": 16},
    "discriminator": {"name": "DCGANDiscriminator", "base_channels": 2, "image_size": 16},
}


def write_run(folder, config, rows=()):
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def cases(benchmark):
    module = benchmark("p2c_validation")
    found = []
    for i in range(8):
        photo, mask = drawing(60 + 20 * i), drawing(60)[..., 0]
        cartoon = np.where(photo < 255, photo // 2, 255).astype(np.uint8)
        row = {"id": f"case{i}", "suspect": "0"}
        found.append(module.Case(row, photo, photo, cartoon, (mask < 255).astype(np.float32), face_points()))
    return found


# ---- runs ------------------------------------------------------------------------------------------------


def test_networks_of_a_checkpoint_are_the_averaged_ones(benchmark, tmp_path):
    module = benchmark("trained")
    run = module.read_run(write_run(tmp_path / "run", {"model": MODEL, "loader": {"batch_size": 3}}))
    with pytest.raises(ConfigError, match="holds no checkpoint"):
        run.places()
    model = run.model()
    state = {n: {k: v.numpy() for k, v in net.state_dict().items()} for n, net in model.networks.items()}
    weights = {f"{n}.{k}": v + 1 for n, arrays in state.items() for k, v in arrays.items()}
    smooth = {f"ema.generator.{k}": v + 2 for k, v in state["generator"].items()}
    for step in (2, 10):
        checkpoint.save(run.folder / "checkpoints", step, weights, smooth, {}, keep=5)
    checkpoint.mark_best(run.folder / "checkpoints", 2)
    assert list(run.places()) == [2, 10] and run.images(10) == 30
    assert run.place("best").name == "step_00000002" and run.place("last").name == "step_00000010"
    networks = module.networks_at(run.model(), run.place("best"))
    for name, more in (("generator", 2), ("discriminator", 1)):
        key, value = next(iter(networks[name].state_dict().items()))
        np.testing.assert_allclose(value.numpy(), state[name][key] + more, rtol=1e-6)
        assert not networks[name].training


def test_a_folder_that_is_no_run(benchmark, tmp_path):
    with pytest.raises(ConfigError, match="no config.yaml there"):
        benchmark("trained").read_run(tmp_path)


# ---- translation -----------------------------------------------------------------------------------------


def test_perfect_drawings_have_no_error_and_their_own_likeness(benchmark, cases):
    module, mean = benchmark("translation"), np.full((256, 256, 3), 128, np.uint8)
    cartoons = np.stack([module.at_size(case, 64).cartoon for case in cases])
    assert module.pair_scores(cases, cartoons, mean, mean_colours)["mae_ratio"] == 0
    hits, distances = module.likeness(cases, np.stack([module.at_size(case, 64).photo for case in cases]), mean_colours)
    assert hits.all() and distances.max() < 0.05
    assert not module.likeness(cases, cartoons, mean_colours)[0].all()


def test_landmarks_follow_the_size(benchmark, cases):
    small = benchmark("translation").at_size(cases[0], 64)
    assert small.photo.shape == (64, 64, 3) and small.mask.shape == (64, 64)
    np.testing.assert_allclose(small.landmarks * 4 + 1.5, cases[0].landmarks, rtol=1e-6)


def test_leaving_photos_alone_is_the_baseline_and_drawing_beats_it(benchmark, cases):
    module = benchmark("translation")
    others = np.stack([module.at_size(case, 64).cartoon for case in cases])
    same, (darker, lighter) = lambda x: x, (lambda x: (x + 1) / 2 - 1, lambda x: ((x + 1) * 2 - 1).clip(-1, 1))

    def measure(there, back):
        return module.measure_unpaired({"generator_ab": there, "generator_ba": back}, cases, 64, others, mean_colours)

    figures, shown = measure(same, same)
    assert figures["kid_ratio"] == 1 and figures["change"] == figures["cycle_photo"] == 0
    figures, _ = measure(darker, lighter)
    assert figures["cycle_photo"] < 2 < figures["change"] and figures["kid_ratio"] != 1
    assert module.montage(shown, 3).shape[2] == 3
    assert "kid_ratio" in benchmark("harness").report({"unpaired": json.loads(json.dumps(figures))})


def test_likeness_of_two_networks_is_compared_portrait_by_portrait(benchmark):
    module = benchmark("translation")
    hits, none = np.arange(40) % 2 == 0, np.zeros(40, bool)
    near = np.linspace(0.3, 0.9, 40)
    found = module.compare_likeness((hits, near), (none, near + 0.1))
    assert found["rank1_difference"] == 0.5 and found["rank1_difference_interval"][0] > 0.3
    low, high = found["distance_difference_interval"]  # the spread of people cancels out
    assert low == pytest.approx(-0.1) and high == pytest.approx(-0.1)


@pytest.mark.parametrize("reached", [True, False])
def test_drawings_are_written_for_docs_only_where_they_are_drawings(benchmark, monkeypatch, tmp_path, reached):
    module = benchmark("translation")
    shown = {"photo": np.zeros((4, 32, 32, 3), np.uint8), "drawn": np.full((4, 32, 32, 3), 9, np.uint8)}
    _, *arguments = module.COMMANDS["unpaired"]
    measured = {"x": {"kid_ratio": 0.1}}, shown, reached
    monkeypatch.setitem(module.COMMANDS, "unpaired", (lambda options: measured, *arguments))
    code = module.main(["unpaired", "RUN", "--montage", str(tmp_path / "m.png"), "--drawings", str(tmp_path / "d.png")])
    assert code == (0 if reached else 1) and (tmp_path / "m.png").exists()
    assert (tmp_path / "d.png").exists() == reached


def test_translations_that_are_shown_are_those_of_nobody_where_there_are_some(benchmark):
    module = benchmark("translation")
    pictures = {"drawn": np.arange(3)}
    rows = [{"source": source} for source in ("portraits", "nobody_portraits", "portraits")]
    cases = [module.Case(row, *[None] * 5) for row in rows]
    assert module.of_nobody(cases, pictures)["drawn"].tolist() == [1]
    assert module.of_nobody(cases[::2], {"drawn": np.arange(2)})["drawn"].tolist() == [0, 1]
    assert module.of_nobody([module.Case({}, *[None] * 5)], {"drawn": np.arange(1)})["drawn"].tolist() == [0]


@pytest.mark.parametrize("cartoons", [True, False])
def test_two_networks_drawings_are_shown_in_alternate_rows_unless_one_gives_back_photos(
    benchmark, monkeypatch, tmp_path, cartoons
):
    module, path = benchmark("translation"), tmp_path / "d.png"
    shown = {name: np.full((16, 128, 128, 3), grey, np.uint8) for name, grey in (("with", 10), ("without", 20))}
    row = {"kid_photo": 0.05, "kid_with": 0.02, "kid_without": 0.02 if cartoons else 0.04}
    _, *arguments = module.COMMANDS["face-id"]
    monkeypatch.setitem(module.COMMANDS, "face-id", (lambda options: ({"face_id": row}, shown, True), *arguments))
    given = ["--montage", str(tmp_path / "m.png"), "--drawings", str(path)]
    assert module.main(["face-id", "A", "B", *given]) == 0
    assert path.exists() == cartoons
    if cartoons:
        picture = cv2.imread(str(path))
        assert [picture[64 + 130 * row, -10, 0] for row in range(4)] == [10, 20, 10, 20]


# ---- progressive -----------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path):
    """A tree whose leaves have started."""
    folder = tmp_path / "tree"
    entries = [{"name": "base", "attributes": {}, "started_from": None}]
    for group in ("young", "senior"):
        data = {"name": "Portraits", "where": {"age_group": group}, "size": 128}
        write_run(
            folder / group,
            {
                "model": MODEL,
                "total_iters": 40,
                "dataset": {"train": data, "validation": {**data, "where": {"age_group": group}}},
            },
        )
        start = "base/checkpoints/step_00000100"
        entries.append({"name": group, "attributes": {"age": group}, "started_from": start})
    (folder / "tree.json").write_text(json.dumps({"nodes": entries}))
    return folder


def test_the_control_differs_from_a_leaf_in_its_pictures_only(benchmark, tree):
    module = benchmark("progressive")
    command = module.prepare(tree, 1, None)
    assert f"--load {tree / 'base/checkpoints/step_00000100'}" in command
    written = yaml.safe_load((tree / "progressive_control_1.yaml").read_text())
    leaf = yaml.safe_load((tree / "young" / "config.yaml").read_text())
    assert all("where" not in data for data in written["dataset"].values())
    for data in leaf["dataset"].values():
        del data["where"]
    assert written == leaf
    with pytest.raises(ConfigError, match="has no level 2"):
        module.prepare(tree, 2, None)


def test_a_lower_level_says_where_its_control_starts(benchmark, tree):
    facts = json.loads((tree / "tree.json").read_text())
    facts["nodes"].append({"name": "young-F", "attributes": {"age": "young", "gender": "F"}, "started_from": "x"})
    (tree / "tree.json").write_text(json.dumps(facts))
    with pytest.raises(ConfigError, match="--from CONTROL_OF_LEVEL_1"):
        benchmark("progressive").prepare(tree, 2, None)


def test_leaf_and_control_are_compared_portrait_by_portrait(benchmark):
    module = benchmark("progressive")
    control = np.linspace(5, 30, 20)
    found = module.compare(control - 0.5, control)
    assert found["difference"] == pytest.approx(-0.5) and found["interval"][1] < 0 and found["better_on"] == 1
    assert found["verdict"] == "better" and "better" in benchmark("harness").report({"young": found})
    unlike = SimpleNamespace(folder="a", places=lambda: {40: 1}), SimpleNamespace(folder="b", places=lambda: {20: 1})
    with pytest.raises(ConfigError, match="a is at step 40, b at 20"):
        module.check_steps(*unlike)


# ---- the GAN family --------------------------------------------------------------------------------------


def test_the_page_keeps_what_people_wrote(benchmark, tmp_path):
    module, page = benchmark("gan_family"), tmp_path / "page.md"
    module.write_page(page, "first")
    page.write_text(page.read_text().replace("# One", "Words.\n# One") + "More words.\n")
    module.write_page(page, "second")
    text = page.read_text()
    assert text.startswith("Words.") and text.endswith("More words.\n") and "second" in text and "first" not in text
    page.write_text("no marks")
    with pytest.raises(ConfigError, match="has no lines"):
        module.write_page(page, "third")


def test_a_checkpoint_is_measured_once(benchmark, tmp_path, monkeypatch):
    module = benchmark("gan_family")
    rows = [{"step": s, "images": 4 * s, "hours": s / 10, "d_real": 1 - s / 40, "d_fake": 0.1} for s in range(1, 21)]
    config = {"model": MODEL, "loader": {"batch_size": 4}, "card": {"title": "DCGAN, faces"}}
    run = module.read_run(write_run(tmp_path / "run", config, rows))
    arrays = {f"{n}.{k}": v.numpy() for n, net in run.model().networks.items() for k, v in net.state_dict().items()}
    for step in (5, 10, 15, 20):
        checkpoint.save(run.folder / "checkpoints", step, arrays, {}, {}, keep=9)
    given = []

    def score(pictures, held, known=False):
        given.append(pictures.shape)
        return {"kid": 1 / len(given), "kid_error": 0.1, "fid": 1.0, "ms_ssim": 0.3, "ms_ssim_error": 0.01}

    monkeypatch.setattr(module, "score", score)
    found = module.measure(run, [], 6, 0)
    assert module.measure(run, [], 6, 0) == found and given == [(6, 16, 16, 3)] * 4
    shutil.rmtree(run.folder / "checkpoints" / "step_00000010")  # pruned since
    assert list(module.measure(run, [], 6, 0)) == [5, 15, 20]
    checkpoint.save(run.folder / "checkpoints", 10, {k: v + 1 for k, v in arrays.items()}, {}, {}, keep=9)  # taken anew
    module.measure(run, [], 6, 0)
    assert len(given) == 5
    row = module.describe(run, found)
    assert row["recipe"]["generator's steps"] == "0 of 4"
    assert row["best_step"] == 20 and row["hours"] == 2 and row["judge_and_kid"] == pytest.approx(1)
    assert row["verdicts"]["d_real"][-1] == pytest.approx((0.525 + 0.5) / 2)
    references = {module.FLOOR: score(np.zeros(1), []), module.GAUSSIAN: score(np.zeros(1), [])}
    text = module.table({"runs": {module.title_of(run): row}, "references": references})
    assert "| DCGAN | 0.25 ± 0.1 | 1 | 80 |" in text and len({line.count("|") for line in text.split("\n")}) == 1


def test_equal_pictures_are_no_variety(benchmark, monkeypatch):
    module = benchmark("gan_family")
    monkeypatch.setattr(module, "extractor", lambda name: mean_colours)
    monkeypatch.setattr(module, "cached_features", lambda network, pictures: network(np.stack(pictures)))
    rng = np.random.default_rng(0)
    held = list(rng.integers(0, 255, (12, 32, 32, 3), np.uint8))
    varied = module.score(rng.integers(0, 255, (12, 32, 32, 3), np.uint8), held)
    collapsed = module.score(np.repeat(held[0][None], 12, axis=0), held)
    assert collapsed["ms_ssim"] == pytest.approx(1) and varied["ms_ssim"] < 0.5
    assert set(varied) == {"kid", "kid_error", "fid", "ms_ssim", "ms_ssim_error"}


# ---- digits, stages --------------------------------------------------------------------------------------


def test_real_digits_are_recognized_and_shuffled_ones_are_not(benchmark, monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    module = benchmark("conditional_digits")
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    monkeypatch.setattr("ppgen.datasets.mnist.fetch", _offline)
    judge = module.classifier(*module.digits("train", 8))
    real, labels = module.digits("test", 8)
    pictures = np.rint(real * 255).astype(np.uint8).reshape(-1, 8, 8, 1).repeat(3, axis=3)
    found = module.measure(pictures, labels, judge)
    assert found["accuracy"] > module.REACH and set(found["by_digit"]) == set("0123456789")
    assert module.measure(pictures, (labels + 1) % 10, judge)["accuracy"] < 0.1


def _offline(url, digest):
    from ppgen.errors import DownloadError

    raise DownloadError(f"{url}: offline")


def test_points_of_growing(benchmark):
    found = benchmark("pggan_stages").points([10, 10, 10], [20, 20], batch=2, interval=1)
    assert found == [
        ("before 8", 5), ("into 8", 6), ("8 is in", 15), ("before 16", 20), ("into 16", 21), ("16 is in", 30),
        ("end", 35),
    ]  # fmt: skip


# ---- the configs have what is measured -------------------------------------------------------------------


def read(name):
    return load_config(str(ROOT / "configs" / f"{name}.yaml"), [], need_data=False)


def test_every_point_of_growing_is_a_checkpoint(benchmark):
    config = read("pggan_faces64")
    model, kept, batch = config.model, config.checkpoint, config.loader.batch_size
    found = benchmark("pggan_stages").points(model["stable_images"], model["fade_images"], batch, kept.interval)
    assert all(step % kept.interval == 0 for _, step in found) and found[-1][1] == config.total_iters
    assert kept.interval * kept.keep >= config.total_iters


def test_the_family_sees_as_many_images_and_keeps_every_checkpoint():
    configs = [read(f"{name}_faces64") for name in ("dcgan", "lsgan", "wgan", "wgan_gp")]
    assert len({config.total_iters * config.loader.batch_size for config in configs}) == 1
    for config in configs:
        kept = config.checkpoint
        assert kept.interval * kept.keep >= config.total_iters and kept.interval * 4 < config.total_iters


@pytest.mark.parametrize("name", ["pix2pix_portraits", "cyclegan_portraits", "ugatit_light", "ugatit_photo2cartoon_64"])
def test_translation_can_be_shared_by_two_processes(name):
    assert read(name).loader.batch_size % 2 == 0


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("translation", ["unpaired", "nowhere"]),
        ("translation", ["pix2pix", "nowhere"]),
        ("progressive", ["nowhere", "--control", "nowhere"]),
        ("gan_family", ["nowhere"]),
        ("pggan_stages", ["nowhere"]),
        ("conditional_digits", ["nowhere"]),
    ],
)
def test_errors_are_one_line(benchmark, monkeypatch, capsys, tmp_path, name, arguments):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    module = benchmark(name)
    assert module.main(arguments) == 2
    message = capsys.readouterr().err.strip()
    assert message and "\n" not in message


def test_other_networks_are_refused(benchmark, tmp_path):
    module = benchmark("trained")
    run = module.read_run(write_run(tmp_path / "run", {"model": MODEL}))
    checkpoint.save(run.folder / "checkpoints", 1, {"generator.x": np.zeros(1, np.float32)}, {}, {}, keep=1)
    with pytest.raises(WeightsError, match="another network"):
        module.networks_at(run.model(), run.place("last"))
