"""Validation of unpaired domains: each picture counts once."""

import numpy as np

from ppgen.datasets.stream import Reader
from ppgen.datasets.unpaired_images import UnpairedImages
from ppgen.engine.settings import ValidateSettings
from ppgen.engine.validation import Once, distinct, evaluate
from ppgen.io.image import save_image
from ppgen.metrics.accumulate import PictureMetric
from ppgen.registry import METRICS


@METRICS.register("CountedPictures")
class Counted(PictureMetric):
    """Keeps the mean grey of every picture it is given."""

    key, seen = "b", {}

    def __init__(self):
        Counted.seen = {"real": [], "fake": []}

    def add(self, side, pictures):
        assert len(pictures)
        self.seen[side] += [int(picture.mean()) for picture in pictures]

    def scores(self):
        return []


class Darker:
    """Halves the brightness of `a`."""

    networks: dict = {}

    def predict(self, batch, networks):
        return (batch["a"] + 1) / 2 - 1


def test_the_smaller_domain_is_not_counted_again(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    for name, count in (("a", 2), ("b", 7)):
        for i in range(count):
            save_image(tmp_path / name / f"{i}.png", np.full((8, 8, 3), 10 + 20 * i, np.uint8))
    dataset = UnpairedImages("a", "b", size=8)
    wanted = ValidateSettings(metric={"name": "CountedPictures"}, batch_size=3)
    evaluate(Darker(), {}, Reader(dataset), wanted)
    assert Counted.seen == {"real": [10, 30, 50, 70, 90, 110, 130], "fake": [5, 15]}
    assert distinct(dataset) == 2 and distinct([1, 2, 3]) == 3


def test_batches_of_other_datasets_stay_as_they_are():
    batch, made = {"image": np.zeros((2, 3, 4, 4)), "id": ["x", "x"]}, np.ones((2, 3, 4, 4))
    once = Once()
    for _ in range(2):
        assert once(batch, made) == (batch, made)
