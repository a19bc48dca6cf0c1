"""Pairs of pictures of the same thing in two domains: side by side in one file, or in two folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from ppgen.datasets.files import Decoded, Filter, crop_offsets, data_root, picture_size, pictures_under, resize
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import load_image, to_tensor_array
from ppgen.registry import DATASETS


def split_halves(image: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Left and right half of a picture A|B; DataError naming the file where its width is odd."""
    width = image.shape[1]
    if width % 2:
        raise DataError(f"{name}: is {width} pixels wide; two pictures side by side need an even width")
    return image[:, : width // 2], image[:, width // 2 :]


def check_sizes(load_size: int, size: int) -> None:
    """ConfigError where a crop of `size` does not fit into `load_size`."""
    if not 1 <= size <= load_size:
        raise ConfigError(f"load_size: expected at least size ({size}), found {load_size}")


def jitter(picture: np.ndarray, size: int, offsets: tuple[int, int], mirror: bool) -> np.ndarray:
    """The `size` square at (top, left), mirrored if wanted: float32 (C, size, size) in [-1, 1]."""
    top, left = offsets
    picture = picture[top : top + size, left : left + size]
    return to_tensor_array(picture[:, ::-1] if mirror else picture)


@DATASETS.register()
class PairedImages:
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
        self.size, self.load_size = size, load_size or size
        check_sizes(self.load_size, size)
        root = data_root(dataroot)
        first = pictures_under(root)
        if dataroot_b is None:
            self._pairs = [(path, None) for path in first][:most]
        else:
            self._pairs = _partners(root, first, data_root(dataroot_b))[:most]
        _check_headers(self._pairs)
        self.ids = [a.relative_to(root).with_suffix("").as_posix() for a, _ in self._pairs]
        self.groups = ["all"] * len(self._pairs)
        self._swap, self._flip, self._filter = direction == "b2a", flip, filter
        self._memory = Decoded(len(self._pairs), (2, self.load_size, self.load_size, 3), memory_mb)

    def __len__(self) -> int:
        return len(self._pairs)

    def _read(self, index: int) -> np.ndarray:
        path_a, path_b = self._pairs[index]
        if path_b is None:
            a, b = split_halves(load_image(path_a), str(path_a))
        else:
            a, b = load_image(path_a), load_image(path_b)
            _same_size(path_a, a.shape[:2], path_b, b.shape[:2])
        return np.stack([resize(np.ascontiguousarray(x), self.load_size, self._filter) for x in (a, b)])

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """One pair; without `rng` the crop is the middle and nothing is mirrored.

        Raises:
            DataError: a file is damaged; it is named.
        """
        pair = self._memory.get(index, lambda: self._read(index))
        offsets = crop_offsets(self.load_size, self.size, rng)
        mirror = rng is not None and self._flip and rng.random() < 0.5
        a, b = (jitter(picture, self.size, offsets, mirror) for picture in pair)
        if self._swap:
            a, b = b, a
        return {"a": a, "b": b, "id": self.ids[index]}


def _partners(root_a: Path, paths_a: list[Path], root_b: Path) -> list[tuple[Path, Path]]:
    """Pairs by relative path without extension."""
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
            raise DataError(
                f"{mine[alone[0]]}: has no partner of that name in {folder} ({len(alone)} such of {len(mine)})"
            )
    return [(a[name], b[name]) for name in a]


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
