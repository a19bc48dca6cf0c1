"""Small datasets made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ppgen.io.image import save_image


@pytest.fixture
def data(tmp_path, monkeypatch) -> Callable[..., Path]:
    """`data('x/a.png', array)` writes a picture, or text or bytes as they are, below the data folder."""
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))

    def write(name: str, content: np.ndarray | str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            return save_image(path, content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
