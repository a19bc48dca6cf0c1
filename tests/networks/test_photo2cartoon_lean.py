"""The lean Photo2Cartoon generator: with a skin colour told, and without one for unpaired domains."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.engine.state import NetworkState, grown
from ppgen.errors import DataError, WeightsError
from ppgen.networks.photo2cartoon_lean import LeanPhoto2CartoonGenerator

SMALL = {"base_channels": 8, "blocks": 2, "hourglass_depth": 1, "detail": 8}


def photo() -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, (2, 3, 32, 32)).astype(np.float32))


@pytest.mark.parametrize("skin", [True, False])
def test_every_parameter_learns(skin):
    paddle.seed(0)
    network = LeanPhoto2CartoonGenerator(**SMALL, skin=skin)
    for name, share in network.named_parameters():  # at its start value 0 the content path is closed
        if "content_share" in name:
            share.set_value(paddle.full_like(share, 0.5))
    told = [paddle.zeros([2, 3])] if skin else []
    found = network(photo(), *told)
    assert found.image.shape == [2, 3, 32, 32] and float(found.image.abs().max()) <= 1
    (found.image.square().sum() + found.cam_logit.sum()).backward()
    silent = [name for name, p in network.named_parameters() if p.grad is None or not np.any(p.grad.numpy())]
    assert silent == []


def test_a_colour_too_many_or_too_few_is_one_sentence():
    with pytest.raises(DataError, match="needs a skin colour"):
        LeanPhoto2CartoonGenerator(**SMALL)(photo())
    with pytest.raises(DataError, match="takes no skin colour"):
        LeanPhoto2CartoonGenerator(**SMALL, skin=False)(photo(), paddle.zeros([2, 3]))


def test_the_told_colour_reaches_the_drawing():
    paddle.seed(0)
    network = LeanPhoto2CartoonGenerator(**SMALL)
    light, dark = (network(photo(), paddle.full([2, 3], value)).image.numpy() for value in (0.8, -0.8))
    assert np.abs(light - dark).mean() > 0.01


def test_the_finish_begins_as_none_and_grows_out_of_weights_without_it():
    paddle.seed(1)
    plain, finished = LeanPhoto2CartoonGenerator(**SMALL), LeanPhoto2CartoonGenerator(**SMALL, finish=4)
    arrays = {key: value.numpy() for key, value in plain.state_dict().items()}
    finished.set_state_dict({key: paddle.to_tensor(value) for key, value in finished.of_plainer(arrays).items()})
    skin = paddle.zeros([2, 3])
    expected = plain(photo(), skin).image.numpy()
    assert np.abs(finished(photo(), skin).image.numpy() - expected).max() < 1e-6
    finished.finish.correct.bias.set_value(paddle.full([3], 0.5))
    assert np.abs(finished(photo(), skin).image.numpy() - expected).max() > 0.01
    assert plain.of_plainer(arrays).keys() == arrays.keys()


def test_a_checkpoint_without_the_finish_is_a_start():
    plain, finished = LeanPhoto2CartoonGenerator(**SMALL), LeanPhoto2CartoonGenerator(**SMALL, finish=4)
    NetworkState("generator", finished).restore(grown(finished, NetworkState("generator", plain).arrays()))
    skin = paddle.zeros([2, 3])
    assert np.abs(finished(photo(), skin).image.numpy() - plain(photo(), skin).image.numpy()).max() < 1e-6
    with pytest.raises(WeightsError, match="another network"):
        NetworkState("generator", plain).restore(grown(plain, NetworkState("generator", finished).arrays()))


def test_borders_need_not_mirror():
    paddle.seed(0)
    mirrored, plain = LeanPhoto2CartoonGenerator(**SMALL), LeanPhoto2CartoonGenerator(**SMALL, mirror=False)
    plain.set_state_dict(mirrored.state_dict())
    assert np.abs(plain(photo(), paddle.zeros([2, 3])).image.numpy()).max() <= 1
    x = paddle.ones([1, 8, 8, 8])
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    with_mirror, without = (network.hourglass_in.core.bottom.stages[0].conv(x).numpy() for network in (mirrored, plain))
    assert np.allclose(with_mirror[inner], without[inner], atol=1e-5)
    assert not np.allclose(with_mirror, without, atol=1e-3)
