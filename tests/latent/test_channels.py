"""Single channels of S: their spread, which an attribute hangs on, what each changes, moving them."""

import numpy as np
import paddle
import pytest
import style_networks

from ppgen.errors import ConfigError, DataError
from ppgen.latent import channels
from ppgen.latent.channels import Channel
from ppgen.latent.seeds import latents
from ppgen.networks.stylegan_generator import StyleGANGenerator


@pytest.fixture(scope="module")
def network():
    return style_networks.tiny()


def test_channels_parse_and_are_checked(network):
    assert channels.parse_moves(["3:2=1.5", " 0:0=-2"]) == {Channel(3, 2): 1.5, Channel(0, 0): -2.0}
    for wrong in ("3=1", "3:2", "a:2=1", "3:2=x", "3:2=1=1", "-1:2=1"):
        with pytest.raises(ConfigError, match="STYLE:INDEX"):
            channels.parse_moves([wrong])
    with pytest.raises(ConfigError, match="twice"):
        channels.parse_moves(["3:2=1", "3:2=2"])
    widths = channels.widths_of(network)
    channels.check_channels(network, [Channel(len(widths) - 1, widths[-1] - 1)])
    for wrong, said in ((Channel(len(widths), 0), "styles 0 to 7"), (Channel(0, widths[0]), "has channels 0 to 11")):
        with pytest.raises(ConfigError, match=said):
            channels.check_channels(network, [wrong])
    assert channels.parse_styles("0-2,5", network) == [0, 1, 2, 5]
    with pytest.raises(ConfigError, match="styles 0 to 7"):
        channels.parse_styles("0-8", network)


def test_relevance_against_the_formula_written_out():
    """Wu et al., section 5, with a channel made to follow the attribute and one that never moves."""
    rng = np.random.default_rng(0)
    has = np.arange(40) % 4 == 0
    styles = [rng.standard_normal((40, 3)), rng.standard_normal((40, 2))]
    styles[0][:, 2] = np.where(has, -3.0, 0.0) + 0.1 * rng.standard_normal(40)
    styles[1][:, 0] = 7.0
    found = channels.relevance(styles, has)
    everybody = styles[0][:, 2]
    theirs = [(x - everybody.mean()) / everybody.std() for x in everybody[has]]
    np.testing.assert_allclose(found[0][2], np.mean(theirs) / np.std(theirs), rtol=1e-6)
    assert found[1][0] == 0 and found[0][2] < 0
    best = channels.strongest(found, 2)
    assert list(best)[0] == Channel(0, 2) and len(best) == 2
    with pytest.raises(DataError, match="1 of 40 samples"):
        channels.relevance(styles, np.arange(40) == 3)


def test_effects_are_those_of_moving_each_channel_alone(network):
    styles = channels.sampled_styles(network, 1, seed=3)
    spread = channels.spread_of(channels.sampled_styles(network, 200))
    found = channels.effects(network, styles, spread, [1, 4], amount=2.0)
    assert all((found[i] == 0).all() for i in (0, 2, 3, 5, 6, 7)) and (found[4] > 0).all()
    both = []
    for sign in (-1, 1):
        moved = [s.copy() for s in styles]
        moved[4][:, 1] += sign * 2.0 * spread.deviation[4][1]
        both.append(channels.paint(network, moved)[0].astype(int))
    np.testing.assert_allclose(found[4][1], np.abs(both[1] - both[0]).mean(), atol=0.02)


def test_spread_is_of_the_networks_samples(network):
    styles = channels.sampled_styles(network, 50, seed=2)
    with paddle.no_grad():
        w = network.map(paddle.to_tensor(latents(2, 50, 8)))
        wanted = network.layers[0].conv(w).numpy()
    np.testing.assert_allclose(styles[0], wanted, atol=1e-5)
    spread = channels.spread_of(styles)
    np.testing.assert_allclose(spread.mean[0], wanted.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(spread.deviation[0], wanted.std(axis=0), atol=1e-5)


def test_a_stylegans_channels_are_moved_too():
    paddle.seed(1)
    network = StyleGANGenerator(16, 8, 2, 0.01, 12)
    network.eval()
    styles = channels.sampled_styles(network, 2)
    before = channels.paint(network, styles)
    after = channels.paint(network, channels.moved_styles(styles, channels.spread_of(styles), {Channel(1, 3): 20.0}))
    assert before.shape == (2, 16, 16, 3) and (before != after).any()
