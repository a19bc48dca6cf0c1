"""What a dataset folder holds: counts of its domains and groups, picture sizes, and a picture of random samples."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ppgen.datasets.files import read_table
from ppgen.errors import DataError, OutputError, in_lines
from ppgen.io.atomic import check_output
from ppgen.io.decoding import open_image
from ppgen.io.image import load_image, save_image
from ppgen.io.listing import left_out, list_images

DOMAINS = ("trainA", "testA", "trainB", "testB")
FOLDERS = (*DOMAINS, "photo", "mask", "cartoon", "train", "validation", "val", "test")
GROUPS = ("gender", "age_group", "tone_hint", "has_glasses", "has_cartoon", "suspect")
_HEADERS = 2000  # pictures of a folder whose size is read
_GAP = 4


@dataclass
class FolderStats:
    """One folder of pictures: how many, how large ("256x256" -> count), of how many the header cannot be read."""

    count: int
    sizes: dict[str, int]
    megabytes: float
    damaged: list[str] = field(default_factory=list)


@dataclass
class Stats:
    """`folders` by name, all four domains where one of them is there; `groups`: column of meta.csv -> value -> count;
    `samples`: the picture written."""

    root: Path
    folders: dict[str, FolderStats]
    groups: dict[str, dict[str, int]]
    unpaired: int | None  # pictures of trainA and testA without one of the same name in B; None: no A, or no B
    samples: Path | None = None
    others: str = ""  # files of the folder that are no pictures that can be read, counted by type

    def as_dict(self) -> dict[str, object]:
        """JSON-able."""
        return {**asdict(self), "root": str(self.root), "samples": str(self.samples) if self.samples else None}

    def __str__(self) -> str:
        width = max(map(len, self.folders))
        lines = [str(self.root)]
        for name, one in self.folders.items():
            sizes = ", ".join(f"{size} ({count})" for size, count in list(one.sizes.items())[:4])
            more = f" and {len(one.sizes) - 4} more sizes" if len(one.sizes) > 4 else ""
            line = f"  {name:<{width}}  {one.count:6} pictures  {one.megabytes:8.1f} MB  {sizes}{more}"
            lines.append(line.rstrip())
            lines += [f"  {'':<{width}}  damaged: {path}" for path in one.damaged[:5]]
        for column, values in self.groups.items():
            lines.append(f"  {column}: " + ", ".join(f"{value or 'unknown'} {n}" for value, n in values.items()))
        if self.unpaired is not None:
            lines.append(f"  pictures of A without a pair of that name in B: {self.unpaired}")
        if self.others:
            lines.append(f"  {self.others}")
        if self.samples:
            lines.append(f"  samples: {self.samples}")
        return in_lines(lines)


def dataset_stats(root: str | Path, picture: str | Path | None = None, count: int = 8, seed: int = 0) -> Stats:
    """Count what lies in `root`; with `picture`, also write a sheet of `count` random samples of either domain.

    Known are the layouts trainA/testA/trainB/testB and photo/mask/cartoon with meta.csv (also one folder deeper, as
    in `portraits/train`), and any folder of pictures.

    Raises:
        DataError: no such folder, or no pictures in it. OutputError: the sheet cannot be written.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; ppgen data unpack and ppgen data portraits make one")
    folders = _picture_folders(root)
    if picture is not None:
        _check_sheet(Path(picture).expanduser(), folders)
    counts = {name: _count(path) for name, path in folders.items()}
    stats = Stats(root, _with_empty_domains(root, counts), _groups(root), _unpaired(folders))
    stats.others = left_out(root, recursive=True)
    if picture is not None:
        shown = {name: path for name, path in folders.items() if name in DOMAINS} or folders
        stats.samples = save_image(picture, samples_sheet(shown, count, seed))
    return stats


def _check_sheet(picture: Path, folders: dict[str, Path]) -> None:
    check_output(picture.parent)
    if picture.exists() and picture.resolve().parent in {folder.resolve() for folder in folders.values()}:
        raise OutputError(f"{picture}: is one of the counted pictures and would be overwritten; choose another")


def _picture_folders(root: Path) -> dict[str, Path]:
    folders = {name: root / name for name in FOLDERS if _has_pictures(root / name)}
    if "train" in folders and (root / "train" / "photo").is_dir():
        del folders["train"]
    if not folders:
        folders = {f"train/{name}": root / "train" / name for name in FOLDERS if _has_pictures(root / "train" / name)}
    if not folders:
        list_images(root, recursive=True)  # raises DataError where there is none
        folders["."] = root
    return folders


def _with_empty_domains(root: Path, counts: dict[str, FolderStats]) -> dict[str, FolderStats]:
    """`counts` with a 0 for each domain without pictures, if there is a domain: an empty one must not go unseen."""
    if "." in counts or not any((root / name).is_dir() for name in DOMAINS):
        return counts
    every = {name: counts.get(name, FolderStats(0, {}, 0.0)) for name in DOMAINS}
    return every | {name: one for name, one in counts.items() if name not in every}


def _has_pictures(folder: Path) -> bool:
    try:
        return folder.is_dir() and bool(list_images(folder, recursive=True))
    except DataError:
        return False


def _count(folder: Path) -> FolderStats:
    paths = list_images(folder, recursive=True)
    sizes: Counter[str] = Counter()
    damaged = []
    stride = -(-len(paths) // _HEADERS)
    for path in paths[::stride]:
        try:
            with open_image(path) as image:
                sizes["{}x{}".format(*image.size)] += 1
        except Exception:  # Pillow's parsers raise nearly anything on damaged bytes
            damaged.append(str(path))
    total = sum(path.stat().st_size for path in paths) / 2**20
    return FolderStats(len(paths), dict(sizes.most_common()), round(total, 2), damaged)


def _groups(root: Path) -> dict[str, dict[str, int]]:
    path = next((p for p in (root / "meta.csv", root / "train" / "meta.csv") if p.is_file()), None)
    rows = read_table(path) if path else []
    columns = [column for column in GROUPS if rows and column in rows[0]]
    return {column: dict(Counter(row[column] or "" for row in rows).most_common()) for column in columns}


def _unpaired(folders: dict[str, Path]) -> int | None:
    if not all(any(f"{split}{domain}" in folders for split in ("train", "test")) for domain in "AB"):
        return None
    pairs = [[_names(folders.get(f"{split}{domain}")) for domain in "AB"] for split in ("train", "test")]
    return sum(len(a - b) for a, b in pairs)


def _names(folder: Path | None) -> set[Path]:
    return {path.relative_to(folder).with_suffix("") for path in list_images(folder, True)} if folder else set()


def samples_sheet(folders: dict[str, Path], count: int, seed: int, side: int = 128) -> np.ndarray:
    """Rows of `count` random pictures (or all), one row a folder, uint8; the same seed chooses the same ones.

    Domains of equal file names (pairs) show the same people in the same column.
    """
    if count < 1:
        raise DataError(f"count {count}: a sheet of samples needs at least 1")
    if seed < 0:
        raise DataError(f"seed {seed}: a seed is a whole number from 0 up")
    pictures = [list_images(folder, recursive=True) for folder in folders.values()]
    count = min(count, max(map(len, pictures)))
    rows = []
    for paths in pictures:
        order = np.random.default_rng(seed).permutation(len(paths))[:count]
        row = np.full((side, count * (side + _GAP) - _GAP, 3), 255, np.uint8)
        for place, index in enumerate(order):
            left = place * (side + _GAP)
            row[:, left : left + side] = _thumbnail(paths[index], side)
        rows += [row, np.full((_GAP, row.shape[1], 3), 255, np.uint8)]
    return np.vstack(rows[:-1])


def _thumbnail(path: Path, side: int) -> np.ndarray:
    """The picture fitted into a square on white; a grey cross where it is damaged."""
    square = Image.new("RGB", (side, side), (255, 255, 255))
    try:
        image = Image.fromarray(load_image(path))
    except DataError:
        cross = np.full((side, side, 3), 255, np.uint8)
        cross[np.arange(side), np.arange(side)] = cross[np.arange(side), np.arange(side)[::-1]] = 128
        return cross
    image.thumbnail((side, side), Image.Resampling.BOX)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(square)
