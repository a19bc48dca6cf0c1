"""Objectives against PaddleGAN's recorded values and against their formulas."""

from __future__ import annotations

import json

import goldens
import numpy as np
import paddle
import pytest

from ppgen.errors import ConfigError
from ppgen.losses.adversarial import OBJECTIVES, objective

GOLDEN = json.loads((goldens.DATA / "losses.json").read_text())
LOGITS = goldens.fill_rule.vector_input("loss_pred", (2, 1, 6, 6))


def recorded(mode: str, real: bool, is_disc: bool = True, updating: bool | None = None) -> float:
    value = GOLDEN[mode][f"real={real},is_disc={is_disc},is_updating_D={updating}"]
    return value if is_disc else value / 2  # the generator's were recorded with loss_weight 2


# PaddleGAN's hinge needs is_updating_D to be one; its least squares lack the paper's ½.
FACTOR = {"lsgan": 0.5}


ALONE = [name for name in OBJECTIVES.names() if not objective(name).pairs]  # logits of one picture at a time


@pytest.mark.parametrize("name", ALONE)
def test_terms_equal_goldens(name):
    found, logits, factor = objective(name), paddle.to_tensor(LOGITS), FACTOR.get(name, 1.0)
    updating = True if name == "hinge" else None
    assert float(found.real(logits)) == pytest.approx(factor * recorded(name, True, True, updating), rel=1e-5)
    assert float(found.fake(logits)) == pytest.approx(factor * recorded(name, False, True, updating), rel=1e-5)
    assert float(found.generator(logits)) == pytest.approx(factor * recorded(name, True, False), rel=1e-5)


@pytest.mark.parametrize("name", ALONE)
def test_discriminator_is_the_sum_of_its_terms(name):
    real, fake = paddle.to_tensor(LOGITS), paddle.to_tensor(2 * LOGITS - 0.3)
    found = objective(name)
    assert float(found.discriminator(real, fake)) == pytest.approx(float(found.real(real) + found.fake(fake)), rel=1e-6)


def test_hinge_is_flat_beyond_the_margin():
    real = paddle.to_tensor([1.5, 0.0], stop_gradient=False)
    objective("hinge").discriminator(real, paddle.to_tensor([-3.0, -1.0])).backward()
    assert real.grad.tolist() == [0.0, -0.5]


@pytest.mark.parametrize("name", ["vanilla", "logistic"])
def test_large_logits_stay_finite(name):
    logits = paddle.to_tensor([500.0, -500.0], stop_gradient=False)
    loss = objective(name).discriminator(logits, logits)
    loss.backward()
    assert float(loss) == pytest.approx(500.0) and np.isfinite(logits.grad.numpy()).all()


def test_verdict_of_an_undecided_discriminator_is_half():
    assert [float(objective(n).verdict(paddle.zeros([3])).mean()) for n in ("vanilla", "logistic")] == [0.5, 0.5]
    assert float(objective("lsgan").verdict(paddle.full([3], 0.5)).mean()) == 0.5
    assert all(objective(name).verdict is None for name in ("wgan", "wgangp", "hinge"))


def test_unknown_name():
    with pytest.raises(ConfigError, match="no objective is called 'wgan-gp', did you mean 'wgangp'"):
        objective("wgan-gp")


def test_a_relativistic_game_is_about_differences_only_and_both_sides_want_opposites():
    game = objective("relativistic")
    real, fake = paddle.to_tensor(LOGITS), paddle.to_tensor(2 * LOGITS - 0.3)
    expected = np.log1p(np.exp(fake.numpy() - real.numpy())).mean()
    assert float(game.discriminator(real, fake)) == pytest.approx(float(expected), rel=1e-5)
    assert float(game.discriminator(real + 5, fake + 5)) == pytest.approx(float(expected), rel=1e-5)
    assert float(game.generator(real - fake)) == pytest.approx(float(expected), rel=1e-5)  # the sides exchanged
    apart = paddle.to_tensor([500.0, -500.0])
    assert float(game.discriminator(apart, paddle.zeros([2]))) == pytest.approx(250.0)
