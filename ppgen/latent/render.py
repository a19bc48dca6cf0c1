"""Between latents and pictures: a network's drawings as 8-bit pictures, and an encoder's codes of pictures."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import paddle
from tqdm.auto import tqdm

from ppgen.datasets.base import Samples
from ppgen.errors import ConfigError, DataError
from ppgen.io.brief import short
from ppgen.io.image import to_uint8
from ppgen.networks.protocols import Encoder, LatentGenerator, StyleGenerator, check_kind

BATCH = 32
_PIXELS = 2**21  # that one pass may draw
_PATIENCE = 2.0  # seconds after which a progress bar appears

#: tensors of n rows, or None -> pictures (n, 1 or 3, H, W) in [-1, 1], such as a network's `generate`
Drawer = Callable[..., paddle.Tensor]
#: runs a method of a network by its name, such as `ppgen.runtime.Methods`: ("generate", z, labels) -> pictures
Call = Callable[..., Any]


@short
class Codes(NamedTuple):
    """q(z|x) of n pictures."""

    mu: np.ndarray  # (n, d) float32
    log_variance: np.ndarray  # (n, d) float32


def _batches(count: int, label: str, batch: int) -> Iterator[slice]:
    """Slices of 0 … count; with a label, a progress bar on a terminal where it takes long."""
    slices = [slice(i, i + batch) for i in range(0, count, batch)]
    yield from tqdm(slices, desc=label, disable=None if label else True, delay=_PATIENCE)


def draw(function: Drawer, *arrays: np.ndarray | None, batch: int = BATCH, label: str = "drawing") -> np.ndarray:
    """Pictures of points, uint8 (N, H, W, 3), all at once; arguments and errors as `drawn`."""
    return np.concatenate(list(drawn(function, *arrays, batch=batch, label=label)))


def drawn(
    function: Drawer, *arrays: np.ndarray | None, batch: int = BATCH, label: str = "drawing"
) -> Iterator[np.ndarray]:
    """As `painted`, in 8 bits: uint8 (at most `batch`, H, W, 3) at a time."""
    return map(to_uint8, painted(function, *arrays, batch=batch, label=label))


def painted(
    function: Drawer, *arrays: np.ndarray | None, batch: int = BATCH, label: str = "drawing"
) -> Iterator[np.ndarray]:
    """Pictures of points, float32 (at most `batch`, 3, H, W) in [-1, 1] at a time.

    Args:
        function: draws a batch.
        arrays: its arguments, (N, …) each; None is handed on as it is.
        label: of the progress bar; empty: none.
    Raises:
        DataError: there are no points.
    """
    count = next(len(a) for a in arrays if a is not None)
    if not count:
        raise DataError("no latents were given: there is nothing to draw")
    for rows in _batches(count, label, batch):
        tensors = [None if a is None else paddle.to_tensor(a[rows]) for a in arrays]
        with paddle.no_grad():  # not around the yield, where it would hold for the caller too
            pictures = function(*tensors).numpy()
        yield pictures if pictures.shape[1] == 3 else np.repeat(pictures[:, :1], 3, axis=1)


def generator_of(network: object, name: str, truncation: float | None = None, call: Call | None = None) -> Drawer:
    """`network.generate`, truncated where asked.

    Args:
        name: how messages call the network.
        call: who runs its methods; None: the network itself.
    Raises:
        WeightsError: it makes no pictures from latents. ConfigError: it cannot be truncated.
    """
    generator = check_kind(network, LatentGenerator, name)
    if truncation is None and (call is None or not isinstance(generator, StyleGenerator)):
        return generator.generate if call is None else partial(call, "generate")
    if not isinstance(generator, StyleGenerator):
        raise ConfigError(f"{name}: a {type(network).__name__} has no mean latent to truncate to; leave truncation out")
    run, psi = call or (lambda method, x: getattr(generator, method)(x)), 1.0 if truncation is None else truncation
    return lambda z, labels=None: run("synthesize", generator.spread(run("map", z), psi))


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
    each = np.asarray(labels, np.int64).reshape(-1)
    each = np.repeat(each, count) if len(each) == 1 else each
    if len(each) != count:
        raise ConfigError(f"labels: expected one or {count}, found {len(each)}")
    if each.min() < 0 or each.max() >= classes:
        raise ConfigError(f"labels: expected 0 to {classes - 1}, found {each.min()} to {each.max()}")
    return each


def encode(network: object, images: np.ndarray, name: str = "these weights", call: Call | None = None) -> Codes:
    """Codes of pictures (N, C, H, W) in [-1, 1]; `call` as for `generator_of`.

    Raises:
        WeightsError: the network has no encoder.
    """
    encoder = check_kind(network, Encoder, name)
    with paddle.no_grad():
        batches = [paddle.to_tensor(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
        parts = [encoder.encode(batch) if call is None else call("encode", batch) for batch in batches]
    return Codes(*(np.concatenate([part[k].numpy() for part in parts]) for k in range(2)))


def encode_all(network: object, dataset: Samples, name: str = "these weights") -> Codes:
    """Codes of a dataset's pictures, in its order and as it gives them for evaluation; with a progress bar."""
    check_kind(network, Encoder, name)
    parts = []
    for rows in _batches(len(dataset), "encoding", BATCH):
        indices = range(rows.start, min(rows.stop, len(dataset)))
        parts.append(encode(network, np.stack([dataset.sample(i)["image"] for i in indices]), name))
    return Codes(*(np.concatenate(column) for column in zip(*parts)))


def batch_of(network: LatentGenerator) -> int:
    """Pictures a pass: `BATCH` of small ones, fewer of large ones."""
    return max(1, min(BATCH, _PIXELS // network.image_size**2))
