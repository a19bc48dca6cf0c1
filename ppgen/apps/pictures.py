"""What predictors that draw give back: pictures that can be saved, looked at in a notebook, and used as arrays."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ppgen.io.image import save_image
from ppgen.io.movie import is_movie, save_movie
from ppgen.latent.sheet import repeat_pixels, sheet, zoom_for

# Pixels that small pictures are enlarged to in a film, and on a sheet with titles, which need room.
_MOVIE_SIDE, _TITLED_SIDE = 256, 128


class Picture:
    """One drawing.

    Attributes:
        array: uint8 (H, W, 3) RGB.
    """

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def save(self, path: str | os.PathLike) -> Path:
        """Write it as the suffix says, .png or .jpg; returns the path."""
        return save_image(path, self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.array, dtype=dtype, copy=True)

    def __repr__(self) -> str:
        return f"Picture({self.array.shape[1]}x{self.array.shape[0]})"

    def _repr_png_(self) -> bytes:
        return _png(self.array)


class Pictures(Sequence[Picture]):
    """Several drawings of one size.

    Attributes:
        arrays: uint8 (N, H, W, 3) RGB.
        columns: pictures a row on the sheet.
    """

    def __init__(self, arrays: np.ndarray, columns: int | None = None, **titles: Any) -> None:
        self.arrays, self.columns, self._titles = arrays, columns, titles

    def sheet(self) -> np.ndarray:
        """All on one, uint8 (H, W, 3), with the titles they were made with; then small pictures are enlarged."""
        titled = any(name != "gap" for name in self._titles)
        factor = zoom_for(self.arrays.shape[1], _TITLED_SIDE) if titled else 1
        return sheet(repeat_pixels(self.arrays, factor), self.columns, **self._titles)

    def save(self, path: str | os.PathLike, fps: float = 12) -> Path:
        """Write the sheet as .png or .jpg, or a film as .gif or .mp4.

        Returns:
            the path written: a .gif, with a warning, where an .mp4 was asked for and nothing here can write one.
        """
        if not is_movie(path):
            return save_image(path, self.sheet())
        written, note = save_movie(path, self.frames(), fps)
        if note:
            warnings.warn(f"{written}: {note}", stacklevel=2)
        return written

    def frames(self) -> np.ndarray:
        """What a film shows: small pictures enlarged, pixel by pixel."""
        return repeat_pixels(self.arrays, zoom_for(self.arrays.shape[1], _MOVIE_SIDE))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.arrays, dtype=dtype, copy=True)

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: Any) -> Any:
        found = self.arrays[index]
        return Picture(found) if found.ndim == 3 else Pictures(found)

    def __iter__(self) -> Iterator[Picture]:
        return map(Picture, self.arrays)

    def _repr_png_(self) -> bytes:
        return _png(self.sheet())


def _png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()
