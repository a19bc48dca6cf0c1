"""NumPy's files of strangers."""

import io
import zipfile

import numpy as np
import pytest

from ppgen.datasets.celeba import read_attributes
from ppgen.datasets.files import read_landmarks
from ppgen.errors import DataError
from ppgen.io.npz import load_npz


def header(shape, dtype="<f4"):
    """A .npy that claims so much and holds nothing."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


def test_arrays_come_back_as_they_were_written(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array(["x", "yz"]), "c": np.zeros((0, 3), np.uint8), "d": 5}
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        found = load_npz(tmp_path / "a.npz")
        assert all(np.array_equal(found[key], value) for key, value in arrays.items()) and found.keys() == arrays.keys()
    np.save(tmp_path / "a.npy", arrays["a"])
    assert np.array_equal(load_npz(tmp_path / "a.npy")[""], arrays["a"])


@pytest.mark.parametrize("content", [
    header((10**11, 2)), header((-1,)), header((3,), "|O"), header((10**30,)),
    b"\x93NUMPY\x01\x00\xff\xff{", b"\x93NUMPY\x01\x00\x02\x00((", b"",
])  # fmt: skip
def test_claims_are_held_against_the_file(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError):
        load_npz(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("ids.npy", content)
    with pytest.raises(ValueError):
        load_npz(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "arrays",
    [
        {"ids": np.array("a"), "p68": np.zeros((1, 68, 2))},
        {"ids": np.array(["a"]), "p68": np.zeros(())},
        {"ids": np.array(["a"]), "p68": np.array([["x"] * 2] * 68)[None]},
    ],
)
def test_landmarks_of_another_shape_are_refused(tmp_path, arrays):
    np.savez(tmp_path / "l.npz", **arrays)
    with pytest.raises(DataError, match="cannot be read"):
        read_landmarks(tmp_path / "l.npz", ["a"])


def test_absurd_counts_of_celeba(tmp_path):
    for count in ("9" * 5000, "-1", "٣", "1e3"):
        (tmp_path / "list.txt").write_text(f"{count}\nMale\na.jpg 1\n", encoding="utf-8")
        with pytest.raises(DataError, match="number of pictures"):
            read_attributes(tmp_path / "list.txt")
