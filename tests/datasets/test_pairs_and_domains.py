"""Paired and unpaired pictures, and the portraits as either."""

import numpy as np
import pytest
from small_pictures import picture

from ppgen.datasets.paired_images import PairedImages
from ppgen.datasets.portrait_cartoons import PortraitCartoons, half_of
from ppgen.datasets.portraits import Portraits
from ppgen.datasets.stream import BatchStream
from ppgen.datasets.unpaired_images import UnpairedImages
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import to_uint8


def where_from(crop: np.ndarray, whole: np.ndarray) -> tuple[int, int, bool]:
    """(top, left, mirrored) of a crop of noise."""
    size = crop.shape[0]
    for mirrored in (False, True):
        wanted = crop[:, ::-1] if mirrored else crop
        for top in range(whole.shape[0] - size + 1):
            for left in range(whole.shape[1] - size + 1):
                if np.array_equal(whole[top : top + size, left : left + size], wanted):
                    return top, left, mirrored
    raise AssertionError("the crop is nowhere in the picture")


@pytest.fixture
def pairs(data):
    for n in range(4):
        data(f"two/A/{n}.png", picture(n))
        data(f"two/B/{n}.bmp", picture(n + 100))
        data(f"one/{n}.png", np.concatenate([picture(n), picture(n + 100)], axis=1))
    return data


@pytest.mark.parametrize("roots", [("two/A", "two/B"), ("one", None)])
def test_both_layouts_and_directions(pairs, roots):
    sample = PairedImages(*roots, size=8).sample(2)
    assert sample["id"] == "2"
    assert np.array_equal(to_uint8(sample["a"]), picture(2)) and np.array_equal(to_uint8(sample["b"]), picture(102))
    turned = PairedImages(*roots, size=8, direction="b2a").sample(2)
    assert np.array_equal(turned["a"], sample["b"]) and np.array_equal(turned["b"], sample["a"])


def test_a_pair_moves_together(pairs):
    dataset = PairedImages("one", size=6, load_size=8, flip=True)
    seen = set()
    for n in range(60):
        sample = dataset.sample(1, np.random.default_rng(n))
        places = [where_from(to_uint8(sample[k]), picture(s)) for k, s in (("a", 1), ("b", 101))]
        assert places[0] == places[1]
        seen.add(places[0])
    assert len(seen) > 12
    assert where_from(to_uint8(dataset.sample(1)["a"]), picture(1)) == (1, 1, False)


def test_pairs_that_do_not_match_are_named_before_training(pairs):
    pairs("odd/x.png", picture(0, 4, 9))
    with pytest.raises(DataError, match="x.png: is 9 pixels wide"):
        PairedImages("odd")
    pairs("two/B/2.png", picture(0, 8, 10))
    with pytest.raises(DataError, match="another picture there is called '2' too"):
        PairedImages("two/A", "two/B")
    pairs("two/B/2.bmp", picture(0)).unlink()
    with pytest.raises(DataError, match=r"2.png: is 10x8, its partner .*2.png 8x8"):
        PairedImages("two/A", "two/B")
    pairs("two/A/alone.png", picture(0))
    with pytest.raises(DataError, match="alone.png: has no partner of that name in .*B .1 such of 5"):
        PairedImages("two/A", "two/B")
    pairs("none/readme", "")
    with pytest.raises(DataError, match="none: this folder holds no image"):
        PairedImages("two/A", "none")
    with pytest.raises(ConfigError, match="load_size"):
        PairedImages("one", size=8, load_size=6)


def test_a_damaged_half_is_named_when_it_is_read(pairs):
    pairs("two/B/3.bmp", b"nothing")
    dataset = PairedImages("two/A", "two/B", size=8)
    dataset.sample(2)
    with pytest.raises(DataError, match="3.bmp"):
        dataset.sample(3)


@pytest.fixture
def domains(data):
    for n in range(3):
        data(f"x/trainA/deep/{n}.png", picture(n))
    for n in range(7):
        data(f"x/trainB/{n}.png", picture(n + 100, 8, 12))
    return lambda **arguments: UnpairedImages("x/trainA", "x/trainB", size=8, **arguments)


def test_domains_of_two_sizes(domains):
    dataset = domains()
    assert len(dataset) == 7
    assert [dataset.sample(i)["id_b"] for i in range(7)] == [str(i) for i in range(7)]
    assert [dataset.sample(i)["id"] for i in range(4)] == ["deep/0", "deep/1", "deep/2", "deep/0"]
    assert np.array_equal(to_uint8(dataset.sample(4)["a"]), picture(1))
    drawn = [dataset.sample(1, np.random.default_rng(n)) for n in range(60)]
    assert {s["id"] for s in drawn} == {"deep/1"} and len({s["id_b"] for s in drawn}) == 7
    assert len(domains(max_size=2)) == 2 and len(domains(max_size="inf")) == 7
    with pytest.raises(ConfigError, match="max_size: expected a number"):
        domains(max_size="many")


def test_domains_move_apart(domains):
    dataset = domains(load_size=9, flip=True)
    still = dataset.sample(0)
    drawn = [dataset.sample(0, np.random.default_rng(n))["a"] for n in range(30)]
    assert len({x.tobytes() for x in drawn}) == 8  # 2 x 2 places, mirrored or not
    assert still["a"].tobytes() in {x.tobytes() for x in drawn}


def test_an_empty_domain_is_one_sentence(domains, data):
    data("y/trainB/readme.txt", "")
    with pytest.raises(DataError, match="trainB: this folder holds no image"):
        UnpairedImages("x/trainA", "y/trainB")
    with pytest.raises(DataError, match="testA: no such folder"):
        UnpairedImages("x/testA", "x/trainB")


def test_a_damaged_cartoon_is_not_its_photos_fault(domains, data, capsys):
    data("x/trainB/3.png", b"nothing")
    dataset = domains()
    stream = BatchStream(dataset, 7, seed=1)
    shown = [set(stream.batch(step)["id_b"]) for step in range(8)]
    stream.close()
    assert not stream.reader.damaged and list(dataset.damaged_b) == [3]
    assert set.union(*shown) == set("012456") and capsys.readouterr().err.count("left out") == 1
    with pytest.raises(DataError, match="3.png"):
        domains(on_corrupt="stop").sample(3)


@pytest.fixture
def portraits(shared, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(shared("portraits").parent))
    return PortraitCartoons


def test_no_photos_own_cartoon_is_in_the_unpaired_training_set(portraits):
    dataset = portraits(size=64)
    photos, cartoons = ({r["id"] for r in rows} for rows in (dataset.rows_a, dataset.rows_b))
    assert len(photos) > 250 and len(cartoons) > 250 and not photos & cartoons
    held_back = {row["id"] for split in ("validation", "tone") for row in Portraits(split=split, paired=False).rows}
    assert not (photos | cartoons) & held_back
    assert all(half_of(name) == 0 for name in photos)
    sample = dataset.sample(0, np.random.default_rng(0))
    assert sample["id"] in photos and sample["id_b"] in cartoons and sample["group"] in ("young", "middle", "senior")


def test_pairs_equal_what_portraits_gives(portraits):
    paired = portraits(split="validation", size=256)
    reference = Portraits(split="validation", size=256)
    assert [row["id"] for row in paired.rows_a] == [row["id"] for row in reference.rows]
    one, other = paired.sample(5), reference.sample(5)
    assert np.abs(one["a"] - other["photo"]).max() < 0.02 and np.abs(one["b"] - other["cartoon"]).max() < 0.02
    assert np.allclose(one["landmarks"], other["landmarks"], atol=1e-3)
    small = portraits(split="validation", size=128).sample(5)["landmarks"]
    assert np.allclose((small + 0.5) * 2 - 0.5, one["landmarks"], atol=1e-3)


def test_landmarks_follow_crop_and_mirror(data):
    """A dark spot at the nose stays at its landmark, and the left eye's red one at the left or the right eye's."""
    nose, eye = (150, 120), (90, 100)
    photo = np.full((256, 256, 3), 255, np.uint8)
    for (x, y), colour in ((nose, (0, 0, 0)), (eye, (255, 0, 0))):
        photo[y - 6 : y + 7, x - 6 : x + 7] = colour
    points = np.full((1, 68, 2), 20.0)
    points[0, 30], points[0, 36] = nose, eye
    for folder, picture_, suffix in (
        ("photo", photo, "jpg"),
        ("cartoon", photo, "png"),
        ("mask", photo * 0 + 255, "png"),
    ):
        data(f"p/{folder}/x1.{suffix}", picture_)
    path = data("p/meta.csv", "id,tone_hint,has_cartoon,suspect,age_group\nx1,light,1,0,young\n")
    np.savez(path.with_name("landmarks.npz"), ids=np.array(["x1"]), p68=points)
    dataset = PortraitCartoons("p", paired=True, size=96, load_size=112, flip=True)
    mirrored = set()
    for n in range(12):
        sample = dataset.sample(0, np.random.default_rng(n) if n else None)
        dark = 1 - (sample["a"] + 1) / 2
        found = []
        for weight in (dark[0], dark[1] - dark[0]):  # black has no red; red has no green
            weight = np.where(weight > 0.3, weight, 0)
            found.append([(weight.sum(axis=k) * np.arange(96)).sum() / weight.sum() for k in (0, 1)])
        assert np.allclose(found[0], sample["landmarks"][30], atol=0.3)
        side = 45 if found[1][0] > found[0][0] else 36
        mirrored.add(side)
        assert np.allclose(found[1], sample["landmarks"][side], atol=0.3)
        assert np.allclose(sample["a"], sample["b"], atol=0.2)
    assert mirrored == {36, 45}


def test_a_group_without_pictures_is_named(portraits):
    assert set(portraits(where={"age_group": "young"}, groups_by="gender").groups) == {"F", "M"}
    with pytest.raises(DataError, match="no picture has .*'child'.*'young'"):
        portraits(where={"age_group": "child"})
