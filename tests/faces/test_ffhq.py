"""FFHQ's crop: where eyes and mouth come to lie, however the head is turned."""

import cv2
import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.faces.ffhq import ffhq_crop, ffhq_square, nobody_crop
from ppgen.faces.typical import typical_landmarks


def turned(points: np.ndarray, degrees: float, about: tuple[float, float]) -> np.ndarray:
    a = np.deg2rad(degrees)
    matrix = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return (points - about) @ matrix.T + about


def test_square_by_hand():
    """Eyes 100 apart and 60 above the mouth: e = (100, 0), m = (0, 60), x = e - rot90(m) = (160, 0) scaled to 200."""
    points = np.random.default_rng(0).uniform(0, 10, (68, 2))
    points[36:42], points[42:48], points[48], points[54] = (150, 200), (250, 200), (180, 260), (220, 260)
    # x = 2 * 100; the middle is (200, 200 + 6)
    np.testing.assert_allclose(ffhq_square(points), [[0, 6], [0, 406], [400, 6]], atol=1e-9)


def test_it_follows_the_head():
    points = typical_landmarks() + (200, 150)
    upright, leaning = ffhq_square(points), ffhq_square(turned(points, 30, (300, 280)))
    np.testing.assert_allclose(leaning, turned(upright, 30, (300, 280)), atol=1e-6)
    with pytest.raises(DataError):
        ffhq_square(np.zeros((68, 2)))


@pytest.mark.parametrize(("size", "degrees"), [(64, 0), (64, 25), (300, -40)])
def test_a_dot_at_the_eyes_lands_where_the_geometry_says(size, degrees):
    points = turned(typical_landmarks() + (200, 150), degrees, (330, 280))
    eye = points[36:42].mean(axis=0)
    y, x = np.mgrid[:560, :660]
    blob = np.exp(-((x - eye[0]) ** 2 + (y - eye[1]) ** 2) / 60)
    crop = ffhq_crop(np.repeat((255 * blob).astype(np.uint8)[..., None], 3, 2), points, size)
    assert crop.shape == (size, size, 3) and crop.dtype == np.uint8
    corner, down, right = ffhq_square(points)
    wanted = np.linalg.solve(np.stack([right - corner, down - corner], axis=1), eye - corner) * size
    weight = crop[..., 0].astype(float)
    found = [(weight * grid).sum() / weight.sum() for grid in np.mgrid[:size, :size][::-1]]
    np.testing.assert_allclose(np.array(found) + 0.5, wanted, atol=0.6)


def test_outside_the_photo_it_is_mirrored():
    photo = np.random.default_rng(0).integers(1, 255, (120, 120, 3), dtype=np.uint8)
    crop = ffhq_crop(photo, typical_landmarks(120) + (0, -40), 64)
    assert (crop.max(axis=2) > 0).all()


def test_nobody_is_a_part_of_the_square():
    """At 256 pixels FFHQ's square without 9 columns at the left and what lies beyond 237 rows and columns."""
    noise = np.random.default_rng(0).uniform(0, 255, (30, 30, 3))
    photo = cv2.resize(noise, (600, 600), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    points = typical_landmarks() + (200, 150)
    whole, part = ffhq_crop(photo, points, 256).astype(int), nobody_crop(photo, points, 237).astype(int)
    assert np.abs(whole[:237, 9:246] - part).mean() < 2 < np.abs(whole[:237, 4:241] - part).mean()
