"""Scores of drawings: what each figure sees, and what it must not see."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import shared_dir
from metrics.schematic import SIDE, drawing, face_points

from ppgen.errors import ConfigError, DataError
from ppgen.metrics import cartoon as scores
from ppgen.registry import METRICS


def grainy(picture: np.ndarray, levels: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, levels, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def batch_of(pictures: list[np.ndarray], groups: list[str]) -> dict:
    planes = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    count = len(pictures)
    return {
        "photo": planes, "cartoon": planes, "mask": np.ones((count, 1, SIDE, SIDE), np.float32),
        "landmarks": np.stack([face_points()] * count), "id": [f"p{i}" for i in range(count)], "group": groups,
    }  # fmt: skip


def test_lightness_is_cie():
    greys = np.array([[[0] * 3, [119] * 3, [255] * 3]], np.uint8)
    assert scores.lightness(greys)[0] == pytest.approx([0, 50.03, 100], abs=0.3)  # OpenCV interpolates in a table


def test_mae_counts_inside_only():
    a, b = drawing(), drawing()
    b[:10] = 0
    inside = np.ones((SIDE, SIDE), bool)
    assert scores.masked_mae(a, b, inside) == pytest.approx(255 * 10 / 256)
    inside[:10] = False
    assert scores.masked_mae(a, b, inside) == 0


def test_gradient_of_a_ramp_is_its_slope():
    ramp = np.repeat(np.arange(0, 256, dtype=np.uint8)[None, :, None], 32, axis=0).repeat(3, axis=2)
    inside = np.zeros((32, 256), bool)
    inside[:, 100:200] = True
    light = scores.lightness(ramp)
    slope = (light[0, 199] - light[0, 100]) / 99
    assert scores.gradient(ramp, inside) == pytest.approx(slope, rel=0.02)


def test_skin_region_leaves_out_features():
    points = face_points()
    skin, hull = scores.skin_region(points, (SIDE, SIDE)), scores.hull_mask((SIDE, SIDE), points)
    assert skin.sum() > 0.4 * hull.sum() and not (skin & ~hull).any()
    for x, y in np.rint(points[17:]).astype(int):
        assert not skin[y, x]
    # the drawn features are all outside it: what remains is one colour
    assert np.ptp(drawing()[cv2.erode(skin.astype(np.uint8), np.ones((5, 5))) > 0]) == 0


def test_regions_scale_with_the_picture():
    full = scores.skin_region(face_points(), (256, 256)).mean()
    half = scores.skin_region((face_points() + 0.5) / 2 - 0.5, (128, 128)).mean()
    assert half == pytest.approx(full, rel=0.08)


def test_texture_tells_grain_from_lines():
    skin = scores.skin_region(face_points(), (SIDE, SIDE))
    flat, noisy = (scores.fine_texture(p, skin) for p in (drawing(), grainy(drawing(), 4)))
    lined = drawing()
    lined[150:152] = 120  # a wrinkle across both cheeks
    assert flat.grain < 0.05 and scores.fine_texture(lined, skin).grain < 0.1
    assert noisy.mean > 1.3 * flat.mean and noisy.grain > 0.3


def test_scores_of_the_target_itself():
    metric = scores.CartoonScores(identity=False)
    batch = batch_of([drawing(200), drawing(90)], ["light", "deep"])
    metric.update(batch, batch["cartoon"])
    found = metric.compute()
    assert found["mae"] == 0 and found["mae_ratio"] == 0 and "rank1" not in found
    assert found["gradient_ratio"] == found["texture_ratio"] == 1
    assert found["lightness_light"] == found["lightness_abs_worst"] == 0


def test_lightened_group_shows():
    batch = batch_of([drawing(200), drawing(90), drawing(90)], ["light", "deep", "deep"])
    output = batch_of([drawing(200), drawing(110), drawing(80)], ["light", "deep", "deep"])["cartoon"]
    metric = scores.CartoonScores(identity=False)
    metric.update(batch, output)
    found = metric.compute()
    assert found["lightness_abs_light"] == 0
    assert 0 < found["lightness_deep"] < found["lightness_abs_deep"] == found["lightness_abs_worst"]


def test_rank1_by_a_given_descriptor():
    batch = batch_of([drawing(shade) for shade in (60, 120, 180)], ["light"] * 3)
    metric = scores.CartoonScores()
    metric.update(batch, batch["cartoon"])
    assert metric.compute(lambda chips: chips.mean(axis=(1, 2)))["rank1"] == 1
    metric.reset()
    metric.update(batch, batch["cartoon"][[1, 2, 0]])
    assert metric.compute(lambda chips: chips.mean(axis=(1, 2)))["rank1"] == 0


def test_what_cannot_be_measured_is_said():
    metric = METRICS.build({"name": "CartoonScores", "identity": False})
    with pytest.raises(DataError, match="no drawing"):
        metric.compute()
    with pytest.raises(DataError, match="no pixel"):
        scores.pair_figures(drawing(), drawing(), np.zeros((SIDE, SIDE)), face_points())
    with pytest.raises(DataError, match="one size"):
        scores.pair_figures(drawing()[:128], drawing(), np.ones((SIDE, SIDE)), face_points())
    with pytest.raises(ConfigError, match="CartoonScores"):
        METRICS.get("CartoonScore")


@pytest.fixture(scope="module")
def real_batch() -> dict:
    """Eight real pairs at 256."""
    from ppgen.datasets.portraits import Portraits
    from ppgen.datasets.stream import collate

    dataset = Portraits(str(shared_dir("portraits/train").resolve()), split="validation", most=8)
    return collate([dataset.sample(i) for i in range(8)])


def scores_of(batch: dict, change) -> dict[str, float]:
    pictures = np.rint((batch["cartoon"].transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)
    output = np.stack([change(picture) for picture in pictures])
    metric = scores.CartoonScores(identity=False)
    metric.update(batch, output.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    return metric.compute()


def test_real_cartoons_blurred_and_noisy(real_batch):
    same = scores_of(real_batch, lambda picture: picture)
    assert same["mae"] == 0 and same["gradient_ratio"] == 1 and same["texture_ratio"] == 1
    blurred = scores_of(real_batch, lambda picture: cv2.GaussianBlur(picture, (0, 0), 1))
    assert blurred["gradient_ratio"] < 0.85 and blurred["texture_ratio"] < 0.8
    noisy = scores_of(real_batch, lambda picture: grainy(picture, 10))
    assert noisy["texture_ratio"] > 1.3 and noisy["grain_ratio"] > 2
    slightly = scores_of(real_batch, lambda picture: grainy(picture, 3))
    assert slightly["grain_ratio"] > 1.3


def test_real_identity_is_cheap_and_sane(real_batch):
    metric = scores.CartoonScores()
    metric.update(real_batch, real_batch["photo"])  # the photos themselves, coarse and displaced
    assert metric.compute()["rank1"] == 1
