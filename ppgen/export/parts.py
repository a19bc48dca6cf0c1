"""Which methods of a network are exported, with which input, and what a stranger has to know to use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ppgen.errors import WeightsError
from ppgen.io.image import to_tensor_array
from ppgen.networks.protocols import Encoder, LatentGenerator, StyleGenerator, Translator

#: how `run_exported.py` uses the graphs: a picture redrawn, a picture for numbers, a picture out of a seed
Use = Literal["picture", "numbers", "seed", "cartoon"]


@dataclass(frozen=True)
class Part:
    """A method that becomes a graph.

    name: of the file. method: of the network. inputs, outputs: their names, in order.
    example: inputs of a batch -> arrays, some random and some real.
    """

    name: str
    method: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    example: Callable[[int], list[np.ndarray]]


@dataclass(frozen=True)
class Plan:
    """What is exported of a network: its parts, how they are used, and the constants of `preprocess.json`."""

    use: Use
    parts: list[Part]
    facts: dict[str, Any] = field(default_factory=dict)


#: Side and outputs of the networks that are only ever asked by `forward`.
_FORWARD: dict[str, tuple[int, tuple[str, ...]]] = {
    "SegmentationUNet": (256, ("logits",)),
    "FaceID": (150, ("descriptor",)),
    "BlazeFace": (256, ("boxes", "logits")),
    "FaceMesh": (192, ("points", "presence")),
}


def plan(network: Any, name: str) -> Plan:
    """The parts of a network; WeightsError where none of its methods is known here."""
    kind = type(network).__name__
    if isinstance(network, Translator):
        return _translator(network)
    if isinstance(network, StyleGenerator):
        return _style(network)
    if isinstance(network, LatentGenerator):
        return _latent(network)
    if kind in _FORWARD:
        side, outputs = _FORWARD[kind]
        facts = {"picture": _picture(side), "outputs": list(outputs)}
        return Plan("numbers", [Part("network", "forward", ("picture",), outputs, _pictures(side))], facts)
    known = "translators, generators of latents, VAEs, segmentation, FaceID and the landmark networks"
    raise WeightsError(f"{name}: holds a {kind}, which is not exported; exported are {known}")


def _translator(network: Translator) -> Plan:
    side, facts = network.image_size, {"picture": _picture(network.image_size)}
    pictures = _pictures(side)
    if not network.takes_skin:
        return Plan("picture", [Part("network", "translate", ("picture",), ("image",), pictures)], facts)

    def with_skin(count: int) -> list[np.ndarray]:
        return [*pictures(count), np.linspace(-0.5, 0.5, 3 * count, dtype=np.float32).reshape(count, 3)]

    facts["skin"] = {"range": [-1, 1], "channels": "RGB", "default": [0.5, 0.2, 0.0]}
    return Plan("picture", [Part("network", "translate", ("picture", "skin"), ("image",), with_skin)], facts)


def _style(network: StyleGenerator) -> Plan:
    dim, count = network.latent_dim, network.count
    facts = {
        "latent_dim": dim,
        "styles": count,
        "mean_w": [float(value) for value in network.mean_of_latents().numpy()],
        "truncation": 0.7,
        "image": {"size": network.image_size, "range": [-1, 1], "channels": "RGB"},
    }
    mapping = Part("mapping", "map", ("z",), ("w",), lambda n: [_latents(n, dim)])
    synthesis = Part(
        "synthesis", "synthesize", ("w_plus",), ("image",), lambda n: [_latents(n * count, dim).reshape(n, count, dim)]
    )
    return Plan("seed", [mapping, synthesis], facts)


def _latent(network: LatentGenerator) -> Plan:
    dim, classes = network.latent_dim, network.classes
    facts: dict[str, Any] = {"latent_dim": dim, "image": {"size": network.image_size, "range": [-1, 1]}}
    facts["image"]["channels"] = "RGB" if network.channels == 3 else "grey"
    if classes is None:
        parts = [Part("generator", "generate", ("z",), ("image",), lambda n: [_latents(n, dim)])]
    else:
        facts["classes"] = classes
        parts = [
            Part(
                "generator", "generate", ("z", "label"), ("image",),
                lambda n: [_latents(n, dim), np.arange(n, dtype=np.int64) % classes],
            )
        ]  # fmt: skip
    if isinstance(network, Encoder):
        facts["picture"] = _picture(network.image_size, facts["image"]["channels"])
        pictures = _pictures(network.image_size, network.channels)
        parts.append(Part("encoder", "encode", ("picture",), ("mu", "log_variance"), pictures))
    return Plan("seed", parts, facts)


def _picture(side: int, channels: str = "RGB") -> dict[str, Any]:
    return {"size": side, "range": [-1, 1], "layout": "NCHW", "channels": channels, "type": "float32"}


def _pictures(side: int, channels: int = 3) -> Callable[[int], list[np.ndarray]]:
    """Pictures by turns random and real: scikit-image's portrait."""

    def example(count: int) -> list[np.ndarray]:
        from skimage.data import astronaut

        from ppgen.datasets.files import resize

        real = to_tensor_array(resize(astronaut()[:300, 80:380], (side, side)))[:channels]
        rng = np.random.default_rng(0)
        noise = rng.uniform(-1, 1, (count, channels, side, side)).astype(np.float32)
        noise[(count - 1) % 2 :: 2] = real
        return [noise]

    return example


def _latents(count: int, dim: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((count, dim), dtype=np.float32)
