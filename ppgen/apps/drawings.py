"""What predictors that draw give back: drawings that can be saved, looked at in a notebook, and used as arrays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, overload

import numpy as np

from ppgen.errors import ConfigError, visible
from ppgen.io.image import MAX_PIXELS, image_bytes, save_image
from ppgen.io.movie import is_movie, save_movie
from ppgen.latent.sheet import enlarge, repeat_pixels, sheet, zoom_for

if TYPE_CHECKING:
    from numpy.typing import DTypeLike
    from typing_extensions import Unpack

# Pixels that small drawings are enlarged to in a film, and on a sheet with titles, which need room.
_MOVIE_SIDE, _TITLED_SIDE = 256, 128
_MOST_PIXELS = 2 * MAX_PIXELS  # of pictures that are enlarged smoothly
_PNG = Path("drawing.png")


class Titles(TypedDict, total=False):
    """What a sheet says beside its drawings, as `ppgen.latent.sheet.sheet` takes it, and the gap between them."""

    heading: str
    row_titles: Sequence[str]
    column_titles: Sequence[str]
    titles: Sequence[str]
    gap: int


def titles_of(amounts: np.ndarray) -> list[str]:
    """Signed numbers as short titles."""
    return [f"{amount:+.2g}" if amount else "0" for amount in amounts]


class Drawing:
    """One drawing.

    Attributes:
        array: uint8 (H, W, 3) RGB.
    """

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def save(self, path: str | os.PathLike) -> Path:
        """Write it as the suffix says, .png or .jpg; returns the path."""
        return save_image(path, self.array)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.array, dtype=dtype, copy=True)

    def __repr__(self) -> str:
        return f"Drawing({self.array.shape[1]}x{self.array.shape[0]})"

    def _repr_png_(self) -> bytes:
        return image_bytes(_PNG, self.array)


class Drawings(Sequence[Drawing]):
    """Several drawings of one size.

    Attributes:
        arrays: uint8 (N, H, W, 3) RGB.
        columns: drawings a row on the sheet.
        scale: how many times as large as otherwise sheets and films show them, smoothly.
    """

    scale: int = 1

    def __init__(self, arrays: np.ndarray, columns: int | None = None, **titles: Unpack[Titles]) -> None:
        self.arrays, self.columns, self._titles = arrays, columns, titles

    def sheet(self) -> np.ndarray:
        """All on one, uint8 (H, W, 3), with the titles they were made with; then small drawings are enlarged."""
        titled = any(name != "gap" for name in self._titles)
        factor = zoom_for(self.arrays.shape[1], _TITLED_SIDE) if titled else 1
        return sheet(self._enlarged(factor), self.columns, **self._titles)

    def scaled(self, scale: int) -> Drawings:
        """The same, whose sheet and film are `scale` times as large, smoothly.

        Raises ConfigError: a scale below 1; and, when they are made, one that makes them too large.
        """
        if scale < 1:
            raise ConfigError(f"scale: expected a whole number from 1, found {scale}")
        result = Drawings(self.arrays, self.columns, **self._titles)
        result.scale = scale
        return result

    def _enlarged(self, zoom: int) -> np.ndarray:
        if self.scale == 1:
            return repeat_pixels(self.arrays, zoom)
        pixels = self.arrays[..., 0].size * (zoom * self.scale) ** 2
        if pixels > _MOST_PIXELS:
            large = f"makes {pixels / 1e6:.0f} megapixels of {len(self)} pictures"
            raise ConfigError(f"scale {self.scale}: {large}; take a smaller one, or fewer pictures")
        return enlarge(self.arrays, zoom * self.scale)

    def save(self, path: str | os.PathLike, fps: float = 12) -> Path:
        """Write the sheet as .png or .jpg, or a film as .gif or .mp4.

        Returns:
            the path written: a .gif, with a warning, where an .mp4 was asked for and nothing here can write one.
        """
        if not is_movie(path):
            return save_image(path, self.sheet())
        written, note = save_movie(path, self.frames(), fps)
        if note:
            warnings.warn(f"{visible(written)}: {note}", stacklevel=2)
        return written

    def frames(self) -> np.ndarray:
        """What a film shows: small drawings enlarged, pixel by pixel unless they are `scaled`."""
        return self._enlarged(zoom_for(self.arrays.shape[1], _MOVIE_SIDE))

    @classmethod
    def together(cls, films: Sequence[Drawings], columns: int) -> Drawings:
        """Films of one length as one, whose pictures are sheets of theirs with so many columns."""
        frames = zip(*(film.arrays for film in films))
        return cls(np.stack([sheet(np.stack(frame), columns) for frame in frames]))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.arrays, dtype=dtype, copy=True)

    def __len__(self) -> int:
        return len(self.arrays)

    @overload
    def __getitem__(self, index: int) -> Drawing: ...

    @overload
    def __getitem__(self, index: slice) -> Drawings: ...

    def __getitem__(self, index: int | slice) -> Drawing | Drawings:
        chosen = self.arrays[index]
        return Drawing(chosen) if chosen.ndim == 3 else Drawings(chosen)

    def __iter__(self) -> Iterator[Drawing]:
        return map(Drawing, self.arrays)

    def __repr__(self) -> str:
        count, height, width, _ = self.arrays.shape
        return f"Drawings({count} of {width}x{height})"

    def _repr_png_(self) -> bytes:
        return image_bytes(_PNG, self.sheet())
