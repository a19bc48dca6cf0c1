"""SWD, MS-SSIM, identity and path length: independent formulas, and what they must see."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppgen.errors import ConfigError, DataError
from ppgen.metrics import ms_ssim, ppl, swd
from ppgen.metrics.identity import nearest_similarity, paired_similarity


def textures(count: int, side: int = 64, seed: int = 0) -> np.ndarray:
    """uint8 pictures (count, side, side, 3) with detail at every scale."""
    rng = np.random.default_rng(seed)
    found = np.full((count, side, side, 3), 128.0)
    for cells in (4, 16, side):
        parts = rng.normal(0, 25, (count, cells, cells, 3))
        found += np.stack([cv2.resize(p, (side, side), interpolation=cv2.INTER_LINEAR) for p in parts])
    return found.clip(0, 255).astype(np.uint8)


def gathered(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    metric = swd.SWD()
    metric.add("real", real)
    metric.add("fake", fake)
    return metric.compute()


def test_pyramid_adds_up_again():
    picture = textures(1)[0].astype(np.float32)
    levels = swd.laplacian_pyramid(picture)
    assert [level.shape[0] for level in levels] == [64, 32, 16]
    back = levels[-1]
    for level in levels[-2::-1]:
        back = cv2.pyrUp(back, dstsize=level.shape[1::-1]) + level
    assert np.abs(back - picture).max() < 1e-3


def test_sliced_distance_equals_scipys():
    stats = pytest.importorskip("scipy.stats")
    a, b = np.random.default_rng(0).normal(size=(2, 80, 1))
    b = b * 1.5 + 0.4
    assert swd.sliced_wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a[:, 0], b[:, 0]), rel=1e-5)


def test_swd_blames_the_damaged_scale():
    real, other = textures(24), textures(24, seed=1)
    same = gathered(real, other)
    blurred = gathered(real, np.stack([cv2.GaussianBlur(p, (0, 0), 1) for p in other]))
    assert blurred["swd_64"] > 1.4 * same["swd_64"] and blurred["swd_16"] < 1.1 * same["swd_16"]
    assert blurred["swd"] == pytest.approx(np.mean([blurred[f"swd_{side}"] for side in (64, 32, 16)]))
    assert "swd/n=24/patches=32/directions=512" in blurred


def test_swd_of_unlike_sides():
    assert gathered(textures(9), textures(5))["swd"] > 0
    with pytest.raises(DataError, match="one size"):
        gathered(textures(4), textures(4, 32))
    with pytest.raises(DataError, match="side has none"):
        gathered(textures(4), textures(1)[:0])
    with pytest.raises(DataError, match="16 pixels"):
        swd.laplacian_pyramid(np.zeros((12, 12, 3)))


def test_one_scale_equals_skimages_ssim():
    metrics = pytest.importorskip("skimage.metrics")
    a, b = textures(2).astype(np.float64)
    _, full = metrics.structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2, full=True
    )
    assert ms_ssim._similarity(a, b)[0] == pytest.approx(full[5:-5, 5:-5].mean(), rel=1e-9)


def test_ms_ssim_orders_pictures():
    a, b = textures(2, 128)
    blurred, more = (cv2.GaussianBlur(a, (0, 0), s) for s in (1, 3))
    assert ms_ssim.ms_ssim(a, a) == pytest.approx(1)
    assert 1 > ms_ssim.ms_ssim(a, blurred) > ms_ssim.ms_ssim(a, more) > ms_ssim.ms_ssim(a, b)
    assert ms_ssim.ms_ssim(a, 255 - a) == 0
    assert ms_ssim.ms_ssim(a, b) == pytest.approx(ms_ssim.ms_ssim(b, a))


def test_diversity_sees_collapse():
    metric = ms_ssim.MSSSIM(pairs=20)
    metric.add("real", textures(8))
    metric.add("fake", np.concatenate([textures(1)] * 8))
    found = metric.compute()
    assert found["ms_ssim"] == pytest.approx(1) and found["ms_ssim_real"] < 0.5 and found["ms_ssim_real_se"] > 0
    pairs = ms_ssim.random_pairs(9, 100)
    assert len(pairs) == 36 == len({tuple(p) for p in pairs}) and (pairs[:, 0] != pairs[:, 1]).all()
    with pytest.raises(DataError, match="at least 2"):
        ms_ssim.diversity(textures(1))
    with pytest.raises(DataError, match="32 pixels"):
        ms_ssim.ms_ssim(*textures(2, 16))


def test_identity_pairs_and_neighbours():
    real = np.eye(3) * 5
    fake = np.array([[0, 2.0, 0], [0, 0, 7.0], [1.0, 1.0, 0]])
    assert paired_similarity(real, fake) == pytest.approx([0, 0, 0])
    assert nearest_similarity(fake, real) == pytest.approx([1, 1, np.sqrt(0.5)])
    with pytest.raises(DataError, match="as many"):
        paired_similarity(real, fake[:2])
    with pytest.raises(DataError, match="one length"):
        nearest_similarity(fake[:, :2], real)


def squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.square(a - b).sum(axis=1)


def test_path_length_of_a_linear_generator():
    ends = np.random.default_rng(0).normal(size=(400, 8))
    matrix = np.diag(np.arange(1.0, 9))
    found = ppl.perceptual_lengths(lambda w: w @ matrix, squared, ends, space="w", mapping=lambda z: z * 2.0)
    wanted = 4 * np.square((ends[1::2] - ends[0::2]) @ matrix).sum(axis=1)
    assert found == pytest.approx(wanted, rel=0.02)  # latents reach the generator as float32


def test_path_length_on_the_sphere():
    # |d slerp / dt| is the angle, times the radius sqrt(8)
    ends = np.random.default_rng(1).normal(size=(200, 8))
    unit = ends / np.linalg.norm(ends, axis=1, keepdims=True)
    angles = np.arccos((unit[0::2] * unit[1::2]).sum(axis=1))
    found = ppl.perceptual_lengths(lambda z: z, squared, ends, batch=7)
    assert found == pytest.approx(8 * angles**2, rel=0.02)
    rough = ppl.perceptual_lengths(lambda z: np.sin(5 * z), squared, ends)
    assert ppl.perceptual_path_length(rough).mean > 5 * ppl.perceptual_path_length(found).mean


def test_path_length_leaves_outliers_out():
    assert ppl.perceptual_path_length(np.r_[np.full(196, 2.0), [1e9, 1e9, 0, 0]]).mean > 2
    assert ppl.perceptual_path_length(np.r_[np.full(995, 2.0), [1e9, 1e9, 0, 0, 0]]).mean == pytest.approx(2)


def test_a_path_between_equal_points_has_no_length():
    assert ppl.perceptual_lengths(lambda z: z, squared, np.ones((2, 4))) == pytest.approx(0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"z": np.ones((3, 4))}, DataError, "even number"),
        ({"space": "x"}, ConfigError, "'z'"),
        ({"space": "w"}, ConfigError, "mapping"),
    ],
)
def test_path_length_refuses(arguments, error, message):
    given = {"z": np.random.default_rng(0).normal(size=(4, 4))} | arguments
    with pytest.raises(error, match=message):
        ppl.perceptual_lengths(lambda z: z, squared, **given)
    with pytest.raises(DataError, match="finite"):
        ppl.perceptual_path_length(np.array([np.nan]))
