"""PaddleGAN's words and ours: keys of weights, names and arguments of networks."""

from __future__ import annotations

import goldens
import pytest

from ppgen.compat.names import network_arguments, network_config, our_network_name
from ppgen.compat.state_keys import translate
from ppgen.errors import ConfigError, WeightsError


@pytest.mark.parametrize(
    ("old", "ours"),
    [
        ("DownBlock.1.weight", "stem.weight"),
        ("DownBlock.11.weight", "down.1.conv.weight"),
        ("EncodeBlock4.conv_block.5.weight", "encoder_blocks.3.conv2.weight"),
        ("DecodeBlock12.conv1.weight", "decoder_blocks.11.conv1.weight"),
        ("DecodeBlock2.norm1.w_gamma", "decoder_blocks.1.norm1.content_share_gamma"),
        ("DecodeBlock2.norm2.norm.rho", "decoder_blocks.1.norm2.normalize.instance_share"),
        ("DecodeBlock2.norm2.c_beta.2.weight", "decoder_blocks.1.norm2.content_beta.2.weight"),
        ("UpBlock.8.gamma", "up.1.norm.scale"),
        (
            "DownBlock.4.HG.0.ConvBlockskip4.conv_block3.3.weight",
            "encoder_hourglasses.0.core.skips.3.stages.2.conv.weight",
        ),
        ("UpBlock.11.HG.0.ConvBlock4.Q", "decoder_hourglasses.1.core.down.3.Q"),
        ("UpBlock.11.HG.0.ConvBlock5.conv_block1.3.Q", "decoder_hourglasses.1.core.bottom.stages.0.conv.Q"),
        ("UpBlock.10.HG.0.ConvBlock9.conv_block2.3.Q", "decoder_hourglasses.0.core.up.3.stages.1.conv.Q"),
        ("UpBlock.10.HG.1.conv_block2.3.weight", "decoder_hourglasses.0.refine.stages.1.conv.weight"),
        ("DownBlock.5.Conv3.bias", "encoder_hourglasses.1.draft_back.bias"),
    ],
)
def test_keys(old, ours):
    assert list(translate("Photo2CartoonGenerator", {old: 1})) == [ours]


def test_every_key_of_the_manifest_finds_its_own_place():
    old = goldens.manifest("p2c_gen_default")
    ours = translate("ResnetUGATITP2CGenerator", old)
    assert len(ours) == len(old) and not set(ours) & set(old)
    assert list(ours.values()) == list(old.values())
    assert translate("Photo2CartoonGenerator", ours) == ours  # our own names pass unchanged


def test_running_statistics_without_effect_are_dropped():
    old = goldens.manifest("pix2pix_nlayer")
    ours = translate("PatchDiscriminator", old)
    assert set(old) - set(ours) == {f"model.{i}.{name}" for i in (3, 6, 9) for name in ("_mean", "_variance")}


def test_unknown_keys_and_networks_pass_unchanged():
    assert translate("Photo2CartoonGenerator", {"somewhere.weight": 1}) == {"somewhere.weight": 1}
    assert translate("AnotherNetwork", {"DownBlock.1.weight": 1}) == {"DownBlock.1.weight": 1}


def test_the_same_parameter_twice_is_an_error():
    with pytest.raises(WeightsError, match="'stem.weight' twice"):
        translate("Photo2CartoonGenerator", {"DownBlock.1.weight": 1, "stem.weight": 2})


def test_network_config():
    old = {"name": "NLayerDiscriminator", "input_nc": 6, "ndf": 32, "norm_type": "batch"}
    assert network_config(old) == {
        "name": "PatchDiscriminator", "in_channels": 6, "base_channels": 32, "norm": "batch",
    }  # fmt: skip
    ours = {"name": "PatchDiscriminator", "layers": 2}
    assert network_config(ours) == ours
    assert our_network_name("PatchDiscriminator") == "PatchDiscriminator"


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="no argument 'nfd'"):
        network_arguments("NLayerDiscriminator", 3, nfd=64)
    with pytest.raises(ConfigError, match="'input_nc' twice"):
        network_arguments("NLayerDiscriminator", 3, input_nc=3)
    with pytest.raises(ConfigError, match="at most 4 arguments, got 5"):
        network_arguments("NLayerDiscriminator", 3, 64, 3, "batch", True)
