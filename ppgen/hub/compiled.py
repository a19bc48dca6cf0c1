"""A trained network by name or file whose methods the runtime runs: without Paddle where their graphs are known."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ppgen import hub
from ppgen.hub.graphs import filled, shipped_for
from ppgen.io.arrays import read_arrays
from ppgen.io.download import digest
from ppgen.io.weights import description
from ppgen.runtime import Methods, cache
from ppgen.runtime.backend import backend
from ppgen.runtime.compiled import code_digest

if TYPE_CHECKING:
    from paddle import nn

_OURS = "ppgen.networks."  # whose code the graphs' names stand for


class Traits(NamedTuple):
    """What predictors ask of a network before they use it.

    network: its class. image_size: see `ppgen.networks.protocols`; 0: it says none. takes_skin: it is told the skin
    colour. attends: it has an attention that can be shown.
    """

    network: str
    image_size: int
    takes_skin: bool
    attends: bool


class CompiledNetwork:
    """A trained network in evaluation mode, opened when it is first asked for something.

    source, network, kind: as `hub.load`, which is called where a graph is not in the cache, and whose errors are
    raised then.
    """

    def __init__(
        self, source: str | os.PathLike, network: hub.Network = None, kind: type[Any] | None = None
    ) -> None:
        self.source, self._given, self._kind = source, network, kind

    def __call__(self, *inputs: np.ndarray | None) -> list[np.ndarray | None]:
        """The arrays that the network's `forward` gives, in order; None where it gives None."""
        return self.call("forward", *inputs)

    def call(self, method: str, *inputs: Any) -> list[np.ndarray | None]:
        """The arrays that a method gives for arrays, in order; None where it gives None."""
        return self._methods.arrays(method, *inputs)

    @cached_property
    def path(self) -> Path:
        """The weights file."""
        return hub.path_of(self.source)

    @cached_property
    def network(self) -> nn.Layer:
        """The network itself, in Paddle."""
        return hub.load(self.path, self._given, kind=self._kind)

    @cached_property
    def stored(self) -> dict[str, np.ndarray]:
        """The arrays in the weights file, by name."""
        return read_arrays(self.path)

    @cached_property
    def traits(self) -> Traits:
        """Known without Paddle where its graph comes with ppgen, or it was loaded once."""
        if backend() == "eager":
            return traits_of(self.network)
        name = cache.name_of(["traits", self._digest, code_digest()])
        content = cache.read(name)
        if content is not None:
            return Traits(*json.loads(bytes(content)))
        if (shipped := shipped_for(self.path)) is not None:
            return Traits(*shipped.traits)
        traits = traits_of(self.network)
        if type(self.network).__module__.startswith(_OURS):
            cache.write(name, json.dumps(traits).encode())
        return traits

    @cached_property
    def _digest(self) -> str:
        """Of the file, and of which network it was said to fill, where it does not say so itself."""
        told = repr(self._given) if description(self.path) is None else ""
        return cache.name_of([digest(self.path), told])

    @cached_property
    def _methods(self) -> Methods:
        if backend() == "onnx" and self.traits.network:
            return Methods(lambda: self.network, self._digest, lambda signature: filled(self.path, signature))
        return Methods(lambda: self.network)


def traits_of(network: nn.Layer) -> Traits:
    """Of a network in Paddle."""
    from ppgen.networks.blocks.attention import CAMAttention

    attends = any(isinstance(layer, CAMAttention) for layer in network.sublayers())
    kind = type(network)
    size, told = getattr(network, "image_size", 0), getattr(network, "takes_skin", False)
    return Traits(kind.__name__, int(size or 0), bool(told), attends)
