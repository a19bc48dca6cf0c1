"""MNIST's files, what is wrong with them, and what stands in for them."""

import gzip
import importlib.util

import numpy as np
import pytest

from ppgen.datasets import mnist as module
from ppgen.datasets.digits import Digits, read_digits
from ppgen.datasets.idx import read_idx, read_labelled
from ppgen.datasets.mnist import MNIST, FashionMNIST
from ppgen.errors import ConfigError, DataError, DownloadError
from ppgen.io.image import to_uint8

needs_digits = pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="scikit-learn is not installed")


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


PICTURES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 10


@pytest.fixture
def files(data, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # Paddle's cache is looked for there
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_said", set())

    def write(folder: str = "mnist", prefix: str = "train", pictures: bytes = b"", labels: bytes = b"") -> None:
        data(f"{folder}/{prefix}-images-idx3-ubyte.gz", pictures or gzip.compress(idx(PICTURES)))
        data(f"{folder}/{prefix}-labels-idx1-ubyte", labels or idx(LABELS))

    return write


def test_samples(files):
    files()
    dataset = MNIST()
    sample = dataset.sample(3)
    assert len(dataset) == 12 and sample["id"] == "train-00003" and sample["image"].shape == (1, 28, 28)
    assert np.array_equal(to_uint8(sample["image"])[..., 0], PICTURES[3])
    assert sample["label"].dtype == np.int64 and sample["label"].shape == () and sample["label"] == 3
    assert dataset.groups[11] == "1" and len(dataset.classes) == 10
    assert MNIST(size=32, most=2).sample(1)["image"].shape == (1, 32, 32)


def test_fashion_and_test_split_have_their_own_files(files):
    files("fashion-mnist", "t10k", pictures=idx(PICTURES[:4]), labels=gzip.compress(idx(LABELS[:4])))
    assert len(FashionMNIST(split="test")) == 4


def test_paddles_own_cache_is_used(files, data):
    files("home/.cache/paddle/dataset/mnist")
    assert len(MNIST(download=False)) == 12


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"pictures": idx(PICTURES, kind=9)}, "images-idx3-ubyte.gz: starts with 00 00 09 03.*with 00 00 08 03"),
        ({"labels": idx(PICTURES)}, "labels-idx1-ubyte: starts with 00 00 08 03.*labels with 00 00 08 01"),
        ({"pictures": idx(PICTURES)[:-5]}, "12x28x28, which makes 9408 bytes; it holds 9403"),
        ({"pictures": gzip.compress(idx(PICTURES))[:-100]}, "is damaged or cut short"),
        ({"pictures": idx(PICTURES) + b"x"}, "12x28x28, which makes 9408 bytes; it holds more"),
        ({"pictures": gzip.compress(idx(PICTURES) + bytes(10**7))}, "which makes 9408 bytes; it holds more"),
        ({"pictures": gzip.compress(bytes.fromhex("00000803") + b"\0\1\0\0" * 3)}, "says 65536x65536x65536, which"),
        ({"labels": idx(LABELS[:11])}, "holds 11 labels for the 12 pictures"),
        ({"labels": idx(LABELS + 1)}, "holds the label 10; labels run from 0 to 9"),
        ({"labels": b"\0"}, "starts with 00"),
        ({"pictures": gzip.compress(b"")}, "images-idx3-ubyte.gz: is empty"),
        ({"pictures": gzip.compress(idx(PICTURES) + bytes(2**26))}, "it holds more"),
        ({"pictures": b"\0\0\x08\x03" + b"\xff" * 12}, "more than the 700000000 that are read"),
    ],
)
def test_wrong_files_are_refused_and_never_replaced(files, fault, sentence):
    files(**fault)
    with pytest.raises(DataError, match=sentence):
        MNIST(fallback="digits")


def test_many_pictures_are_read_at_once(tmp_path):
    many = np.zeros((60000, 28, 28), np.uint8)
    many[-1, -1, -1] = 7
    (tmp_path / "i").write_bytes(idx(many))
    (tmp_path / "l").write_bytes(idx(np.zeros(60000)))
    pictures, labels = read_labelled(tmp_path / "i", tmp_path / "l")
    assert pictures.shape == (60000, 28, 28) and pictures[-1, -1, -1] == 7 and labels.dtype == np.int64
    assert read_idx(tmp_path / "l", 1).base is not None  # no copy, no loop


def test_absent_files_are_fetched_by_their_digest(files, monkeypatch, tmp_path):
    asked = []

    def fetch(url, sha256):
        asked.append((url, sha256))
        path = tmp_path / url.rsplit("/", 1)[1]
        path.write_bytes(idx(PICTURES if "images" in url else LABELS))
        return path

    monkeypatch.setattr(module, "fetch", fetch)
    assert len(MNIST()) == 12 and len(FashionMNIST(split="test")) == 12
    assert asked[0][0].endswith("/mnist/train-images-idx3-ubyte.gz") and asked[0][1].startswith("440fcabf73cc")
    assert asked[3][0].endswith("/fashion_mnist/t10k-labels-idx1-ubyte.gz") and len({s for _, s in asked}) == 4


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "l").write_bytes(b"")
    with pytest.raises(DataError, match="l: is empty"):
        read_idx(tmp_path / "l", 1)


@pytest.mark.parametrize("arguments", [{"most": 0}, {"most": -3}, {"size": 0}])
def test_numbers_below_one_are_named(files, arguments):
    files()
    files("fashion-mnist")
    ((key, value),) = arguments.items()
    for dataset in (MNIST, FashionMNIST):
        with pytest.raises(ConfigError, match=f"{key}: expected 1 or more, found {value}"):
            dataset(**arguments)


def test_without_internet_the_sentence_names_the_folder(files, monkeypatch, tmp_path):
    def fetch(url, sha256):
        raise DownloadError(f"{url}: cannot be reached")

    monkeypatch.setattr(module, "fetch", fetch)
    with pytest.raises(DownloadError, match=f"put MNIST's four idx files .* into {tmp_path}/mnist, .*fallback: digits"):
        MNIST()
    with pytest.raises(DownloadError, match=f"put Fashion-MNIST's four idx files .* into {tmp_path}/fashion-mnist"):
        FashionMNIST()


@needs_digits
def test_fallback_says_what_it_is_and_where_mnist_goes_once(files, capsys, tmp_path):
    dataset = MNIST(download=False, fallback="digits", size=32)
    told = capsys.readouterr().err
    assert "MNIST is not here" in told and "using scikit-learn's 1,797 digits of 8x8 pixels instead" in told
    assert f"t10k-labels-idx1-ubyte.gz) into {tmp_path / 'mnist'}" in told
    MNIST(download=False, fallback="digits", split="test")
    assert capsys.readouterr().err == ""
    assert dataset.sample(0)["image"].shape == (1, 32, 32)


@needs_digits
def test_a_cache_that_cannot_be_made_falls_back_too(files, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "file" / "cache"))
    assert MNIST(fallback="digits").ids[0].startswith("digit-")
    assert f"cache folder {tmp_path / 'file' / 'cache'}" in capsys.readouterr().err


@needs_digits
def test_digits_are_the_1797_scans():
    pictures, labels = read_digits()
    assert pictures.shape == (1797, 8, 8) and pictures.max() == 255 and np.bincount(labels).min() >= 170
    train, validation = Digits("train"), Digits("validation")
    assert len(train) + len(validation) == 1797 and not set(train.ids) & set(validation.ids)
    sample = validation.sample(0)
    assert sample["image"].shape == (1, 28, 28) and sample["label"].shape == ()
    # the mean zero has a hole in its middle, the mean one does not
    zero, one = (pictures[labels == n].mean(axis=0)[3:5, 3:5].mean() for n in (0, 1))
    assert zero < 40 < 180 < one


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        Digits()
