"""Directions found through the generator: the judge changes its mind, and about nothing else."""

from dataclasses import replace

import numpy as np
import paddle
import pytest
import style_networks

from ppgen.io.image import to_uint8
from ppgen.latent.attributes import Directions
from ppgen.latent.optimized import Optimization, axes_of, optimized_directions, style_space
from ppgen.latent.seeds import latents
from ppgen.latent.supervised import fit_judge

BOX = (0.2, 0.2, 0.8, 0.8)
LOOSE = Optimization(steps=60, batch=8, rate=0.3, others_weight=8.0, colours_weight=0.0)


def colours(pictures: paddle.Tensor) -> paddle.Tensor:
    """(N, 3): what the judge of this test looks at."""
    return pictures.mean(axis=[2, 3])


@pytest.fixture(scope="module")
def network():
    return style_networks.tiny()


@pytest.fixture(scope="module")
def judge(network):
    """Who is redder than the usual, and who bluer."""
    with paddle.no_grad():
        seen = colours(network.generate(paddle.to_tensor(latents(0, 200, network.latent_dim))).clip(-1, 1)).numpy()
    return fit_judge(seen, {n: (seen[:, c] > np.median(seen[:, c])).astype("f4") for n, c in (("red", 0), ("blue", 2))})


def flips(network, judge, direction: np.ndarray) -> dict[str, float]:
    """Shares of new samples of which the judge says something else once they are moved away from what it said."""
    with paddle.no_grad():
        w_plus = network.spread(network.map(paddle.to_tensor(latents(99, 100, network.latent_dim))))
        draw = lambda w: judge.scores(colours(network.synthesize(w).clip(-1, 1)).numpy())  # noqa: E731
        said = draw(w_plus)
        sign = np.where(said[:, judge.names.index("red")] > 0, -1, 1)[:, None, None]
        after = draw(w_plus + paddle.to_tensor((sign * direction).astype("f4")))
    return dict(zip(judge.names, ((said > 0) != (after > 0)).mean(axis=0)))


def test_it_changes_what_it_should_and_little_else(network, judge):
    rng = np.random.default_rng(0)
    start = Directions({n: rng.normal(0, 0.1, network.latent_dim).astype("f4") for n in judge.names}, "w")
    found = optimized_directions(style_space(network), judge, colours, start, BOX, LOOSE, only=["red"])
    assert list(found) == ["red"] and found.space == "w" and "60 steps" in found.facts["red"]
    assert found["red"].shape == (network.count, network.latent_dim) and found["red"].dtype == np.float32
    before, after = flips(network, judge, start["red"]), flips(network, judge, found["red"])
    loose = optimized_directions(
        style_space(network), judge, colours, start, BOX, replace(LOOSE, others_weight=0.0), only=["red"]
    )
    assert after["red"] > max(0.8, before["red"]), (before, after)
    assert after["blue"] < 0.5 * flips(network, judge, loose["red"])["blue"], after
    again = optimized_directions(style_space(network), judge, colours, start, BOX, LOOSE, only=["red"])
    np.testing.assert_array_equal(again["red"], found["red"])


def test_the_colours_of_faces_stay_unless_it_is_of_the_skin(network, judge):
    start = Directions({"red": np.full(network.latent_dim, 0.05, "f4")}, "w")
    loose = Optimization(steps=40, rate=0.3, others_weight=0.0, colours_weight=0.0)
    strict = Optimization(steps=40, rate=0.3, others_weight=0.0, colours_weight=1e4)

    def moved(settings: Optimization, name: str = "red") -> float:
        named = judge._replace(names=[name, "blue"])
        found = optimized_directions(
            style_space(network), named, colours, Directions({name: start["red"]}, "w"), BOX, settings
        )
        with paddle.no_grad():
            w_plus = network.spread(network.map(paddle.to_tensor(latents(5, 32, network.latent_dim))))
            pair = [to_uint8(network.synthesize(w_plus + s * paddle.to_tensor(found[name])).numpy()) for s in (0, 1)]
        middle = [p[:, 6:10, 6:10].astype(float).mean(axis=(1, 2)) for p in pair]
        return float(np.abs(middle[1] - middle[0]).mean())

    assert moved(strict) < 0.5 * moved(loose)
    assert moved(strict, "Dark_Skin") > moved(strict)


def test_axes_are_as_long_as_codes_vary_along_them():
    rng = np.random.default_rng(3)
    turn, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    spread = np.array([4.0, 2.0, 1.0, 0.0])
    axes = axes_of((rng.normal(size=(20000, 4)) * spread) @ turn.T + 7)
    lengths = np.linalg.norm(axes, axis=1)
    np.testing.assert_allclose(np.sort(lengths)[1:], np.sort(spread)[1:] / spread.mean(), rtol=0.05)
    assert 0 < lengths.min() < 0.1, "no axis vanishes"
    longest = axes[lengths.argmax()] / lengths.max()
    assert abs(longest @ turn[:, 0]) > 0.99


def test_moves_follow_the_axes(network, judge):
    """A space that varies along its first dimension only gets directions along it."""
    space = style_space(network)
    axes = np.diag([1.0] + [1e-3] * (network.latent_dim - 1)).astype("f4")
    start = Directions({"red": np.full(network.latent_dim, 1e-4, "f4")}, "w")
    found = optimized_directions(space._replace(axes=axes), judge, colours, start, BOX, LOOSE, only=["red"])["red"]
    assert np.abs(found[:, 0]).mean() > 10 * np.abs(found[:, 1:]).mean()
