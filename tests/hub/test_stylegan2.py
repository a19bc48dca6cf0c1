"""StyleGAN2 generators out of PaddleGAN's files: what they are follows from their shapes."""

import numpy as np
import paddle
import pytest
import style_networks

from ppgen import hub
from ppgen.compat.state_keys import translate
from ppgen.errors import WeightsError
from ppgen.hub.stylegan2 import arguments_of, check_wanted
from ppgen.io.weights import save_network
from ppgen.networks.dcgan import DCGANGenerator
from ppgen.networks.protocols import StyleGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from tests import goldens


@pytest.fixture(scope="module")
def network():
    return style_networks.tiny()


def picture(network) -> np.ndarray:
    z = np.random.default_rng(1).standard_normal((1, network.latent_dim), dtype=np.float32)
    with paddle.no_grad():
        return network.generate(paddle.to_tensor(z)).numpy()


@pytest.mark.parametrize("size", [64, 256, 512, 1024])
def test_published_shapes_say_configuration_f(size):
    shapes = goldens.manifest(f"stylegan2_gen_{size}")
    arrays = translate("StyleGAN2Generator", {k: np.broadcast_to(np.float32(0), v) for k, v in shapes.items()})
    wanted = {"image_size": size, "latent_dim": 512, "mapping_layers": 8, "channel_multiplier": 2, "channel_max": 512}
    assert arguments_of(arrays) == wanted


@pytest.mark.parametrize(
    "arguments",
    [
        style_networks.SMALL,
        {"image_size": 8, "latent_dim": 4, "mapping_layers": 1, "channel_multiplier": 0.003, "channel_max": 6},
        {"image_size": 32, "latent_dim": 6, "mapping_layers": 3, "channel_multiplier": 0.0123, "channel_max": 30},
        {"image_size": 32, "latent_dim": 6, "mapping_layers": 3, "channel_multiplier": 1, "channel_max": 4},
    ],
)
def test_arguments_found_build_the_same_network(arguments):
    state = {key: value.numpy() for key, value in StyleGAN2Generator(**arguments).state_dict().items()}
    again = StyleGAN2Generator(**arguments_of(state)).state_dict()
    assert {key: value.shape for key, value in state.items()} == {k: tuple(v.shape) for k, v in again.items()}


@pytest.mark.parametrize("nested", [False, True])
def test_pdparams_load_without_being_told_what_they_are(network, tmp_path, nested):
    arrays = style_networks.paddlegan_arrays(network)
    assert "convs.3.activate.bias" in arrays and "to_rgbs.1.conv.weight" in arrays and "noises.noise_4" in arrays
    other = style_networks.paddlegan_arrays(style_networks.tiny(seed=9))
    content = {"disc": {"x": np.zeros(3, np.float32)}, "gen": other, "gen_ema": arrays} if nested else arrays
    found = hub.load(style_networks.write_pdparams(tmp_path / "w.pdparams", content))
    assert found.image_size == 16 and not found.training
    np.testing.assert_allclose(picture(found), picture(network), atol=1e-5)


def test_a_wrong_size_says_which_fits(network, tmp_path):
    ours = save_network(network, tmp_path / "ours.safetensors")
    theirs = style_networks.write_pdparams(tmp_path / "w.pdparams", style_networks.paddlegan_arrays(network))
    for path in (ours, theirs):
        found = hub.load(path)
        check_wanted(found, path, size=16, style_dim=8, n_mlp=2, channel_multiplier=0.01)
        with pytest.raises(WeightsError, match="fit size 16, n_mlp 2, not size 1024, n_mlp 8"):
            check_wanted(found, path, size=1024, n_mlp=8)
        with pytest.raises(WeightsError, match="10 channels at 16 pixels"):
            check_wanted(found, path, channel_multiplier=2)


def test_files_of_other_networks_are_refused(network, tmp_path):
    other = style_networks.write_pdparams(tmp_path / "other.pdparams", {"DownBlock.1.weight": np.zeros((3, 3))})
    with pytest.raises(WeightsError, match=r"no StyleGAN2 generator.*\(its arrays: DownBlock"):
        hub.load(other)
    several = style_networks.write_pdparams(tmp_path / "s.pdparams", {"netG": {"a": np.zeros(2)}, "netD": {}})
    with pytest.raises(WeightsError, match="it holds other networks"):
        hub.load(several)
    dcgan = save_network(DCGANGenerator(3, 3, 4, 16), tmp_path / "dcgan.safetensors")
    with pytest.raises(WeightsError, match="holds a DCGANGenerator"):
        hub.load(dcgan, kind=StyleGenerator)
    arrays = style_networks.paddlegan_arrays(network)
    arrays["to_rgbs.1.conv.weight"] = arrays["to_rgbs.1.conv.weight"][:, :, :3]
    with pytest.raises(WeightsError, match="widths"):
        hub.load(style_networks.write_pdparams(tmp_path / "cut.pdparams", arrays))
    (tmp_path / "half.pdparams").write_bytes((tmp_path / "cut.pdparams").read_bytes()[:200])
    with pytest.raises(WeightsError, match="damaged"):
        hub.load(tmp_path / "half.pdparams")
