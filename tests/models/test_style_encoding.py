"""The recipe of the encoder into W+."""

import numpy as np
import paddle
import pytest
import style_networks
from engine import families
from steps import a_step

from ppgen import hub
from ppgen.engine import starts
from ppgen.engine.optimizers import Adam
from ppgen.engine.update import run_phase, trainable
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.weights import save_network
from ppgen.models.style_encoding import StyleEncoding

ENCODER = {"name": "StyleEncoder", "image_size": 16, "latent_dim": 8, "width": 8}


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    return str(save_network(style_networks.tiny(), tmp_path_factory.mktemp("g") / "tiny.safetensors"))


@pytest.fixture
def batch():
    return {"image": np.random.default_rng(0).uniform(-1, 1, (4, 3, 16, 16)).astype(np.float32), "id": list("abcd")}


def test_it_learns_latents_that_are_known_and_leaves_the_generator_alone(generator, batch):
    paddle.seed(1)
    model = StyleEncoding(ENCODER, generator, pixel_weight=0.0, feature_weight=0.0, latent_weight=1.0, offset_weight=0)
    before = {key: value.numpy().copy() for key, value in model.generator.state_dict().items()}
    optimizers = {"encoder": Adam(2e-3).build(trainable([model.networks["encoder"]]))}
    history = [run_phase(model, model.phases()[0], batch, a_step(i), optimizers)["latent"] for i in range(40)]
    assert np.mean(history[-5:]) < 0.8 * np.mean(history[:5])
    assert all(np.array_equal(value.numpy(), before[key]) for key, value in model.generator.state_dict().items())


def test_every_part_reaches_the_encoder(generator, batch):
    model = StyleEncoding(ENCODER, generator)
    model.check_sample({"image": batch["image"][0]})
    losses = model.loss(batch, a_step())
    assert set(losses) == {"pixels", "features", "latent", "offset"}
    first = model.networks["encoder"].enter.weight
    for name, loss in losses.items():
        loss.backward(retain_graph=True)
        assert float(first.grad.abs().sum()) > 0, name
        first.clear_gradient()
    assert model.predict(batch, model.networks).shape == (4, 3, 16, 16)


def test_networks_that_do_not_fit(generator):
    with pytest.raises(WeightsError, match="latent_dim 4, and this one has 8"):
        StyleEncoding({**ENCODER, "latent_dim": 4}, generator)
    with pytest.raises(WeightsError, match="does not encode into W"):
        StyleEncoding({"name": "SegmentationUNet", "width": 4, "levels": 2}, generator)
    with pytest.raises((ConfigError, WeightsError), match="has no styles"):
        StyleEncoding(ENCODER, "face_id")


def test_an_encoder_goes_on_with_another_generator(tmp_path):
    recipe = dict(families.MODELS_BY_FAMILY["encoder into W+"])
    other = hub.load(recipe["generator"])
    other.mean_latent.set_value(other.mean_of_latents() + 1)
    place = save_network(other, tmp_path / "other.safetensors")
    first = families.trainer("encoder into W+", tmp_path / "one")
    file = save_network(first.model.networks["encoder"], tmp_path / "encoder.safetensors")
    again = families.trainer("encoder into W+", tmp_path / "two", {**recipe, "generator": str(place)})
    starts.load(again, str(file))
    for network in (again.model.networks["encoder"], again.snapshot.averages["encoder"].network):
        assert (network.mean_latent == other.mean_of_latents()).all()
        assert (network.enter.weight == first.model.networks["encoder"].enter.weight).all()
