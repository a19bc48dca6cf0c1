"""Trained networks by name or path: `hub.load("face_id")`, `hub.names()`, `hub.card("face_id")`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ppgen.compat.names import our_network_name
from ppgen.config import read_yaml, shipped
from ppgen.errors import WeightsError
from ppgen.hub import published, runs, stylegan2
from ppgen.hub.cards import (
    ASSETS,
    FACES,
    add_figures,
    card,
    card_text,
    crop_of,
    is_card,
    markdown,
    names,
    publish,
)
from ppgen.hub.construct import construct
from ppgen.io.arrays import parts_of, read_content, select_arrays
from ppgen.io.download import cache_folder, fetch
from ppgen.io.weights import description, load_into
from ppgen.registry import NETWORKS, nearest

if TYPE_CHECKING:
    from paddle import nn

T = TypeVar("T")
Network = str | os.PathLike | Mapping[str, Any] | None  # what a file without a description fills

__all__ = [
    "ASSETS",
    "FACES",
    "add_figures",
    "cache_folder",
    "card",
    "card_text",
    "crop_of",
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
    """The weights file of a shipped network's name, or the path itself; WeightsError names the nearest.

    Of a run folder or a checkpoint: that of the network that people use, see `runs.weights_of`.
    """
    text = str(name_or_path)
    if text in names():
        return ASSETS / f"{text}.safetensors"
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        if runs.is_run(path):
            return runs.weights_of(path)
        raise WeightsError(f"{path}: is a folder, and no run of a training; give a weights file")
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


@overload
def load(
    source: str | os.PathLike, network: Network = None, *, key: str | None = None, kind: None = None
) -> nn.Layer: ...


@overload
def load(source: str | os.PathLike, network: Network = None, *, key: str | None = None, kind: type[T]) -> T: ...


def load(
    source: str | os.PathLike, network: Network = None, *, key: str | None = None, kind: type[Any] | None = None
) -> Any:
    """A trained network in evaluation mode, its parameters frozen.

    Args:
        source: one of `names()`; one of PaddleGAN's published networks (`published.PUBLISHED`, fetched at first use);
            or a weights file.
        network: which one the arrays are for, where neither the file nor the name it was published under says so:
            a shipped or published network's name or another weights file, for one built alike; 'photo2cartoon',
            'ugatit', 'cyclegan' or 'pix2pix', for what PaddleGAN's configs train; a class name, ours or PaddleGAN's; or
            a mapping with 'name' and the constructor's arguments. None: a StyleGAN2 generator, as its arrays' shapes
            tell.
        key: the network's name in a file that holds several, where `network` does not say it.
        kind: a protocol of `ppgen.networks.protocols` or a class that the network has to fit.
    Raises:
        WeightsError: unknown name (with the nearest one); damaged file; unknown network, or larger than the file;
            arrays that do not fit it; not of the kind.
        ConfigError: `network` is none. DownloadError: a published network cannot be fetched.
    """
    path = path_of(source)
    loaded = _network_of(path, network, key)
    loaded.eval()
    for parameter in loaded.parameters():
        parameter.stop_gradient = True
    if kind is None:
        return loaded
    from ppgen.networks.protocols import check_kind

    return check_kind(loaded, kind, str(source))


def _network_of(path: Path, network: Network, key: str | None) -> nn.Layer:
    """The network of a file, its weights loaded."""
    described = description(path)
    if described is not None:
        built = construct(described, path)
        load_into(built, path)
        return built
    # A mapping is believed; a name is for files of which nothing else is known.
    known = None if isinstance(network, Mapping) else published.of_file(path)
    known = known or (None if network is None else _named(network))
    content = read_content(path)
    if known is None or (known.is_stylegan2 and (network is None or not known.arguments)):
        arguments, arrays = stylegan2.generator_of(content, str(path), key)
        known = published.Published("", stylegan2.CLASS, arguments)
    else:
        key = key or (known.key if parts_of(content) else None)  # a network by itself has no name
        arrays = select_arrays(content, key, str(path))
    built = published.build(known)
    load_into(built, arrays, name=str(path))
    return built


def _named(network: str | os.PathLike | Mapping[str, Any]) -> published.Published:
    """The network that `load` is told."""
    if isinstance(network, Mapping):
        return published.Published("", str(network.get("name")), {k: v for k, v in network.items() if k != "name"})
    name = str(network)
    if name in published.KNOWN:
        return published.KNOWN[name]
    if our_network_name(name) in NETWORKS.names():
        return published.Published("", name)
    path = path_of(network)
    described = description(path)
    if described is None:
        raise WeightsError(f"{path}: does not say which network it belongs to, so no other file's can be built like it")
    construct(described, path)  # refuses what its own arrays do not fill
    return published.Published("", described.network, described.arguments)
