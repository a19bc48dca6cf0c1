"""Folders of pictures with tables, and CelebA's layout."""

from types import SimpleNamespace

import numpy as np
import pytest
from small_pictures import picture

from ppgen.cli.latent import dataset_of
from ppgen.datasets.attributes import CELEBA_NAMES, OUR_COLUMNS, yes_or_no
from ppgen.datasets.celeba import CelebA
from ppgen.datasets.files import ids_of
from ppgen.datasets.image_folder import ImageFolder
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import to_uint8
from ppgen.registry import DATASETS


@pytest.fixture
def faces(data):
    table = ["id,colour,gender,approx_age,has_glasses,smile"]
    for n in range(40):
        data(f"faces/train/{n:03d}.png", picture(n))
        table.append(f"{n:03d},{n % 2},{'MF'[n % 2] if n else ''},{40 + n},{n % 4 // 2},{int(n < 5)}")
    return data("faces/meta.csv", "\n".join(table))


def test_pictures_come_back_as_they_are(faces):
    dataset = DATASETS.build({"name": "ImageFolder", "dataroot": "faces", "size": 8})
    assert len(dataset) == len(dataset.groups) == 40
    sample = dataset.sample(7)
    assert sample["id"] == "007" and "label" not in sample
    assert sample["image"].dtype == np.float32 and sample["image"].shape == (3, 8, 8)
    assert np.array_equal(to_uint8(sample["image"]), picture(7))


def test_where_split_and_labels(faces):
    both = [
        ImageFolder("faces", attributes="meta.csv", where={"colour": 1}, split=split, label="gender", groups_by="smile")
        for split in ("train", "validation")
    ]
    train, validation = both
    assert not set(train.ids) & set(validation.ids) and len(train) + len(validation) == 20
    assert (train.attribute("colour") == 1).all()
    assert train.classes == ["F", "M"] and set(train.labels) == {0} and train.sample(0)["label"].dtype == np.int64
    assert set(train.groups) == {"0", "1"}
    assert ImageFolder("faces", most=3).ids == ["000", "001", "002"]
    assert ImageFolder("faces", label="folder").classes == ["train"]
    with pytest.raises(DataError, match="column 'gender' is empty for 000"):
        ImageFolder("faces", attributes="meta.csv", label="gender")


def test_celeba_names_answered_by_our_columns(faces):
    assert set(OUR_COLUMNS) <= set(CELEBA_NAMES) and len(CELEBA_NAMES) == 40
    dataset = ImageFolder("faces", attributes="meta.csv")
    male = dataset.has("Male")
    assert np.isnan(male[0]) and male[1:5].tolist() == [0, 1, 0, 1]
    assert dataset.has("Eyeglasses")[:5].tolist() == [0, 0, 1, 1, 0]
    assert dataset.has("Young").sum() == 10 and dataset.has("Smiling").sum() == 5
    assert dataset.attribute("gender")[1] == "F" and dataset.attribute("approx_age")[3] == 43
    with pytest.raises(DataError, match="does not say who is 'Smilin', did you mean 'Smiling'"):
        dataset.has("Smilin")
    with pytest.raises(DataError, match="more than 0 and 1"):
        dataset.has("approx_age")
    with pytest.raises(DataError, match="no table of attributes"):
        ImageFolder("faces").attribute("gender")


def test_a_gender_that_is_neither_is_unknown():
    told = yes_or_no(OUR_COLUMNS["Male"], ["M", "male", "1", "F", "Female", "0", "unknown", "?", "2", " "])
    np.testing.assert_array_equal(told, np.array([1, 1, 1, 0, 0, 0, np.nan, np.nan, np.nan, np.nan], np.float32))


def test_flip_only_with_a_generator_and_from_it_alone(faces):
    dataset = ImageFolder("faces", size=8, flip=True)
    plain = dataset.sample(3)["image"]
    drawn = [dataset.sample(3, np.random.default_rng(n))["image"] for n in range(20)]
    mirrored = [np.array_equal(x, plain[..., ::-1]) for x in drawn]
    assert all(m or np.array_equal(x, plain) for m, x in zip(mirrored, drawn)) and 3 < sum(mirrored) < 17
    assert np.array_equal(drawn[5], dataset.sample(3, np.random.default_rng(5))["image"])


def test_grey_crop_and_memory(data):
    path = data("wide/a.png", picture(1, 4, 10))
    squeezed = ImageFolder("wide", size=4).sample(0)["image"]
    cut = ImageFolder("wide", size=4, center_crop=True).sample(0)["image"]
    assert np.array_equal(to_uint8(cut), picture(1, 4, 10)[:, 3:7]) and not np.array_equal(cut, squeezed)
    assert ImageFolder("wide", size=4, grayscale=True).sample(0)["image"].shape == (1, 4, 4)
    kept, read = ImageFolder("wide", size=4), ImageFolder("wide", size=4, memory_mb=0)
    assert np.array_equal(kept.sample(0)["image"], read.sample(0)["image"])
    path.unlink()
    assert np.array_equal(kept.sample(0)["image"], squeezed)
    with pytest.raises(DataError, match="a.png: no such file"):
        read.sample(0)


def test_bad_folders_and_tables_are_one_sentence(faces, data):
    with pytest.raises(DataError, match="absent: no such folder.*PPGEN_DATA"):
        ImageFolder("absent")
    data("empty/readme.txt", "nothing")
    with pytest.raises(DataError, match="empty: this folder holds no image"):
        ImageFolder("empty")
    with pytest.raises(DataError, match="`where` needs `attributes`"):
        ImageFolder("faces", where={"colour": 1})
    data("faces/train/new.png", picture(0))
    with pytest.raises(DataError, match="1 pictures without a row .'new'.*0 rows without a picture"):
        ImageFolder("faces", attributes="meta.csv")
    data("faces/other/new.png", picture(0))
    with pytest.raises(DataError, match="two pictures are called 'new'"):
        ImageFolder("faces", attributes="meta.csv")


@pytest.mark.parametrize(("key", "value"), [("most", 0), ("most", -1), ("size", 0)])
def test_numbers_below_one_are_named(faces, celeba, key, value):
    for dataset in (lambda **given: ImageFolder("faces", **given), CelebA):
        with pytest.raises(ConfigError, match=f"{key}: expected 1 or more, found {value}"):
            dataset(**{key: value})


def test_a_damaged_picture_is_named(data):
    whole = data("x/a.jpg", picture(0, 64)).read_bytes()
    data("x/a.jpg", whole[: len(whole) // 2])
    with pytest.raises(DataError, match="a.jpg: the image is damaged"):
        ImageFolder("x").sample(0)


def test_shared_faces(shared, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(shared("faces128").parent))
    colour = {"where": {"colour": 1}, "attributes": "meta.csv"}
    sizes = [len(ImageFolder("faces128", split=s, **colour)) for s in ("train", "validation", "all")]
    assert sizes[0] + sizes[1] == sizes[2] == 1093
    male = ImageFolder("faces128", **colour).has("Male")
    assert 0.6 < np.nanmean(male) < 0.95


@pytest.fixture
def celeba(data):
    for n in range(1, 7):
        data(f"celeba/img_align_celeba/{n:06d}.jpg", picture(n, 218, 178))
    data("celeba/list_eval_partition.txt", "".join(f"{n:06d}.jpg {(n - 1) // 2}\n" for n in range(1, 7)))
    rows = "".join(f"{n:06d}.jpg {1 if n % 2 else -1:2d} -1\n" for n in range(1, 7))
    data("celeba/list_attr_celeba.txt", "6\nMale Young \n" + rows)
    return data


def test_celeba(celeba):
    dataset = CelebA(size=32)
    assert dataset.ids == ["000001", "000002"] and dataset.has("Male").tolist() == [1, 0]
    assert CelebA(split="test").ids == ["000005", "000006"]
    assert CelebA(split="all", where={"Male": 0}).ids == ["000002", "000004", "000006"]
    assert dataset.sample(0)["image"].shape == (3, 32, 32)
    cut = to_uint8(CelebA(size=8, crop=8).sample(0)["image"])
    whole = to_uint8(CelebA(size=178).sample(0)["image"])
    assert np.array_equal(cut, whole[85:93, 85:93])


def test_celeba_whole_needs_no_partition(celeba):
    (celeba("celeba/list_eval_partition.txt", "")).unlink()
    assert len(CelebA(split="all")) == 6
    with pytest.raises(DataError, match="list_eval_partition.txt: no such file"):
        CelebA(split="train")


def test_celeba_s_lists_may_start_with_a_byte_order_mark(celeba):
    for name in ("list_attr_celeba.txt", "list_eval_partition.txt"):
        path = celeba("celeba/copy.txt", "").with_name(name)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert CelebA(size=8).has("Male").tolist() == [1, 0]


def test_celeba_in_grey_where_the_network_is(celeba):
    assert CelebA(size=8, grayscale=True).sample(0)["image"].shape == (1, 8, 8)
    asked = SimpleNamespace(data="celeba", table=None, where=[], split=None)
    for channels in (1, 3):
        network = SimpleNamespace(image_size=8, channels=channels)
        assert dataset_of(asked, network, "all").sample(0)["image"].shape == (channels, 8, 8)


def test_celeba_lists_that_do_not_match(celeba):
    celeba("celeba/list_attr_celeba.txt", "7\nMale Young\n000001.jpg 1 -1\n")
    with pytest.raises(DataError, match="announces 7 pictures and lists 1"):
        CelebA()
    celeba("celeba/list_attr_celeba.txt", "1\nMale Young\n000001.jpg 1\n")
    with pytest.raises(DataError, match="line 3 should be a file name and 2 values"):
        CelebA()
    celeba("celeba/list_attr_celeba.txt", "1\nMale Young\n000009.jpg 1 -1\n")
    with pytest.raises(DataError, match="lists 000009.jpg, which is not in"):
        CelebA()
    celeba("celeba/list_attr_celeba.txt", "0\nMale Young\n")
    with pytest.raises(DataError, match="list_attr_celeba.txt: lists no picture"):
        CelebA()


def test_equal_names_in_two_folders_are_two_ids(data):
    for folder in "ab":
        for n in range(3):
            data(f"classes/{folder}/{n}.png", picture(n))
    dataset = ImageFolder("classes", 8, label="folder")
    assert dataset.ids == ["a/0", "a/1", "a/2", "b/0", "b/1", "b/2"] and dataset.classes == ["a", "b"]
    assert [dataset.sample(i)["id"] for i in (0, 3)] == ["a/0", "b/0"]


def test_labels_mean_the_same_in_every_split(data):
    """`c0` has no picture in validation, and `where` leaves one class alone."""
    table = ["id,kind,young"]
    for n in range(12):
        for k in range(6):
            data(f"split/c{n}/{n}-{k}.png", picture(n))
            table.append(f"{n}-{k},c{n},{n % 2}")
    data("split/meta.csv", "\n".join(table))
    for options in ({"label": "folder"}, {"label": "kind", "attributes": "meta.csv"}):
        parts = [ImageFolder("split", 8, split=split, **options) for split in ("train", "validation")]
        assert len(set(parts[1].labels)) < 12
        for part in parts:
            assert part.classes == [f"c{n}" for n in range(12)]  # 10 comes after 9
            assert [part.classes[k] for k in part.labels] == [path.parent.name for path in part.paths]
    young = ImageFolder("split", 8, attributes="meta.csv", where={"kind": "c3"}, label="kind", most=2)
    assert young.labels.tolist() == [3, 3]


def test_labels_of_another_folder_are_numbered_by_the_classes_of_the_first(data):
    for folder, kinds in (("one", "abc"), ("two", "bc"), ("three", "bx")):
        for kind in kinds:
            data(f"{folder}/{kind}/{kind}.png", picture(1))
    one, two, three = (ImageFolder(folder, 8, label="folder") for folder in ("one", "two", "three"))
    two.relabel(one.classes)
    assert two.labels.tolist() == [1, 2] and int(two.sample(1)["label"]) == 2
    with pytest.raises(DataError, match="'x', which is none of the classes known"):
        three.relabel(one.classes)
    several = {"name": "Several", "datasets": [{"name": "ImageFolder", "dataroot": f, "label": "folder"} for f in
                                               ("two", "three")]}  # fmt: skip
    both = DATASETS.build(several)
    assert both.classes == ["b", "c", "x"] and both.labels.tolist() == [0, 1, 0, 2]
    assert [int(both.sample(i)["label"]) for i in range(4)] == [0, 1, 0, 2]


def test_ids_are_as_long_as_they_need_to_be_and_never_hold_the_root(tmp_path):
    def ids(*names):
        return ids_of([tmp_path / name for name in names], tmp_path)

    assert ids("x/1.png", "y/2.png") == ["1", "2"]
    assert ids("x/1.png", "y/1.png") == ["x/1", "y/1"]
    assert ids("x/1.png", "x/1.jpg") == ["x/1.png", "x/1.jpg"]
