"""Photos and cartoons of the portraits dataset as two domains, paired or kept apart."""

from typing import Literal

import numpy as np

from ppgen.datasets.base import Dataset, Random, Sample
from ppgen.datasets.crops import Crop, Crops
from ppgen.datasets.files import Decoded, Wanted, resize, select
from ppgen.datasets.portraits import PortraitFiles, has_cartoon, mirrored_points
from ppgen.errors import DataError
from ppgen.io.image import on_white
from ppgen.io.names import number_of
from ppgen.registry import DATASETS


def half_of(identifier: str) -> int:
    """0 or 1 by the id alone: of the first half the photos are trained on, of the second the cartoons."""
    return number_of(f"half {identifier}") % 2


@DATASETS.register()
class PortraitCartoons(Dataset):
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
        where: Wanted | None = None,
        groups_by: str = "age_group",
        most: int | None = None,
        memory_mb: float = 512,
    ) -> None:
        self.files, self._crops = PortraitFiles(dataroot), Crops(size, load_size, flip)
        rows = self.files.rows(split, {"has_cartoon", "suspect", groups_by})
        rows = select(rows, where or {}, self.files.table)
        self.paired = paired or split == "validation"
        drawn = [row for row in rows if has_cartoon(row)]
        self.rows_a = (drawn if self.paired else [r for r in rows if half_of(r["id"]) == 0])[:most]
        self.rows_b = self.rows_a if self.paired else [r for r in drawn if half_of(r["id"]) == 1]
        for what, left in (("photo", self.rows_a), ("cartoon", self.rows_b)):
            if not left:
                raise DataError(f"{self.files.root}: no {what} of the split '{split}' is left with {where}")
        self.groups = [row[groups_by] for row in self.rows_a]
        self._landmarks = self.files.landmarks(self.rows_a)
        self._photos = Decoded(len(self.rows_a), self._crops.shape, memory_mb)
        self._cartoons = Decoded(len(self.rows_b), self._crops.shape, memory_mb)

    def _photo(self, index: int) -> np.ndarray:
        row = self.rows_a[index]
        photo, mask = self.files.photo(row), self.files.mask(row)
        if photo.shape[:2] != mask.shape[:2]:
            raise DataError(f"{self.files.root / 'mask' / row['id']}.png: has another size than its photo")
        return resize(on_white(photo, mask[..., 0] / np.float32(255)), self._crops.load_size)

    def _cartoon(self, index: int) -> np.ndarray:
        return resize(self.files.cartoon(self.rows_b[index]), self._crops.load_size)

    def sample(self, index: int, rng: Random = None) -> Sample:
        """A photo and its own (paired) or any other person's cartoon; without `rng` nothing moves."""
        second = index % len(self.rows_b)
        if rng is not None and not self.paired:
            second = int(rng.integers(len(self.rows_b)))
        crop = self._crops.draw(rng)
        crop_b = crop if self.paired else self._crops.draw(rng)  # a pair moves together
        return {
            "a": self._crops.cut(self._photos.get(index, lambda: self._photo(index)), crop),
            "b": self._crops.cut(self._cartoons.get(second, lambda: self._cartoon(second)), crop_b),
            "landmarks": self._points(index, crop),
            "id": self.rows_a[index]["id"],
            "id_b": self.rows_b[second]["id"],
            "group": self.groups[index],
        }

    def _points(self, index: int, crop: Crop) -> np.ndarray:
        """The landmarks where the resized, cropped, mirrored photo has them, by pixel centres."""
        scale = self._crops.load_size / 256  # they are given in pixels of the 256 crop
        points = (self._landmarks[index] + 0.5) * scale - 0.5 - np.array([crop.left, crop.top])
        return (mirrored_points(points, self._crops.size) if crop.mirror else points).astype(np.float32)
