"""Trained networks by name or path: `hub.load("face_id")`, `hub.names()`, `hub.card("face_id")`."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path
from typing import Any

from ppgen.config import read_yaml, shipped
from ppgen.errors import ConfigError, WeightsError
from ppgen.hub import published
from ppgen.hub.cache import cache_folder, fetch
from ppgen.hub.cards import ASSETS, card, card_text, is_card, markdown, names, publish
from ppgen.io.weights import load_into, read_metadata
from ppgen.registry import NETWORKS, nearest

__all__ = [
    "ASSETS",
    "build",
    "cache_folder",
    "card",
    "card_text",
    "fetch",
    "how_to_make",
    "load",
    "is_card",
    "markdown",
    "names",
    "path_of",
    "publish",
]


def path_of(name_or_path: str | os.PathLike) -> Path:
    """The weights file of a shipped network's name, or the path itself; WeightsError names the nearest."""
    text = str(name_or_path)
    if text in names():
        return ASSETS / f"{text}.safetensors"
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise WeightsError(f"{path}: is a folder; give a weights file in it")
    if text in published.PUBLISHED:
        return published.fetch_on_trust(published.PUBLISHED[text].url)
    if advice := how_to_make(text):
        raise WeightsError(advice)
    raise WeightsError(
        f"{text}: no such file, and no network has this name{nearest(text, [*names(), *published.PUBLISHED])} "
        f"(there are: {', '.join(names()) or 'none'}; PaddleGAN's: {', '.join(published.PUBLISHED)})"
    )


def how_to_make(name: str) -> str:
    """What to do where the weights that a shipped config makes are not in this copy of ppgen; "" without a config."""
    config = name.replace("-", "_")
    if config not in shipped.names():
        return ""
    settings = read_yaml(shipped.folder() / f"{config}.yaml")
    made = "best.safetensors" if settings.get("validate") else "file of it in final/"
    ship = f", or ship it with `python tools/publish.py RUN {name} -c configs/{config}.yaml`"
    return (
        f"{name}: these weights do not come with this copy of ppgen; train them with `{shipped.how_to_train(config)}` "
        f"and give the run's {made} instead (--weights, --weight_path, --model or --load)"
        f"{ship if shipped.in_clone() and 'card' in settings else ''}"
    )


def build(name_or_path: str | os.PathLike) -> Any:
    """The network a weights file describes, without its weights. Raises WeightsError."""
    path = path_of(name_or_path)
    described = read_metadata(path)
    if "class" not in described:
        raise WeightsError(
            f"{path}: does not say which network it belongs to; build the network and use ppgen.io.weights.load_into"
        )
    _import_networks(described["class"])
    try:
        return NETWORKS.build({"name": described["class"], **described.get("args", {})})
    except (ConfigError, TypeError) as error:
        raise WeightsError(
            f"{path}: its network cannot be built ({error}); it may come from another version of ppgen"
        ) from error


def load(name_or_path: str | os.PathLike) -> Any:
    """A trained network in evaluation mode, its parameters frozen.

    Args:
        name_or_path: one of `names()`, one of PaddleGAN's published networks (`published.PUBLISHED`, fetched at
            first use), or a self-describing .safetensors file.
    Raises:
        WeightsError: unknown name (with the nearest one), damaged file, unknown network.
        DownloadError: a published network cannot be fetched.
    """
    if str(name_or_path) in published.PUBLISHED and str(name_or_path) not in names():
        return published.load(str(name_or_path))
    network = build(name_or_path)
    load_into(network, path_of(name_or_path))
    network.eval()
    for parameter in network.parameters():
        parameter.stop_gradient = True
    return network


def _import_networks(wanted: str) -> None:
    """Import the modules of `ppgen.networks` until `wanted` is registered."""
    import ppgen.networks

    for module in pkgutil.iter_modules(ppgen.networks.__path__):
        if wanted in NETWORKS.names():
            return
        importlib.import_module(f"ppgen.networks.{module.name}")
