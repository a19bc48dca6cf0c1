"""A network that redraws portraits, and the size it has learnt at."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from ppgen.config.read import parse_yaml
from ppgen.errors import ConfigError
from ppgen.hub.compiled import CompiledNetwork
from ppgen.io.image import to_tensor_array, to_uint8
from ppgen.io.weights import description
from ppgen.networks.protocols import Translator

_LARGEST = 1024  # pixels a side that a card is believed
_LONGEST = 100_000  # letters of a config in a card


class PortraitGenerator:
    """A translator of portraits, loaded when it is first asked for something.

    path: its weights. model: which network they fill, where the file does not say so; see `hub.load`.
    Raises WeightsError, when it is loaded: damaged, or no network that redraws pictures.
    """

    def __init__(self, path: Path, model: str = "photo2cartoon") -> None:
        self.path, self.model = path, model

    @cached_property
    def compiled(self) -> CompiledNetwork:
        """The network as the runtime runs it."""
        return CompiledNetwork(self.path, self.model, kind=Translator)

    @property
    def network(self) -> Translator:
        """The network itself, in evaluation mode."""
        return self.compiled.network

    @property
    def takes_skin(self) -> bool:
        """Whether it is told the skin colour."""
        return self.compiled.traits.takes_skin

    @cached_property
    def size(self) -> int:
        """Side in pixels of the pictures it has learnt on: by the training's config in its card, else its own."""
        described = description(self.path)
        return _size_in(described.card if described else {}) or self.compiled.traits.image_size

    def draw(self, portrait: np.ndarray, skin: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """One drawing.

        Args:
            portrait: uint8 (S, S, 3), S being `size`.
            skin: float32 (3,) in [-1, 1], for networks that take it; others are not told.
        Returns:
            uint8 (S, S, 3), and float32 (h, w), where its attention looked; None: it has none.
        """
        told = skin[None] if skin is not None and self.takes_skin else None
        image, heatmap = self.compiled.call("translate", to_tensor_array(portrait)[None], told)
        assert image is not None  # a `Translation` has one
        return to_uint8(image)[0], None if heatmap is None else heatmap[0, 0]


def _size_in(card: Mapping[str, object]) -> int | None:
    """The size of the pictures in the config that a card holds; None: of none that can be meant."""
    config = card.get("config")
    if isinstance(config, str):  # a published card holds it as a block of Markdown
        try:
            config = parse_yaml(config[:_LONGEST].strip().strip("`").removeprefix("yaml"), "the card")
        except ConfigError:
            return None
    datasets = config.get("dataset") if isinstance(config, dict) else None
    if not isinstance(datasets, dict):
        return None
    sizes = [item["size"] for item in datasets.values() if isinstance(item, dict) and type(item.get("size")) is int]
    return sizes[-1] if sizes and 1 <= sizes[-1] <= _LARGEST else None
