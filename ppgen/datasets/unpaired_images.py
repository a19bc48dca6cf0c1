"""Two domains of pictures without correspondence."""

from pathlib import Path
from typing import Literal

import numpy as np

from ppgen.datasets.base import Dataset, Random, Sample, leave_out
from ppgen.datasets.crops import Crops
from ppgen.datasets.files import Decoded, Filter, data_root, pictures_under, resize
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import load_image
from ppgen.registry import DATASETS

Most = int | str | float | None  #: a number of pictures; None, "inf" and YAML's .inf: all


def at_most(paths: list[Path], max_size: Most) -> list[Path]:
    """The first `max_size` paths."""
    if max_size is None or str(max_size).strip().lower() in ("inf", "+inf"):
        return paths
    if not str(max_size).isdecimal() or int(max_size) < 1:
        raise ConfigError(f"max_size: expected a number of pictures from 1 or inf, found {max_size!r}")
    return paths[: int(max_size)]


class Domain:
    """Pictures of one domain, decoded once where memory allows."""

    def __init__(self, dataroot: str, max_size: Most, crops: Crops, resize_filter: Filter, memory_mb: float) -> None:
        self.root = data_root(dataroot)
        self.paths = at_most(pictures_under(self.root), max_size)
        self.ids = [path.relative_to(self.root).with_suffix("").as_posix() for path in self.paths]
        self._load_size, self._filter = crops.load_size, resize_filter
        self._memory = Decoded(len(self.paths), crops.shape, memory_mb)

    def __len__(self) -> int:
        return len(self.paths)

    def picture(self, index: int) -> np.ndarray:
        """uint8 (load_size, load_size, 3); DataError naming the file where it is damaged."""
        return self._memory.get(index, lambda: resize(load_image(self.paths[index]), self._load_size, self._filter))


@DATASETS.register()
class UnpairedImages(Dataset):
    """A picture of domain A and any picture of domain B, as CycleGAN and U-GAT-IT train on.

    A comes by index, B at random; for evaluation (no `rng`) B comes by index too. The domains need not be of one
    size: the length is that of the larger, and the smaller starts again from its first.

    Args:
        dataroot_a, dataroot_b: folders, relative to `data/`, such as `photo2cartoon/trainA`; subfolders count.
        size: side of the squares returned.
        load_size: pictures are resized to this side first and then cropped to `size` at a random place; None: `size`.
        flip: mirror every second picture of either domain in training.
        max_size: use the first so many of each domain; "inf" for all.
        filter: how pictures are resized.
        on_corrupt: what to do with a damaged picture of B: `skip` names it once and draws the next one, `stop`
            raises its error. (A damaged picture of A is the loader's business, as in every dataset.)
        memory_mb: bound of the decoded pictures kept in memory, for each domain; 0 decodes every time.

    A sample holds `a` and `b` float32 (3, size, size) in [-1, 1], `id` and `id_b`.

    Attributes:
        damaged_b: index in B -> what is wrong with that picture, as far as they were met.

    Raises:
        DataError: a domain without folder or pictures.
    """

    def __init__(
        self,
        dataroot_a: str,
        dataroot_b: str,
        size: int = 256,
        load_size: int | None = None,
        flip: bool = False,
        max_size: Most = None,
        filter: Filter = "bicubic",  # noqa: A002  (the word of the YAML)
        on_corrupt: Literal["skip", "stop"] = "skip",
        memory_mb: float = 512,
    ) -> None:
        self._crops, self._on_corrupt = Crops(size, load_size, flip), on_corrupt
        self.a, self.b = (Domain(root, max_size, self._crops, filter, memory_mb) for root in (dataroot_a, dataroot_b))
        self.groups = ["all"] * max(len(self.a), len(self.b))
        self.damaged_b: dict[int, str] = {}

    @property
    def distinct(self) -> int:
        """Pictures of the smaller domain."""
        return min(len(self.a), len(self.b))

    def _of_b(self, wanted: int) -> tuple[int, np.ndarray]:
        """The picture `wanted` of B, or the next one that can be read."""
        for offset in range(len(self.b)):
            index = (wanted + offset) % len(self.b)
            if index in self.damaged_b:
                continue
            try:
                return index, self.b.picture(index)
            except DataError as error:
                if self._on_corrupt == "stop":
                    raise
                leave_out(self.damaged_b, index, str(error))
        raise DataError(f"{self.b.root}: none of its pictures can be read; {next(iter(self.damaged_b.values()))}")

    def sample(self, index: int, rng: Random = None) -> Sample:
        """`a` of `index` and a random `b`; each is cropped and mirrored for itself."""
        first = index % len(self.a)
        wanted = index % len(self.b) if rng is None else int(rng.integers(len(self.b)))
        picture_a = self.a.picture(first)
        second, picture_b = self._of_b(wanted)
        a, b = (self._crops.cut(picture, self._crops.draw(rng)) for picture in (picture_a, picture_b))
        return {"a": a, "b": b, "id": self.a.ids[first], "id_b": self.b.ids[second]}
