"""What every dataset is: a length, a group for each sample, and samples by index."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol, TypedDict, runtime_checkable

import numpy as np

from ppgen.errors import DataError
from ppgen.io.image import to_tensor_array
from ppgen.io.terminal import say

Random = np.random.Generator | None  #: of a sample; None: evaluation, in which nothing is random


class Sample(TypedDict, total=False):
    """What a sample may hold; pictures are float32 (C, H, W) in [-1, 1]. Datasets of one's own may hold more."""

    id: str
    group: str
    image: np.ndarray
    label: np.ndarray  #: int64 ()
    a: np.ndarray  #: a picture of the first domain
    b: np.ndarray  #: a picture of the second domain
    id_b: str
    photo: np.ndarray
    cartoon: np.ndarray
    mask: np.ndarray  #: float32 (1, H, W) in [0, 1]
    landmarks: np.ndarray  #: float32 (68, 2), pixels
    skin: np.ndarray  #: float32 (3,), RGB in [-1, 1]


class Samples(Protocol):
    """What a stream needs of a dataset, one's own too: a length, the group of each sample, one sample by index."""

    groups: Sequence[str]

    def __len__(self) -> int: ...

    def sample(self, index: int, rng: Random = None) -> Sample: ...


@runtime_checkable
class WithClasses(Protocol):
    """A dataset whose samples may have labels.

    Attributes:
        classes: the labels' meanings in order, empty without labels.
        labels: int64 (n,) or None.
    """

    classes: Sequence[str]
    labels: np.ndarray | None

    def relabel(self, classes: Sequence[str]) -> None:
        """Number the labels by another list of classes; DataError for a picture of a class that is not in it."""


def natural(text: str) -> list[tuple[int, int, str, str]]:
    """A key to sort by: numbers within texts count as numbers, so that class 10 comes after class 9."""
    return [_number(part) if part.isdecimal() else (1, 0, part, "") for part in re.split(r"(\d+)", text) if part]


def _number(digits: str) -> tuple[int, int, str, str]:
    """Larger for a larger number, of which Python would read no more than 4300 digits."""
    counting = digits.lstrip("0")
    return 0, len(counting), counting, digits


def renumbered(labels: np.ndarray, old: Sequence[str], new: Sequence[str]) -> np.ndarray:
    """Labels of the classes `old` by their places in `new`; DataError where one that occurs is not among these."""
    place = {name: number for number, name in enumerate(new)}
    if strange := [old[label] for label in np.unique(labels) if old[label] not in place]:
        known = f"{', '.join(new[:10])}{' …' if len(new) > 10 else ''}"
        raise DataError(f"there are pictures of the class '{strange[0]}', which is none of the classes known ({known})")
    return np.array([place.get(name, -1) for name in old], np.int64)[labels]


class Dataset(ABC):
    """The base of our datasets."""

    dataroot_optional: ClassVar[bool] = False  #: whether it can do without its folder

    groups: Sequence[str]  #: of each sample, by index; "all" where there is only one

    def __len__(self) -> int:
        """Samples an epoch."""
        return len(self.groups)

    @abstractmethod
    def sample(self, index: int, rng: Random = None) -> Sample:
        """One sample; without `rng` as it is, resized only. DataError, naming the file, where one is damaged."""

    @property
    def distinct(self) -> int:
        """Samples that a metric can learn of: where pictures come back within an epoch, each counts once."""
        return len(self)


def mirrors(flip: bool, rng: Random) -> bool:
    """Whether to mirror this sample: every second one where `flip` and `rng` are given."""
    return rng is not None and flip and bool(rng.random() < 0.5)


def leave_out(damaged: dict[int, str], index: int, reason: str) -> None:
    """Note that a sample cannot be read, and say so."""
    damaged[index] = reason
    say(f"left out: {reason}", aside=True)


class SinglePictures(Dataset):
    """Single pictures, each with a name, a group, and a label where there are labels; `picture` reads one.

    Attributes:
        ids: one a picture.
        classes: the labels' meanings in order, empty without labels.
        labels: int64 (n,) or None.
    """

    def __init__(
        self,
        ids: Sequence[str],
        groups: Sequence[str] | None = None,
        classes: Sequence[str] = (),
        labels: np.ndarray | None = None,
        flip: bool = False,
    ) -> None:
        self.ids, self.classes, self.labels, self._flip = list(ids), list(classes), labels, flip
        self.groups = ["all"] * len(self.ids) if groups is None else groups

    def relabel(self, classes: Sequence[str]) -> None:
        """See `WithClasses`."""
        if self.labels is not None:
            self.labels, self.classes = renumbered(self.labels, self.classes, classes), list(classes)

    @abstractmethod
    def picture(self, index: int) -> np.ndarray:
        """The resized picture, uint8 (size, size, 3), or (size, size, 1) in grey; not to be written into."""

    def sample(self, index: int, rng: Random = None) -> Sample:
        """`image`, `id`, `group`, and `label` where there are labels. DataError, naming the file, if it is damaged."""
        image = self.picture(index)
        if mirrors(self._flip, rng):
            image = image[:, ::-1]
        sample: Sample = {"image": to_tensor_array(image), "id": self.ids[index], "group": self.groups[index]}
        if self.labels is not None:
            sample["label"] = np.array(self.labels[index])
        return sample
