"""Between latents and pictures: a network's drawings as 8-bit pictures, and an encoder's codes of pictures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from tqdm import tqdm

from ppgen.errors import ConfigError, DataError, WeightsError
from ppgen.io.image import to_uint8
from ppgen.networks.protocols import OfPictures

BATCH = 32
_PIXELS = 2**21  # that one pass may draw
_PATIENCE = 2.0  # seconds after which a progress bar appears


class Codes(NamedTuple):
    """q(z|x) of n pictures."""

    mu: np.ndarray  # (n, d) float32
    log_variance: np.ndarray  # (n, d) float32


class SinglePictures(Protocol):
    """A dataset whose samples hold `image` float32 (C, H, W) in [-1, 1]."""

    def __len__(self) -> int: ...

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]: ...


def _batches(count: int, label: str, batch: int) -> Any:
    """Slices of 0 … count, with a progress bar on a terminal where it takes long."""
    return tqdm([slice(i, i + batch) for i in range(0, count, batch)], desc=label, disable=None, delay=_PATIENCE)


def draw(function: Callable[..., Any], *arrays: np.ndarray | None, **settings: Any) -> np.ndarray:
    """Pictures of points, uint8 (N, H, W, 3), all at once; arguments and errors as `drawn`."""
    return np.concatenate(list(drawn(function, *arrays, **settings)))


def drawn(
    function: Callable[..., Any], *arrays: np.ndarray | None, batch: int = BATCH, label: str = "drawing"
) -> Iterator[np.ndarray]:
    """Pictures of points, uint8 (at most `batch`, H, W, 3) at a time.

    Args:
        function: tensors of `batch` rows -> pictures (n, 1 or 3, H, W) in [-1, 1], such as a network's `generate`.
        arrays: its arguments, (N, …) each; None is handed on as it is.
    Raises:
        DataError: there are no points, or the pictures hold NaN.
    """
    import paddle
    count = next(len(a) for a in arrays if a is not None)
    if not count:
        raise DataError("no latents were given: there is nothing to draw")
    for rows in _batches(count, label, batch):
        tensors = [None if a is None else paddle.to_tensor(a[rows]) for a in arrays]
        with paddle.no_grad():  # not around the yield, where it would hold for the caller too
            pictures = to_uint8(function(*tensors).numpy())
        yield pictures if pictures.shape[3] == 3 else np.repeat(pictures[..., :1], 3, axis=3)


def generator_of(network: Any, name: str, truncation: float | None = None) -> Callable[..., Any]:
    """`network.generate`, truncated where asked.

    Args:
        name: how messages call the network.
    Raises:
        WeightsError: it makes no pictures from latents. ConfigError: it cannot be truncated.
    """
    if not hasattr(network, "generate"):
        raise WeightsError(
            f"{name}: holds a {type(network).__name__}, which makes no pictures from latents; give a generator"
        )
    if truncation is None:
        return network.generate
    if "truncation" not in inspect.signature(network.generate).parameters:
        raise ConfigError(f"{name}: a {type(network).__name__} has no mean latent to truncate to; leave truncation out")
    return lambda z, labels=None: network.generate(z, labels, truncation=truncation)


def check_latents(z: np.ndarray, dim: int) -> np.ndarray:
    """Latents as float32 (n, dim); one latent (dim,) becomes (1, dim). DataError for anything else."""
    z = np.atleast_2d(np.asarray(z, np.float32))
    if z.ndim != 2 or z.shape[1] != dim or not np.isfinite(z).all():
        raise DataError(f"latents: expected finite numbers of shape (n, {dim}) or ({dim},), found {z.shape}")
    return z


def check_labels(labels: int | Sequence[int] | np.ndarray | None, count: int, classes: int | None) -> np.ndarray | None:
    """Labels as int64 (count,), one for all repeated; None for a network without classes.

    Raises:
        ConfigError: labels for a network without classes, none for one with, or not so many, or unknown ones.
    """
    if classes is None:
        if labels is not None:
            raise ConfigError("this network was trained without classes, so it takes no label")
        return None
    if labels is None:
        raise ConfigError(f"this network draws {classes} classes: give a label, 0 to {classes - 1}")
    found = np.asarray(labels, np.int64).reshape(-1)
    found = np.repeat(found, count) if len(found) == 1 else found
    if len(found) != count:
        raise ConfigError(f"labels: expected one or {count}, found {len(found)}")
    if found.min() < 0 or found.max() >= classes:
        raise ConfigError(f"labels: expected 0 to {classes - 1}, found {found.min()} to {found.max()}")
    return found


def encode(network: Any, images: np.ndarray, name: str = "these weights") -> Codes:
    """Codes of pictures (N, C, H, W) in [-1, 1].

    Raises:
        WeightsError: the network has no encoder.
    """
    _check_encoder(network, name)
    import paddle
    with paddle.no_grad():
        parts = [network.encode(paddle.to_tensor(images[i : i + BATCH])) for i in range(0, len(images), BATCH)]
        return Codes(*(np.concatenate([part[k].numpy() for part in parts]) for k in range(2)))


def encode_all(network: Any, dataset: SinglePictures, name: str = "these weights") -> Codes:
    """Codes of a dataset's pictures, in its order and as it gives them for evaluation; with a progress bar."""
    _check_encoder(network, name)
    parts = []
    for rows in _batches(len(dataset), "encoding", BATCH):
        indices = range(rows.start, min(rows.stop, len(dataset)))
        parts.append(encode(network, np.stack([dataset.sample(i)["image"] for i in indices]), name))
    return Codes(*(np.concatenate(column) for column in zip(*parts)))


def _check_encoder(network: Any, name: str) -> None:
    if not hasattr(network, "encode"):
        raise WeightsError(
            f"{name}: holds a {type(network).__name__}, which cannot find the latent of a picture; give a VAE"
        )


def batch_of(network: object) -> int:
    """Pictures a pass: `BATCH` of small ones, fewer of large ones; their side is 64 where the network does not say."""
    side = network.image_size if isinstance(network, OfPictures) else None
    return max(1, min(BATCH, _PIXELS // (side or 64) ** 2))


def size_of(network: object) -> int:
    """Side of the pictures a network draws or reads; of a growing one, when it has grown up.

    Raises WeightsError where the network does not say.
    """
    if not isinstance(network, OfPictures) or network.image_size is None:
        raise WeightsError(f"a {type(network).__name__} does not say how large its pictures are")
    return network.image_size
