"""W+ of one picture, with the noise that was fitted with it: in memory, in .npy and in .npz files."""

import io
import os
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen.errors import DataError
from ppgen.io.atomic import write_bytes
from ppgen.io.brief import brief
from ppgen.io.npz import load_npz
from ppgen.networks.protocols import StyleGenerator


class Latent(NamedTuple):
    """W+ of one picture, and the noise that was fitted with it."""

    w_plus: np.ndarray  # float32 (count, latent_dim)
    noise: list[np.ndarray] | None = None  # (1, 1, h, w) a layer; None: the stored

    def __repr__(self) -> str:
        return brief("Latent", self._asdict())


#: a latent, a .npy or .npz file of one, or an array (count, latent_dim), (1, count, latent_dim) or (latent_dim,)
LatentSource = str | os.PathLike | np.ndarray | Latent


def latent_bytes(path: Path, latent: Latent) -> bytes:
    """What a file of this name holds: .npy W+ alone, as PaddleGAN's; .npz the noise as well."""
    buffer = io.BytesIO()
    if path.suffix == ".npz":
        maps: dict[str, Any] = {f"noise_{i}": n for i, n in enumerate(latent.noise or [])}
        np.savez_compressed(buffer, w_plus=latent.w_plus, **maps)
    else:
        np.save(buffer, latent.w_plus)
    return buffer.getvalue()


def save_latent(path: str | os.PathLike, latent: Latent) -> Path:
    """Write .npy or .npz; atomic."""
    write_bytes(path, latent_bytes(Path(path), latent))
    return Path(path)


def read_latent(source: LatentSource, network: StyleGenerator) -> Latent:
    """A latent of a file, an array (of one w for all layers, too) or as it is.

    Raises:
        DataError: it cannot be read, or belongs to another network.
    """
    name = str(source) if isinstance(source, (str, os.PathLike)) else "the given latent"
    if isinstance(source, (str, os.PathLike)):
        array, noise = _read(Path(source).expanduser())
    else:
        array, noise = source if isinstance(source, Latent) else (source, None)
    array = np.asarray(array)
    shape = (network.count, network.latent_dim)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.shape == shape[1:]:
        array = np.tile(array, (shape[0], 1))
    if array.shape != shape or array.dtype.kind not in "fiu":
        given = f"{array.dtype} {array.shape}"
        raise DataError(f"{name}: expected numbers of shape {shape} for this network, found {given}")
    if not np.isfinite(array).all():
        raise DataError(f"{name}: expected finite numbers, found some that are not")
    if noise is not None and [n.shape[1:] for n in noise] != network.noise_shapes():
        raise DataError(f"{name}: its noise belongs to another network")
    return Latent(array.astype(np.float32), noise)


def _read(path: Path) -> Latent:
    try:
        content = load_npz(path)
        if "" in content:
            return Latent(content[""])
        count = sum(key.startswith("noise_") for key in content)
        return Latent(content["w_plus"], [content[f"noise_{i}"] for i in range(count)] or None)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, zlib.error) as error:
        raise DataError(f"{path}: is no latent; give a .npy or .npz that a projection wrote") from error
