"""Layers by name, swapped, blended and moved; SeFa; attribute vectors of a generator."""

import numpy as np
import paddle
import pytest
import style_networks

from ppgen.errors import ConfigError, DataError
from ppgen.io.image import to_uint8
from ppgen.latent.attributes import Directions
from ppgen.latent.mixing import blend, moved, parse_layers, swap
from ppgen.latent.seeds import latents
from ppgen.latent.sefa import factorize, style_matrix
from ppgen.latent.supervised import fit_judge, sampled_directions
from ppgen.networks.stylegan_generator import StyleGANGenerator

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def network():
    return style_networks.tiny()


def test_layers_by_name_and_number(network):
    assert parse_layers("all", network) == [0, 1, 2, 3, 4, 5]
    assert parse_layers("0-2,5", network) == [0, 1, 2, 5]
    parts = [parse_layers(name, network) for name in ("coarse", "middle", "fine")]
    assert sorted(sum(parts, [])) == [0, 1, 2, 3, 4, 5] and parse_layers("coarse,fine", network) == parts[0] + parts[2]
    for wrong in ("6", "0-9", "0-99999999999", "rough", "", "3-1", "0,3-1"):
        with pytest.raises(ConfigError):
            parse_layers(wrong, network)


def test_swap_and_blend():
    a, b = RNG.standard_normal((2, 3, 6, 8)).astype(np.float32)
    mixed = swap(a, b[:1], [1, 2])
    assert (mixed[:, [0, 3, 4, 5]] == a[:, [0, 3, 4, 5]]).all() and (mixed[:, 1:3] == b[:1, 1:3]).all()
    np.testing.assert_allclose(blend(a[0], b[0]), (a[0] + b[0]) / 2, atol=1e-6)
    weights = [1, 0, 0.25, 1, 0, 0]
    found = blend(a[0], b[0], weights)
    assert (found[0] == a[0, 0]).all() and (found[1] == b[0, 1]).all()
    np.testing.assert_allclose(found[2], 0.25 * a[0, 2] + 0.75 * b[0, 2], atol=1e-6)
    with pytest.raises(ConfigError, match="each of 6 layers, found 18"):
        blend(a[0], b[0], [0.5] * 18)
    with pytest.raises(DataError):
        blend(a[0], b[0, :5])


def test_moved_in_some_layers_by_vectors_of_w_and_of_w_plus():
    w = RNG.standard_normal((2, 4, 3)).astype(np.float32)
    one, each = np.float32([1, 0, -1]), RNG.standard_normal((4, 3)).astype(np.float32)
    directions = Directions({"one": one, "each": each, "bad": np.zeros(5, np.float32)}, "w")
    found = moved(w, directions, {"one": 2.0, "each": -1.0}, [1, 3])
    np.testing.assert_allclose(found[:, 1], w[:, 1] + 2 * one - each[1], atol=1e-6)
    assert (found[:, [0, 2]] == w[:, [0, 2]]).all()
    with pytest.raises(DataError, match="bad"):
        moved(w, directions, {"bad": 1.0})
    with pytest.raises(ConfigError, match="did you mean 'each'"):
        moved(w, directions, {"eech": 1.0})


def test_sefa_finds_the_direction_that_styles_follow(network):
    wanted = np.float32([0, 3, 0, 0, 4, 0, 0, 0]) / 5
    other = style_networks.tiny()
    rng = np.random.default_rng(1)
    for index in (0, 1):
        linear = other.layers[index].conv.modulation.weight
        rows = np.outer(rng.choice([-2.0, 2.0], linear.shape[1]), wanted)
        linear.set_value((rows + 0.2 * rng.standard_normal(rows.shape)).astype(np.float32).T)
    found = factorize(other, [0, 1], count=3)
    np.testing.assert_allclose(found.directions[0], wanted, atol=0.06)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(3), atol=1e-5)
    assert found.shares[0] > 0.8 and (np.diff(found.shares) <= 0).all() and found.layers == [0, 1]
    assert abs(factorize(other, [2, 3], 1).directions[0] @ wanted) < 0.95
    assert style_matrix(network, [5]).shape == (10, 8)  # the last of W+ steers the last ToRGB
    stylegan = StyleGANGenerator(16, 8, 2, 0.01, 12)
    assert factorize(stylegan, None, 2).directions.shape == (2, 8)
    for wrong in (([6], 2), ([], 2), (None, 9), (None, 0)):
        with pytest.raises(ConfigError):
            factorize(network, *wrong)


def test_a_judge_learns_and_leaves_the_unknown_out():
    features = RNG.standard_normal((400, 6)) * [1, 5, 1, 1, 0.1, 1] + 3
    answers = {"a": (features[:, 1] > 8).astype(np.float32), "b": (features[:, 4] > 3).astype(np.float32)}
    hidden = answers["a"].copy()
    hidden[:100] = np.nan
    judge = fit_judge(features, {"a": hidden, "b": answers["b"]})
    said = judge.answers(features)
    for name in answers:
        right = [(said[name][answers[name] == v] == v).mean() for v in (0, 1)]
        assert min(right) > 0.85, name  # the rare answer as well as the frequent one
    with pytest.raises(DataError, match="without it"):
        fit_judge(features, {"a": np.zeros(400)})


def test_directions_of_samples_move_what_the_judge_sees(network):
    def redness(pictures: np.ndarray) -> np.ndarray:
        return pictures.reshape(len(pictures), -1, 3).mean(axis=1)

    features = RNG.uniform(0, 255, (300, 3))
    red, never = features[:, 0] > features[:, 1], features[:, 0] > features[:, 1] + 50
    judge = fit_judge(features, {"red": red.astype(np.float32), "never": never.astype(np.float32)})
    with paddle.no_grad():
        seen = redness(to_uint8(network.generate(paddle.to_tensor(latents(0, 100, 8))).numpy()))
    middle = np.median(judge.scores(seen)[:, 0])  # this network's pictures may all be red, or none
    judge = judge._replace(bias=judge.bias - [middle, 1e6])
    found = sampled_directions(network, judge, redness, count=200, seed=2, method="means")
    assert list(found) == ["red"] and found.space == "w"
    w = network.map(paddle.to_tensor(RNG.standard_normal((40, 8)).astype(np.float32))).numpy()

    def difference(points: np.ndarray) -> float:
        with paddle.no_grad():
            drawn = network.synthesize(network.spread(paddle.to_tensor(points))).numpy()
        return float((drawn[:, 0] - drawn[:, 1]).mean())

    assert difference(w + found["red"]) > difference(w) > difference(w - found["red"])
    both = sampled_directions(network, judge, redness, count=200, seed=2, method="means", rare=True)
    assert list(both) == ["red", "never"] and (both["red"] == found["red"]).all() and np.abs(both["never"]).sum() > 0
    with pytest.raises(DataError, match="never"):
        sampled_directions(network, judge._replace(bias=judge.bias - 1e6), redness, count=50)
