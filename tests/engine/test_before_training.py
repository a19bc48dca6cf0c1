"""What is found before a training starts: classes that do not fit, and what the first step or validation would find."""

import numpy as np
import pytest
from engine.families import DCGAN, SIDE

from ppgen.engine.assemble import build_parts, build_trainer
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import save_image
from ppgen.io.weights import card_of

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


def test_weights_tell_what_their_classes_are_called(folders, tmp_path):
    for folder in ("2", "10", "1"):
        folders(f"mine/{folder}")
    trainer = build_trainer(config(), tmp_path / "run")
    trainer.snapshot.keep_final()
    assert card_of(tmp_path / "run" / "final" / "generator.safetensors")["classes"] == ["1", "2", "10"]
