"""Aligned portraits with person masks, landmarks and, for some, a drawn cartoon."""

from typing import Literal

import cv2
import numpy as np

from ppgen.datasets.backdrops import backdrop, person_colours
from ppgen.datasets.base import Dataset, Random, Sample, mirrors
from ppgen.datasets.files import Row, Wanted, data_root, how_to_get, read_landmarks, read_table, select
from ppgen.errors import DataError
from ppgen.io.image import load_image
from ppgen.io.names import number_of
from ppgen.registry import DATASETS

# dlib's 68 points after a left-right mirror: jaw, brows, nose, eyes, mouth
MIRRORED = np.array([
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55,
    64, 63, 62, 61, 60, 67, 66, 65,
])  # fmt: skip


PortraitSplit = Literal["train", "validation", "tone"]


def split_of(identifier: str, tone: str) -> PortraitSplit:
    """ "validation", "tone" (held back for measuring skin tone only) or "train", by the file's name alone."""
    bucket = number_of(identifier) % 10
    if bucket == 2:
        return "validation"
    return "tone" if bucket in (3, 4) and tone in ("deep", "medium") else "train"


# which ids a split takes, for messages
_BELONGS = {
    "validation": "one id in ten belongs to it, by the crc32 of the id alone (modulo 10 it is 2)",
    "tone": "of tone_hint 'deep' or 'medium' two ids in ten belong to it, by their crc32 (modulo 10 it is 3 or 4)",
    "train": "all ids but one in ten belong to it, by the crc32 of the id alone (modulo 10 it is not 2)",
}


def warp_matrix(size: int, out: int, rng: np.random.Generator, amount: float) -> np.ndarray:
    """A small random similarity (2, 3) from a `size` picture to an `out` one, by pixel centres.

    At `amount` 1: rotation up to 8 degrees, scale 0.88-1.14, shift up to 5 % of the side.
    """
    angle = np.deg2rad(rng.uniform(-8, 8)) * amount
    scale = np.exp(rng.uniform(-0.13, 0.13) * amount) * out / size
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = rng.uniform(-0.05, 0.05, 2) * amount * out
    centre = np.full(2, (size - 1) / 2)
    return np.column_stack([linear, np.full(2, (out - 1) / 2) + shift - linear @ centre])


def degrade(photo: np.ndarray, rng: np.random.Generator, amount: float, light: float = 0.0) -> np.ndarray:
    """Small changes of exposure, colour balance, sharpness and JPEG quality, and some photos in grey.

    light: share of photos that get another light: up to a stop darker or brighter, warm or cold.
    """
    if rng.random() < light:
        warm, tint, stops = rng.uniform(-0.25, 0.25), rng.uniform(-0.06, 0.06), rng.uniform(-1, 0.8)
        linear = (photo / 255.0) ** 2.2 * np.exp2([stops + 2 * warm, stops + 2 * tint, stops - 2 * warm])
        photo = 255 * np.clip(linear, 0, 1) ** (1 / 2.2)
    gain = np.exp(rng.normal(0, 0.04 * amount, 3) * 0.5 + rng.normal(0, 0.05 * amount))
    photo = np.clip(photo * gain, 0, 255).astype(np.float32)
    if rng.random() < 0.1 * amount:  # old photos have no colour; their cartoons do
        photo = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    if rng.random() < 0.3 * amount:
        photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.4, 1.3))
    photo = photo.astype(np.uint8)
    if rng.random() < 0.3 * amount:
        jpeg = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))])[1]
        photo = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    return photo


def loosened(share: np.ndarray, rng: np.random.Generator, chance: float) -> np.ndarray:
    """A mask (H, W, 1) as a network finds it: now and then up to three pixels too wide or too narrow."""
    if rng.random() >= chance:
        return share
    side = 2 * int(rng.integers(1, 4)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    change = cv2.dilate if rng.random() < 0.6 else cv2.erode
    return cv2.GaussianBlur(change(share, kernel), (0, 0), 1.0)[..., None]


def mirrored_points(points: np.ndarray, width: int) -> np.ndarray:
    """Landmarks (68, 2) as a picture of `width` pixels has them when it is mirrored."""
    return np.stack([width - 1 - points[:, 0], points[:, 1]], axis=1)[MIRRORED]


def skin_colour(picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Median RGB in the hull of the landmarks, float32 (3,) in [-1, 1]: a cartoon's skin is one flat colour."""
    hull = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(landmarks.round().astype(np.int32)), 1)
    return (np.median(picture[hull > 0], axis=0) / 127.5 - 1).astype(np.float32)


def has_cartoon(row: Row) -> bool:
    """Whether a row of meta.csv has a cartoon that is fit to be learnt from."""
    return row["has_cartoon"] == "1" and row["suspect"] != "1"


class PortraitFiles:
    """A folder with `photo/`, `mask/`, `cartoon/`, `meta.csv`, `landmarks.npz`; DataError where there is no table."""

    def __init__(self, dataroot: str) -> None:
        self.root = data_root(dataroot)
        self.table = self.root / "meta.csv"
        if not self.table.is_file():
            raise DataError(f"{self.root}: no meta.csv there; {how_to_get(self.root)}")

    def rows(self, split: str, columns: set[str]) -> list[Row]:
        """The rows of a split; DataError where there is none, or one of `columns` is missing."""
        listed = read_table(self.table, sorted({"id", "tone_hint"} | columns))
        rows = [row for row in listed if split_of(row["id"], row["tone_hint"]) == split]
        if not rows:
            found = f"is listed in meta.csv ({len(listed)} are of any); {_BELONGS[split]}, so add photos"
            raise DataError(f"{self.root}: no portrait of the split '{split}' {found}")
        return rows

    def landmarks(self, rows: list[Row]) -> list[np.ndarray]:
        """float32 (68, 2) of each, in pixels of the stored pictures."""
        return read_landmarks(self.root / "landmarks.npz", [row["id"] for row in rows])

    def photo(self, row: Row) -> np.ndarray:
        """uint8 (H, W, 3)."""
        return load_image(self.root / "photo" / f"{row['id']}.jpg")

    def mask(self, row: Row) -> np.ndarray:
        """The person, uint8 (H, W, 1)."""
        return load_image(self.root / "mask" / f"{row['id']}.png")[..., :1]

    def cartoon(self, row: Row) -> np.ndarray:
        """uint8 (H, W, 3)."""
        return load_image(self.root / "cartoon" / f"{row['id']}.png")


@DATASETS.register()
class Portraits(Dataset):
    """Portraits from a folder with `photo/`, `mask/`, `cartoon/`, `meta.csv`, `landmarks.npz`.

    Args:
        dataroot: that folder, relative to `data/` (or PPGEN_DATA).
        split: by crc32 of the id; see `split_of`.
        size: side of the squares returned.
        paired: only those with a cartoon that is not marked suspect.
        white: photos outside the mask are painted white (what the cartoon network sees).
        backdrop: share of photos that are put before another background (for segmentation); see `backdrops`.
        augment: strength of the random warp and degradation, 0 for none.
        light: share of the augmented photos that get another light; see `degrade`.
        flip: mirror every second one.
        groups_by: column of meta.csv whose values take turns in a balanced stream.
        most: use the first so many only.
        where: column of meta.csv -> wanted value, list of values, or range; see `ppgen.datasets.files.matches`.

    A sample holds `photo` and `cartoon` float32 (3, size, size) in [-1, 1], `mask` float32 (1, size, size)
    in [0, 1], `landmarks` float32 (68, 2) in its pixels, `skin` float32 (3,), `id`, `group`.
    """

    def __init__(
        self,
        dataroot: str = "portraits/train",
        split: PortraitSplit = "train",
        size: int = 256,
        paired: bool = True,
        white: bool = True,
        augment: float = 0.0,
        flip: bool = False,
        groups_by: str = "tone_hint",
        most: int | None = None,
        backdrop: float = 0.0,
        where: Wanted | None = None,
        light: float = 0.0,
    ) -> None:
        self.files, self.backdrop, self.light = PortraitFiles(dataroot), backdrop, light
        self.size, self.paired, self.white, self.augment, self.flip = size, paired, white, augment, flip
        rows = self.files.rows(split, {groups_by} | ({"has_cartoon", "suspect"} if paired else set()))
        if paired:
            rows = [row for row in rows if has_cartoon(row)]
        if not rows:
            what = f"no portrait of the split '{split}' has a cartoon by meta.csv (has_cartoon 1 and suspect not 1)"
            advice = "run the same `ppgen data portraits` again with `--cartoon artist`"
            raise DataError(f"{self.files.root}: {what}; {advice}")
        self.rows = select(rows, where or {}, self.files.table)[:most]
        self.groups = [row[groups_by] for row in self.rows]
        self._landmarks = self.files.landmarks(self.rows)

    def sample(self, index: int, rng: Random = None) -> Sample:
        """One portrait; without `rng` as it is, resized only."""
        row, points = self.rows[index], self._landmarks[index]
        photo, mask = self.files.photo(row), self.files.mask(row)
        cartoon = self.files.cartoon(row) if self.paired else np.full_like(photo, 255)
        share = mask.astype(np.float32) / 255
        seen = share if rng is None or not self.augment else loosened(share, rng, 0.4 * self.augment)
        if rng is not None and rng.random() < self.backdrop:
            behind = backdrop(photo.shape[0], rng, photo, mask)
            if rng.random() < 0.5:  # white stays white: it may be what lies beyond the photo's edge
                behind = np.where((photo.min(axis=2, keepdims=True) > 252) & (mask == 0), photo, behind)
            photo = (person_colours(photo, mask) * share + behind * (1 - share)).round().astype(np.uint8)
        if rng is not None and self.augment:
            photo = degrade(photo, rng, self.augment, self.light)
        if self.white:
            photo = (photo * seen + 255 * (1 - seen)).round().astype(np.uint8)
        if mirrors(self.flip, rng):
            photo, mask, cartoon = photo[:, ::-1], mask[:, ::-1], cartoon[:, ::-1]
            points = mirrored_points(points, photo.shape[1])
        amount = self.augment if rng is not None else 0.0
        matrix = warp_matrix(photo.shape[0], self.size, rng or np.random.default_rng(0), amount)
        points_before, points = points, points @ matrix[:, :2].T + matrix[:, 2]
        return {
            "photo": _planes(self._warp(photo, matrix, (255, 255, 255))) * 2 - 1,
            "cartoon": _planes(self._warp(cartoon, matrix, (255, 255, 255))) * 2 - 1,
            "mask": _planes(self._warp(mask, matrix, (0,))),
            "landmarks": points.astype(np.float32),
            "skin": skin_colour(cartoon, points_before) if self.paired else np.zeros(3, np.float32),
            "id": row["id"],
            "group": self.groups[index],
        }

    def _warp(self, image: np.ndarray, matrix: np.ndarray, outside: tuple) -> np.ndarray:
        shrink = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        image = np.ascontiguousarray(image)
        if shrink < 0.75:  # average first, or lines thinner than a pixel would come and go
            image = cv2.GaussianBlur(image, (0, 0), 0.45 / shrink)
        size, plain = (self.size, self.size), cv2.BORDER_CONSTANT
        warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=plain, borderValue=outside)
        return np.asarray(warped)


def _planes(image: np.ndarray) -> np.ndarray:
    """uint8 HWC (or HW) -> float32 CHW in [0, 1]."""
    image = image[..., None] if image.ndim == 2 else image
    return image.transpose(2, 0, 1).astype(np.float32) / 255
