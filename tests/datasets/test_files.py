"""Tables, splits, sizes and the memory of decoded pictures."""

import os

import numpy as np
import pytest
from PIL import Image

from ppgen.datasets.base import natural
from ppgen.datasets.crops import Crops
from ppgen.datasets.files import (
    Decoded,
    centre_square,
    in_split,
    is_held_back,
    picture_size,
    read_landmarks,
    read_table,
    resize,
    select,
)
from ppgen.datasets.portrait_cartoons import half_of
from ppgen.datasets.portraits import split_of
from ppgen.errors import DataError
from ppgen.models.sampling import noise_of_ids


def test_held_back_ids_are_those_of_the_portraits():
    names = [f"{n:06d}" for n in range(400)]
    assert [is_held_back(n) for n in names] == [split_of(n, "light") == "validation" for n in names]
    assert 20 < sum(map(is_held_back, names)) < 60
    assert all(in_split(n, "train") != in_split(n, "validation") and in_split(n, "all") for n in names)


def test_tables_with_faults_are_refused_by_name(data):
    with pytest.raises(DataError, match="no such file"):
        read_table(data("a.csv", "id\n").with_name("b.csv"))
    with pytest.raises(DataError, match="has no column 'colour', did you mean 'color'"):
        read_table(data("a.csv", "id,color\n1,1\n"), ["id", "colour"])
    with pytest.raises(DataError, match="row 3 has not 2 fields"):
        read_table(data("a.csv", "id,x\n1,1\n2\n"))
    with pytest.raises(DataError, match="'1' is listed twice, the second time in row 3"):
        read_table(data("a.csv", "id,x\n1,1\n1,2\n"))
    with pytest.raises(DataError, match="cannot be read"):
        read_table(data("a.csv", b"id,x\n\xff\xfe,1\n"))


def test_where_takes_values_lists_and_truth(data):
    path = data("a.csv", "id,colour,tone\n1,1,light\n2,0,deep\n3,1,deep\n")
    rows = read_table(path)
    assert [r["id"] for r in select(rows, {"colour": 1}, path)] == ["1", "3"]
    assert [r["id"] for r in select(rows, {"colour": True, "tone": ["deep", "medium"]}, path)] == ["3"]
    with pytest.raises(DataError, match="values there.*'0', '1'"):
        select(rows, {"colour": 2}, path)


def test_area_shrinks_by_exact_means():
    image = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    assert np.array_equal(resize(image, 2), [[25, 45], [105, 125]])
    assert resize(image, (4, 4)) is image
    assert resize(np.zeros((5, 7, 3), np.uint8), 3).shape == (3, 3, 3)
    assert resize(image, 8).shape == (8, 8)


def test_squares_and_crops():
    image = np.arange(5 * 9).reshape(5, 9)
    assert centre_square(image).shape == (5, 5) and centre_square(image)[0, 0] == 2
    assert centre_square(image, 3).shape == (3, 3) and centre_square(image, 99).shape == (5, 5)
    assert Crops(6, 10, True).draw(None) == (2, 2, False)
    assert Crops(6, None, False).draw(np.random.default_rng(0)) == (0, 0, False)
    drawn = {Crops(6, 8, True).draw(np.random.default_rng(n)) for n in range(400)}
    assert drawn == {(t, s, m) for t in range(3) for s in range(3) for m in (False, True)}


def test_size_from_the_header_respects_exif(tmp_path):
    image = Image.new("RGB", (6, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "a.jpg", exif=exif)
    image.save(tmp_path / "b.jpg")
    (tmp_path / "c.jpg").write_bytes(b"no")
    assert [picture_size(tmp_path / f"{n}.jpg") for n in "abc"] == [(6, 4), (4, 6), None]


def test_memory_decodes_once_and_keeps_to_its_bound():
    read = []

    def reader(index):
        read.append(index)
        return np.full((4, 4, 3), index, np.uint8)

    memory = Decoded(5, (4, 4, 3), 3 * 48 / 2**20)  # room for three
    for _ in range(2):
        for index in range(5):
            assert (memory.get(index, lambda i=index: reader(i)) == index).all()
    assert sorted(read) == [0, 1, 2, 3, 3, 4, 4]


def test_names_that_are_no_utf8_belong_to_a_split_too():
    names = [os.fsdecode(b"\xff%d.png" % n) for n in range(60)]
    assert 0 < sum(in_split(name, "validation") for name in names) < 30
    assert {half_of(name) for name in names} == {0, 1}
    assert split_of(names[0], "") in ("train", "validation")
    assert noise_of_ids(names[:2], 3).shape == (2, 3)


def test_classes_are_in_natural_order_however_long_their_numbers_are():
    names = ["b", "a10", "a9", "9" * 5000, "10", "9", "a009", "1" + "0" * 5000]
    assert sorted(names, key=natural) == ["9", "10", "9" * 5000, "1" + "0" * 5000, "a009", "a9", "a10", "b"]


@pytest.mark.parametrize(
    "ids, points",
    [("a", np.zeros((1, 68, 2))), (["a"], np.zeros(())), (["a", "b"], np.zeros((1, 68, 2))), (["a"], [["x"]])],
)
def test_landmarks_of_odd_shapes_are_told(tmp_path, ids, points):
    np.savez(tmp_path / "landmarks.npz", ids=np.array(ids), p68=np.array(points))
    with pytest.raises(DataError, match=r"landmarks.npz: cannot be read \(ids of shape"):
        read_landmarks(tmp_path / "landmarks.npz", ["a"])
