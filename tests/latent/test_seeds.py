"""Seeds: the same latents everywhere, whatever else is asked for."""

import numpy as np
import pytest

from ppgen.errors import ConfigError
from ppgen.latent.seeds import latents, latents_of, parse_seeds

FIRST_OF_233 = [0.185464, -0.3138089, 0.1576296]


def test_a_seed_s_first_latents_do_not_depend_on_the_count():
    assert latents(233, 2, 512).dtype == np.float32
    np.testing.assert_array_equal(latents(233, 64, 512)[:2], latents(233, 2, 512))
    np.testing.assert_array_equal(latents_of([7, 233], 512)[1], latents(233, 1, 512)[0])
    # as first made: a shared seed must mean the same picture in every version
    np.testing.assert_allclose(latents(233, 1, 3)[0], FIRST_OF_233, atol=1e-6)


@pytest.mark.parametrize("seed", [-1, np.int64(-233), 1.5])
def test_what_is_no_seed_is_one_sentence(seed):
    for drawn in (lambda: latents(seed, 2, 3), lambda: latents_of([0, seed], 3)):
        with pytest.raises(ConfigError, match=f"a seed is a whole number from 0 up, found {seed}"):
            drawn()
    assert np.array_equal(latents(np.int64(233), 1, 3), latents(233, 1, 3))


def test_no_seeds():
    with pytest.raises(ConfigError, match="no seed was given"):
        latents_of([], 3)


def test_seed_lists():
    assert (
        parse_seeds("7") == [7] and parse_seeds("0-3") == [0, 1, 2, 3] and parse_seeds("1, 5,9-11") == [1, 5, 9, 10, 11]
    )
    for bad in ("", "a", "1-", "-1", "5-3", "1,,2", "0-99999999999", "0-9999,7"):
        with pytest.raises(ConfigError, match="--seeds"):
            parse_seeds(bad)
