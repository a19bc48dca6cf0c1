"""Fewer filters that tell what many saw in colours."""

import numpy as np

from ppgen.networks.blocks.colour_features import fewer_features


def _seen(weight: np.ndarray, bias: np.ndarray, colours: np.ndarray) -> np.ndarray:
    found = colours @ weight.T + bias
    return np.where(found > 0, found, 0.2 * found)


def test_the_mixture_of_half_the_filters_tells_nearly_all_of_the_rest():
    rng = np.random.default_rng(0)
    weight, bias = rng.standard_normal((32, 3)), rng.standard_normal(32) / 3
    colours = rng.uniform(-1, 1, (500, 3))
    seen = fewer_features(weight, bias, 0.2, 16)
    assert len(set(seen.filters.tolist())) == 16
    wanted = _seen(weight, bias, colours)
    found = wanted[:, seen.filters] @ seen.mixture + seen.constant
    assert np.square(found - wanted).mean() < 0.02 * wanted.var(axis=0).mean()


def test_all_filters_tell_themselves():
    rng = np.random.default_rng(1)
    weight, bias = rng.standard_normal((6, 3)), rng.standard_normal(6)
    seen = fewer_features(weight, bias, 0.2, 6)
    colours = rng.uniform(-1, 1, (50, 3))
    wanted = _seen(weight, bias, colours)
    assert np.allclose(wanted[:, seen.filters] @ seen.mixture + seen.constant, wanted, atol=0.05)
