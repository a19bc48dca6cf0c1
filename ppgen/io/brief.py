"""How results show themselves: a line of text without numbers of pixels, and a picture in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from ppgen.io.image import image_bytes

_LONGEST, _WORDS = 480, 120  # characters of a line, and of one value in it
T = TypeVar("T")


def brief(name: str, fields: Mapping[str, object]) -> str:
    """`Name(field=value, …)` below half a KB, as lists of results are printed too.

    Arrays by their kind and shape; what is None is left out.
    """
    said = [f"{field}={_value(value)}" for field, value in fields.items() if value is not None]
    line = f"{name}({', '.join(said)})"
    return line if len(line) <= _LONGEST else line[: _LONGEST - 2] + "…)"


def short(kind: type[T]) -> type[T]:
    """A decorator of named tuples and dataclasses: they print as `brief` says them, whatever arrays they hold."""

    names: Iterable[str] | None = getattr(kind, "_fields", None)  # of a named tuple

    def line(self: T) -> str:
        return brief(kind.__name__, {name: getattr(self, name) for name in names or vars(self)})

    kind.__repr__ = line  # type: ignore[method-assign, assignment]
    return kind


def _value(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"<{value.dtype} {'x'.join(map(str, value.shape))}>"
    if isinstance(value, (list, tuple)) and any(isinstance(item, (np.ndarray, dict)) for item in value):
        return f"<{len(value)} of {type(value[0]).__name__}>"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, dict):
        value = {key: round(item, 4) if isinstance(item, float) else item for key, item in value.items()}
    words = repr(value)
    return words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"


def png_of(*pictures: np.ndarray | None) -> bytes | None:
    """Pictures uint8 (H, W, 3) side by side, of the height of the highest, as a PNG file; None: there are none.

    Smaller ones are enlarged by whole pixels, or nearly.
    """
    shown = [picture for picture in pictures if picture is not None]
    if not shown:
        return None
    height = max(len(picture) for picture in shown)
    return image_bytes(Path("result.png"), np.concatenate([_at(picture, height) for picture in shown], axis=1))


def _at(picture: np.ndarray, height: int) -> np.ndarray:
    width = round(picture.shape[1] * height / picture.shape[0])
    image = Image.fromarray(picture)
    return np.asarray(image if image.height == height else image.resize((width, height), Image.Resampling.NEAREST))


def as_html(rows: Iterable[str]) -> str:
    """Lines as HTML, nothing in them taken for markup."""
    return f"<pre>{html.escape(chr(10).join(rows))}</pre>"
