"""PaddleGAN's transforms against paddle.vision's, and its dataset configs as they are written."""

import numpy as np
import pytest
from paddle.vision import transforms as reference
from small_pictures import picture

from ppgen.compat.names import our_root
from ppgen.datasets.sample_steps import build_steps, check_steps
from ppgen.errors import ConfigError, DataError, DownloadError
from ppgen.io.image import to_uint8
from ppgen.registry import DATASETS, TRANSFORMS


def step(name, **arguments):
    return TRANSFORMS.build({"name": name, **arguments})


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area", "lanczos"])
@pytest.mark.parametrize("size", [[11, 30], 10, 50])
def test_resize_equals_paddles(interpolation, size):
    image = picture(0, 25, 40)
    ours = step("Resize", size=size, interpolation=interpolation)([image], None)[0]
    theirs = reference.Resize(size, interpolation)(image)
    assert ours.shape == theirs.shape and np.array_equal(ours, theirs)


def test_transpose_and_normalize_equal_paddles():
    image = picture(1)
    for mean, std in (([127.5] * 3, [127.5] * 3), ([100.0, 110.0, 120.0], [60.0, 50.0, 40.0]), (0.0, 255.0)):
        ours = step("Normalize", mean=mean, std=std)(step("Transpose")([image], None), None)[0]
        theirs = reference.Normalize(mean, std)(reference.Transpose()(image))
        assert ours.dtype == np.float32 and np.allclose(ours, theirs, atol=1e-6)
    unit = step("Normalize", mean=[127.5], std=[127.5])([image[..., 0]], None)[0]
    assert unit.shape == (1, 8, 8) and unit.min() >= -1 and unit.max() <= 1
    grey = step("Grayscale", num_output_channels=3)([image], None)[0]
    assert np.abs(grey.astype(int) - reference.Grayscale(3)(image).astype(int)).max() <= 1


def test_keys_say_which_pictures_change():
    a, b = picture(2), picture(3)
    first = step("Resize", size=4)([a, b], None)
    assert first[0].shape[0] == 4 and first[1] is b
    second = step("Resize", size=4, keys=["other", "image"])([a, b], None)
    assert second[0] is a and second[1].shape[0] == 4


@pytest.mark.parametrize(("name", "same"), [("RandomCrop", False), ("PairedRandomCrop", True)])
def test_crops_of_a_pair(name, same):
    crop = step(name, size=[4, 4], keys=["image", "image"])
    a = np.arange(64).reshape(8, 8)
    places = [[x[0, 0] for x in crop([a, a], np.random.default_rng(n))] for n in range(300)]
    assert all(p[0] == p[1] for p in places) == same
    assert {p[0] for p in places} == {8 * top + left for top in range(5) for left in range(5)}
    assert crop([a, a], None)[0][0, 0] == 2 * 8 + 2  # the middle
    with pytest.raises(DataError, match=f"{name}: a picture of 3x8 is smaller than the crop of 4x4"):
        crop([a[:, :3], a], None)


@pytest.mark.parametrize(("name", "same"), [("RandomHorizontalFlip", False), ("PairedRandomHorizontalFlip", True)])
def test_flips_of_a_pair(name, same):
    a = np.arange(64).reshape(8, 8)
    both = [[x[0, 0] > 0 for x in step(name, keys=["image"] * 2)([a, a], np.random.default_rng(n))] for n in range(40)]
    assert all(p[0] == p[1] for p in both) == same and 8 < sum(p[0] for p in both) < 32
    assert step(name, prob=1.0)([a], None)[0] is a


def prepared(keys, *random):
    images = {"keys": ["image"] * len(keys)}
    return {
        "name": "Transforms",
        "input_keys": keys,
        "pipeline": [
            {"name": "Resize", "size": [8, 8], "interpolation": "bicubic", **images},
            *({**r, **images} for r in random),
            {"name": "Transpose", **images},
            {"name": "Normalize", "mean": [127.5] * 3, "std": [127.5] * 3, **images},
        ],
    }


def load(key):
    return {"name": "LoadImageFromFile", "key": key}


def test_single_dataset(data):
    data("x/sub/a.png", picture(4))
    dataset = DATASETS.build(
        {"name": "PreprocessedImages", "dataroot": "x", "preprocess": [load("A"), prepared(["A"])]}
    )
    sample = dataset.sample(0)
    assert sample["id"] == "a" and np.array_equal(to_uint8(sample["image"]), picture(4))


def test_paired_dataset(data):
    split = {"name": "SplitPairedImage", "key": "pair", "paired_keys": ["A", "B"]}
    crop = {"name": "PairedRandomCrop", "size": [6, 6]}
    config = {"name": "PreprocessedPairs", "dataroot": "y"}
    steps = [load("pair"), split, prepared(["A", "B"], crop)]
    data("y/a.png", np.concatenate([picture(5)] * 2, axis=1))
    sample = DATASETS.build({**config, "preprocess": steps}).sample(0, np.random.default_rng(0))
    assert sample["a"].shape == (3, 6, 6) and np.array_equal(sample["a"], sample["b"])
    data("y/b.png", picture(5, 8, 15))
    with pytest.raises(DataError, match="b.png: is 15 pixels wide"):
        DATASETS.build({**config, "preprocess": steps}).sample(1)


def test_unpaired_dataset(data, capsys):
    for n in range(2):
        data(f"z/trainA/{n}.png", picture(n))
    for n in range(5):
        data(f"z/trainB/{n}.png", picture(n + 10))
    config = {"name": "PreprocessedDomains", "dataroot_a": "z/trainA", "dataroot_b": "z/trainB", "max_size": "inf"}
    steps = [load("A"), load("B"), prepared(["A", "B"])]
    train, test = (DATASETS.build({**config, "is_train": t, "preprocess": steps}) for t in (True, False))
    assert len(train) == 5
    assert np.array_equal(to_uint8(test.sample(3, np.random.default_rng(0))["b"]), picture(13))
    drawn = [train.sample(1, np.random.default_rng(n)) for n in range(30)]
    assert len({s["b"].tobytes() for s in drawn}) == 5 and len({s["a"].tobytes() for s in drawn}) == 1
    assert np.array_equal(train.sample(1, np.random.default_rng(3))["b"], drawn[3]["b"])
    assert test.distinct == 2 and [test.sample(n)["id_b"] for n in (0, 4)] == ["0", "4"]
    data("z/trainB/2.png", b"nothing")
    drawn = [train.sample(1, np.random.default_rng(n)) for n in range(30)]
    assert len({s["b"].tobytes() for s in drawn}) == 4 and list(train.damaged_b) == [2]
    assert capsys.readouterr().err.count("left out") == 1
    data("z/trainA/1.png", b"nothing")
    with pytest.raises(DataError, match="1.png"):
        train.sample(1, np.random.default_rng(0))


def test_vision_dataset(data, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    pictures = np.stack([picture(n, 28)[..., 0] for n in range(3)])
    data("mnist/t10k-images-idx3-ubyte", b"\0\0\x08\x03" + np.array([3, 28, 28], ">u4").tobytes() + pictures.tobytes())
    data("mnist/t10k-labels-idx1-ubyte", b"\0\0\x08\x01" + np.array([3], ">u4").tobytes() + bytes([4, 0, 9]))
    config = {"name": "VisionImages", "dataset_name": "MNIST", "params": {"mode": "test", "download": False}}
    normalize = {"name": "Normalize", "mean": [127.5], "std": [127.5], "keys": ["image"]}
    sample = DATASETS.build({**config, "transforms": [normalize]}).sample(0)
    assert sample["label"] == 4 and np.array_equal(to_uint8(sample["image"])[..., 0], pictures[0])
    resize = {"name": "Resize", "size": [64, 64], "interpolation": "bicubic"}
    sample = DATASETS.build({**config, "transforms": [resize, normalize], "return_label": False}).sample(2)
    assert sample["image"].shape == (1, 64, 64) and "label" not in sample
    with pytest.raises(ConfigError, match="params.mod: unknown key"):
        DATASETS.build({**config, "params": {"mod": "test"}})


def test_vision_mnist_falls_back_to_the_digits(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    config = {"name": "VisionImages", "dataset_name": "MNIST", "params": {"mode": "train", "download": False}}
    normalize = {"name": "Normalize", "mean": [127.5], "std": [127.5], "keys": ["image"]}
    sample = DATASETS.build({**config, "transforms": [normalize]}).sample(0)
    assert sample["id"].startswith("digit-") and sample["image"].shape == (1, 28, 28)
    with pytest.raises(DownloadError):
        DATASETS.build({**config, "dataset_name": "FashionMNIST", "transforms": [normalize]})


def test_every_fault_of_a_list_is_told_with_its_path():
    steps = [
        {"name": "LoadImageFromFil", "key": "A"},
        {"name": "Transpose"},
        {
            "name": "Transforms",
            "input_keys": ["A"],
            "pipeline": [
                {"name": "Resize", "sise": 3},
                {"name": "Resize", "size": [0, 3]},
                {"name": "SplitPairedImage"},
            ],
        },
    ]
    faults = check_steps(steps)
    assert len(faults) == 6, faults
    assert faults[0].startswith("preprocess[0].name: no transform is called 'LoadImageFromFil', did you mean")
    assert faults[1] == "preprocess[1].name: Transpose belongs into the `pipeline` of a Transforms step"
    assert faults[2].startswith("preprocess[2].pipeline[0].sise: unknown key, did you mean 'size'")
    assert "preprocess[2].pipeline[1]: Resize.size: expected a side" in faults[4]
    with pytest.raises(ConfigError, match=r"preprocess\[1\]"):
        build_steps(steps)


def test_a_list_that_cannot_work_is_refused_before_training(data):
    data("x/a.png", picture(0))
    config = {"name": "PreprocessedImages", "dataroot": "x"}
    with pytest.raises(ConfigError, match="'A' comes out as uint8 .8, 8, 3.*Transpose and Normalize"):
        DATASETS.build({**config, "preprocess": [load("A")]})
    with pytest.raises(ConfigError, match="there is no 'image_path' at this step"):
        DATASETS.build({**config, "preprocess": [load("image")]})
    normalize = {"name": "Normalize", "mean": [127.5] * 3, "std": [127.5] * 3}
    only = {"name": "Transforms", "input_keys": ["A"], "pipeline": [normalize]}
    with pytest.raises(ConfigError, match="is Transpose missing before it"):
        DATASETS.build({**config, "preprocess": [load("A"), only]})


def test_roots():
    assert our_root("data/cityscapes/trainA") == our_root("./data/cityscapes/trainA") == "cityscapes/trainA"
    assert our_root("/data/x") == "/data/x" and our_root("data/") == "."
