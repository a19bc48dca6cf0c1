"""MNIST and Fashion-MNIST from their idx files."""

from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from ppgen.datasets.digits import Digits, LabelledPictures
from ppgen.datasets.files import Filter, check_at_least_one, data_root
from ppgen.datasets.idx import read_labelled
from ppgen.errors import DownloadError
from ppgen.io.download import fetch
from ppgen.io.terminal import say
from ppgen.registry import DATASETS

_PREFIX = {"train": "train", "test": "t10k"}

_FOUR = "train- and t10k-images-idx3-ubyte.gz, train- and t10k-labels-idx1-ubyte.gz"
_said: set[Path] = set()  # folders that digits stand in for


class Source(NamedTuple):
    """Where Paddle's own datasets are fetched from, and kept."""

    title: str
    name: str  #: of Paddle's cache folder
    url: str
    sha256: dict[str, str]  #: by file; their MD5 are those Paddle checks
    instead: str = ""  #: what else a user can do where they cannot be fetched


_MNIST = Source("MNIST", "mnist", "https://dataset.bj.bcebos.com/mnist/", {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}, ", or set `fallback: digits`")  # fmt: skip
_FASHION = Source("Fashion-MNIST", "fashion-mnist", "https://dataset.bj.bcebos.com/fashion_mnist/", {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
})  # fmt: skip


def find_file(folders: list[Path], name: str) -> Path | None:
    """The first of `folders` that holds `name`, with or without .gz, and with the dot some copies have in it."""
    plain = name.removesuffix(".gz")
    for folder in folders:
        for candidate in (name, plain, plain.replace("-idx", ".idx")):
            if (folder / candidate).is_file():
                return folder / candidate
    return None


def _files(source: Source, folder: Path, split: str, download: bool) -> tuple[Path, Path]:
    """The pictures' and the labels' file: in the data folder, in Paddle's own cache, or fetched."""
    folders = [folder, Path.home() / ".cache" / "paddle" / "dataset" / source.name]

    def file(kind: str) -> Path:
        name = f"{_PREFIX[split]}-{kind}-ubyte.gz"
        path = find_file(folders, name)
        if path is None and not download:
            raise DownloadError(f"{folder / name}: no such file, and `download` is off")
        return path or fetch(source.url + name, source.sha256[name])

    return file("images-idx3"), file("labels-idx1")


@DATASETS.register()
class MNIST(LabelledPictures):
    """Handwritten digits (LeCun et al. 1998): 60,000 to train with, 10,000 to test.

    Args:
        dataroot: holds the idx files, gzipped or not, relative to `data/` (or PPGEN_DATA).
        split: the authors' own.
        size: side of the squares returned; they are 28x28.
        filter: how they are resized.
        download: fetch missing files from where Paddle has them.
        fallback: "digits" takes scikit-learn's 1,797 digits where MNIST is not here and cannot be fetched, and
            says so.
        most: use the first so many only.

    A sample holds `image` float32 (1, size, size) in [-1, 1], `label` int64 (), `id`, `group`.

    Raises:
        DataError: a file that is not what its name says, or labels that do not match the pictures; such files
            are never replaced by the fallback.
        ConfigError: `size` or `most` below 1.
        DownloadError: files are missing and cannot be fetched.
    """

    dataroot_optional = True  # fetched, or replaced, where it is missing
    source: ClassVar[Source] = _MNIST

    def __init__(
        self,
        dataroot: str = "mnist",
        split: Literal["train", "test"] = "train",
        size: int = 28,
        filter: Filter = "bicubic",  # noqa: A002  (the word of the YAML)
        download: bool = True,
        fallback: Literal["digits"] | None = None,
        most: int | None = None,
    ) -> None:
        check_at_least_one(size=size, most=most)
        root = data_root(dataroot)
        try:
            images, labels = read_labelled(*_files(self.source, root, split, download))
            ids = [f"{split}-{number:05d}" for number in range(len(images))]
        except DownloadError as error:
            if fallback is None:
                put = f"put {self.source.title}'s four idx files ({_FOUR}) into {root}"
                raise DownloadError(f"{error}; {put}{self.source.instead}") from error
            digits = Digits("train" if split == "train" else "validation", size, filter)
            images, labels, ids = digits.pictures, np.asarray(digits.labels), digits.ids
            _say_instead(root, error)
        super().__init__(images[:most], labels[:most], ids[:most], size, filter)


def _say_instead(root: Path, why: DownloadError) -> None:
    """That digits stand in, once a process: a run builds the dataset for training, for validation and to check it."""
    if root not in _said:
        _said.add(root)
        digits = "using scikit-learn's 1,797 digits of 8x8 pixels instead"
        where = f"for MNIST put its four idx files ({_FOUR}) into {root}"
        say(f"MNIST is not here ({why}): {digits}; {where}", aside=True)


@DATASETS.register()
class FashionMNIST(MNIST):
    """Pictures of clothes in MNIST's format (Xiao et al. 2017); arguments and samples as `MNIST`."""

    source = _FASHION

    def __init__(
        self,
        dataroot: str = "fashion-mnist",
        split: Literal["train", "test"] = "train",
        size: int = 28,
        filter: Filter = "bicubic",  # noqa: A002  (the word of the YAML)
        download: bool = True,
        most: int | None = None,
    ) -> None:
        super().__init__(dataroot, split, size, filter, download, None, most)
