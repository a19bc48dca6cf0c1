"""The VAE's recipe against its definition."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from steps import a_step

from ppgen.engine.optimizers import Adam
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError
from ppgen.models.vae import VAE

NETWORK = {"name": "ConvVAE", "latent_dim": 3, "image_size": 16, "channels": 1, "widths": [4, 8], "batch_norm": False}


@pytest.fixture
def batch() -> dict:
    rng = np.random.default_rng(0)
    return {"image": rng.uniform(-1, 1, (6, 1, 16, 16)).astype(np.float32), "id": list("abcdef")}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("reconstruction", ["mse", "bernoulli"])
def test_loss_equals_float64(reconstruction, batch):
    paddle.seed(1)
    model = VAE(NETWORK, reconstruction, reconstruction_weight=50.0, kl_weight=0.5)
    network = model.networks["network"]
    network.to(dtype="float64")
    exact = {"image": batch["image"].astype(np.float64)}
    noise = np.random.default_rng(2).standard_normal((6, 3), dtype=np.float32).astype(np.float64)
    mu, log_variance = (found.numpy() for found in network.encode(paddle.to_tensor(exact["image"])))
    z = mu + np.exp(log_variance / 2) * noise
    logits, pixels = network.decode_logits(paddle.to_tensor(z)).numpy(), (exact["image"] + 1) / 2
    error = ((sigmoid(logits) - pixels) ** 2).mean()
    if reconstruction == "bernoulli":
        likelihood = pixels * np.log(sigmoid(logits)) + (1 - pixels) * np.log(1 - sigmoid(logits))
        error = -likelihood.sum(axis=(1, 2, 3)).mean()
    kl = 0.5 * (mu**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean()
    network.to(dtype="float32")
    step = a_step()
    losses = model.loss(batch, step)
    assert float(losses["reconstruction"]) == pytest.approx(50 * error, rel=1e-5)
    assert float(losses["kl"]) == pytest.approx(0.5 * kl, rel=1e-5)
    assert step.report["error"] == pytest.approx(error, rel=1e-5)


def test_kl_warms_up_with_the_images_seen(batch):
    paddle.seed(1)
    model = VAE(NETWORK, kl_warmup=100)
    found = [float(model.loss(batch, a_step(images=images))["kl"]) for images in (0, 50, 100, 5000)]
    assert found[0] == 0 and found[1] == pytest.approx(found[2] / 2) and found[2] == found[3] > 0


def test_learns_a_few_pictures(batch):
    paddle.seed(1)
    model = VAE(NETWORK, reconstruction_weight=2000.0)
    optimizers = {"network": Adam(1e-2, beta1=0.9).build(trainable([model.networks["network"]]))}
    before = [p.numpy().copy() for p in trainable([model.networks["network"]])]
    values = [run_phase(model, model.phases()[0], batch, a_step(), optimizers) for _ in range(25)]
    after = [p.numpy() for p in trainable([model.networks["network"]])]
    assert all(np.any(a != b) for a, b in zip(before, after))
    assert sum(values[-1].values()) < 0.9 * sum(values[0].values())


def test_pictures(batch):
    model = VAE(NETWORK)
    model.networks["network"].eval()
    found = model.visuals(batch, model.networks)
    assert list(found)[:2] == ["picture", "rebuilt"] and all(v.shape == (6, 3, 64, 64) for v in found.values())
    samples = model.predict(batch, model.networks)
    part = model.predict({key: value[1:3] for key, value in batch.items()}, model.networks)
    np.testing.assert_allclose(part, samples[1:3], atol=1e-5)
    rebuilt = VAE(NETWORK, predicts="reconstructions").predict(batch, model.networks)
    np.testing.assert_allclose(rebuilt, found["rebuilt"][:, :1, ::4, ::4], atol=1e-6)


def test_a_feature_loss_stands_beside_the_bound():
    paddle.seed(1)
    colour = {**NETWORK, "channels": 3}
    batch = {"image": np.random.default_rng(0).uniform(-1, 1, (2, 3, 16, 16)).astype(np.float32), "id": ["a", "b"]}
    model = VAE(colour, feature_weight=2.0)
    plain = VAE(colour)
    plain.networks = model.networks
    network, steps = model.networks["network"], (a_step(), a_step())
    losses, bound = model.loss(batch, steps[0]), plain.loss(batch, steps[1])
    assert float(losses["reconstruction"]) == float(bound["reconstruction"])
    assert float(losses["kl"]) == float(bound["kl"])
    assert (
        float(losses["features"]) == pytest.approx(2 * steps[0].report["feature_distance"]) and "features" not in bound
    )
    losses["features"].backward()
    assert float(network.encoder[0].weight.grad.abs().max()) > 0
    assert all(parameter.grad is None for parameter in model.perception.network.parameters())


@pytest.mark.parametrize("wrong", [{"network": NETWORK}, {"network": {**NETWORK, "channels": 3}, "feature_side": 32}])
def test_a_feature_loss_is_of_colour_pictures_of_some_size(wrong):
    with pytest.raises(ConfigError, match="at 64 pixels or more"):
        VAE(feature_weight=1.0, **wrong)
