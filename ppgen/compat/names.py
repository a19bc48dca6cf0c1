"""PaddleGAN's names of networks and of their constructor arguments, and ours.

Only this table and `state_keys` know the old words; translation happens where they come in (a PaddleGAN YAML,
`ppgen.networks.<old name>`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ppgen.errors import ConfigError


class NetworkName(NamedTuple):
    """One network of PaddleGAN.

    `arguments` maps old constructor arguments to ours, in the old constructor's order, so that positional
    arguments can be translated too. `defaults` holds, under our names, old defaults that differ from ours.
    """

    name: str
    arguments: dict[str, str]
    defaults: dict[str, Any] = {}


NETWORK_NAMES: dict[str, NetworkName] = {
    "ResnetUGATITP2CGenerator": NetworkName(
        "Photo2CartoonGenerator",
        {
            "input_nc": "in_channels",
            "output_nc": "out_channels",
            "ngf": "base_channels",
            "img_size": "image_size",
            "n_blocks": "blocks",
            "light": "light",
        },
    ),
    "NLayerDiscriminator": NetworkName(
        "PatchDiscriminator",
        {"input_nc": "in_channels", "ndf": "base_channels", "n_layers": "layers", "norm_type": "norm"},
    ),
}


def our_network_name(name: str) -> str:
    """Our name of a network; a name that is not PaddleGAN's comes back unchanged."""
    return NETWORK_NAMES[name].name if name in NETWORK_NAMES else name


def network_arguments(old_name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Constructor arguments of PaddleGAN's `old_name` -> keyword arguments of our class.

    Our own argument names are accepted beside the old ones.

    Raises:
        ConfigError: too many arguments, an argument given twice, or one that neither constructor has.
    """
    entry = NETWORK_NAMES[old_name]
    if len(args) > len(entry.arguments):
        raise ConfigError(f"{old_name} takes at most {len(entry.arguments)} arguments, got {len(args)}")
    ours: dict[str, Any] = {}
    for key, value in [*zip(entry.arguments, args), *kwargs.items()]:
        new = entry.arguments.get(key, key)
        if new not in entry.arguments.values():
            accepted = ", ".join(entry.arguments)
            raise ConfigError(f"{old_name} has no argument '{key}' (accepted: {accepted})")
        if new in ours:
            raise ConfigError(f"{old_name} got its argument '{key}' twice")
        ours[new] = value
    return {**entry.defaults, **ours}


def network_config(config: dict[str, Any]) -> dict[str, Any]:
    """`{'name': PaddleGAN's name, **old arguments}` -> ours; a config with our name comes back unchanged."""
    if config.get("name") not in NETWORK_NAMES:
        return dict(config)
    arguments = {key: value for key, value in config.items() if key != "name"}
    old_name = config["name"]
    return {"name": NETWORK_NAMES[old_name].name, **network_arguments(old_name, **arguments)}
