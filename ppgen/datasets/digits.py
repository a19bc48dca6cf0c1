"""Handwritten digits that need no internet: the 1,797 scans that come inside scikit-learn."""

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from ppgen.datasets.base import SinglePictures
from ppgen.datasets.files import Filter, Split, check_at_least_one, in_split, resize
from ppgen.errors import DataError
from ppgen.registry import DATASETS


class LabelledPictures(SinglePictures):
    """Small grey pictures in memory, each with a class: the base of MNIST and of the digits.

    Its group is the class as text, so that classes can take turns in a balanced stream.

    Args:
        pictures: uint8 (n, height, width).
        labels: int64 (n,).
        ids: one a picture.
        size: side of the squares returned.
    """

    def __init__(self, pictures: np.ndarray, labels: np.ndarray, ids: list[str], size: int, method: Filter) -> None:
        check_at_least_one(size=size)
        classes = [str(label) for label in range(int(labels.max()) + 1)]
        super().__init__(ids, [str(label) for label in labels], classes, labels)
        self.pictures, self.size, self._filter = pictures, size, method

    def picture(self, index: int) -> np.ndarray:
        """uint8 (size, size, 1)."""
        return resize(self.pictures[index], self.size, self._filter)[..., None]


def read_digits() -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (1797, 8, 8), white on black, and labels int64 (1797,).

    The UCI test set "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998), a CSV inside the
    scikit-learn package: 64 values of 0-16 and the label in each line. scikit-learn itself is not imported.

    Raises:
        DataError: scikit-learn is not installed.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise DataError("the digits come with scikit-learn, which is not installed: pip install scikit-learn")
    path = Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
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
