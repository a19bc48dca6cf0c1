"""Several datasets as one, and backgrounds to put people before."""

import numpy as np
import pytest

from ppgen.datasets.backdrops import backdrop, person_colours
from ppgen.datasets.several import Several
from ppgen.errors import ConfigError


def person(size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """A red square with a soft edge on green, and its mask."""
    mask = np.zeros((size, size, 1), np.uint8)
    mask[20:50, 20:50] = 255
    mask[20:50, 19] = mask[20:50, 50] = 128
    share = mask / 255
    photo = share * (200, 0, 0) + (1 - share) * (0, 200, 0)
    return photo.round().astype(np.uint8), mask


def test_backdrops_follow_their_seed_and_are_of_many_kinds():
    photo, mask = person()
    drawn = [backdrop(64, np.random.default_rng([5, i]), photo, mask) for i in range(24)]
    again = backdrop(64, np.random.default_rng([5, 3]), photo, mask)
    assert (drawn[3] == again).all()
    assert all(one.shape == photo.shape and one.dtype == np.uint8 for one in drawn)
    assert len({one.tobytes() for one in drawn}) == 24
    assert np.ptp([one.mean() for one in drawn]) > 80  # dark ones and bright ones


def test_the_persons_edge_loses_the_old_backgrounds_colour():
    photo, mask = person()
    edge = mask[..., 0] == 128
    green = photo[edge][:, 1].mean()
    freed = person_colours(photo, mask)
    # half person, half background: only the person's half of the old green may be left to be mixed in
    assert freed[edge][:, 1].mean() < 0.6 * green
    assert np.abs(freed[30:40, 30:40] - photo[30:40, 30:40]).max() == 0


def test_samples_come_from_the_part_that_the_index_falls_into(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    from ppgen.io.image import save_image

    for folder, count, tone in (("a", 2, 10), ("b", 3, 200)):
        for i in range(count):
            save_image(tmp_path / folder / f"{i}.png", np.full((16, 16, 3), tone, np.uint8))
    parts = [{"name": "ImageFolder", "dataroot": folder, "size": 16} for folder in ("a", "b")]
    both = Several(parts, ["one-", "two-"])
    assert len(both) == both.distinct == 5
    assert list(both.groups) == ["one-all"] * 2 + ["two-all"] * 3
    means = [float(both.sample(i)["image"].mean()) for i in range(5)]
    assert np.allclose(means[:2], 10 / 127.5 - 1, atol=0.01) and np.allclose(means[2:], 200 / 127.5 - 1, atol=0.01)
    with pytest.raises(IndexError):
        both.sample(5)


def test_prefixes_are_one_for_each_dataset():
    with pytest.raises(ConfigError, match="one prefix for each"):
        Several([{"name": "ImageFolder"}] * 2, ["only-"])
    with pytest.raises(ConfigError):
        Several([])
