"""The portraits dataset: pairs stay aligned, splits are kept apart."""

import cv2
import numpy as np
import pytest

from ppgen.datasets.files import read_landmarks
from ppgen.datasets.portraits import MIRRORED, Portraits, degrade, loosened, split_of, warp_matrix
from ppgen.errors import DataError


@pytest.fixture
def portraits(shared, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(shared("portraits").parent))
    return lambda **arguments: Portraits("portraits/train", **arguments)


def test_missing_data_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    with pytest.raises(DataError, match="make data"):
        Portraits()


@pytest.mark.parametrize(
    ("split", "row", "words"),
    [
        ("validation", "p0,unknown,1,0", "'validation' is listed in meta.csv.*one id in ten.*crc32.*add photos"),
        ("tone", "p0,unknown,1,0", "'tone' is listed.*'deep' or 'medium'.*add photos"),
        ("train", "p0,unknown,0,0", "'train' has a cartoon.*`ppgen data portraits` again with `--cartoon artist`"),
    ],
)
def test_an_empty_split_says_what_to_do(data, split, row, words):
    data("few/meta.csv", f"id,tone_hint,has_cartoon,suspect\n{row}\n")
    with pytest.raises(DataError, match=words):
        Portraits("few", split=split)


def test_splits_have_no_portrait_in_common(portraits):
    ids = [{row["id"] for row in portraits(split=s).rows} for s in ("train", "validation", "tone")]
    assert not ids[0] & ids[1] and not ids[0] & ids[2] and not ids[1] & ids[2]
    assert split_of("anything", "light") in ("train", "validation")


def test_shapes_and_ranges(portraits):
    sample = portraits(split="validation", size=128).sample(0)
    assert sample["photo"].shape == sample["cartoon"].shape == (3, 128, 128)
    assert sample["mask"].shape == (1, 128, 128)
    assert sample["photo"].min() >= -1 and sample["photo"].max() <= 1
    assert 0 <= sample["mask"].min() and sample["mask"].max() <= 1
    assert sample["landmarks"].shape == (68, 2)
    # outside the person the photo is white
    assert np.allclose(sample["photo"][:, sample["mask"][0] == 0], 1, atol=0.02)


def test_augmentation_moves_photo_mask_cartoon_and_landmarks_together(portraits):
    """The cartoon's own outline must still lie on the mask's edge after a warp and a mirror."""
    dataset = portraits(augment=2.0, flip=True)
    for index in range(6):
        sample = dataset.sample(index, np.random.default_rng(index))
        drawn = (sample["cartoon"].mean(axis=0) < 0.98).astype(np.uint8)
        drawn = cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)) > 0
        person = sample["mask"][0] > 0.5
        both = drawn & person
        assert both.sum() / (drawn | person).sum() > 0.8
        hull = np.zeros(person.shape, np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(sample["landmarks"].astype(np.int32)), 1)
        assert (person & (hull > 0)).sum() / hull.sum() > 0.95


def test_mirroring_landmarks_twice_is_the_identity_and_swaps_sides():
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(68))
    assert MIRRORED[36] == 45 and MIRRORED[0] == 16 and MIRRORED[48] == 54 and MIRRORED[33] == 33


def test_same_generator_same_sample(portraits):
    dataset = portraits(augment=1.0, flip=True)
    a, b = (dataset.sample(3, np.random.default_rng([1, 2])) for _ in range(2))
    assert all(np.array_equal(a[key], b[key]) for key in ("photo", "cartoon", "mask", "landmarks"))


def test_without_augmentation_the_warp_is_a_plain_resize():
    matrix = warp_matrix(256, 128, np.random.default_rng(0), 0.0)
    corners = np.array([[-0.5, -0.5], [255.5, 255.5]]) @ matrix[:, :2].T + matrix[:, 2]
    assert np.allclose(corners, [[-0.5, -0.5], [127.5, 127.5]])


@pytest.mark.parametrize("damage", ["cut", "keys", "lengths"])
def test_landmarks_that_cannot_be_read(tmp_path, damage):
    path, points = tmp_path / "landmarks.npz", np.zeros((2, 68, 2))
    np.savez(path, **{"ids": np.array(["a", "b"]), "p68": points[: 1 if damage == "lengths" else 2]})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    if damage == "keys":
        np.savez(path, names=np.array(["a"]))
    with pytest.raises(DataError, match="landmarks.npz: cannot be read .*it holds `ids` and `p68`"):
        read_landmarks(path, ["a"])


def test_a_table_saved_by_a_spreadsheet(data):
    data("few/meta.csv", "\ufeffid,tone_hint,has_cartoon,suspect\np1,unknown,0,0\n")
    with pytest.raises(DataError, match="landmarks.npz: is missing"):  # the table itself is read
        Portraits("few", split=split_of("p1", "unknown"), paired=False)


def test_another_light_changes_the_colours_and_not_the_place():
    photo = np.tile(np.linspace(40, 200, 32, dtype=np.uint8)[None, :, None], (32, 1, 3))
    ratios = []
    for seed in range(40):
        lit = degrade(photo, np.random.default_rng(seed), 0.0, light=1.0).astype(float)
        assert (np.diff(lit.mean(axis=(0, 2))) >= 0).all()  # what was brighter stays brighter
        ratios.append(lit.mean(axis=(0, 1)) / photo.mean())
    ratios = np.array(ratios)
    assert np.ptp(ratios.mean(axis=1)) > 0.4  # darker and brighter
    assert np.ptp(ratios[:, 0] / ratios[:, 2]) > 0.3  # warm and cold
    assert (degrade(photo, np.random.default_rng(0), 0.0) == photo).all()


def test_a_loosened_mask_stays_a_mask_near_the_given_one():
    mask = np.zeros((64, 64, 1), np.float32)
    mask[16:48, 16:48] = 1
    areas = [float(loosened(mask, np.random.default_rng(seed), 1.0).sum()) / mask.sum() for seed in range(20)]
    assert min(areas) < 0.95 and max(areas) > 1.05 and 0.6 < min(areas) and max(areas) < 1.5
    assert loosened(mask, np.random.default_rng(0), 0.0) is mask
