"""What is found before a training starts: classes that do not fit, and what the first step or validation would find."""

import re
from dataclasses import replace

import numpy as np
import pytest
from engine.families import ATTENTION, DCGAN, PATCH, RESNET, SIDE

from ppgen.engine.assemble import build_parts, build_trainer
from ppgen.engine.observe import Observer, StepReport
from ppgen.engine.rehearsal import rehearse
from ppgen.engine.settings import LoaderSettings, LogSettings, TrainingConfig, ValidateSettings
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import save_image
from ppgen.io.weights import card_of
from ppgen.models.ugatit import Photo2Cartoon

ADAM = {"name": "Adam", "learning_rate": 0.001}
CONDITIONAL = {
    "name": "GAN", "objective": "hinge", **{key: {**network, "classes": 3} for key, network in DCGAN.items()},
}  # fmt: skip


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """`folders('mine/a', 3)` puts three pictures into a folder of the data folder."""
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))

    def write(folder, count=3):
        for n in range(count):
            save_image(tmp_path / "data" / folder / f"{n}.png", np.full((SIDE, SIDE, 3), 10 * n, np.uint8))

    return write


def config(model=CONDITIONAL, train="mine", validation=None, **more):
    dataset = {"name": "ImageFolder", "size": SIDE, "label": "folder"}
    datasets = {"train": {**dataset, "dataroot": train}}
    if validation:
        datasets["validation"] = {**dataset, "dataroot": validation}
    optimizer = {"generator": ADAM, "discriminator": ADAM}
    return TrainingConfig(model=model, dataset=datasets, optimizer=optimizer, total_iters=1, **more)


def test_labels_of_validation_are_those_of_training(folders):
    for folder in ("mine/a", "mine/b", "mine/c", "other/b", "other/c"):
        folders(folder)
    _, _, _, validation = build_parts(config(validation="other"))
    assert validation.classes == ["a", "b", "c"] and set(validation.labels) == {1, 2}
    folders("strange/d")
    with pytest.raises(DataError, match="dataset.validation: there are pictures of the class 'd'"):
        build_parts(config(validation="strange"))


def test_every_label_is_looked_at(folders):
    for folder in "abcd":
        folders(f"mine/{folder}", 1 if folder == "d" else 20)
    with pytest.raises(ConfigError, match="label 3, the networks' classes are 0 to 2"):
        build_parts(config())


GREY = {
    "generator": {**DCGAN["generator"], "out_channels": 1},
    "discriminator": {**DCGAN["discriminator"], "in_channels": 1},
}


def test_a_rehearsal_tells_how_long_a_training_takes(folders, tmp_path):
    """Of a grey GAN that a metric of colours judges."""
    folders("mine", 5)
    grey = {"name": "ImageFolder", "dataroot": "mine", "size": SIDE, "grayscale": True}
    validate = {"metric": {"name": "MSSSIM"}, "best": "ms_ssim", "interval": 1}
    given = config({"name": "GAN", "objective": "vanilla", **GREY}, validate=ValidateSettings(**validate))
    given = replace(given, dataset={"train": grey, "validation": grey}, total_iters=1000)
    lines = rehearse(build_trainer(given, tmp_path / "run"))
    assert len(lines) == 1 and re.fullmatch(r"a step takes about .* s, the training .*", lines[0])
    assert "not tried for want of time: the sample grid" in rehearse(build_trainer(given, tmp_path / "run"), 0.0)
    wrong = replace(given, validate=ValidateSettings(**{**validate, "best": "kid"}))
    with pytest.raises(ConfigError, match="no score is called 'kid'"):
        rehearse(build_trainer(wrong, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_grey_training_is_validated_by_a_metric_of_colours(folders, tmp_path):
    """KID's features are of coloured faces."""
    folders("mine", 5)
    grey = {"name": "ImageFolder", "dataroot": "mine", "size": SIDE, "grayscale": True}
    validate = ValidateSettings(metric={"name": "KID"}, best="kid", interval=1)
    given = config({"name": "GAN", "objective": "vanilla", **GREY}, validate=validate)
    given = replace(given, dataset={"train": grey, "validation": grey})
    assert len(rehearse(build_trainer(given, tmp_path / "run"))) == 1  # nothing was left untried
    build_trainer(given, tmp_path / "run").run()
    assert np.isfinite(card_of(tmp_path / "run" / "best.safetensors")["scores"]["kid"])


def test_a_metric_without_a_dataset_to_score_is_told(folders):
    folders("mine", 5)
    with pytest.raises(ConfigError, match="validate.metric: nothing would be scored.*give dataset.validation"):
        build_parts(config(validate=ValidateSettings(metric={"name": "KID"}, best="kid")))


def translation(size=SIDE, channels=3, layers=2, model="CycleGAN"):
    ends = {"in_channels": channels, "out_channels": channels}
    return TrainingConfig(
        model={"name": model, "generator": {**RESNET, **ends}, "discriminator": {**PATCH, "layers": layers}},
        dataset={"train": {"name": "UnpairedImages", "dataroot_a": "mine", "dataroot_b": "mine", "size": size}},
        optimizer=dict.fromkeys(("generator_ab", "generator_ba", "discriminator_a", "discriminator_b"), ADAM),
        total_iters=1, loader=LoaderSettings(batch_size=1),
    )  # fmt: skip


def test_what_a_first_step_would_find_is_found(folders, tmp_path):
    folders("mine")
    with pytest.raises(ConfigError, match="given to the networks, would fail: The number of input's channels"):
        build_parts(translation(channels=1))
    small = build_trainer(translation(size=16, layers=3), tmp_path / "run")
    with pytest.raises(DataError, match="16x16 pixels are too small for a discriminator of 3 layers, which needs 24"):
        rehearse(small)
    with pytest.raises(DataError, match="too small"):
        small.run()
    assert not (tmp_path / "run").exists()  # no dead run folder is left
    with pytest.raises(ConfigError, match="batch_size: 1000, and dataset.train has 3 samples"):
        build_parts(replace(translation(), loader=LoaderSettings(batch_size=1000)))


def test_the_face_loss_needs_landmarks(folders):
    folders("mine")
    recipe = Photo2Cartoon({**RESNET, "name": "UGATITGenerator", "image_size": SIDE}, **ATTENTION, face_weight=0)
    sample = {"a": np.zeros((3, SIDE, SIDE), np.float32), "b": np.zeros((3, SIDE, SIDE), np.float32)}
    recipe.check_sample(sample)
    recipe.face_weight = 1.0
    with pytest.raises(DataError, match="the Face ID loss needs 'landmarks'"):
        recipe.check_sample(sample)


def test_a_run_of_days_says_so(tmp_path, capsys):
    observer = Observer(tmp_path, 0, 10**7, 1, LogSettings())
    for step in range(1, 5):
        observer._began_at -= 1
        observer.after_step(step, StepReport({}, {}, {}, 0.0), 0.0, False)
    observer.close()
    assert capsys.readouterr().out.count("116 days for the 9999997 to come") == 1


def test_weights_tell_what_their_classes_are_called(folders, tmp_path):
    for folder in ("2", "10", "1"):
        folders(f"mine/{folder}")
    trainer = build_trainer(config(), tmp_path / "run")
    trainer.snapshot.keep_final()
    assert card_of(tmp_path / "run" / "final" / "generator.safetensors")["classes"] == ["1", "2", "10"]
