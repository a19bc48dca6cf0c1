"""PaddleGAN's names of networks, models and datasets, of their constructor arguments and parts, and ours.

Only `ppgen.compat` knows the old words (here, in `state_keys` and in `paddlegan_yaml`); translation happens where they
come in: a PaddleGAN YAML, `ppgen.networks.<old name>`, `ppgen.models.<old name>`.
"""

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


# Old constructor argument -> ours, the same for all networks.
_WORDS: dict[str, str | None] = {
    "input_nc": "in_channels", "output_nc": "out_channels", "ngf": "base_channels", "ndf": "base_channels",
    "img_size": "image_size", "size": "image_size", "n_blocks": "blocks", "n_layers": "layers", "num_downs": "levels",
    "norm_type": "norm", "use_dropout": "dropout", "use_sigmoid": "sigmoid", "n_class": "classes", "light": "light",
    "latent_dim": "latent_dim", "input_nz": "latent_dim", "style_dim": "latent_dim", "n_mlp": "mapping_layers",
    "lr_mlp": "mapping_rate", "channel_multiplier": "channel_multiplier", "channel_max": "channel_max",
    "stddev_group": "stddev_group", "blur_kernel": None, "padding_type": None,
}  # fmt: skip


def _words(arguments: str) -> dict[str, str | None]:
    return {word: _WORDS[word] for word in arguments.split()}


def _network(ours: str, arguments: str, **defaults: Any) -> NetworkName:
    return NetworkName(ours, _words(arguments), defaults)


NETWORK_NAMES: dict[str, NetworkName] = {
    "ResnetUGATITP2CGenerator": _network("Photo2CartoonGenerator", "input_nc output_nc ngf img_size n_blocks light"),
    "UnetGenerator": _network("UNetGenerator", "input_nc output_nc num_downs ngf norm_type use_dropout"),
    "ResnetGenerator": _network(
        "ResNetGenerator", "input_nc output_nc ngf norm_type use_dropout n_blocks", blocks=6
    ),
    "ResnetUGATITGenerator": _network(
        "UGATITGenerator", "input_nc output_nc ngf n_blocks img_size light",
        blocks=6, light=False, published_sums=True,
    ),
    "UGATITDiscriminator": _network("AttentionDiscriminator", "input_nc ndf n_layers"),
    "PixelDiscriminator": _network("PixelwiseDiscriminator", "input_nc ndf norm_type"),
    "NLayerDiscriminator": _network("PatchDiscriminator", "input_nc ndf n_layers norm_type"),
    "DCGenerator": NetworkName(
        "DCGANGenerator", {**_words("input_nz input_nc output_nc ngf norm_type padding_type"), "input_nc": None}
    ),
    "DCDiscriminator": _network("DCGANDiscriminator", "input_nc ndf norm_type", norm="instance"),
    "DeepConvGenerator": _network("UpsamplingGenerator", "latent_dim output_nc size ngf"),
    "ConditionalDeepConvGenerator": _network(
        "UpsamplingGenerator", "latent_dim output_nc n_class size ngf", classes=10
    ),
    "NLayerDiscriminatorWithClassification": _network(
        "ConditionalPatchDiscriminator", "input_nc n_class ndf n_layers norm_type use_sigmoid"
    ),
    # channel_max and stddev_group are not PaddleGAN's: older runs and files of ours have them
    "StyleGANv2Generator": _network(
        "StyleGAN2Generator", "size style_dim n_mlp channel_multiplier blur_kernel lr_mlp channel_max"
    ),
    "StyleGANv2Discriminator": _network(
        "StyleGAN2Discriminator", "size channel_multiplier blur_kernel channel_max stddev_group"
    ),
}  # fmt: skip

#: Arguments of our own classes that were called otherwise once: older configs, runs and weights files hold those names.
EARLIER_ARGUMENTS: dict[str, dict[str, str | None]] = {
    "StyleGANGenerator": _words("size style_dim n_mlp lr_mlp"),
    "StyleGANDiscriminator": _words("size"),
    "StyleGAN2Generator": _words("size style_dim n_mlp lr_mlp"),
    "StyleGAN2Discriminator": _words("size"),
    "LeanPhoto2CartoonGenerator": _words("ngf n_blocks"),
    "FoldedPatchDiscriminator": _words("input_nc ndf"),
}


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


def _model(ours: str, networks: dict[str, str], arguments: str, averages: dict[str, str] | None = None) -> ModelName:
    return ModelName(ours, networks, tuple(arguments.split()), averages or {})


MODEL_NAMES: dict[str, ModelName] = {
    "DCGANModel": _model("GAN", _PAIR, "generator discriminator gan_criterion"),
    "GANModel": _model("GAN", _PAIR, "generator discriminator gan_criterion params"),
    "Pix2PixModel": _model(
        "Pix2Pix", _PAIR, "generator discriminator pixel_criterion gan_criterion direction to_static image_shape"
    ),
    "CycleGANModel": _model(
        "CycleGAN",
        {  # netG_A translates A to B, so netD_A judges B
            "netG_A": "generator_ab", "netG_B": "generator_ba",
            "netD_A": "discriminator_b", "netD_B": "discriminator_a",
        },
        "generator discriminator cycle_criterion idt_criterion gan_criterion pool_size direction lambda_a lambda_b "
        "to_static image_shape",
    ),
    "UGATITModel": _model(
        "UGATIT",
        {
            "genA2B": "generator_ab", "genB2A": "generator_ba", "disGA": "global_a", "disGB": "global_b",
            "disLA": "local_a", "disLB": "local_b",
        },
        "generator discriminator_g discriminator_l l1_criterion mse_criterion bce_criterion direction adv_weight "
        "cycle_weight identity_weight cam_weight",
    ),
    "StyleGAN2Model": _model(
        "StyleGAN2",
        {"gen": "generator", "disc": "discriminator"},
        "generator discriminator gan_criterion num_style_feat mixing_prob r1_reg_weight path_reg_weight "
        "path_batch_shrink params max_eval_steps",
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
    return {today.get(key) or key: value for key, value in config.items()}
