"""Pairs of pictures of the same thing in two domains: side by side in one file, or in two folders."""

from pathlib import Path
from typing import Literal

import numpy as np
from tqdm.auto import tqdm

from ppgen.datasets.base import Dataset, Random, Sample
from ppgen.datasets.crops import Crops
from ppgen.datasets.files import Decoded, Filter, data_root, picture_size, pictures_under, resize
from ppgen.errors import DataError
from ppgen.io.image import load_image
from ppgen.registry import DATASETS


def split_halves(image: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Left and right half of a picture A|B; DataError naming the file where its width is odd."""
    width = image.shape[1]
    if width % 2:
        raise DataError(f"{name}: is {width} pixels wide; two pictures side by side need an even width")
    return image[:, : width // 2], image[:, width // 2 :]


@DATASETS.register()
class PairedImages(Dataset):
    """Aligned pairs, as pix2pix trains on.

    Args:
        dataroot: folder of pictures A|B, both halves of one width (PaddleGAN's layout); or, with `dataroot_b`,
            the folder of A.
        dataroot_b: folder of B; its pictures have the names of those of A (the extension may differ).
        direction: `b2a` exchanges the two, so that `a` is always what a network gets and `b` what it should give.
        size: side of the squares returned.
        load_size: pictures are resized to this side first and then cropped to `size` at a random place, the same
            in both (286 for 256 in the paper); None: `size`.
        flip: mirror every second pair in training.
        filter: how pictures are resized.
        most: use the first so many only.
        memory_mb: bound of the decoded pictures kept in memory; 0 decodes every time.

    A sample holds `a` and `b` float32 (3, size, size) in [-1, 1] and `id`.

    Raises:
        DataError: no such folder, no picture, a picture without a partner, an odd width, two sizes in a pair.
    """

    def __init__(
        self,
        dataroot: str,
        dataroot_b: str | None = None,
        direction: Literal["a2b", "b2a"] = "a2b",
        size: int = 256,
        load_size: int | None = None,
        flip: bool = False,
        filter: Filter = "bicubic",  # noqa: A002  (the word of the YAML)
        most: int | None = None,
        memory_mb: float = 512,
    ) -> None:
        self._crops = Crops(size, load_size, flip)
        root = data_root(dataroot)
        paths = pictures_under(root)
        partners = [None] * len(paths) if dataroot_b is None else _partners(root, paths, data_root(dataroot_b))
        self._pairs = list(zip(paths, partners))[:most]
        _check_headers(self._pairs)
        self.ids = [a.relative_to(root).with_suffix("").as_posix() for a, _ in self._pairs]
        self.groups = ["all"] * len(self._pairs)
        self._swap, self._filter = direction == "b2a", filter
        self._memory = Decoded(len(self._pairs), (2, *self._crops.shape), memory_mb)

    def _read(self, index: int) -> np.ndarray:
        path_a, path_b = self._pairs[index]
        if path_b is None:
            a, b = split_halves(load_image(path_a), str(path_a))
        else:
            a, b = load_image(path_a), load_image(path_b)
            _same_size(path_a, a.shape[:2], path_b, b.shape[:2])
        return np.stack([resize(np.ascontiguousarray(x), self._crops.load_size, self._filter) for x in (a, b)])

    def sample(self, index: int, rng: Random = None) -> Sample:
        """One pair; without `rng` the crop is the middle and nothing is mirrored. DataError as in the base."""
        pair = self._memory.get(index, lambda: self._read(index))
        crop = self._crops.draw(rng)
        a, b = (self._crops.cut(picture, crop) for picture in pair)
        if self._swap:
            a, b = b, a
        return {"a": a, "b": b, "id": self.ids[index]}


def _partners(root_a: Path, paths_a: list[Path], root_b: Path) -> list[Path]:
    """The partner of each path, by relative path without extension."""
    named = []
    for root, paths in ((root_a, paths_a), (root_b, pictures_under(root_b))):
        by_name: dict[str, Path] = {}
        for path in paths:
            name = path.relative_to(root).with_suffix("").as_posix()
            if name in by_name:
                raise DataError(f"{path}: another picture there is called '{name}' too, so its partner is not clear")
            by_name[name] = path
        named.append(by_name)
    a, b = named
    for mine, other, folder in ((a, b, root_b), (b, a, root_a)):
        alone = sorted(set(mine) - set(other))
        if alone:
            share = f"{len(alone)} such of {len(mine)}"
            raise DataError(f"{mine[alone[0]]}: has no partner of that name in {folder} ({share})")
    return [b[name] for name in a]


def _check_headers(pairs: list[tuple[Path, Path | None]]) -> None:
    """What the headers tell, before a training starts: odd widths, pairs of two sizes."""
    for path_a, path_b in tqdm(pairs, "checking pairs", delay=2, leave=False, disable=None):
        size_a = picture_size(path_a)
        if path_b is not None:
            _same_size(path_a, size_a, path_b, picture_size(path_b))
        elif size_a is not None and size_a[1] % 2:
            split_halves(np.empty((1, size_a[1])), str(path_a))


def _same_size(path_a: Path, a: tuple[int, int] | None, path_b: Path, b: tuple[int, int] | None) -> None:
    if a is not None and b is not None and a != b:
        raise DataError(f"{path_b}: is {b[1]}x{b[0]}, its partner {path_a} {a[1]}x{a[0]}; a pair needs one size")
