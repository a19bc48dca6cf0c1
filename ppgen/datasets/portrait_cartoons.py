"""Photos and cartoons of the portraits dataset as two domains, paired or kept apart."""

from __future__ import annotations

import zlib
from typing import Any, Literal

import numpy as np

from ppgen.datasets.files import Decoded, crop_offsets, data_root, read_landmarks, read_table, resize, select
from ppgen.datasets.paired_images import check_sizes, jitter
from ppgen.datasets.portraits import MIRRORED, split_of
from ppgen.errors import DataError
from ppgen.io.image import load_image, on_white
from ppgen.registry import DATASETS

Row = dict[str, str]


def half_of(identifier: str) -> int:
    """0 or 1 by the id alone: of the first half the photos are trained on, of the second the cartoons."""
    return zlib.crc32(f"half {identifier}".encode()) % 2


@DATASETS.register()
class PortraitCartoons:
    """`a`: a portrait on white; `b`: a cartoon.

    Paired, `b` is the photo's own cartoon. Unpaired, the training portraits are cut into two halves by their ids:
    of one half the photos serve, of the other the cartoons, so no photo's own cartoon is in its training set;
    `b` is drawn at random. Validation is always paired: the own cartoon is what a result is held against.

    Args:
        dataroot: folder with `photo/`, `mask/`, `cartoon/`, `meta.csv`, `landmarks.npz`, relative to `data/`.
        split: by crc32 of the id, as `Portraits`; ids held back for skin tone belong to neither.
        paired: see above.
        size: side of the squares returned.
        load_size: resize to this side first, then crop to `size` at a random place; None: `size`.
        flip: mirror every second one in training (a pair together; unpaired, each for itself).
        where: column of meta.csv -> wanted value or list of values; for both domains.
        groups_by: column whose values take turns in a balanced stream (of the photo).
        most: use the first so many photos only.
        memory_mb: bound of the decoded pictures kept in memory, for each domain; 0 decodes every time.

    A sample holds `a` and `b` float32 (3, size, size) in [-1, 1], `landmarks` float32 (68, 2) of `a` in its pixels,
    `id`, `id_b`, `group`.

    Raises:
        DataError: no such dataset, no portrait left in a domain, landmarks missing.
    """

    def __init__(
        self,
        dataroot: str = "portraits/train",
        split: Literal["train", "validation"] = "train",
        paired: bool = False,
        size: int = 64,
        load_size: int | None = None,
        flip: bool = False,
        where: dict | None = None,
        groups_by: str = "age_group",
        most: int | None = None,
        memory_mb: float = 512,
    ) -> None:
        self.root, self.size, self.load_size, self._flip = data_root(dataroot), size, load_size or size, flip
        check_sizes(self.load_size, size)
        if not (self.root / "meta.csv").is_file():
            raise DataError(f"{self.root}: no meta.csv there; run `make data`, or set PPGEN_DATA to the data folder")
        needed = {"id", "tone_hint", "has_cartoon", "suspect", groups_by}
        rows = read_table(self.root / "meta.csv", sorted(needed))
        rows = [r for r in rows if split_of(r["id"], r["tone_hint"]) == split]
        rows = select(rows, where or {}, self.root / "meta.csv")
        self.paired = paired or split == "validation"
        drawn = [r for r in rows if r["has_cartoon"] == "1" and r["suspect"] != "1"]
        self.rows_a = (drawn if self.paired else [r for r in rows if half_of(r["id"]) == 0])[:most]
        self.rows_b = self.rows_a if self.paired else [r for r in drawn if half_of(r["id"]) == 1]
        for what, found in (("photo", self.rows_a), ("cartoon", self.rows_b)):
            if not found:
                raise DataError(f"{self.root}: no {what} of the split '{split}' is left with {where}")
        self.groups = [row[groups_by] for row in self.rows_a]
        self._landmarks = read_landmarks(self.root / "landmarks.npz", [row["id"] for row in self.rows_a])
        shape = (self.load_size, self.load_size, 3)
        self._memory = [Decoded(len(rows), shape, memory_mb) for rows in (self.rows_a, self.rows_b)]

    def __len__(self) -> int:
        return len(self.rows_a)

    def _photo(self, index: int) -> np.ndarray:
        name = self.rows_a[index]["id"]
        photo = load_image(self.root / "photo" / f"{name}.jpg")
        mask = load_image(self.root / "mask" / f"{name}.png")[..., :1]
        if photo.shape[:2] != mask.shape[:2]:
            raise DataError(f"{self.root / 'mask' / name}.png: has another size than its photo")
        return resize(on_white(photo, mask[..., 0] / np.float32(255)), self.load_size)

    def _cartoon(self, index: int) -> np.ndarray:
        return resize(load_image(self.root / "cartoon" / f"{self.rows_b[index]['id']}.png"), self.load_size)

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """A photo and its own (paired) or any other person's cartoon; without `rng` nothing moves."""
        second = index % len(self.rows_b)
        if rng is not None and not self.paired:
            second = int(rng.integers(len(self.rows_b)))
        found: dict[str, Any] = {}
        for key, at, read in (("a", index, self._photo), ("b", second, self._cartoon)):
            if key == "a" or not self.paired:  # a pair moves together
                offsets = crop_offsets(self.load_size, self.size, rng)
                mirror = rng is not None and self._flip and rng.random() < 0.5
            if key == "a":
                found["landmarks"] = self._points(index, offsets, mirror)
            picture = self._memory[key == "b"].get(at, lambda read=read, at=at: read(at))
            found[key] = jitter(picture, self.size, offsets, mirror)
        ids = {"id": self.rows_a[index]["id"], "id_b": self.rows_b[second]["id"]}
        return {**found, **ids, "group": self.groups[index]}

    def _points(self, index: int, offsets: tuple[int, int], mirror: bool) -> np.ndarray:
        """The landmarks where the resized, cropped, mirrored photo has them, by pixel centres."""
        scale = self.load_size / 256  # they are given in pixels of the 256 crop
        points = (self._landmarks[index] + 0.5) * scale - 0.5 - np.array(offsets[::-1])
        if mirror:
            points = np.stack([self.size - 1 - points[:, 0], points[:, 1]], axis=1)[MIRRORED]
        return points.astype(np.float32)
