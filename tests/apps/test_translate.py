"""Translation of an aligned crop by small networks filled at random, through the predictor and the command line."""

from dataclasses import replace

import numpy as np
import pytest
from style_networks import write_pdparams

from ppgen import hub
from ppgen.apps import TranslationPredictor
from ppgen.apps import translate as module
from ppgen.apps.portrait import PortraitPipeline
from ppgen.apps.portrait_generator import PortraitGenerator
from ppgen.cli import main
from ppgen.cli.cartoon import BY_WEIGHTS, TRANSLATORS
from ppgen.errors import ConfigError, NoFaceError, WeightsError
from ppgen.hub import published
from ppgen.io.image import load_image
from ppgen.io.weights import save_network
from ppgen.networks.photo2cartoon_lean import LeanPhoto2CartoonGenerator

SMALL = {  # PaddleGAN's arguments
    "cyclegan": {"input_nc": 3, "output_nc": 3, "ngf": 4, "n_blocks": 1, "norm_type": "instance"},
    "photo2cartoon": {"ngf": 4, "n_blocks": 1, "img_size": 32},
    "ugatit": {"ngf": 4, "n_blocks": 1, "img_size": 32, "light": True},
}
CROP = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    import paddle

    from ppgen.networks.dcgan import DCGANGenerator
    from ppgen.networks.resnet_generator import ResNetGenerator
    from ppgen.networks.ugatit_generator import UGATITGenerator
    from ppgen.networks.unet_generator import UNetGenerator

    paddle.seed(2)
    folder = tmp_path_factory.mktemp("weights")
    save_network(UNetGenerator(base_channels=4, levels=5), folder / "unet.safetensors")
    text = "```yaml\ndataset:\n  train: {name: PortraitCartoons, size: 48}\n```"
    save_network(ResNetGenerator(base_channels=4, blocks=1), folder / "resnet.safetensors", card={"config": text})
    save_network(UGATITGenerator(base_channels=4, blocks=1, image_size=64), folder / "ugatit.safetensors")
    latent = DCGANGenerator(latent_dim=4, base_channels=4, image_size=32)
    save_network(latent, folder / "latent.safetensors")
    return folder


def nowhere(image, **_):
    raise NoFaceError("there is no face")


def left_half(crop, landmarks):
    return np.where(np.arange(256) < 128, 1, 0).astype(np.float32) * np.ones((256, 1), np.float32)


PIPELINE = PortraitPipeline(nowhere, left_half, lambda crop, landmarks: np.zeros(3, np.float32))


def run(tmp_path, model, path, **named):
    """The crop, which is aligned already and whose left half is the person, through a predictor."""
    predictor = TranslationPredictor(tmp_path, model, path, pipeline=PIPELINE, **named)
    return predictor, predictor.run(CROP, align=False)


@pytest.mark.parametrize(("model", "file", "size"), [("pix2pix", "unet", 32), ("cyclegan", "resnet", 48)])
def test_pictures_have_the_size_the_network_learnt_at(weights, tmp_path, model, file, size):
    _, result = run(tmp_path, model, weights / f"{file}.safetensors")
    assert result.picture.shape == result.photo.shape == (size, size, 3) and result.attention is None
    assert (result.photo[:, size // 2 + 1 :] == 255).all() and result.photo[:, : size // 2 - 1].min() < 200
    assert [path.name for path in result.paths] == [f"{model}_photo.png", f"{model}_drawn.png"]
    assert np.array_equal(load_image(result.paths[1]), result.picture)


def test_the_background_may_stay(weights, tmp_path):
    _, result = run(tmp_path, "pix2pix", weights / "unet.safetensors", background=True)
    assert result.photo[:, 20:].min() < 200


def test_attention_is_the_networks_heat_map(weights, tmp_path):
    predictor, result = run(tmp_path, "ugatit", weights / "ugatit.safetensors", attention=True)
    _, heat = predictor.generator.draw(result.photo)
    assert heat.shape == (16, 16) and result.attention.shape == (64, 64, 3)
    redness = result.attention.astype(int)[..., 0] - result.attention[..., 2]

    def at(place):  # the middle of a cell of 4 pixels
        row, column = np.unravel_index(place, heat.shape)
        return redness[4 * row + 2, 4 * column + 2]

    assert at(heat.argmax()) > 60 and at(heat.argmin()) < -20
    assert result.paths[2].name == "ugatit_attention.png" and result.paths[2].is_file()


def test_no_attention_to_show(weights, tmp_path):
    with pytest.raises(ConfigError, match="ResNetGenerator.* has no attention"):
        run(tmp_path, "cyclegan", weights / "resnet.safetensors", attention=True)
    assert not list(tmp_path.iterdir())


def test_weights_of_another_model_are_said(weights, tmp_path):
    _, result = run(tmp_path, "ugatit", weights / "resnet.safetensors")
    told = "resnet.safetensors holds a ResNetGenerator, which is no network of ugatit; give its --model"
    assert told in result.warnings


@pytest.mark.parametrize(("model", "key"), [("cyclegan", "netG_A"), ("photo2cartoon", "genA2B"), ("ugatit", None)])
def test_what_a_training_of_paddlegan_left_draws(tmp_path, monkeypatch, model, key):
    """Its checkpoints hold all networks by name; a generator by itself is taken too."""
    monkeypatch.setitem(published.KNOWN, model, replace(published.KNOWN[model], arguments=SMALL[model]))
    network = published.build(published.KNOWN[model])
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    path = write_pdparams(tmp_path / "iter_200_weight.pdparams", {key: arrays, "netD_A": {}} if key else arrays)
    predictor, result = run(tmp_path, model, path)
    assert result.picture.dtype == np.uint8
    for name, value in predictor.generator.network.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), arrays[name])


def test_weights_that_are_not_shipped_yet_or_draw_from_nothing(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "names", lambda: ["face_id"])
    with pytest.raises(WeightsError, match="configs/cyclegan_portraits.yaml.*--weights"):
        TranslationPredictor(tmp_path, "cyclegan")
    with pytest.raises(ConfigError, match="did you mean 'pix2pix'"):
        TranslationPredictor(tmp_path, "pix2pixx")
    with pytest.raises(WeightsError, match="DCGANGenerator, which draws nothing from a photo"):
        run(tmp_path, "pix2pix", weights / "latent.safetensors")


def test_the_command_line(weights, tmp_path, capsys):
    from PIL import Image

    Image.fromarray(CROP).save(tmp_path / "me.png")
    out = tmp_path / "out"
    command = ["translate", str(tmp_path / "me.png"), "--model", "ugatit", "-o", str(out), "--attention", "--no-align"]
    assert main([*command, "--weights", str(weights / "ugatit.safetensors")]) == 0
    assert str(out / "me_0_ugatit_drawn.png") in capsys.readouterr().out
    names = [f"me_0_ugatit_{what}.png" for what in ("attention", "drawn", "photo")]
    assert sorted(p.name for p in out.iterdir()) == names
    assert main([*command, "--weights", str(tmp_path / "gone")]) == 2
    assert "gone" in capsys.readouterr().err


def test_the_command_line_knows_all_models():
    assert tuple(module.MODELS) == TRANSLATORS
    for model in module.MODELS.values():
        assert (module.Path(__file__).parents[2] / "configs" / model.config).is_file()


def test_a_model_may_be_called_by_the_name_of_its_weights(tmp_path, capsys):
    shipped = {m.weights: name for name, m in module.MODELS.items() if m.weights in hub.names() and m.weights != name}
    assert shipped == BY_WEIGHTS
    predictor = TranslationPredictor(tmp_path, "photo2cartoon-unpaired-64", pipeline=PIPELINE)
    assert predictor.model == "photo2cartoon-unpaired"
    assert predictor.weight_path == module.weights_of("photo2cartoon-unpaired")
    for name in ("photo2cartoon-unpaired", "photo2cartoon-unpaired-64"):
        assert main(["translate", str(tmp_path / "gone.png"), "--model", name, "-o", str(tmp_path)]) == 2
        assert "gone.png" in capsys.readouterr().err  # the model was taken; the photo is what is missing


@pytest.mark.parametrize("size, drawn_at", [(64, 64), (60000, 256), (-3, 256), (True, 256)])
def test_a_card_is_believed_within_reason(tmp_path, size, drawn_at):
    network = LeanPhoto2CartoonGenerator(base_channels=4, blocks=1, hourglass_depth=1, detail=4)
    card = {"config": {"dataset": {"train": {"size": size}}}}
    assert PortraitGenerator(save_network(network, tmp_path / "n.safetensors", card)).size == drawn_at
