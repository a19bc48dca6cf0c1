"""Handwritten digits that need no internet: the 1,797 scans that come inside scikit-learn."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from ppgen.datasets.files import Filter, Split, in_split, resize
from ppgen.errors import DataError
from ppgen.io.image import to_tensor_array
from ppgen.registry import DATASETS


class LabelledPictures:
    """Small grey pictures in memory, each with a class: the base of MNIST and of the digits.

    Args:
        pictures: uint8 (n, height, width).
        labels: int64 (n,).
        ids: one a picture.
        size: side of the squares returned; None leaves them as they are.

    Attributes:
        groups: the class of each, as text, so that classes can take turns in a balanced stream.
    """

    def __init__(
        self, pictures: np.ndarray, labels: np.ndarray, ids: list[str], size: int | None, resize_filter: Filter
    ) -> None:
        self.pictures, self.labels, self.ids, self.size = pictures, labels, ids, size
        self._filter = resize_filter
        self.classes = [str(label) for label in range(int(labels.max()) + 1)]
        self.groups = [str(label) for label in labels]

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """`image` float32 (1, size, size) in [-1, 1], `label` int64 (), `id`, `group`."""
        picture = self.pictures[index]
        if self.size is not None:
            picture = resize(picture, self.size, self._filter)
        return {
            "image": to_tensor_array(picture[..., None]),
            "label": np.array(self.labels[index]),
            "id": self.ids[index],
            "group": self.groups[index],
        }


def read_digits() -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (1797, 8, 8), white on black, and labels int64 (1797,).

    The UCI test set "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998), a CSV inside the
    scikit-learn package: 64 values of 0-16 and the label in each line. scikit-learn itself is not imported.

    Raises:
        DataError: scikit-learn is not installed.
    """
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise DataError("the digits come with scikit-learn, which is not installed: pip install 'ppgen[digits]'")
    path = Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, delimiter=",")
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); install scikit-learn again") from error
    return np.rint(table[:, :64] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8), table[:, 64].astype(np.int64)


@DATASETS.register()
class Digits(LabelledPictures):
    """scikit-learn's packaged digits: 1,797 real scans of 8x8 pixels, enlarged.

    Args:
        split: by crc32 of the id: one in ten is validation.
        size: side of the squares returned.
        filter: how they are enlarged.

    A sample holds `image` float32 (1, size, size) in [-1, 1], `label` int64 (), `id`, `group`.
    """

    def __init__(self, split: Split = "train", size: int = 28, filter: Filter = "bicubic") -> None:  # noqa: A002
        pictures, labels = read_digits()
        ids = [f"digit-{number:04d}" for number in range(len(pictures))]
        kept = [i for i, name in enumerate(ids) if in_split(name, split)]
        super().__init__(pictures[kept], labels[kept], [ids[i] for i in kept], size, filter)
