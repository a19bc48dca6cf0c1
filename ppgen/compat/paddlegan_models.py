"""The `model` section of a PaddleGAN YAML -> the config of our recipe.

Losses there and here differ by constant factors, so weights are converted: its LSGAN is E[(D - 1)^2], ours half of
that (eq. 9 of Mao et al. 2017); its discriminators of `vanilla` and `lsgan` minimize the mean of the terms of real
and of made pictures, ours of `vanilla` their sum.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ppgen.compat.names import MODEL_NAMES, NETWORK_NAMES, ModelName, network_config
from ppgen.compat.section import Kind, Section, Settings
from ppgen.errors import ConfigError
from ppgen.registry import NETWORKS

# Kinds of the networks' arguments, by PaddleGAN's words.
_WHOLE = (
    "input_nc output_nc ngf ndf n_layers n_blocks num_downs img_size size latent_dim n_class input_nz style_dim n_mlp"
)
_NETWORK_KINDS: dict[str, Kind] = {
    **dict.fromkeys(_WHOLE.split(), int),
    **dict.fromkeys(("use_dropout", "light", "use_sigmoid"), bool),
    "norm_type": ("batch", "instance", "none"),
}
_GAN_MODES = ("vanilla", "lsgan", "wgan", "wgangp", "hinge", "logistic")
_UNPAIRED_MODES = ("vanilla", "lsgan", "hinge", "logistic")
_HALF_LIFE_STEPS = 10_000 / 32  # StyleGAN2Model averages weights with a decay of 0.5^(32 / 10000) a step


@dataclass
class Recipe:
    """A translated model, and what the other sections need to know of it.

    Attributes:
        config: of our recipe, without its name.
        gradients: our network -> its gradients there, in terms of ours; 1 where absent.
        corrections: our network -> c of lazy regularization, which our engine applies to rate and betas; its YAML
            holds betas that are corrected already.
        swapped: domains A and B change places (`direction: b2a`).
        real: key of a batch that holds what made pictures are compared with.
        judged: the network whose pictures are.
        average_steps: half-life in steps of the moving average of `judged`; 0 for none.
    """

    config: Settings
    gradients: dict[str, float] = field(default_factory=dict)
    corrections: dict[str, float] = field(default_factory=dict)
    swapped: bool = False
    real: str = "image"
    judged: str = "generator"
    average_steps: float = 0.0


def _network(model: Section, key: str) -> Settings:
    """One network's config in our words; our own names and arguments pass."""
    part = model.section(key, required=True)
    if key not in model:
        return {}
    name = part.named([*NETWORK_NAMES, *NETWORKS.names()], "network")
    if name not in NETWORK_NAMES:
        return dict(part.values)
    entry, before = NETWORK_NAMES[name], len(part.faults)
    for argument in entry.arguments:
        if argument in _NETWORK_KINDS:
            part.take(argument, _NETWORK_KINDS[argument])
    part.know(*entry.arguments)
    part.close(tolerated=tuple(word for word in entry.arguments.values() if word))
    if len(part.faults) > before:
        return {}
    try:
        return network_config(part.values)
    except ConfigError as error:
        part.faults.append(f"{part.where}: {error}")
        return {}


def _criterion(model: Section, key: str, name: str, required: bool = True) -> float:
    """`loss_weight` of an L1Loss, MSELoss or BCEWithLogitsLoss; 0 where there is none."""
    part = model.section(key, required)
    if model.values.get(key) is None:
        return 0.0
    part.named([name], "such loss here called")
    part.take("reduction", ("mean",))
    weight = part.take("loss_weight", float, 1.0, least=0)
    part.close()
    return float(weight)


class _Game(NamedTuple):
    """A GANLoss: the objective, its weight, and the factors of its generator's and discriminator's losses to ours."""

    objective: str
    weight: float = 1.0

    @property
    def generator(self) -> float:
        return self.weight * (2.0 if self.objective == "lsgan" else 1.0)

    @property
    def discriminator(self) -> float:
        return 0.5 if self.objective == "vanilla" else 1.0


def _gan_criterion(model: Section, modes: tuple[str, ...]) -> _Game:
    part = model.section("gan_criterion", required=True)
    if model.values.get("gan_criterion") is None:
        return _Game(modes[0])
    part.named(["GANLoss"], "such loss here called")
    mode = part.take("gan_mode", modes, modes[0], required=True)
    part.take("target_real_label", (1.0,))
    part.take("target_fake_label", (0.0,))
    weight = part.take("loss_weight", float, 1.0, least=0)
    part.close()
    if weight == 0:
        part.fault("loss_weight", "expected a number above 0, found 0")
    return _Game(mode, float(weight) or 1.0)


def _two_networks(model: Section) -> Settings:
    return {name: _network(model, name) for name in ("generator", "discriminator")}


def _swapped(model: Section) -> bool:
    return model.take("direction", ("a2b", "b2a"), "a2b") == "b2a"


def _nothing_before(params: Section) -> None:
    """Its generator could wait for some steps; ours starts with the discriminator."""
    params.take("disc_start_iters", (0,))
    params.know("is_train", "samples_every_row", "visual_interval", "visual_iters")


def _gan(model: Section, entry: ModelName) -> Recipe:
    game = _gan_criterion(model, _GAN_MODES)
    config = {**_two_networks(model), "objective": game.objective, "generator_every": 1}
    if "params" in entry.arguments:
        params = model.section("params")
        config["generator_every"] = params.take("disc_iters", int, 1, least=1)
        _nothing_before(params)
        params.close()
    return Recipe(config, {"generator": game.generator, "discriminator": game.discriminator})


def _pix2pix(model: Section, entry: ModelName) -> Recipe:
    game = _gan_criterion(model, _GAN_MODES)
    config = {
        **_two_networks(model),
        "objective": game.objective,
        "l1_weight": _criterion(model, "pixel_criterion", "L1Loss"),
        "adversarial_weight": game.generator,
    }
    gradients = {"discriminator": game.weight * game.discriminator}
    return Recipe(config, gradients, swapped=_swapped(model), real="b")


def _cyclegan(model: Section, entry: ModelName) -> Recipe:
    game = _gan_criterion(model, _UNPAIRED_MODES)
    factor = model.take("lambda_a", float, 10.0, least=0)
    if model.take("lambda_b", float, 10.0, least=0) != factor:
        model.fault("lambda_b", f"expected the value of lambda_a ({factor:g}): both ways have one weight here")
    config = {
        **_two_networks(model),
        "objective": game.objective,
        "adversarial_weight": game.generator,
        "cycle_weight": factor * _criterion(model, "cycle_criterion", "L1Loss"),
        "identity_weight": factor * _criterion(model, "idt_criterion", "L1Loss", False),
        "pool_size": model.take("pool_size", int, 50, least=0),
    }
    gradients = dict.fromkeys(("discriminator_a", "discriminator_b"), game.weight * game.discriminator)
    return Recipe(config, gradients, swapped=_swapped(model), real="b", judged="generator_ab")


def _ugatit(model: Section, entry: ModelName) -> Recipe:
    l1, bce = _criterion(model, "l1_criterion", "L1Loss"), _criterion(model, "bce_criterion", "BCEWithLogitsLoss")
    adversarial = model.take("adv_weight", float, 1.0, least=0) * _criterion(model, "mse_criterion", "MSELoss")
    config = {
        "generator": _network(model, "generator"),
        "global_discriminator": _network(model, "discriminator_g"),
        "local_discriminator": _network(model, "discriminator_l"),
        "objective": "lsgan",
        "adversarial_weight": _Game("lsgan", adversarial).generator,
        "cycle_weight": l1 * model.take("cycle_weight", float, 10.0, least=0),
        "identity_weight": l1 * model.take("identity_weight", float, 10.0, least=0),
        "cam_weight": bce * model.take("cam_weight", float, 1000.0, least=0),
    }
    # its discriminators minimize the sum of both terms, weighted
    judges = ("global_a", "global_b", "local_a", "local_b")
    gradients = dict.fromkeys(judges, 2.0 * adversarial) if adversarial else {}
    return Recipe(config, gradients, swapped=_swapped(model), real="b", judged="generator_ab")


def _stylegan2(model: Section, entry: ModelName) -> Recipe:
    weight = _gan_criterion(model, ("logistic",)).weight
    if weight != 1.0:
        advice = "change the weights of R1 and path length"
        model.fault("gan_criterion.loss_weight", f"expected 1, found {weight:g}: {advice}")
    params = model.section("params")
    path_every, r1_every = (params.take(k, int, d, least=1) for k, d in (("gen_iters", 4), ("disc_iters", 16)))
    _nothing_before(params)
    params.close()
    shrink = model.take("path_batch_shrink", float, 2.0, least=1)
    if shrink != int(shrink):
        model.fault("path_batch_shrink", f"expected a whole number, found {shrink:g}")
    networks = _two_networks(model)
    model.take("num_style_feat", (networks["generator"].get("latent_dim", 512),))
    model.take("max_eval_steps", int)  # how many batches it judged; ours judges the whole dataset
    config = {
        **networks,
        "r1_weight": model.take("r1_reg_weight", float, 10.0, least=0),
        "r1_every": r1_every,
        "path_weight": model.take("path_reg_weight", float, 2.0, least=0),
        "path_every": path_every,
        "path_shrink": int(shrink),
        "mixing": model.take("mixing_prob", float, 0.9, least=0),
        "augment": "none",
    }
    lazy = {"generator": (config["path_weight"], path_every), "discriminator": (config["r1_weight"], r1_every)}
    corrections = {network: every / (every + 1) for network, (weight, every) in lazy.items() if weight}
    return Recipe(config, corrections=corrections, average_steps=_HALF_LIFE_STEPS)


_RECIPES: dict[str, Callable[[Section, ModelName], Recipe]] = {
    "DCGANModel": _gan,
    "GANModel": _gan,
    "Pix2PixModel": _pix2pix,
    "CycleGANModel": _cyclegan,
    "UGATITModel": _ugatit,
    "StyleGAN2Model": _stylegan2,
}


def recipe_of(model: Section) -> tuple[Recipe, ModelName] | None:
    """The recipe of a `model` section and its entry in the table of names; None where there is no such model."""
    name = model.named(list(MODEL_NAMES), "model of PaddleGAN here called")
    if name is None:
        return None
    entry = MODEL_NAMES[name]
    recipe = _RECIPES[name](model, entry)
    recipe.config = {"name": entry.name, **recipe.config}
    model.accepted = ["name", *entry.arguments]
    model.close()
    return recipe, entry


def model_config(name: str, *args: object, **kwargs: object) -> Settings:
    """Constructor arguments of PaddleGAN's model `name` -> config of our recipe.

    Raises:
        ConfigError: with every fault, or for `direction="b2a"`, which is the dataset's to say here.
    """
    arguments = MODEL_NAMES[name].arguments
    if len(args) > len(arguments):
        raise ConfigError(f"{name} takes at most {len(arguments)} arguments, got {len(args)}")
    positional = dict(zip(arguments, args))
    if twice := positional.keys() & kwargs.keys():
        raise ConfigError(f"{name} got its argument '{min(twice)}' twice")
    faults: list[str] = []
    translated = recipe_of(Section({"name": name, **positional, **kwargs}, name, faults))
    if faults or translated is None:
        raise ConfigError(*faults)
    if translated[0].swapped:
        raise ConfigError(f"{name}.direction: expected 'a2b'; exchange the domains in the dataset instead")
    return translated[0].config
