"""Scores of conditional generators and of reconstructions."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from ppgen.datasets.image_folder import ImageFolder
from ppgen.datasets.stream import collate
from ppgen.io.image import save_image
from ppgen.metrics.label_accuracy import LabelAccuracy, nearest_labels
from ppgen.metrics.reconstruction import ReconstructionError

DIGITS = {"name": "Digits", "split": "train", "size": 16}


def test_the_nearest_vote():
    real = np.array([[0.0], [1.0], [1.1], [5.0]])
    labels = np.array([2, 0, 0, 1])
    assert nearest_labels(np.array([[0.1], [4.0], [1.05]]), real, labels, 1).tolist() == [2, 1, 0]
    assert nearest_labels(np.array([[0.1]]), real, labels, 3).tolist() == [0]
    assert nearest_labels(np.array([[0.1]]), real, labels, 2).tolist() == [2]  # a tie: the nearer one


def test_real_digits_are_recognized_and_wrong_labels_are_not():
    if importlib.util.find_spec("sklearn") is None:  # importing it takes seconds
        pytest.skip("scikit-learn is not installed; the digits come with it")
    from ppgen.datasets.digits import Digits

    held_back = Digits("validation", 16)
    batch = collate([held_back.sample(i) for i in range(len(held_back))])
    metric = LabelAccuracy(DIGITS)
    metric.update(batch, batch["image"])
    assert metric.compute()["accuracy"] == metric.compute()["accuracy_of_real"] > 0.95
    metric.update(batch, np.roll(batch["image"], 1, axis=0))
    found = metric.compute()
    assert found["accuracy"] < 0.7 and found["accuracy_of_real"] > 0.95


def test_labels_are_compared_by_what_they_mean(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    for folder, kinds in (("all", "abc"), ("some", "bc")):
        for n, kind in enumerate("abc"):
            if kind in kinds:
                save_image(tmp_path / folder / kind / f"{kind}.png", np.full((8, 8, 3), 100 * n, np.uint8))
    real = {"name": "ImageFolder", "dataroot": "some", "size": 8, "label": "folder"}
    held_back = ImageFolder("all", 8, label="folder")
    batch = collate([held_back.sample(i) for i in (1, 2)])
    metric = LabelAccuracy(real, neighbours=1)
    metric.classes = held_back.classes
    metric.update(batch, batch["image"])
    assert metric.compute() == {"accuracy": 1.0, "accuracy_of_real": 1.0}


def test_reconstruction_error_is_on_pixels_from_0_to_1():
    metric = ReconstructionError()
    metric.update({"image": np.full((2, 3, 4, 4), -1.0)}, np.ones((2, 3, 4, 4)))
    metric.update({"image": np.zeros((2, 3, 4, 4))}, np.zeros((2, 3, 4, 4)))
    assert metric.compute() == {"mse": 0.5}
