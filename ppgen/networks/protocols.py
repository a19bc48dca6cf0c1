"""What other parts rely on in a network: pictures out of latents, styles, codes of pictures, translations.

A network fits a protocol by having its attributes and methods; nothing is inherited or registered for it. Each can be
asked for with `isinstance(network, LatentGenerator)`, which looks at the names, not at the types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np

from ppgen.errors import WeightsError

if TYPE_CHECKING:  # who asks what a network can do need not wait for Paddle
    import paddle
    from paddle import nn

T = TypeVar("T")


@runtime_checkable
class OfPictures(Protocol):
    """What pictures a network makes or reads: generators of latents, discriminators, encoders.

    Attributes:
        image_size: side of the pictures; of a growing network, when it has grown up; None: any side.
        channels: of the pictures.
        classes: how many labels there are; None: it takes none.
    """

    @property
    def image_size(self) -> int | None: ...

    channels: int
    classes: int | None


@runtime_checkable
class LatentGenerator(Protocol):
    """Pictures out of latents, as `OfPictures`.

    Attributes:
        latent_dim: length of z.
    """

    latent_dim: int
    image_size: int
    channels: int
    classes: int | None

    def generate(self, z: paddle.Tensor, labels: paddle.Tensor | None = None) -> paddle.Tensor:
        """z (N, latent_dim), labels (N,) -> pictures (N, channels, image_size, image_size) in [-1, 1]."""


@runtime_checkable
class StyleGenerator(LatentGenerator, Protocol):
    """A generator of the StyleGAN family: z -> w -> W+ -> S -> pictures.

    Attributes:
        count: number of w that a picture is made of.
        layers: those that take noise, in order of use.
    """

    count: int
    layers: nn.LayerList

    def map(self, z: paddle.Tensor) -> paddle.Tensor:
        """z (N, latent_dim) -> w (N, latent_dim)."""

    def spread(self, w: paddle.Tensor, truncation: float = 1.0) -> paddle.Tensor:
        """w (N, latent_dim) -> W+ (N, count, latent_dim), pulled to the mean by `truncation`."""

    def mean_of_latents(self) -> paddle.Tensor:
        """The mean of w (latent_dim,)."""

    def spread_of_latents(self) -> float:
        """The root mean squared distance of w from its mean."""

    def synthesize(self, w_plus: paddle.Tensor, noise: Sequence[paddle.Tensor | None] | None = None) -> paddle.Tensor:
        """W+ -> pictures; noise: one tensor a layer, None: the stored."""

    def styles(self, w_plus: paddle.Tensor) -> list[paddle.Tensor]:
        """W+ -> S: what scales each convolution's input channels, in order of use."""

    def paint(
        self, styles: Sequence[paddle.Tensor], noise: Sequence[paddle.Tensor | None] | None = None
    ) -> paddle.Tensor:
        """S -> pictures."""

    def noise_shapes(self) -> list[tuple[int, int, int]]:
        """(1, H, W) of each layer's noise."""

    def used_layers(self) -> int:
        """How many of W+ the picture is made of at present: all, unless the network is still growing."""


@runtime_checkable
class Encoder(Protocol):
    """Codes of pictures: (N, channels, image_size, image_size) in [-1, 1] -> q(z|x), the mean and log-variance."""

    latent_dim: int
    image_size: int
    channels: int

    def encode(self, images: paddle.Tensor) -> Sequence[paddle.Tensor]:
        """Pictures -> (mu (N, latent_dim), log_variance (N, latent_dim))."""


@runtime_checkable
class Inverter(Protocol):
    """W+ of pictures (N, 3, image_size, image_size) in [-1, 1], as a style generator takes it."""

    image_size: int
    latent_dim: int
    count: int
    mean_latent: paddle.Tensor

    def invert(self, pictures: paddle.Tensor) -> paddle.Tensor:
        """Pictures -> W+ (N, count, latent_dim)."""


class Translation(NamedTuple):
    """What a translator makes of pictures."""

    image: paddle.Tensor  # (N, 3, H, W) in [-1, 1]
    heatmap: paddle.Tensor | None = None  # (N, 1, h, w), >= 0, where its attention looked; None: it has none


@runtime_checkable
class Translator(Protocol):
    """A picture into another of the same size.

    Attributes:
        image_size: side of the pictures that it is built for; most read others too.
        takes_skin: it is told the skin colour.
    """

    image_size: int
    takes_skin: bool

    def translate(self, photo: paddle.Tensor, skin: paddle.Tensor | None = None) -> Translation:
        """Photo (N, 3, H, W) and skin (N, 3) in [-1, 1] -> the picture; without `takes_skin` it is not read."""


@runtime_checkable
class Enlargeable(Protocol):
    """A network whose weights can be had out of those of the same for smaller pictures."""

    image_size: int

    def of_smaller(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All arrays, out of those of the smaller network; those of another network come back as they are."""


@runtime_checkable
class Extendable(Protocol):
    """A network whose weights can be had out of those of the same network with fewer layers."""

    def of_plainer(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All arrays; those of another network come back as they are."""


_MISSING: dict[type, str] = {
    LatentGenerator: "makes no pictures from latents; give a generator",
    StyleGenerator: "has no styles; give a StyleGAN or StyleGAN2 generator",
    Encoder: "cannot find the latent of a picture; give a VAE",
    Inverter: "does not encode into W+; give a StyleEncoder",
    Translator: "draws nothing from a photo; give a generator that translates pictures",
}


def check_kind(network: object, kind: type[T], name: str) -> T:
    """The network, if it fits a protocol above or is of a class; WeightsError, which says what to give, if not.

    name: how the message calls its weights.
    """
    if isinstance(network, kind):
        return network
    missing = _MISSING.get(kind, f"is no {kind.__name__}; give the weights of one")
    raise WeightsError(f"{name}: holds a {type(network).__name__}, which {missing}")


def check_inverter(encoder: object, generator: StyleGenerator, name: str) -> Inverter:
    """The encoder, if it encodes into this generator's W+; WeightsError if not. name: how the message calls it."""
    found = check_kind(encoder, Inverter, name)
    for size in ("image_size", "latent_dim", "count"):
        if (has := getattr(found, size)) != (wanted := getattr(generator, size)):
            raise WeightsError(f"{name}: encodes for a generator of {size} {has}, and this one has {wanted}")
    return found
