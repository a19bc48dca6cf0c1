"""Attention as a picture: hot places red, cold ones blue, where they are, over a grey image."""

import numpy as np

from ppgen.io.heatmap import enlarged, heat_pictures


def test_enlarging_keeps_places_and_is_linear_between_cell_centres():
    ramp = np.tile(np.arange(4.0), (3, 1))
    found = enlarged(ramp, 6, 16)
    assert found.shape == (6, 16)
    np.testing.assert_allclose(found[2, 2:14], (np.arange(2, 14) + 0.5) / 4 - 0.5)
    assert found[0, 0] == 0 and found[0, -1] == 3  # beyond the outer centres: their value
    np.testing.assert_allclose(enlarged(ramp, 3, 4), ramp)
    assert enlarged(np.ones((1, 1)), 4, 4).tolist() == np.ones((4, 4)).tolist()


def test_hot_is_red_and_cold_is_blue_where_they_lie():
    heat = np.full((1, 1, 4, 4), 7.0)
    heat[0, 0, 3, 0] = 9.0  # bottom left
    found = heat_pictures(heat, np.zeros((1, 3, 8, 8), np.float32), share=1.0)[0]
    red, green, blue = found[:, 7, 0]
    assert (red, green, blue) == (1, -1, -1)
    assert found[2, 0, 7] > found[0, 0, 7] == -1


def test_the_image_shows_through_in_grey_and_the_range_is_kept():
    rng = np.random.default_rng(0)
    image = rng.uniform(-1, 1, (2, 3, 8, 8)).astype(np.float32)
    image[1] = 1
    found = heat_pictures(rng.uniform(0, 30, (2, 1, 2, 2)), image)
    assert found.shape == image.shape and found.dtype == np.float32 and np.abs(found).max() <= 1
    bare = heat_pictures(np.zeros((2, 1, 2, 2)), image, share=0.0)
    np.testing.assert_allclose(bare, np.repeat(image.mean(axis=1, keepdims=True), 3, axis=1), atol=1e-6)
