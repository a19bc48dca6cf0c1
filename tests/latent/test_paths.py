"""Ways through a latent space: ends, lengths, closed loops, the plane's quantiles."""

import numpy as np
import pytest

from ppgen.errors import ConfigError, DataError
from ppgen.latent.paths import axis, circle, lerp, morph, plane, slerp, spline, through, traverse

A, B = np.array([3.0, 0, 0], np.float32), np.array([0, 5.0, 0], np.float32)


def test_lerp_is_the_formula():
    t = np.array([0, 0.25, 1])
    np.testing.assert_allclose(lerp(A, B, t), [A, 0.75 * A + 0.25 * B, B])


def test_slerp_turns_evenly_and_grows_evenly():
    found = slerp(A, B, np.linspace(0, 1, 5))
    np.testing.assert_allclose(found[[0, -1]], [A, B], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [3, 3.5, 4, 4.5, 5], rtol=1e-6)
    np.testing.assert_allclose(np.degrees(np.arctan2(found[:, 1], found[:, 0])), [0, 22.5, 45, 67.5, 90], atol=1e-4)


@pytest.mark.parametrize("b", [2 * A, -A, 0 * A])
def test_slerp_without_an_arc_is_lerp(b):
    t = np.linspace(0, 1, 4)
    np.testing.assert_allclose(slerp(A, b, t), lerp(A, b, t))


def test_morph_has_both_ends():
    found = morph(A, B, 9)
    assert found.shape == (9, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found[[0, 4, 8]], [A, (A + B) / 2, B])
    with pytest.raises(ConfigError, match="at least 2 steps"):
        morph(A, B, 1)
    with pytest.raises(ConfigError, match="'lerp' or 'slerp'"):
        morph(A, B, 3, "straight")


def test_walks_open_and_closed():
    keys = np.random.default_rng(0).standard_normal((3, 8)).astype(np.float32)
    open_walk, closed = through(keys, 4), through(keys, 4, closed=True)
    assert open_walk.shape == (9, 8) and closed.shape == (12, 8)
    np.testing.assert_allclose(open_walk[[0, 4, 8]], keys, atol=1e-6)
    np.testing.assert_allclose(closed[[0, 4, 8]], keys, atol=1e-6)
    # the step over the seam is one of the last part's: nothing is repeated and nothing jumps
    seam, before = np.linalg.norm(closed[0] - closed[-1]), np.linalg.norm(closed[-1] - closed[-2])
    assert 0.5 * before < seam < 2 * before
    with pytest.raises(ConfigError, match="2 latents"):
        through(keys[:1])


@pytest.mark.parametrize("closed", [True, False])
def test_a_spline_meets_every_key_and_does_not_turn_there(closed):
    keys = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    found = through(keys, 50, "spline", closed)
    assert found.shape == ((250 if closed else 201), 8) and found.dtype == np.float32
    np.testing.assert_allclose(found[::50], keys, atol=1e-6)
    for place in range(50, 200, 50):  # the velocity before a key is that behind it; along lines it jumps
        before, behind = found[place] - found[place - 1], found[place + 1] - found[place]
        along = through(keys, 50, "lerp", closed)
        jump = np.linalg.norm((along[place] - along[place - 1]) - (along[place + 1] - along[place]))
        assert np.linalg.norm(before - behind) < 0.2 * jump


def test_a_spline_through_a_line_stays_on_it():
    keys = np.arange(4.0)[:, None] * (1, 2)
    found = spline(keys, np.array([0, 0.5]), closed=False)
    np.testing.assert_allclose(found[:, 1], 2 * found[:, 0])
    np.testing.assert_allclose(found[3], [1.5, 3])


def test_every_point_of_a_circle_is_as_normal_as_its_ends():
    a, b = np.random.default_rng(1).standard_normal((2, 20000))
    loop = circle(a, b, 8)
    np.testing.assert_allclose(loop[[0, 2]], [a, b], atol=1e-6)
    np.testing.assert_allclose(loop.std(axis=1), 1, atol=0.02)


def test_traverse_and_axis():
    found = traverse(A, axis(3, 2), span=2, steps=5)
    np.testing.assert_allclose(found[:, 2], [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(found[:, :2], np.tile(A[:2], (5, 1)))
    for index in (3, -1):
        with pytest.raises(DataError, match="0 to 2"):
            axis(3, index)


def test_plane_holds_equal_shares_of_a_normal_distribution():
    points = plane(15).reshape(15, 15, 2)
    assert (np.diff(points[:, :, 0], axis=1) > 0).all() and (np.diff(points[:, :, 1], axis=0) < 0).all()
    np.testing.assert_allclose(points[7, 7], 0, atol=1e-6)
    samples = np.random.default_rng(2).standard_normal(30000)
    edges = (points[0, 1:, 0] + points[0, :-1, 0]) / 2
    shares = np.histogram(samples, [-np.inf, *edges, np.inf])[0] / len(samples)
    np.testing.assert_allclose(shares[1:-1], 1 / 15, atol=0.012)


def test_plane_in_a_longer_latent():
    points = plane(3, 5, (4, 1))
    assert points.shape == (9, 5) and not points[:, [0, 2, 3]].any()
    assert points[2, 4] > 0 and points[2, 1] > 0  # right, up
    with pytest.raises(ConfigError, match="two different"):
        plane(3, 5, (1, 1))


def test_rows_are_joined_each_with_its_own():
    a, b = np.random.default_rng(0).standard_normal((2, 5, 8))
    t = np.linspace(0, 1, 5)
    for join in (lerp, slerp):
        alone = [join(x, y, np.array([at]))[0] for x, y, at in zip(a, b, t)]
        np.testing.assert_allclose(join(a, b, t), alone)
