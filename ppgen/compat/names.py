"""PaddleGAN's names of networks, models and datasets, of their constructor arguments and parts, and ours.

Only `ppgen.compat` knows the old words (here, in `state_keys` and in `paddlegan_yaml`); translation happens where they
come in: a PaddleGAN YAML, `ppgen.networks.<old name>`, `ppgen.models.<old name>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ppgen.errors import ConfigError

Arguments = dict[str, Any]  # of a constructor, as a YAML or a weights file holds them


class NetworkName(NamedTuple):
    """One network of PaddleGAN.

    `arguments` maps old constructor arguments to ours, in the old constructor's order, so that positional
    arguments can be translated too; None: it has no effect there, and ours has no such argument. `defaults` holds,
    under our names, old defaults that differ from ours.
    """

    name: str
    arguments: Mapping[str, str | None]
    defaults: Arguments = {}


_IN = {"input_nc": "in_channels"}
_PICTURES = {**_IN, "output_nc": "out_channels"}
_NORM = {"norm_type": "norm"}
_DRAWN = {"output_nc": "out_channels", "size": "image_size", "ngf": "base_channels"}
_ATTENTIVE = {
    **_PICTURES, "ngf": "base_channels", "img_size": "image_size", "n_blocks": "blocks", "light": "light",
}
_PATCHES = {"ndf": "base_channels", "n_layers": "layers"}

NETWORK_NAMES: dict[str, NetworkName] = {
    "ResnetUGATITP2CGenerator": NetworkName("Photo2CartoonGenerator", _ATTENTIVE),
    "UnetGenerator": NetworkName(
        "UNetGenerator",
        {**_PICTURES, "num_downs": "levels", "ngf": "base_channels", **_NORM, "use_dropout": "dropout"},
    ),
    "ResnetGenerator": NetworkName(
        "ResNetGenerator",
        {**_PICTURES, "ngf": "base_channels", **_NORM, "use_dropout": "dropout", "n_blocks": "blocks"},
        {"blocks": 6},
    ),
    "ResnetUGATITGenerator": NetworkName(
        "UGATITGenerator",
        {
            **_PICTURES, "ngf": "base_channels", "n_blocks": "blocks", "img_size": "image_size", "light": "light",
        },
        {"blocks": 6, "light": False, "published_sums": True},
    ),
    "UGATITDiscriminator": NetworkName("AttentionDiscriminator", {**_IN, **_PATCHES}),
    "PixelDiscriminator": NetworkName("PixelwiseDiscriminator", {**_IN, "ndf": "base_channels", **_NORM}),
    "NLayerDiscriminator": NetworkName("PatchDiscriminator", {**_IN, **_PATCHES, **_NORM}),
    "DCGenerator": NetworkName(
        "DCGANGenerator",
        {
            "input_nz": "latent_dim", "input_nc": None, "output_nc": "out_channels", "ngf": "base_channels", **_NORM,
            "padding_type": None,
        },
    ),
    "DCDiscriminator": NetworkName(
        "DCGANDiscriminator", {**_IN, "ndf": "base_channels", **_NORM}, {"norm": "instance"}
    ),
    "DeepConvGenerator": NetworkName("UpsamplingGenerator", {"latent_dim": "latent_dim", **_DRAWN}),
    "ConditionalDeepConvGenerator": NetworkName(
        "UpsamplingGenerator",
        {
            "latent_dim": "latent_dim", "output_nc": "out_channels", "n_class": "classes", "size": "image_size",
            "ngf": "base_channels",
        },
        {"classes": 10},
    ),
    "NLayerDiscriminatorWithClassification": NetworkName(
        "ConditionalPatchDiscriminator",
        {**_IN, "n_class": "classes", **_PATCHES, **_NORM, "use_sigmoid": "sigmoid"},
    ),
    # channel_max and stddev_group are not PaddleGAN's: older runs and files of ours have them
    "StyleGANv2Generator": NetworkName(
        "StyleGAN2Generator",
        {
            "size": "image_size", "style_dim": "latent_dim", "n_mlp": "mapping_layers",
            "channel_multiplier": "channel_multiplier", "blur_kernel": None, "lr_mlp": "mapping_rate",
            "channel_max": "channel_max",
        },
    ),
    "StyleGANv2Discriminator": NetworkName(
        "StyleGAN2Discriminator",
        {
            "size": "image_size", "channel_multiplier": "channel_multiplier", "blur_kernel": None,
            "channel_max": "channel_max", "stddev_group": "stddev_group",
        },
    ),
}  # fmt: skip

#: Arguments of our own classes that were called otherwise once: older configs, runs and weights files hold those names.
EARLIER_ARGUMENTS: dict[str, dict[str, str]] = {
    "StyleGANGenerator": {
        "size": "image_size", "style_dim": "latent_dim", "n_mlp": "mapping_layers", "lr_mlp": "mapping_rate",
    },
    "StyleGANDiscriminator": {"size": "image_size"},
    "StyleGAN2Generator": {
        "size": "image_size", "style_dim": "latent_dim", "n_mlp": "mapping_layers", "lr_mlp": "mapping_rate",
    },
    "StyleGAN2Discriminator": {"size": "image_size"},
    "LeanPhoto2CartoonGenerator": {"ngf": "base_channels", "n_blocks": "blocks"},
    "FoldedPatchDiscriminator": {"input_nc": "in_channels", "ndf": "base_channels"},
}  # fmt: skip


class ModelName(NamedTuple):
    """One model of PaddleGAN.

    `networks` maps its networks, as its optimizers, exports and checkpoints call them, to ours; `arguments` are its
    constructor's, in order; `averages` are networks that are moving averages of ours.
    """

    name: str
    networks: dict[str, str]
    arguments: tuple[str, ...]
    averages: dict[str, str] = {}


_PAIR = {"netG": "generator", "netD": "discriminator"}
_CRITICS = ("generator", "discriminator", "gan_criterion")

MODEL_NAMES: dict[str, ModelName] = {
    "DCGANModel": ModelName("GAN", _PAIR, _CRITICS),
    "GANModel": ModelName("GAN", _PAIR, (*_CRITICS, "params")),
    "Pix2PixModel": ModelName(
        "Pix2Pix",
        _PAIR,
        ("generator", "discriminator", "pixel_criterion", "gan_criterion", "direction", "to_static", "image_shape"),
    ),
    "CycleGANModel": ModelName(
        "CycleGAN",
        # netG_A translates A to B, so netD_A judges B
        {
            "netG_A": "generator_ab",
            "netG_B": "generator_ba",
            "netD_A": "discriminator_b",
            "netD_B": "discriminator_a",
        },
        (
            "generator", "discriminator", "cycle_criterion", "idt_criterion", "gan_criterion", "pool_size", "direction",
            "lambda_a", "lambda_b", "to_static", "image_shape",
        ),
    ),
    "UGATITModel": ModelName(
        "UGATIT",
        {
            "genA2B": "generator_ab",
            "genB2A": "generator_ba",
            "disGA": "global_a",
            "disGB": "global_b",
            "disLA": "local_a",
            "disLB": "local_b",
        },
        (
            "generator", "discriminator_g", "discriminator_l", "l1_criterion", "mse_criterion", "bce_criterion",
            "direction", "adv_weight", "cycle_weight", "identity_weight", "cam_weight",
        ),
    ),
    "StyleGAN2Model": ModelName(
        "StyleGAN2",
        {"gen": "generator", "disc": "discriminator"},
        (
            *_CRITICS, "num_style_feat", "mixing_prob", "r1_reg_weight", "path_reg_weight", "path_batch_shrink",
            "params", "max_eval_steps",
        ),
        {"gen_ema": "generator"},
    ),
}  # fmt: skip


def parts_of_model(ours: str) -> tuple[dict[str, str], dict[str, str]]:
    """How PaddleGAN calls the networks of our recipe, and their averages: {old name: ours}; empty where it has none."""
    entries = [entry for entry in MODEL_NAMES.values() if entry.name == ours]
    networks = {old: new for entry in entries for old, new in entry.networks.items()}
    return networks, {old: new for entry in entries for old, new in entry.averages.items()}


class DatasetName(NamedTuple):
    """One dataset of PaddleGAN: our class and its arguments, which are ours too; `steps` holds its transforms."""

    name: str
    arguments: tuple[str, ...]
    steps: str = "preprocess"


DATASET_NAMES: dict[str, DatasetName] = {
    "SingleDataset": DatasetName("PreprocessedImages", ("dataroot", "preprocess")),
    "PairedDataset": DatasetName("PreprocessedPairs", ("dataroot", "preprocess")),
    "UnpairedDataset": DatasetName(
        "PreprocessedDomains", ("dataroot_a", "dataroot_b", "max_size", "is_train", "preprocess")
    ),
    "CommonVisionDataset": DatasetName(
        "VisionImages", ("dataset_name", "transforms", "return_label", "params"), "transforms"
    ),
}


def our_root(root: str) -> str:
    """PaddleGAN's data root, relative to the working directory, as ours, relative to the data folder."""
    return root.removeprefix("./").removeprefix("data/") or "."


def our_network_name(name: str) -> str:
    """Our name of a network; a name that is not PaddleGAN's comes back unchanged."""
    return NETWORK_NAMES[name].name if name in NETWORK_NAMES else name


def network_arguments(old_name: str, *args: Any, **kwargs: Any) -> Arguments:
    """Constructor arguments of PaddleGAN's `old_name` -> keyword arguments of our class.

    Our own argument names are accepted beside the old ones.

    Raises:
        ConfigError: too many arguments, an argument given twice, or one that neither constructor has.
    """
    entry = NETWORK_NAMES[old_name]
    if len(args) > len(entry.arguments):
        raise ConfigError(f"{old_name} takes at most {len(entry.arguments)} arguments, got {len(args)}")
    ours: Arguments = {}
    for key, value in [*zip(entry.arguments, args), *kwargs.items()]:
        new = entry.arguments.get(key, key)
        if new is None:
            continue
        if new not in entry.arguments.values():
            accepted = ", ".join(entry.arguments)
            raise ConfigError(f"{old_name} has no argument '{key}' (accepted: {accepted})")
        if new in ours:
            raise ConfigError(f"{old_name} got its argument '{key}' twice")
        ours[new] = value
    return {**entry.defaults, **ours}


def network_config(config: Mapping[str, Any]) -> Arguments:
    """`{'name': N, **arguments}` in PaddleGAN's names, or in earlier ones of ours -> today's; others stay as they are.

    Raises ConfigError as `network_arguments`.
    """
    name = config.get("name")
    if name in NETWORK_NAMES:
        arguments = {key: value for key, value in config.items() if key != "name"}
        return {"name": NETWORK_NAMES[name].name, **network_arguments(name, **arguments)}
    today = EARLIER_ARGUMENTS.get(str(name), {})
    return {today.get(key, key): value for key, value in config.items()}
